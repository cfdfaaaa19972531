package id

import (
	"slices"
	"time"

	"central.consent/dar/register/rules"
)

// Done is what a customer has done on the page of their own contacts, and part of its text key.
type Done string

// What can be done.
const (
	DoneYes         Done = "yes"
	DoneNo          Done = "no"
	DoneRemoved     Done = "removed"
	DoneAsked       Done = "asked" // the removal of another contact
	DoneAskedBefore Done = "asked-before"
	DoneKept        Done = "kept"
)

var allDone = []Done{DoneYes, DoneNo, DoneRemoved, DoneAsked, DoneAskedBefore, DoneKept}

// pageBeforeReturn is the value of the field that tells the answers of NewContacts from those of Contacts.
const pageBeforeReturn = "before-return"

// ContactsPage shows the contacts of the customer's household.
type ContactsPage struct {
	Page

	FormToken string
	// Org is the display name of the account for which the customer confirmed.
	Org string
	Gas bool
	// MeterEnding are the last digits of the meter point number.
	MeterEnding string
	// Until is when the page can no longer be opened.
	Until time.Time
	// CanReturn is true if the browser can go back to Org.
	CanReturn bool
	// Done is what was done last; empty if nothing was.
	Done     Done
	Contacts []rules.OwnContact
	// BeforeReturn is true of the page that comes before the way back.
	BeforeReturn bool
}

// asked returns the contacts about which the customer is asked.
func (m ContactsPage) asked() []rules.OwnContact {
	return slices.DeleteFunc(slices.Clone(m.Contacts), func(c rules.OwnContact) bool { return !c.IsAsked })
}

func isAsked(c rules.OwnContact) bool { return c.IsAsked }

// listed returns the contacts about which the customer is not asked.
func (m ContactsPage) listed() []rules.OwnContact {
	return slices.DeleteFunc(slices.Clone(m.Contacts), isAsked)
}

// meterKey returns the text key of the sentence that names the meter.
func (m ContactsPage) meterKey() string {
	if m.Gas {
		return "id.contacts.meter.gas"
	}

	return "id.contacts.meter.electricity"
}

// RemovePage says what follows from the removal of a contact.
type RemovePage struct {
	ContactsPage

	Contact rules.OwnContact
	// RemovedOn is when the contact is removed if others are told before.
	RemovedOn time.Time
}

// isRemovable reports whether the customer can remove a contact, or ask for that.
func isRemovable(c rules.OwnContact) bool {
	return c.Removal == rules.RemovalNow || c.Removal == rules.RemovalLater
}

// kindOf returns the part of the text keys that stands for the kind of a contact.
func kindOf(c rules.OwnContact) string {
	if c.Passkey {
		return "passkey"
	}

	return "address"
}

// badgeOf returns the sign of a standing.
func badgeOf(c rules.OwnContact) string {
	switch c.Standing {
	case rules.OwnWorks:
		return "active"
	case rules.OwnWaits, rules.OwnAsks, rules.OwnUndecided, rules.OwnLimited:
		return "ending"
	default:
		return "ended"
	}
}

// standingDate returns the day that the sentence about a standing names.
func standingDate(c rules.OwnContact) time.Time {
	if c.Standing == rules.OwnWaits {
		return c.StandsAt
	}

	return c.Since
}
