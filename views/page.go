// Package views holds the pages of the portal: for each, a model shaped like the page and a templ
// template. Views decide nothing: handlers fill a model, and the template turns it into HTML with the
// words of the model's Printer. To find a page, look for the handler's name: records.go is filled by
// handlers/records.go and drawn by records.templ.
package views

import (
	"time"

	"central.consent/dar/views/i18n"
)

// NeutralPage is where the quick exit leads: a page of no meaning, which everybody in Britain might have open.
const NeutralPage = "https://www.bbc.co.uk/weather"

// Page is what every page of the portal needs.
type Page struct {
	Text  *i18n.Printer
	Brand Brand
	// Base is the path under which the portal stands, without a slash at the end: /portal.
	Base string
	// Path is where this page can be had again with GET, for the language switch: /portal/records.
	// Empty for a page that cannot be fetched again; the switch then leads to the start.
	Path string
	// Query is what belongs to the page after its path, encoded and without the language: state=ended. May be empty.
	Query string
	// Answers says that the page answers a form. The browser is then made to remember Path instead, or the start, so that
	// Back sends no number again.
	Answers bool
	// Resend is for a page that answered a form: the switch then sends the form again, in the other language. Nil
	// for any other.
	Resend *Resend
	// FormToken guards the session's forms; empty where there is no session yet.
	FormToken string
	// SignedIn says whether the customer has been confirmed, and can sign out.
	SignedIn bool
	// IdleMinutes is how long the session lasts without use; 0 where there is no session yet.
	IdleMinutes int
	// SignOutAt is when the session ends whatever the customer does, and SessionSeconds the same from now.
	// Both are zero until the customer is signed in.
	SignOutAt      time.Time
	SessionSeconds int
	// Demonstration says that re-identification is stubbed, which every page must tell.
	Demonstration bool
	// Inbox is where a demonstration that does ask people shows the letters that it sends; empty anywhere else.
	Inbox string
	// Adviser says that an adviser has signed in and helps the customer, which every page must tell. Text is then ForAdviser.
	Adviser bool
	// Framed is for a page that stands in a frame of somebody else's page; nil for any other.
	Framed *Framed
	// Errors is what was wrong with the input, in the order of the fields.
	Errors []FieldError
}

// listOnly says that the list is shown without what can be taken away from it or done with several of its records.
func (p Page) listOnly() bool { return p.Framed != nil || p.Adviser }

// Framed is what a page in a frame needs. Own is the base of the portal's own pages, which open in a new tab, and Origins
// are those that may frame the page and are told its height.
type Framed struct {
	Own     string
	Origins []string
}

// Resend is a form to be sent once more. Action is its path.
type Resend struct {
	Action string
	Fields []FormField
}

// FormField is one value of a form.
type FormField struct{ Name, Value string }

// FieldError is one mistake in a form: the id of the element that the customer is led to, and the text key of
// the sentence. On the start page that is error.number.empty, error.number.characters, error.number.length or
// error.number.twice. On
// the page that asks for a proof the element is method, and the key error.prove and the name of the method that
// can no longer be used, or error.prove.none, error.prove.only or error.prove.twice.
type FieldError struct {
	Field string
	Key   string
}

// ReturnLink leads back to the site that sent the customer.
type ReturnLink struct{ Host, URL string }

// MeterPoint is a meter point number as customers read it on a bill.
type MeterPoint struct {
	// Number is grouped for reading: 23 1234 5678 901.
	Number string
	// Electricity is true for an MPAN, false for an MPRN (gas).
	Electricity bool
}
