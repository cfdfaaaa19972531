// Package idpages holds the pages that the register shows to customers on the id origin: the one behind a mailed link,
// the passkeys', and each way that they end. Words come from views/i18n, and what is decided from package register.
package idpages

import (
	"time"

	"central.consent/dar/views/i18n"
)

// assetBase is where the register serves its static files.
const assetBase = "/static/"

// Page is what every page needs.
type Page struct {
	Text, Other *i18n.Printer
	// OtherHref is the same page in the other language.
	OtherHref string
}

// Purpose is what a customer is asked to confirm for.
type Purpose string

const (
	// PurposeList: a portal wants to show who can see the customer's energy data.
	PurposeList Purpose = "list"
	// PurposeCustomer: a Data User wants to know that it deals with the customer.
	PurposeCustomer Purpose = "customer"
	// PurposePasskey: somebody wants to set up a passkey.
	PurposePasskey Purpose = "passkey"
)

// LinkPage asks for the customer's yes.
type LinkPage struct {
	Page
	FormToken string
	// Org is the display name of the account that asks.
	Org     string
	Purpose Purpose
	Gas     bool
	// MeterEnding are the last digits of the meter point number.
	MeterEnding    string
	Asked, Expires time.Time
	// MatchCode says that the code of the starting page has to be typed.
	MatchCode bool
	// Mistake is the key of what was wrong with the form; empty where nothing was.
	Mistake string
	// TriesLeft is how often a wrong code can still be typed.
	TriesLeft int
}

// ConfirmedPage follows a customer's yes.
type ConfirmedPage struct {
	Page
	Org string
	// PasskeyHref leads to the enrolment of a passkey.
	PasskeyHref string
}

// Reason is how it ended.
type Reason string

const (
	// EndDead is every link that opens nothing, whatever it was.
	EndDead      Reason = "dead"
	EndDeclined  Reason = "declined"
	EndWrongCode Reason = "wrong-code"
	// EndBusy is too many failures from one address.
	EndBusy     Reason = "busy"
	EndNotFound Reason = "not-found"
	EndRefused  Reason = "refused"
	EndFailed   Reason = "failed"
)

// EndPage is a page with which it ends.
type EndPage struct {
	Page
	Reason Reason
	// Reference is what the register's log can be searched for; empty where nobody need ask.
	Reference string
}
