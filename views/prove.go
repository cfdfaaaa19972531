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
	// Cancelled says that the customer has just given up on a passkey.
	Cancelled bool
}

// WaitingState is how far the customer's confirmation has come.
type WaitingState string

const (
	// WaitingPending asks again every PollSeconds.
	WaitingPending WaitingState = "pending"
	// The others are ends: the customer starts the proof again. WaitingLost is a confirmation whose list never
	// came through, and a confirmation is good for one list. WaitingGone is a proof that ended before its time, as when
	// somebody else has moved in.
	WaitingExpired   WaitingState = "expired"
	WaitingDeclined  WaitingState = "declined"
	WaitingWrongCode WaitingState = "wrong-code"
	WaitingCancelled WaitingState = "cancelled"
	WaitingLost      WaitingState = "lost"
	WaitingGone      WaitingState = "gone"
)

// WaitingPage waits for the customer to confirm. Its status part is also fetched alone, by htmx.
type WaitingPage struct {
	Page
	MeterPoint MeterPoint
	Method     Method
	State      WaitingState
	// SentTo is the masked address of a magic link: c*****r@example.com.
	SentTo string
	// MatchCode is what the customer types on the register's page; empty where nobody types one, as in a demonstration.
	MatchCode string
	// PasskeyURL is the register's page for a passkey; empty where a mailed link leads there, and in a demonstration.
	PasskeyURL string
	// NewTab opens that page in a tab of its own, from which the customer comes back here.
	NewTab bool
	// Resent is how often the letter was sent anew, and ResendsLeft how often it still can be; both 0 where none is sent.
	Resent, ResendsLeft int
	// ResendSeconds is how long until it can be; 0 for now. NotSent says that it was just asked for in vain.
	ResendSeconds int
	NotSent       bool
	// ExpiresAt is when the customer can no longer confirm; SecondsLeft the same from now, never below 0.
	ExpiresAt   time.Time
	SecondsLeft int
	// PollSeconds is how often to ask, and PollingLeft for how many seconds more; 0 for no longer.
	PollSeconds, PollingLeft int
	// Proof tells one proof from the next.
	Proof int64
}

// ElsewherePage tells that a confirmation came to a browser that had not asked for it, and so was not used.
type ElsewherePage struct{ Page }
