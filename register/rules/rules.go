// Package rules holds every rule of the register: what docs/decisions.md settles, as code. A rule is a method of Rules
// that takes a context and plain values, and returns a value or a refusal (*Error, Errors). It opens a transaction
// itself, or takes the one in which package api keeps the response to a request with an Idempotency-Key. It knows
// neither HTTP nor echo: package api reads requests and calls rules, package id does the same for the customers'
// pages, and package outbox delivers what rules have queued. SQL is in package store.
//
// One file holds one subject: occupants.go says who answers at a meter point, earlier_occupants.go who is an earlier
// one, challenges.go how a customer is asked, withdrawals.go who may end access, and so on.
package rules

import (
	"cmp"
	"time"

	"golang.org/x/sync/semaphore"

	"central.consent/dar/register/passkey"
	"central.consent/dar/register/store"
)

// Options is what the rules work on. Store, Keys, Passkeys and Clock are required.
type Options struct {
	Store *store.Store
	// Keys seals personal data, and keys the audit log of the store.
	Keys *Keyring
	// Passkeys runs the WebAuthn ceremonies.
	Passkeys *passkey.RelyingParty
	// Pages are the addresses of the customers' pages.
	Pages PageURLs
	// APIURL is the address of the API: https://id.central.consent/v1, without a slash at the end.
	APIURL string
	// Local is true if the register stands on a loopback address. Such a register accepts short secrets and plain
	// http addresses.
	Local bool
	// Stub confirms every challenge at once and asks no customer. It is for demonstrations only.
	Stub bool
	// Relaxed lets administrators read without a reason and act without a second administrator. It is for
	// demonstrations only.
	Relaxed bool
	// SecretCost is the cost of hashing an account's secret; the zero value is DefaultSecretCost.
	SecretCost SecretCost
	// ContactLettersPerHour is how many letters about imported contacts are written in an hour; the zero value is
	// DefaultContactLettersPerHour.
	ContactLettersPerHour int
	// Clock returns the current time.
	Clock func() time.Time
}

// PageURLs are the absolute addresses of the pages to which the register sends a customer.
type PageURLs struct {
	// Link is the page of a mailed link, Letter that on which a letter is answered, Assert that of a passkey to show,
	// Enrol that of a passkey to create, and Contacts that of a customer's own contacts.
	Link, Letter, Assert, Enrol, Contacts string
}

// Rules is the register's rules over one store. It keeps nothing in memory that must survive: replicas may share a
// database. Its methods are safe for concurrent use.
type Rules struct {
	store    *store.Store
	keys     *Keyring
	passkeys *passkey.RelyingParty
	pages    PageURLs
	apiURL   string
	local    bool
	stub     bool
	relaxed  bool
	clock    func() time.Time
	cost     SecretCost
	// lettersPerHour is how many letters about imported contacts are written in an hour.
	lettersPerHour int
	// hashing bounds how many secrets are hashed at once.
	hashing *semaphore.Weighted
	// unknownSecret is the hash that the secret of an unknown account is compared with, so that it costs the same time.
	unknownSecret string
}

// New returns the rules over o.
func New(o Options) *Rules {
	if o.SecretCost == (SecretCost{}) {
		o.SecretCost = DefaultSecretCost
	}

	if o.Store != nil && o.Keys != nil {
		o.Store.UseAuditKeys(o.Keys)
	}

	return &Rules{
		store:          o.Store,
		keys:           o.Keys,
		passkeys:       o.Passkeys,
		pages:          o.Pages,
		apiURL:         o.APIURL,
		local:          o.Local,
		stub:           o.Stub,
		relaxed:        o.Relaxed,
		clock:          o.Clock,
		cost:           o.SecretCost,
		lettersPerHour: cmp.Or(o.ContactLettersPerHour, DefaultContactLettersPerHour),
		hashing:        newHashing(),
		unknownSecret:  o.SecretCost.hash(NewSecret()),
	}
}

// Now returns the current time in UTC, in whole seconds as on the wire.
func (r *Rules) Now() time.Time { return r.clock().UTC().Truncate(time.Second) }
