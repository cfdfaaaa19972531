package views

// LeaveFramePage tells in a frame that stopping is done on the portal's own page, in a new tab.
type LeaveFramePage struct {
	Page
	MeterPoint MeterPoint
	Record     Record
	// TicketURL leads there; empty until the customer asks for it.
	TicketURL string
}

// NoCookiesPage tells in a frame that the browser keeps no visit there.
type NoCookiesPage struct{ Page }

// TicketPage is the first of the portal's own pages that a customer sees who comes from a frame. Token guards its form.
type TicketPage struct {
	Page
	Token string
}
