package rules

import (
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The lives of a challenge (docs/decisions.md, Token times).
const (
	linkLife    = 15 * time.Minute
	passkeyLife = 5 * time.Minute
	// returnLife is how long a browser may take from the passkey back to the page that asked for it.
	returnLife = time.Minute
	// tokenLife is how long after its issue a confirmed token can be used.
	tokenLife = time.Hour
)

// Challenge is a request to a customer to confirm who they are.
type Challenge struct {
	// Account asks; the customer sees its display name.
	Account store.Account
	MPxN    string
	Method  registerclient.Method
	// Record is the identity record that the challenge goes to.
	Record store.IdentityRecord
	// Own is true if the owner of Record asks: then no other record can confirm.
	Own bool
	// Mailed is true if the customer gets a link by mail.
	Mailed bool
	// ReturnURL is the address to which the customer goes afterwards; nil for the register's own last page.
	ReturnURL *string
	// MatchCode is true if the customer must type a code that only the starting page shows.
	MatchCode bool
	// Language is "en", "cy" or empty.
	Language string
}
