package id

import (
	"strings"

	"central.consent/dar/register/rules"
)

// The addresses of the pages, each written here only.
const (
	// BasePath is the path under which the pages stand.
	BasePath = "/id"

	pathLink        = BasePath + "/link"
	pathLinkDecline = pathLink + declineSuffix
	pathConfirmed   = pathLink + "/confirmed"
	pathDeclined    = pathLink + "/declined"

	pathLetter        = BasePath + "/letter"
	pathLetterDecline = pathLetter + declineSuffix

	pathPasskeys      = BasePath + "/passkey"
	pathAssert        = pathPasskeys + "/assert"
	pathAssertDecline = pathAssert + declineSuffix
	pathEnrol         = pathPasskeys + "/register"
	pathEnrolDecline  = pathEnrol + declineSuffix

	// A customer goes here after a passkey, unless the account that asks gave an address.
	pathShown           = pathPasskeys + "/confirmed"
	pathEnrolled        = pathPasskeys + "/added"
	pathPasskeyDeclined = pathPasskeys + "/declined"
	pathPasskeyStopped  = pathPasskeys + "/stopped"

	// The customer's own page, and what it sends.
	pathContacts        = BasePath + "/contacts"
	pathContactsNew     = pathContacts + "/new"
	pathContactsReturn  = pathContacts + "/return"
	pathContactsClose   = pathContacts + "/close"
	pathContactsClosed  = pathContacts + "/closed"
	pathContactsRemoved = pathContacts + "/removed"

	declineSuffix = "/decline"
	// A script sends the two steps of a ceremony here, below the page.
	optionsSuffix = "/options"
	finishSuffix  = "/finish"

	// What is done with one contact stands here, below its page.
	yesSuffix    = "/yes"
	noSuffix     = "/no"
	keepSuffix   = "/keep"
	removeSuffix = "/remove"

	// staticPath is where the register serves its static files.
	staticPath = "/static/"
)

// URLs returns the absolute addresses of the pages to which the register sends customers.
func URLs(publicURL string) rules.PageURLs {
	return rules.PageURLs{
		Link:     publicURL + pathLink,
		Letter:   publicURL + pathLetter,
		Assert:   publicURL + pathAssert,
		Enrol:    publicURL + pathEnrol,
		Contacts: publicURL + pathContacts,
	}
}

// pathOfContact returns the address at which something is done with a contact.
func pathOfContact(contact, suffix string) string { return pathContacts + "/" + contact + suffix }

// Matches reports whether a path belongs to the pages.
func Matches(path string) bool { return strings.HasPrefix(path, BasePath+"/") }
