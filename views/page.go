// Package views holds the pages of the portal. Each page has a model, shaped like the page, and a templ template.
// Templates decide nothing: handlers fill a model, and the model's own Go file decides which words and which addresses
// the template writes. The words come from the model's Printer. A journey has one name in every package:
// handlers/records.go fills the model of views/records.go, and views/records.templ renders it.
package views

import (
	"time"

	"central.consent/dar/views/i18n"
	"central.consent/dar/views/ui"
)

// NeutralPage is the page that the quick exit leads to: an ordinary page that anyone in Britain might have open.
const NeutralPage = "https://www.bbc.co.uk/weather"

// Page is what every page of the portal needs.
type Page struct {
	Text  *i18n.Printer
	Brand Brand
	// Base is the path of the portal, without a slash at the end: /portal.
	Base string
	// Path returns this page to a GET, and the language switch uses it: /portal/records. It is empty if the page
	// cannot be fetched again; the switch then leads to the start.
	Path string
	// Query is the encoded query of the page without the language: state=ended. May be empty.
	Query string
	// Answers says that the page answers a form. The browser then remembers Path instead, or the start, so that Back
	// does not send a number again.
	Answers bool
	// Resend is for a page that answered a form: the language switch then sends the form again, in the other language.
	// Nil for any other page.
	Resend *Resend
	// FormToken guards the forms of the session; empty if there is no session yet.
	FormToken string
	// SignedIn says that the customer has been confirmed, and can sign out.
	SignedIn bool
	// IdleMinutes is how long the session lasts without use; 0 if there is no session yet.
	IdleMinutes int
	// SignOutAt is when the session ends even if it is used. It is zero until the customer is signed in.
	SignOutAt time.Time
	// SessionSeconds is how long it is until SignOutAt; 0 until the customer is signed in.
	SessionSeconds int
	// Refresh moves a browser without scripts on; nil for a page that stays. Other browsers have portal.js for that.
	Refresh *Refresh
	// Demonstration says that re-identification is stubbed. Every page must say so.
	Demonstration bool
	// Inbox is the page of a demonstration that shows the letters it sends; empty for none.
	Inbox string
	// Adviser says that an adviser has signed in and helps the customer. Every page must say so, and Text must be
	// ForAdviser.
	Adviser bool
	// AdviserName is the name of that adviser; empty for the code that advisers share.
	AdviserName string
	// Framed is for a page in a frame of another site's page; nil for any other page.
	Framed *Framed
	// Errors are the mistakes in the input, in the order of the fields.
	Errors []FieldError
}

// Refresh sends a browser without scripts to an address after some seconds.
type Refresh = ui.Refresh

// Framed is what a page in a frame needs.
type Framed struct {
	// Own is the base of the portal's own pages, which open in a new tab.
	Own string
	// Origins are the sites that may frame the page. The page tells them its height.
	Origins []string
}

// Resend is a form to be sent once more.
type Resend struct {
	// Action is the path that the form is sent to.
	Action string
	Fields []FormField
}

// FormField is one value of a form.
type FormField struct{ Name, Value string }

// FieldError is one mistake in a form.
type FieldError struct {
	// Field is the id of the element that the customer is led to: number on the start page, method on the page that
	// asks for a proof.
	Field string
	// Key is the text key of the sentence: error.number.empty, error.prove.only.
	Key string
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

// fuel is the end of a text key.
func (m MeterPoint) fuel() string {
	if m.Electricity {
		return "electricity"
	}
	return "gas"
}

// listOnly says that the list is shown without downloads and stopping several records at once.
func (p Page) listOnly() bool { return p.Framed != nil || p.Adviser }

// hasLetters says that there is a letter about each record, ready to be sent. Frames have none.
func (p Page) hasLetters() bool { return p.Framed == nil }

// hasVisit says that there is a visit to be ended. An adviser can also end the visit of a customer who hangs up before
// they confirm, so that the next customer does not see the number.
func (p Page) hasVisit() bool { return p.SignedIn || p.Adviser && p.FormToken != "" }

// warnsWhenIdle says that the page warns before its session ends.
func (p Page) warnsWhenIdle() bool { return p.SignedIn && p.IdleMinutes > 0 }

// shell is the document around the page.
func (p Page) shell(title, description string) ui.Shell {
	title = p.Text.T("page.title", "Page", title, "Brand", p.Brand.Name)
	if len(p.Errors) > 0 {
		title = p.Text.T("ui.error-prefix", "Title", title)
	}

	findable := description != "" && !p.listOnly()
	if !findable {
		description = p.Text.T("start.description")
	}

	shell := ui.Shell{
		Text:          p.Text,
		Title:         title,
		Description:   description,
		Findable:      findable,
		AssetBase:     p.Base + "/static/",
		Sheet:         p.Brand.Sheet,
		Icon:          p.Brand.Icon,
		Exit:          quickExit(p),
		Header:        header(p),
		Footer:        footer(p),
		Demonstration: p.Demonstration,
		Inbox:         p.Inbox,
		Scripts:       true,
		Refresh:       p.Refresh,
		Fonts:         true,
	}
	if p.Framed != nil {
		shell.Script = "frame.js"
		shell.FramedBy = p.Framed.Origins
	}

	return shell
}

// problems are the mistakes in the input, in words.
func (p Page) problems() []ui.Problem {
	var problems []ui.Problem
	for _, e := range p.Errors {
		problems = append(problems, ui.Problem{Field: e.Field, Message: p.Text.T(e.Key)})
	}

	return problems
}

// problem is the mistake in one field, in words; empty if there is none.
func (p Page) problem(field string) string {
	for _, e := range p.Errors {
		if e.Field == field {
			return p.Text.T(e.Key)
		}
	}

	return ""
}

// otherLanguage is the language that the switch leads to; nil if the operator offers one language only.
func (p Page) otherLanguage() *i18n.Printer {
	for _, lang := range p.Brand.Offered() {
		if lang != p.Text.Lang() {
			return i18n.For(lang)
		}
	}

	return nil
}

// switchURL is the page in the other language.
func (p Page) switchURL(other *i18n.Printer) string {
	query := "?lang=" + other.Lang()
	if p.Path != "" && p.Query != "" {
		query += "&" + p.Query
	}

	return p.address() + query
}

// address returns this page to a GET, or else the start.
func (p Page) address() string {
	if p.Path == "" {
		return p.Base
	}
	return p.Path
}

// recordsURL is the whole list.
func (p Page) recordsURL() string { return p.Base + "/records" }

// listURL is the list, narrowed by the filter.
func (p Page) listURL(f Filter) string { return p.recordsURL() + f.Query() }

// recordURL is a page of one record: withdraw, withdrawn or letter. The way back from there keeps the filter.
func (p Page) recordURL(handle, page string, f Filter) string {
	return p.recordsURL() + "/" + handle + "/" + page + f.Query()
}
