package rules

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// occupants are the contacts that answer a challenge at a meter point: of everybody those that stand (standing.go), of
// the Data User of an identity record its own.
type occupants struct {
	// known is true if an identity record of a present occupant is held, whether or not one of its contacts answers.
	known bool
	// passkeys and addresses are sorted; the first one is asked.
	passkeys  []contact
	addresses []contact
}

// occupants returns who answers everybody at a meter point.
func (r *Rules) occupants(ctx context.Context, from occupantReader, mpxn string) (occupants, error) {
	h, err := r.home(ctx, from, mpxn)
	if err != nil {
		return occupants{}, err
	}

	return occupantsOf(ctx, from, h, mpxn)
}

// occupantsOf returns who answers everybody at a meter point of which the home is known.
func occupantsOf(ctx context.Context, from occupantReader, h home, mpxn string) (occupants, error) {
	known, err := from.HasOccupant(ctx, mpxn, h.present.moveInFrom(), h.now)

	return occupants{known: known, passkeys: h.passkeys(), addresses: h.addresses()}, err
}

// passkeys returns the passkeys that answer everybody, the one that is asked first.
func (h home) passkeys() []contact {
	answering := slices.DeleteFunc(slices.Clone(h.contacts), func(c contact) bool {
		return !c.isPasskey() || !h.answersEverybody(c)
	})
	slices.SortStableFunc(answering, inOrderOfUse)

	return answering
}

// occupantReader reads the occupants, from the store or in a transaction.
type occupantReader interface {
	contactReader

	HasOccupant(ctx context.Context, mpxn, since string, now time.Time) (bool, error)
	ListCredentials(ctx context.Context, irs []string) ([]store.Credential, error)
}

// ownOccupant returns the contacts of one identity record, whether they stand or not: they answer its own Data User.
func (r *Rules) ownOccupant(ctx context.Context, tx *store.Tx, ir string) (occupants, error) {
	rows, err := tx.ListContactsOf(ctx, []string{ir})
	if err != nil {
		return occupants{}, err
	}

	own := occupants{known: true}
	for _, row := range rows {
		c, err := r.contactOf(row)
		if err != nil {
			return occupants{}, err
		}

		switch {
		case c.isPasskey():
			own.passkeys = append(own.passkeys, c)
		case !c.unreadable:
			own.addresses = append(own.addresses, c)
		}
	}

	slices.Reverse(own.addresses) // the Data User knows the newest one

	return own, nil
}

// AvailableMethods reports whether an identity record is held at a meter point, and by which methods its occupant can
// confirm: none while no contact stands.
func (r *Rules) AvailableMethods(
	ctx context.Context,
	mpxn string,
) (exists bool, methods []registerclient.Method, err error) {
	found, err := r.occupants(ctx, r.store, mpxn)

	return found.known, found.methods(), err
}

// methods returns the methods of all contacts together, the best first. Only the reader of a mailed link can enrol a
// passkey (docs/decisions.md, Enrolling a passkey).
func (o occupants) methods() []registerclient.Method {
	methods := []registerclient.Method{}
	if len(o.passkeys) > 0 {
		methods = append(methods, registerclient.MethodPasskeyAssert)
	}
	if len(o.addresses) > 0 {
		methods = append(methods, registerclient.MethodMagicLink, registerclient.MethodPasskeyRegister)
	}

	return methods
}

// contactFor returns the contact that a challenge by this method goes to, or a refusal. other asks for the second
// address, if there is one. next is the address to which mail goes with the other choice; nil if there is none.
func (o occupants) contactFor(method registerclient.Method, other bool) (chosen contact, next *contact, err error) {
	if !o.known {
		return contact{}, nil, NotFound("No identity record is held for this meter point.")
	}

	if method == registerclient.MethodPasskeyAssert {
		if len(o.passkeys) == 0 {
			return contact{}, nil, &Error{
				Kind:    KindUnprocessable,
				Code:    CodeNoPasskey,
				Field:   "method",
				Message: "No passkey is on record for this meter point.",
			}
		}

		return o.passkeys[0], nil, nil
	}

	switch {
	case len(o.addresses) == 0:
		return contact{}, nil, &Error{
			Kind:    KindUnprocessable,
			Code:    CodeNoEmail,
			Field:   "method",
			Message: "No e-mail address is on record for this meter point.",
		}
	case len(o.addresses) == 1:
		return o.addresses[0], nil, nil
	case other:
		return o.addresses[1], &o.addresses[0], nil
	}

	return o.addresses[0], &o.addresses[1], nil
}

// newUserHandle returns the handle under which the authenticators of a person keep their passkeys: that of the passkeys
// that the person has, and a new one if there is none.
func newUserHandle(existing []store.Credential) []byte {
	if len(existing) > 0 {
		return existing[0].UserHandle
	}

	handle := make([]byte, 32)
	rand.Read(handle)

	return handle
}
