package main

import (
	"time"

	"github.com/a-h/templ"

	"central.consent/dar/register/id"
	"central.consent/dar/views/i18n"
)

// asking is the organisation that asks the customer to confirm.
var asking = id.Asking{
	Org:         "Central Access Register Portal",
	MeterEnding: "901",
	Asked:       now,
	Expires:     now.Add(15 * time.Minute),
}

// addID adds the register's own pages, on the id origin.
func (s *set) addID() {
	s.addIDLinks()
	s.addIDPasskeys()
	s.addIDNewPasskeys()
	s.addIDContacts()
	s.addIDEnds()
	s.addIDLetters()
}

// idPage adds one of the register's own pages.
func (s *set) idPage(name string, render func(id.Page) templ.Component) {
	name = "id " + name
	path := "/" + slug(name)
	other := otherLanguage(s.lang)
	p := id.Page{Text: i18n.For(s.lang), Other: i18n.For(other), OtherHref: "/" + other + path}

	s.pages = append(s.pages, page{Name: name, Lang: s.lang, Path: "/" + s.lang + path, Component: render(p)})
}

func otherLanguage(lang string) string {
	languages := i18n.Languages()
	if languages[0] == lang {
		return languages[1]
	}

	return languages[0]
}

// addIDLinks adds the pages that a mailed link leads to.
func (s *set) addIDLinks() {
	s.link("", nil)
	s.link(" code", func(m *id.LinkPage) { m.MatchCode = true })
	for _, mistake := range []string{"empty", "form-of-code", "code", "form"} {
		s.link(" wrong "+mistake, func(m *id.LinkPage) { m.MatchCode, m.Mistake = true, "id.link.error."+mistake })
	}

	s.link(" shown code", func(m *id.LinkPage) { m.ShownCode = "K7QX" })
	s.link(" shown code empty", func(m *id.LinkPage) { m.ShownCode, m.Mistake = "K7QX", "id.link.error.shown" })
	s.link(" declined", func(m *id.LinkPage) { m.ShownCode, m.Declined = "K7QX", true })
	s.link(" customer", func(m *id.LinkPage) {
		m.Org, m.Gas, m.Purpose = "Bright Energy Ltd", true, id.PurposeCustomer
	})
	s.link(" passkey", func(m *id.LinkPage) { m.Purpose = id.PurposePasskey })
	s.link(" started from", func(m *id.LinkPage) {
		m.Org, m.StartedFrom, m.MatchCode = "Citizens Advice", "Samsung Internet", true
	})
	s.link(" demonstration", func(m *id.LinkPage) { m.Demonstration, m.StartedFrom = true, "Firefox" })
	s.idPage("confirmed", func(p id.Page) templ.Component {
		return id.Confirmed(id.ConfirmedPage{Page: p, Org: asking.Org, PasskeyHref: "#", ContactsHref: "#"})
	})
}

func (s *set) link(name string, change func(*id.LinkPage)) {
	s.idPage("link"+name, func(p id.Page) templ.Component {
		m := id.LinkPage{Page: p, Asking: asking, FormToken: "t", Purpose: id.PurposeList, TriesLeft: 2}
		if change != nil {
			change(&m)
		}

		return id.Link(m)
	})
}

// addIDPasskeys adds the pages that ask for a passkey.
func (s *set) addIDPasskeys() {
	s.assert("", nil)
	s.assert(" code", func(m *id.AssertPage) { m.MatchCode, m.BackHref = true, "" })
	s.assert(" customer", func(m *id.AssertPage) {
		m.Org, m.Gas, m.Purpose = "Bright Energy Ltd", true, id.PurposeCustomer
	})
}

func (s *set) assert(name string, change func(*id.AssertPage)) {
	s.idPage("passkey"+name, func(p id.Page) templ.Component {
		m := id.AssertPage{
			Page:      p,
			Asking:    asking,
			FormToken: "t",
			Purpose:   id.PurposeList,
			BackHref:  "https://portal.example/back",
		}
		if change != nil {
			change(&m)
		}

		return id.Assert(m)
	})
}

// addIDNewPasskeys adds the pages that offer a new passkey.
func (s *set) addIDNewPasskeys() {
	s.enrol("", nil)
	s.enrol(" another", func(m *id.EnrolPage) {
		m.Passkeys = []id.Passkey{
			{Name: "iPhone", Added: day(2026, 1, 14)},
			{Name: "Windows computer in the kitchen of the upper floor", Added: day(2026, 4, 30)},
		}
	})
	s.enrol(" for a data user", func(m *id.EnrolPage) {
		m.Org, m.Confirmed, m.BackHref = "Bright Energy Ltd", false, "https://bright.example/back"
	})
	s.enrol(" for a data user code", func(m *id.EnrolPage) {
		m.Org, m.Confirmed, m.MatchCode, m.BackHref = "Bright Energy Ltd", false, true, ""
	})
}

func (s *set) enrol(name string, change func(*id.EnrolPage)) {
	s.idPage("new passkey"+name, func(p id.Page) templ.Component {
		m := id.EnrolPage{
			Page:      p,
			Asking:    asking,
			FormToken: "t",
			Name:      p.Text.T("id.passkey.device.android"),
			Confirmed: true,
			BackHref:  "#",
		}
		if change != nil {
			change(&m)
		}

		return id.Enrol(m)
	})
}

// addIDEnds adds the ways that a confirmation can end.
func (s *set) addIDEnds() {
	for _, reason := range []id.Reason{
		id.EndDead,
		id.EndDeclined,
		id.EndSoftDeclined,
		id.EndWrongCode,
		id.EndBusy,
		id.EndNotFound,
		id.EndRefused,
		id.EndFailed,
		id.EndPasskeyDead,
		id.EndPasskeyDeclined,
		id.EndShown,
		id.EndStubbed,
		id.EndEnrolled,
		id.EndMailed,
		id.EndContactsDead,
		id.EndContactsClosed,
		id.EndContactsRemoved,
	} {
		name := "end " + string(reason)
		if reason == id.EndStubbed {
			name += " demonstration"
		}

		s.idPage(name, func(p id.Page) templ.Component {
			m := id.EndPage{Page: p, Reason: reason}
			if reason == id.EndFailed || reason == id.EndRefused {
				m.Reference = receipt
			}
			if reason == id.EndStubbed {
				m.Demonstration, m.BackHref = true, "https://portal.example/back"
			}

			return id.End(m)
		})
	}
}
