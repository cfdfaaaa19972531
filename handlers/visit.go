package handlers

import (
	"crypto/rand"
	"slices"
	"time"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

const (
	// idleTime is how long a session lasts without use. While it waits for a confirmation it lasts that much longer
	// than the time to confirm.
	idleTime = 15 * time.Minute
	// grantTime is how long a session lasts at most, from the issue of its last token. The register's grant ends then
	// too (docs/decisions.md, Token times).
	grantTime = time.Hour
)

// visit is what the portal remembers of one customer while the session lasts: one meter point, the proof of presence,
// and the one reading that a proof allows. It is stored encrypted, as JSON: a renamed field would be lost in sessions
// that run over an update.
type visit struct {
	// MeterPoint is the number in the register's form: digits alone.
	MeterPoint string
	// Methods are the proofs of presence that the register offers here, best first. There are none while an address is
	// being checked.
	Methods []registerclient.Method
	// FormToken is in every form of the session, masked in each response.
	FormToken string
	// EndsAt is when the visit ends in any case.
	EndsAt time.Time
	// Proving is the method of the last proof that was begun, and ProvingSince when it was begun.
	Proving      registerclient.Method
	ProvingSince time.Time
	// ProvingOther says that this proof was begun for another address than the register's first choice.
	ProvingOther bool
	// Challenge is the proof under way, or the one that Reading was allowed by; nil before.
	Challenge *challenge
	// Earlier are the tokens of the proofs before Challenge, which end with the visit. No response to the browser may
	// hold one.
	Earlier []string
	// Reading is nil until the customer has confirmed.
	Reading *reading
	// Resends is how often a letter was sent again because none had come.
	Resends int
	// ReturnURL is the address that the customer came from: one of the portal's list, or empty.
	ReturnURL string
	// Opened is true once the session has got a new id after the confirmation. The reading is not shown before.
	Opened bool
	// Frame is the key of the session in another site's frame that a ticket led here from; nil if there is none.
	Frame []byte
	// Adviser is the key of the sign-in of the adviser who began the visit; nil on a customer's own pages.
	Adviser []byte

	// row is what the store knows of the visit beside its content.
	row sessionRow
}

// challenge is one proof of presence.
type challenge struct {
	Method registerclient.Method
	// TokenRef is the register's secret. No response to the browser may hold it.
	TokenRef string
	// MatchCode is what the customer types on the register's page.
	MatchCode string
	// SentTo is the masked address that a link was mailed to.
	SentTo string
	// OtherAddress is the masked address that a link can be mailed to instead; empty if there is none.
	OtherAddress string
	// ToOther says that the link was asked for at another address than the register's first choice. The first choice is
	// then OtherAddress.
	ToOther bool
	// PasskeyURL is the register's page; empty if a mailed link leads there.
	PasskeyURL string
	// NewTab is true if the passkey page knows no way back: it opens in a tab of its own, and MatchCode is typed there.
	// Otherwise it takes the place of this page, and comes back with Completion.
	NewTab bool
	// Completion is the code with which the browser came back from the passkey; empty before.
	Completion string
	StartedAt  time.Time
	ExpiresAt  time.Time
	State      views.WaitingState
	// ReadingSince is when a request set out to use the token for the reading; zero before. Only one may at a time.
	ReadingSince time.Time
	// ReadingKey is the Idempotency-Key of the reading; empty before the first try.
	ReadingKey string
}

// reading is what a confirmed token allowed to read, once.
type reading struct {
	At      time.Time
	Records []heldRecord
	// LeftOut is what the register left out of the list.
	LeftOut []registerclient.LeftOutRecords
	// ContactsURL is the register's page of the contacts that can open the list; empty if it named none.
	ContactsURL string
}

// heldRecord is one record of the reading, as the register sent it.
type heldRecord struct {
	// Handle names the record in this session's addresses. It is random: a page that was left open from an earlier
	// reading cannot name another record.
	Handle  string
	Summary registerclient.AccessRecordSummary
	// Withdrawal is nil unless the customer ended the record in this session.
	Withdrawal *withdrawal
	// Failure is why the last try to end it together with others failed, as in views.Outcome.
	Failure string
}

// withdrawal is the register's receipt.
type withdrawal struct {
	At time.Time
	// Reference is the register's transaction id.
	Reference string
	// ErasureRequested says that the customer also asked for erasure.
	ErasureRequested bool
}

// newVisit begins a visit with a meter point that the register knows. ReturnURL may be empty.
func newVisit(meterPoint string, methods []registerclient.Method, returnURL string, now time.Time) *visit {
	return &visit{
		MeterPoint: meterPoint,
		Methods:    methods,
		ReturnURL:  returnURL,
		FormToken:  rand.Text(),
		EndsAt:     now.Add(grantTime),
	}
}

// open lets the visit show its reading, under a new form token.
func (v *visit) open() {
	v.Opened = true
	v.FormToken = rand.Text()
}

// record returns a record of the reading by its handle; nil if there is none that may be shown.
func (v *visit) record(handle string) *heldRecord {
	if !v.Opened {
		return nil
	}

	for i := range v.Reading.Records {
		if v.Reading.Records[i].Handle == handle {
			return &v.Reading.Records[i]
		}
	}

	return nil
}

// records returns the records with these handles, each once. It leaves out handles that name none.
func (v *visit) records(handles []string) []*heldRecord {
	var found []*heldRecord
	for _, handle := range handles {
		if held := v.record(handle); held != nil && !slices.Contains(found, held) {
			found = append(found, held)
		}
	}

	return found
}

// isPending reports whether the visit waits for the customer to confirm.
func (v *visit) isPending() bool {
	return v.Reading == nil && v.Challenge != nil && v.Challenge.State == views.WaitingPending
}

// idleEnd returns when the visit ends if it is not used from now on. While it waits for the customer to confirm it ends
// after the time for that: a browser without scripts does not say that a customer is still there, and one who confirms
// at the last moment has time to come back.
func (v *visit) idleEnd(now time.Time) time.Time {
	end := now.Add(idleTime)
	if v.isPending() && v.Challenge.ExpiresAt.Add(idleTime).After(end) {
		end = v.Challenge.ExpiresAt.Add(idleTime)
	}
	if end.After(v.EndsAt) {
		end = v.EndsAt
	}

	return end
}

// waitsFor reports whether a proof is still the visit's last one, and its token was not used yet.
func (v *visit) waitsFor(proof challenge) bool {
	return v.Reading == nil && v.Challenge != nil && v.Challenge.TokenRef == proof.TokenRef
}
