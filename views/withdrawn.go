package views

import (
	"time"

	"central.consent/dar/views/ui"
)

// WithdrawnPage says what was done, who was told of it, and when.
type WithdrawnPage struct {
	Page
	MeterPoint MeterPoint
	Record     Record
	// At is when the register ended the access.
	At time.Time
	// Reference finds the withdrawal at the register.
	Reference string
	// Erasure says that the customer also asked for erasure.
	Erasure bool
	// Return leads back to the site that sent the customer, and tells it which access was stopped; nil if the customer
	// came without a link.
	Return   *ReturnLink
	Delivery DeliveryStatus
	// Filter is how the list was narrowed. The way back keeps it.
	Filter Filter
}

func (m WithdrawnPage) title() string {
	return m.Text.T("withdrawn.title", "Org", m.names(), "Clock", m.Text.Clock(m.At), "Date", m.Text.Date(m.At))
}

// names are the organisations that have lost access, as short as in a heading.
func (m WithdrawnPage) names() string {
	return m.Record.shortNames(m.Text, ui.Name(m.Record.Organisation))
}

// namesLeftOut says that the heading does not name every organisation that has lost access.
func (m WithdrawnPage) namesLeftOut() bool { return m.names() != m.Record.allNames(m.Text) }
