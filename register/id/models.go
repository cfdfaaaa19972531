package id

import (
	"time"

	"central.consent/dar/views/i18n"
)

// Page is what every page needs.
type Page struct {
	Text, Other *i18n.Printer
	// OtherHref is the same page in the other language.
	OtherHref string
	// Demonstration is true if every customer counts as confirmed.
	Demonstration bool
}

// Purpose is what a customer is asked to confirm for.
type Purpose string

const (
	// PurposeList is a portal that wants to show who can see the customer's energy data.
	PurposeList Purpose = "list"
	// PurposeCustomer is a Data User that wants to know that it deals with the customer.
	PurposeCustomer Purpose = "customer"
	// PurposePasskey is a request to set up a passkey.
	PurposePasskey Purpose = "passkey"
)

// Asking is what a page tells of a challenge.
type Asking struct {
	// Org is the display name of the account that asks.
	Org string
	Gas bool
	// MeterEnding are the last digits of the meter point number.
	MeterEnding    string
	Asked, Expires time.Time
	// StartedFrom is the browser in which the challenge was started, as Org says; empty if it did not.
	StartedFrom string
}

// LinkPage asks for the customer's yes.
type LinkPage struct {
	Page
	Asking

	FormToken string
	Purpose   Purpose
	// MatchCode is true if the code of the starting page must be typed.
	MatchCode bool
	// ShownCode is the code that this page shows, to be typed into it; empty if none is required. It never stands
	// beside MatchCode.
	ShownCode string
	// Declined is true if the challenge was declined, which the right code takes back.
	Declined bool
	// Mistake is the text key of what was wrong with the form; empty if nothing was.
	Mistake string
	// TriesLeft is how often a wrong code can still be typed.
	TriesLeft int
}

// title returns the title of the page, marked if the form had a mistake.
func (m LinkPage) title() string {
	if m.Mistake != "" {
		return m.Text.T("ui.error-prefix", "Title", m.Text.T("id.link.title"))
	}

	return m.Text.T("id.link.title")
}

// field returns the id of the element that the error summary leads to.
func (m LinkPage) field() string {
	if m.codeMistake() != "" {
		return "code"
	}

	return "main"
}

// mistake returns what was wrong with the form, in words.
func (m LinkPage) mistake() string {
	if m.Mistake == mistakeWrongCode {
		return m.Text.N(m.Mistake, m.TriesLeft)
	}

	return m.Text.T(m.Mistake)
}

// codeMistake returns what was wrong with the code, in words; empty if nothing was.
func (m LinkPage) codeMistake() string {
	if m.Mistake == "" || m.Mistake == mistakeForm {
		return ""
	}

	return m.mistake()
}

// ConfirmedPage follows a customer's yes.
type ConfirmedPage struct {
	Page

	Org string
	// PasskeyHref leads to the enrolment of a passkey.
	PasskeyHref string
	// ContactsHref leads to the customer's own contacts; empty if this visit does not open them.
	ContactsHref string
}

// AssertPage asks the customer for a passkey.
type AssertPage struct {
	Page
	Asking

	FormToken string
	Purpose   Purpose
	// MatchCode is true if the code of the starting page must be typed.
	MatchCode bool
	// BackHref leads to another way to confirm; empty if the customer has to find the way back alone.
	BackHref string
}

// EnrolPage creates a passkey.
type EnrolPage struct {
	Page
	Asking

	FormToken string
	// Confirmed is true if the customer has confirmed by a mailed link. Otherwise the passkey confirms.
	Confirmed bool
	MatchCode bool
	// Name is the default name of the passkey.
	Name string
	// Passkeys are the existing passkeys of the meter point.
	Passkeys []Passkey
	// BackHref leads on without a passkey; empty as in AssertPage.
	BackHref string
}

// Passkey is an existing passkey.
type Passkey struct {
	Name  string
	Added time.Time
}

// Reason is how a challenge ended, and part of its text keys.
type Reason string

// How a challenge can end.
const (
	EndDead            Reason = "dead" // every link that opens nothing
	EndDeclined        Reason = "declined"
	EndSoftDeclined    Reason = "soft-declined" // declined, while the right code can still take it back
	EndWrongCode       Reason = "wrong-code"
	EndBusy            Reason = "busy" // too many failures from one address
	EndNotFound        Reason = "not-found"
	EndRefused         Reason = "refused"
	EndFailed          Reason = "failed"
	EndPasskeyDead     Reason = "passkey-dead" // EndDead of a passkey page
	EndPasskeyDeclined Reason = "passkey-declined"
	EndShown           Reason = "passkey-shown"
	EndEnrolled        Reason = "passkey-added"
	EndStubbed         Reason = "passkey-stub"   // a demonstration asks for no passkey
	EndMailed          Reason = "passkey-mailed" // the customer has to open the mailed link
	EndLetterYes       Reason = "letter-yes"     // a new contact is the customer's
	EndLetterNo        Reason = "letter-no"      // it is not
	EndLetterKept      Reason = "letter-kept"    // a contact is not removed
	EndLetterFrozen    Reason = "letter-frozen"  // a reading has no authority any more
	EndLetterHere      Reason = "letter-here"    // the customer still lives there
	EndLetterDead      Reason = "letter-dead"    // EndDead of a letter
	EndLetterWrongCode Reason = "letter-wrong-code"
	EndContactsDead    Reason = "contacts-dead" // EndDead of the page of the customer's own contacts
	EndContactsClosed  Reason = "contacts-closed"
	EndContactsRemoved Reason = "contacts-removed" // the contact that confirmed the visit
)

// EndPage is a page without a way back to where the customer started.
type EndPage struct {
	Page

	Reason Reason
	// Reference finds the request in the register's log; empty if there is no need to ask.
	Reference string
	// ContactsHref is as in ConfirmedPage.
	ContactsHref string
	// BackHref leads back to the account that asked; empty if the customer has to find the way.
	BackHref string
}
