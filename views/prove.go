package views

import "time"

// Method is a way to prove presence. Name is one of passkey-assert, magic-link and passkey-register; it is
// a form value and the end of the method's text keys, and is never shown.
type Method struct{ Name string }

// ProvePage asks the customer to prove who they are, by the method chosen for them or another.
type ProvePage struct {
	Page
	MeterPoint MeterPoint
	// Chosen is the best method that the register offers here.
	Chosen Method
	// Others are the rest, best first; may be empty.
	Others []Method
}

// WaitingState is how far the customer's confirmation has come.
type WaitingState string

const (
	// WaitingPending asks again every PollSeconds.
	WaitingPending WaitingState = "pending"
	// The others are ends: the customer starts the proof again. WaitingLost is a confirmation whose list never
	// came through, and a confirmation is good for one list.
	WaitingExpired  WaitingState = "expired"
	WaitingDeclined WaitingState = "declined"
	WaitingLost     WaitingState = "lost"
)

// WaitingPage waits for the customer to confirm. Its status part is also fetched alone, by htmx.
type WaitingPage struct {
	Page
	MeterPoint MeterPoint
	Method     Method
	State      WaitingState
	// SentTo is the masked address of a magic link: c*****r@example.com.
	SentTo string
	// MatchCode is what the customer types on the register's page; empty where the register asks for none. A
	// demonstration does not show it.
	MatchCode string
	// PasskeyURL is the register's page for a passkey; empty for a magic link and in a demonstration.
	PasskeyURL string
	// ExpiresAt is when the customer can no longer confirm; SecondsLeft the same from now, never below 0.
	ExpiresAt   time.Time
	SecondsLeft int
	// PollSeconds is how often to ask.
	PollSeconds int
}
