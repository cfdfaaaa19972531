package main

import (
	"github.com/a-h/templ"

	"central.consent/dar/views"
)

// addFramed adds the pages in a frame, and the page that the frame leads to.
func (s *set) addFramed() {
	s.start("framed start", framed(stranger), views.StartPage{})
	s.pendingAddress("framed pending address", framed(visitor))
	s.waiting("framed other address", framed(visitor), withOtherAddress)
	s.records("framed", framed(customer), demoList())
	s.leaveFrame("framed withdraw", "")
	s.leaveFrame("framed withdraw without scripts", "/portal/ticket")
	s.add("framed no cookies", framed(stranger), func(p views.Page) templ.Component {
		return views.NoCookies(views.NoCookiesPage{Page: p})
	})
	s.add("ticket", stranger, func(p views.Page) templ.Component {
		return views.Ticket(views.TicketPage{Page: p, Token: "t"})
	})
}

// framed is the page in a frame.
func framed(p views.Page) views.Page {
	p.Framed = &views.Framed{Origins: []string{"https://www.example.org"}}
	return p
}

func (s *set) leaveFrame(name, ticketURL string) {
	s.add(name, framed(customer), func(p views.Page) templ.Component {
		return views.LeaveFrame(views.LeaveFramePage{
			Page:       p,
			MeterPoint: electricity,
			Record:     consent(),
			TicketURL:  ticketURL,
		})
	})
}
