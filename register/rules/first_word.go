package rules

import (
	"context"
	"errors"
	"slices"

	"central.consent/dar/register/store"
)

// This file is what a first contact can do for others. It opens a meter point with other Data Users' records only once
// its own Data User has one there (docs/decisions.md, Which person, 1). What stands by its word opens no more than it
// does: otherwise a Data User that planted the first contact would let a second one stand, which opens everything.

// firstAccount returns the account of the first contact on whose word a standing contact rests, which may be its own;
// nil if it rests on none.
func (c contact) firstAccount() *string {
	switch {
	case c.State != store.ContactStands:
		return nil
	case c.Why == whyFirst:
		return &c.AccountID
	default:
		return c.RestsOn
	}
}

// restingOn returns the contact as it stands by the word of another one.
func (c contact) restingOn(other contact) contact {
	c.RestsOn = other.firstAccount()

	return c
}

// restsOn returns the account on whose first contact a contact rests that gets a verdict; nil if it rests on none. The
// caller has set it for a contact that stands by the word of one other.
func (h home) restsOn(c contact, v verdict) *string {
	if v.state != store.ContactStands {
		return nil
	}

	switch v.why {
	case whyVisit, whyYes:
		return c.RestsOn
	case whyReplaced:
		if former, ok := h.replaced(c); ok {
			return former.firstAccount()
		}

		return c.RestsOn
	case whySameAddress:
		return h.addressRestsOn(c)
	}

	return nil
}

// replaced returns the contact that another one replaces.
func (h home) replaced(c contact) (contact, bool) {
	if c.Replaces == nil {
		return contact{}, false
	}

	return h.contact(*c.Replaces)
}

// addressRestsOn returns the account on whose first contact a contact rests that stands as its address does: on none if
// the address stands for another reason too.
func (h home) addressRestsOn(c contact) *string {
	account := c.RestsOn
	for _, other := range h.contacts {
		if other.ID == c.ID || other.address != c.address || !h.stands(other) {
			continue
		}
		if account = other.firstAccount(); account == nil {
			return nil
		}
	}

	return account
}

// isLimited reports whether a standing contact rests on a first contact whose Data User has no access record here, and
// another account has one that knows its customer. A record that another account registered by a token of this
// household is no reason against a contact: a standing one let it.
func (h home) isLimited(c contact) bool {
	first := c.firstAccount()
	if first == nil || h.holder(*first) != nil || h.holder(c.AccountID) != nil {
		return false
	}

	return slices.ContainsFunc(h.holders, func(holder store.RecordHolder) bool { return holder.KnowsCustomer })
}

// isLimitedNow reports whether the contact that confirmed a token is limited by now: another account has registered
// access since.
func (r *Rules) isLimitedNow(ctx context.Context, tx *store.Tx, grant store.Reidentification) (bool, error) {
	if grant.OwnRecord || grant.Contact == nil {
		return false, nil
	}

	row, err := tx.FindContact(ctx, *grant.Contact)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil // its end ended what it confirmed
	}
	if err != nil {
		return false, err
	}

	c := contact{Contact: row}
	if c.firstAccount() == nil {
		return false, nil // the home need not be read
	}

	h, err := r.home(ctx, tx, grant.MPxN)

	return err == nil && h.isLimited(c), err
}
