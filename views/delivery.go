package views

import (
	"time"

	"central.consent/dar/views/ui"
)

// ToldState says whether the organisation's system has taken the message of a withdrawal. It is the end of its text
// key.
type ToldState string

// The states of a delivery.
const (
	ToldDelivered   ToldState = "delivered"
	ToldPending     ToldState = "pending"
	ToldUndelivered ToldState = "undelivered"
	ToldNone        ToldState = "none"    // the organisation has no endpoint for messages
	ToldUnknown     ToldState = "unknown" // the register could not be asked
)

// Told is the delivery status of the message that tells the organisation of a withdrawal.
type Told struct {
	State ToldState
	// At is when the organisation's system took the message.
	At time.Time
	// PollSeconds is how often the page asks again by itself; 0 if it does not ask, or no longer.
	PollSeconds int
	// Again is the address of a page that asks again without a script; empty for none.
	Again string
}

// ToldPart is the part of a page that shows a delivery status. The page fetches it again.
type ToldPart struct {
	Page
	Record Record
	Told   Told
}

// sentence is the delivery status in words.
func (m ToldPart) sentence() string {
	at := m.Told.At
	return m.Text.T("withdrawn.notice."+string(m.Told.State),
		"Org", ui.Name(m.Record.registrant()), "Clock", m.Text.Clock(at), "Date", m.Text.Date(at))
}
