package rules

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// occupants are the identity records and passkeys that can confirm at a meter point. Several Data Users may hold
// records of the same person: they count as one occupant. A record does not count if its person belongs to an earlier
// household or is still to move in, or if its Data User is suspended or terminated (docs/decisions.md, Which person).
type occupants struct {
	// records are ordered by the latest move-in date, then the newest.
	records  []store.IdentityRecord
	passkeys []store.Credential
}

// occupantReader reads the occupants, from the store or in a transaction.
type occupantReader interface {
	tenancyReader

	ListOccupants(ctx context.Context, mpxn, since string, now time.Time) ([]store.IdentityRecord, error)
	ListCredentials(ctx context.Context, irs []string) ([]store.Credential, error)
}

// heldOccupants reads the occupants in a transaction, which keeps their records as they are.
type heldOccupants struct{ *store.Tx }

// ListOccupants implements occupantReader.
func (h heldOccupants) ListOccupants(
	ctx context.Context, mpxn, since string, now time.Time,
) ([]store.IdentityRecord, error) {
	return h.HoldOccupants(ctx, mpxn, since, now)
}

// occupants returns who can confirm at a meter point.
func (r *Rules) occupants(ctx context.Context, from occupantReader, mpxn string) (occupants, error) {
	now := r.Now()
	present, err := r.household(ctx, from, mpxn)
	if err != nil {
		return occupants{}, err
	}

	records, err := from.ListOccupants(ctx, mpxn, present.moveInFrom(), now)
	if err != nil {
		return occupants{}, err
	}

	passkeys, err := from.ListCredentials(ctx, keysOf(records))

	return occupants{records: records, passkeys: passkeys}, err
}

// AvailableMethods reports whether an identity record is held at a meter point, and by which methods its occupant can
// confirm.
func (r *Rules) AvailableMethods(
	ctx context.Context,
	mpxn string,
) (exists bool, methods []registerclient.Method, err error) {
	found, err := r.occupants(ctx, r.store, mpxn)

	return len(found.records) > 0, found.methods(), err
}

// methods returns the methods of all records together, the best first. Only the reader of a mailed link can enrol a
// passkey (docs/decisions.md, Enrolling a passkey).
func (o occupants) methods() []registerclient.Method {
	methods := []registerclient.Method{}
	if len(o.passkeys) > 0 {
		methods = append(methods, registerclient.MethodPasskeyAssert)
	}
	if o.withEmail() != nil {
		methods = append(methods, registerclient.MethodMagicLink, registerclient.MethodPasskeyRegister)
	}

	return methods
}

// withEmail returns the record that mail is sent to; nil if no record has an address.
func (o occupants) withEmail() *store.IdentityRecord {
	for i, record := range o.records {
		if record.SealedEmail != nil {
			return &o.records[i]
		}
	}

	return nil
}

// recordFor returns the record that a challenge by this method goes to, or a refusal.
func (o occupants) recordFor(method registerclient.Method) (*store.IdentityRecord, error) {
	if len(o.records) == 0 {
		return nil, NotFound("No identity record is held for this meter point.")
	}

	if method == registerclient.MethodPasskeyAssert {
		for i, record := range o.records {
			if slices.ContainsFunc(o.passkeys, func(p store.Credential) bool { return p.IR == record.IR }) {
				return &o.records[i], nil
			}
		}

		return nil, &Error{
			Kind:    KindUnprocessable,
			Code:    CodeNoPasskey,
			Field:   "method",
			Message: "No passkey is on record for this meter point.",
		}
	}

	if record := o.withEmail(); record != nil {
		return record, nil
	}

	return nil, &Error{
		Kind:    KindUnprocessable,
		Code:    CodeNoEmail,
		Field:   "method",
		Message: "No e-mail address is on record for this meter point.",
	}
}

// userHandle returns the handle under which the occupant's authenticators keep their passkeys; a new one if there is no
// passkey yet.
func (o occupants) userHandle() []byte {
	if len(o.passkeys) > 0 {
		return o.passkeys[0].UserHandle
	}

	handle := make([]byte, 32)
	rand.Read(handle)

	return handle
}

func keysOf(rows []store.IdentityRecord) []string {
	keys := make([]string, len(rows))
	for i, row := range rows {
		keys[i] = row.IR
	}

	return keys
}
