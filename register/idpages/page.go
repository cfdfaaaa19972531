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

// Asking is what a page tells of a challenge.
type Asking struct {
	// Org is the display name of the account that asks.
	Org string
	Gas bool
	// MeterEnding are the last digits of the meter point number.
	MeterEnding    string
	Asked, Expires time.Time
}

// LinkPage asks for the customer's yes.
type LinkPage struct {
	Page
	Asking
	FormToken string
	Purpose   Purpose
	// MatchCode says that the code of the starting page has to be typed.
	MatchCode bool
	// ShownCode is the code that this page shows, to be typed into it; empty if none has to be. It never stands beside
	// MatchCode.
	ShownCode string
	// Declined says that the challenge was declined, which the right code takes back.
	Declined bool
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

// AssertPage asks the customer for a passkey.
type AssertPage struct {
	Page
	Asking
	FormToken string
	Purpose   Purpose
	// MatchCode says that the code of the starting page has to be typed.
	MatchCode bool
	// BackHref is where another way to confirm can be chosen; empty where the customer has to find back alone.
	BackHref string
}

// EnrolPage makes a passkey.
type EnrolPage struct {
	Page
	Asking
	FormToken string
	// Confirmed says that the customer has confirmed by a mailed link already. Otherwise the passkey does.
	Confirmed bool
	MatchCode bool
	// Name is what the passkey is called where the customer does not say.
	Name string
	// Passkeys are those that there are for the meter point.
	Passkeys []Passkey
	// BackHref is where the customer goes on without one; empty as in AssertPage.
	BackHref string
}

// Passkey is one that there is.
type Passkey struct {
	Name  string
	Added time.Time
}

// Reason is how it ended.
type Reason string

const (
	// EndDead is every link that opens nothing, whatever it was.
	EndDead     Reason = "dead"
	EndDeclined Reason = "declined"
	// EndSoftDeclined is EndDeclined while the right code can still take the decline back.
	EndSoftDeclined Reason = "soft-declined"
	EndWrongCode    Reason = "wrong-code"
	// EndBusy is too many failures from one address.
	EndBusy     Reason = "busy"
	EndNotFound Reason = "not-found"
	EndRefused  Reason = "refused"
	EndFailed   Reason = "failed"
	// EndPasskeyDead is EndDead of a passkey page.
	EndPasskeyDead     Reason = "passkey-dead"
	EndPasskeyDeclined Reason = "passkey-declined"
	// EndShown and EndEnrolled follow a passkey that was shown, and one that was made.
	EndShown    Reason = "passkey-shown"
	EndEnrolled Reason = "passkey-added"
	// EndMailed sends the customer to the mailed link.
	EndMailed Reason = "passkey-mailed"
)

// EndPage is a page with which it ends.
type EndPage struct {
	Page
	Reason Reason
	// Reference is what the register's log can be searched for; empty where nobody need ask.
	Reference string
}
