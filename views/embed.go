package views

// LeaveFramePage says in a frame that an access is stopped on the portal's own page, in a new tab.
type LeaveFramePage struct {
	Page
	MeterPoint MeterPoint
	Record     Record
	// TicketURL leads there; empty until the customer asks for it.
	TicketURL string
}

// NoCookiesPage says in a frame that the browser keeps no session there.
type NoCookiesPage struct{ Page }

// TicketPage is the first of the portal's own pages for a customer who comes from a frame.
type TicketPage struct {
	Page
	// Token guards the form.
	Token string
}

func (m LeaveFramePage) title() string { return m.Record.stopQuestion(m.Text) }
