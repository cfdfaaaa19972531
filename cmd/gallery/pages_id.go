package main

import (
	"time"

	"github.com/a-h/templ"

	"central.consent/dar/register/idpages"
	"central.consent/dar/views/i18n"
)

// asking is the organisation that asks the customer to confirm.
var asking = idpages.Asking{
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
	s.addIDEnds()
}

// id adds one of the register's own pages.
func (s *set) id(name string, render func(idpages.Page) templ.Component) {
	name = "id " + name
	path := "/" + slug(name)
	other := otherLanguage(s.lang)
	p := idpages.Page{Text: i18n.For(s.lang), Other: i18n.For(other), OtherHref: "/" + other + path}

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
	s.link(" code", func(m *idpages.LinkPage) { m.MatchCode = true })
	for _, mistake := range []string{"empty", "form-of-code", "code", "form"} {
		s.link(" wrong "+mistake, func(m *idpages.LinkPage) { m.MatchCode, m.Mistake = true, "id.link.error."+mistake })
	}

	s.link(" customer", func(m *idpages.LinkPage) {
		m.Org, m.Gas, m.Purpose = "Bright Energy Ltd", true, idpages.PurposeCustomer
	})
	s.link(" passkey", func(m *idpages.LinkPage) { m.Purpose = idpages.PurposePasskey })
	s.id("confirmed", func(p idpages.Page) templ.Component {
		return idpages.Confirmed(idpages.ConfirmedPage{Page: p, Org: asking.Org, PasskeyHref: "#"})
	})
}

func (s *set) link(name string, change func(*idpages.LinkPage)) {
	s.id("link"+name, func(p idpages.Page) templ.Component {
		m := idpages.LinkPage{Page: p, Asking: asking, FormToken: "t", Purpose: idpages.PurposeList, TriesLeft: 2}
		if change != nil {
			change(&m)
		}

		return idpages.Link(m)
	})
}

// addIDPasskeys adds the pages that ask for a passkey.
func (s *set) addIDPasskeys() {
	s.assert("", nil)
	s.assert(" code", func(m *idpages.AssertPage) { m.MatchCode, m.BackHref = true, "" })
	s.assert(" customer", func(m *idpages.AssertPage) {
		m.Org, m.Gas, m.Purpose = "Bright Energy Ltd", true, idpages.PurposeCustomer
	})
}

func (s *set) assert(name string, change func(*idpages.AssertPage)) {
	s.id("passkey"+name, func(p idpages.Page) templ.Component {
		m := idpages.AssertPage{
			Page:      p,
			Asking:    asking,
			FormToken: "t",
			Purpose:   idpages.PurposeList,
			BackHref:  "https://portal.example/back",
		}
		if change != nil {
			change(&m)
		}

		return idpages.Assert(m)
	})
}

// addIDNewPasskeys adds the pages that offer a new passkey.
func (s *set) addIDNewPasskeys() {
	s.enrol("", nil)
	s.enrol(" another", func(m *idpages.EnrolPage) {
		m.Passkeys = []idpages.Passkey{
			{Name: "iPhone", Added: day(2026, 1, 14)},
			{Name: "Windows computer in the kitchen of the upper floor", Added: day(2026, 4, 30)},
		}
	})
	s.enrol(" for a data user", func(m *idpages.EnrolPage) {
		m.Org, m.Confirmed, m.BackHref = "Bright Energy Ltd", false, "https://bright.example/back"
	})
	s.enrol(" for a data user code", func(m *idpages.EnrolPage) {
		m.Org, m.Confirmed, m.MatchCode, m.BackHref = "Bright Energy Ltd", false, true, ""
	})
}

func (s *set) enrol(name string, change func(*idpages.EnrolPage)) {
	s.id("new passkey"+name, func(p idpages.Page) templ.Component {
		m := idpages.EnrolPage{
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

		return idpages.Enrol(m)
	})
}

// addIDEnds adds the ways that a confirmation can end.
func (s *set) addIDEnds() {
	for _, reason := range []idpages.Reason{
		idpages.EndDead,
		idpages.EndDeclined,
		idpages.EndWrongCode,
		idpages.EndBusy,
		idpages.EndNotFound,
		idpages.EndRefused,
		idpages.EndFailed,
		idpages.EndPasskeyDead,
		idpages.EndPasskeyDeclined,
		idpages.EndShown,
		idpages.EndEnrolled,
		idpages.EndMailed,
	} {
		s.id("end "+string(reason), func(p idpages.Page) templ.Component {
			m := idpages.EndPage{Page: p, Reason: reason}
			if reason == idpages.EndFailed || reason == idpages.EndRefused {
				m.Reference = receipt
			}

			return idpages.End(m)
		})
	}
}
