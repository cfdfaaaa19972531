package views

import (
	"strings"
	"time"
)

// WaitingState is the state of the customer's confirmation.
type WaitingState string

// The states of a confirmation. After all but WaitingPending the customer starts the proof again.
const (
	WaitingPending   WaitingState = "pending" // asks again every PollSeconds
	WaitingExpired   WaitingState = "expired"
	WaitingDeclined  WaitingState = "declined"
	WaitingWrongCode WaitingState = "wrong-code"
	WaitingCancelled WaitingState = "cancelled"
	// WaitingLost is a confirmation without its list, which never arrived. A confirmation is good for one list only.
	WaitingLost WaitingState = "lost"
	// WaitingGone is a proof that ended early, because another occupant has moved in.
	WaitingGone WaitingState = "gone"
)

// WaitingPage waits for the customer to confirm. htmx also fetches its status part alone.
type WaitingPage struct {
	Page
	MeterPoint MeterPoint
	Method     Method
	State      WaitingState
	// SentTo is the masked address of a magic link: c*****r@example.com. May be empty.
	SentTo string
	// OtherAddress is the masked address that the letter can go to instead; empty if there is none.
	OtherAddress string
	// OtherName is what a form calls that address.
	OtherName string
	// MatchCode is what the customer types on the register's page; empty if the register asks for no code.
	MatchCode string
	// PasskeyURL is the register's page for a passkey; empty if a mailed link leads there, and in a demonstration.
	PasskeyURL string
	// NewTab opens that page in a new tab, from which the customer comes back here.
	NewTab bool
	// Resent is how often the letter was sent again, and ResendsLeft how often it still can be. Both are 0 if the
	// method sends no letter.
	Resent, ResendsLeft int
	// ResendSeconds is how long until the letter can be sent again; 0 for now.
	ResendSeconds int
	// NotSent says that the customer has just asked for the letter, and that it was not sent.
	NotSent bool
	// ExpiresAt is when the customer can no longer confirm.
	ExpiresAt time.Time
	// SecondsLeft is how long it is until ExpiresAt, never below 0.
	SecondsLeft int
	// PollSeconds is how often the page asks again, and PollingLeft for how many seconds more; 0 for no longer.
	PollSeconds, PollingLeft int
	// RefreshSeconds is how often a browser without scripts loads the page again; 0 for not at all.
	RefreshSeconds int
	// Paused says that the customer wants that browser not to.
	Paused bool
	// Proof tells one proof from the next.
	Proof int64
}

func (m WaitingPage) titleKey() string {
	switch {
	case m.State == WaitingPending && m.Demonstration:
		return "waiting.demonstration.title"
	case m.State == WaitingPending:
		return "waiting." + m.Method.Name + ".title"
	}

	return "waiting." + string(m.State) + ".title"
}

// checkURL asks whether the customer has confirmed, and leads on if so.
func (m WaitingPage) checkURL() string {
	if m.Paused {
		return m.Base + "/waiting/check?pause=yes"
	}
	return m.Base + "/waiting/check"
}

// timeLeft rounds up, so that the page says "1 minute" until the minute is over.
func (m WaitingPage) timeLeft() string {
	if m.SecondsLeft < 60 {
		return m.Text.T("waiting.left-seconds")
	}
	return m.Text.N("waiting.left", (m.SecondsLeft+59)/60)
}

func (m WaitingPage) byPasskey() bool { return m.Method.Name == methodPasskey }

// sendsMail says that a letter was sent, which can be sent again.
func (m WaitingPage) sendsMail() bool { return !m.byPasskey() && !m.Demonstration }

// showsCode says that the customer has to type a code on the register's page.
func (m WaitingPage) showsCode() bool { return m.MatchCode != "" && !m.Demonstration }

// spelledCode is the code with spaces, so that a screen reader spells it.
func (m WaitingPage) spelledCode() string { return strings.Join(strings.Split(m.MatchCode, ""), " ") }

// lastStep is how the customer gets from the register's page to the list.
func (m WaitingPage) lastStep() string {
	if m.byPasskey() && !m.NewTab {
		return m.Text.T("waiting.comes-back")
	}
	return m.Text.T("waiting." + m.Method.Name + ".step.3")
}
