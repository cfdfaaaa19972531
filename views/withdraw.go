package views

import "central.consent/dar/views/ui"

// WithdrawPage says what stopping an access means, and asks for a yes.
type WithdrawPage struct {
	Page
	MeterPoint MeterPoint
	Record     Record
	// Reasons are the reasons that a customer may give, as the ends of their text keys. No reason is needed.
	Reasons []string
	// Reason is the reason that the customer chose before a mistake; empty for none.
	Reason string
	// Erasure says that the customer ticked, before a mistake, that the organisation is also asked for erasure.
	Erasure bool
	// Filter is how the list was narrowed. The way back keeps it.
	Filter Filter
}

func (m WithdrawPage) title() string { return m.Record.stopQuestion(m.Text) }

// names are the organisations that lose access, as short as in a heading.
func (m WithdrawPage) names() string {
	return m.Record.shortNames(m.Text, ui.Name(m.Record.Organisation))
}
