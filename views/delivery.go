package views

import (
	"time"

	"central.consent/dar/views/ui"
)

// DeliveryState says whether the organisation's system has taken the message of a withdrawal. It is the end of its text
// key.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryDelivered   DeliveryState = "delivered"
	DeliveryPending     DeliveryState = "pending"
	DeliveryUndelivered DeliveryState = "undelivered"
	DeliveryNone        DeliveryState = "none"    // the organisation has no endpoint for messages
	DeliveryUnknown     DeliveryState = "unknown" // the register could not be asked
)

// DeliveryStatus is the delivery status of the message that tells the organisation of a withdrawal.
type DeliveryStatus struct {
	State DeliveryState
	// At is when the organisation's system took the message.
	At time.Time
	// PollSeconds is how often the page asks again by itself; 0 if it does not ask, or no longer.
	PollSeconds int
	// Again is the address of a page that asks again without a script; empty for none.
	Again string
}

// reachesNobody says that the organisation does not get the message.
func (d DeliveryStatus) reachesNobody() bool {
	return d.State == DeliveryNone || d.State == DeliveryUndelivered
}

// DeliveryPage is the part of a page that shows a delivery status. The page fetches it again alone.
type DeliveryPage struct {
	Page
	Record   Record
	Delivery DeliveryStatus
}

// sentence is the delivery status in words.
func (m DeliveryPage) sentence() string {
	at := m.Delivery.At
	return m.Text.T("withdrawn.notice."+string(m.Delivery.State),
		"Org", ui.Name(m.Record.registrant()), "Clock", m.Text.Clock(at), "Date", m.Text.Date(at))
}
