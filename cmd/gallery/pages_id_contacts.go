package main

import (
	"time"

	"github.com/a-h/templ"

	"central.consent/dar/register/id"
	"central.consent/dar/register/rules"
)

// addIDContacts adds the pages of the customer's own contacts.
func (s *set) addIDContacts() {
	s.contacts("", nil)
	s.contacts(" alone", func(m *id.ContactsPage) { m.Contacts = m.Contacts[:1] })
	for _, done := range []id.Done{
		id.DoneYes, id.DoneNo, id.DoneRemoved, id.DoneAsked, id.DoneAskedBefore, id.DoneKept,
	} {
		s.contacts(" done "+string(done), func(m *id.ContactsPage) { m.Done = done })
	}

	s.idPage("new contacts", func(p id.Page) templ.Component { return id.NewContacts(contactsPage(p)) })
	s.idPage("new contacts last", func(p id.Page) templ.Component {
		m := contactsPage(p)
		m.Gas = true
		m.Contacts = m.Contacts[2:3]

		return id.NewContacts(m)
	})

	s.removal(" of the visitor", func(m *id.RemovePage) { m.Contact.IsVisitor, m.Contact.IsLast = true, true })
	s.removal(" of a passkey", func(m *id.RemovePage) { m.Contact = m.Contacts[1] })
	s.removal(" later", func(m *id.RemovePage) { m.Contact.Removal = rules.RemovalLater })
	s.removal(" of a passkey later", func(m *id.RemovePage) {
		m.Contact = m.Contacts[1]
		m.Contact.Removal = rules.RemovalLater
	})
}

func (s *set) contacts(name string, change func(*id.ContactsPage)) {
	s.idPage("contacts"+name, func(p id.Page) templ.Component {
		m := contactsPage(p)
		if change != nil {
			change(&m)
		}

		return id.Contacts(m)
	})
}

func (s *set) removal(name string, change func(*id.RemovePage)) {
	s.idPage("remove contact"+name, func(p id.Page) templ.Component {
		m := id.RemovePage{ContactsPage: contactsPage(p), RemovedOn: now.Add(rules.RemovalWait)}
		m.Contact = m.Contacts[0]
		change(&m)

		return id.Remove(m)
	})
}

// contactsPage returns the page with a contact of every standing.
func contactsPage(p id.Page) id.ContactsPage {
	m := id.ContactsPage{
		Page:        p,
		FormToken:   "t",
		Org:         asking.Org,
		MeterEnding: asking.MeterEnding,
		Until:       now.Add(rules.TicketLife),
		CanReturn:   true,
		Contacts: []rules.OwnContact{
			ownContact("1", "c*****r@example.com", rules.OwnWorks, rules.RemovalNow),
			ownContact("2", "Windows computer in the kitchen of the upper floor", rules.OwnWorks, rules.RemovalNow),
			ownContact("3", "n*****w@a-rather-long-name-of-a-household.example", rules.OwnWaits, rules.RemovalNone),
			ownContact("4", "Android phone", rules.OwnAsks, rules.RemovalNone),
			ownContact("5", "p*****r@example.com", rules.OwnWorks, rules.RemovalLater),
			ownContact("6", "o*****d@example.com", rules.OwnWorks, rules.RemovalNone),
			ownContact("7", "Mac", rules.OwnWorks, rules.RemovalUntold),
			ownContact("8", "l*****d@example.com", rules.OwnLimited, rules.RemovalLater),
			ownContact("9", "s*****d@example.com", rules.OwnPaused, rules.RemovalLater),
			ownContact("10", "f*****d@example.com", rules.OwnUnverified, rules.RemovalNone),
			ownContact("11", "t*****e@example.com", rules.OwnUndecided, rules.RemovalNone),
			ownContact("12", "x*****x@example.com", rules.OwnNotMe, rules.RemovalNone),
			ownContact("13", "y*****y@example.com", rules.OwnSetAside, rules.RemovalNone),
		},
	}
	m.Contacts[0].IsVisitor = true
	m.Contacts[5].RemovalAt = new(day(2026, 6, 8))

	return m
}

// ownContact returns a contact that was given in January.
func ownContact(key, name string, standing rules.OwnStanding, removal rules.Removal) rules.OwnContact {
	c := rules.OwnContact{
		ID:       "cnt_" + key,
		Name:     name,
		Org:      "Bright Energy Ltd",
		Added:    day(2026, 1, 14),
		Standing: standing,
		Since:    day(2026, 1, 14),
		StandsAt: now.Add(30 * 24 * time.Hour),
		IsAsked:  standing == rules.OwnWaits || standing == rules.OwnAsks,
		Removal:  removal,
	}
	switch name[1] {
	case '*':
		c.Used = new(now)
	default:
		c.Passkey = true
	}

	return c
}
