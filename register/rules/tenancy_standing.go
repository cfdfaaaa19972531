package rules

import (
	"cmp"
	"slices"

	"central.consent/dar/register/store"
)

// This file is what a report of a change of tenancy, its dispute and its withdrawal do to the standing of contacts
// (docs/decisions.md, Which person and Occupants). The standing of those who moved out is not changed: they live here
// no more (home.livesHere), until a report is withdrawn.

// decision is a contact and the standing that it gets.
type decision struct {
	contact contact
	verdict verdict
}

// decide adds a decision, and returns the home as it is then.
func (h home) decide(decisions *[]decision, c contact, v verdict) home {
	*decisions = append(*decisions, decision{c, v})
	h.contacts = slices.Clone(h.contacts)
	for i := range h.contacts {
		if h.contacts[i].ID == c.ID {
			h.contacts[i].State = v.state
			h.contacts[i].Why = v.why
			h.contacts[i].RestsOn = c.RestsOn
		}
	}

	return h
}

// afterChange decides about the contacts of the household that a change of tenancy has brought, which is the present
// one of the home. One that stands goes on, if its move-in date is that of its creation. If none does, one is first,
// or two claim to be. All others wait for the new household to be asked.
func (h home) afterChange() []decision {
	var decisions []decision
	var waiting []contact
	goesOn := false
	now := h
	for _, c := range h.contacts {
		switch {
		case !h.livesHere(c) || c.outcome == outcomeFailed:
		case c.MovedByPatch || c.State == store.ContactSetAside:
			now = now.decide(&decisions, c, verdict{store.ContactProvisional, whyNew})
		case h.stands(c):
			goesOn = true
		case c.State == store.ContactProvisional && h.canStand(c):
			waiting = append(waiting, c)
		case c.State == store.ContactProvisional: // its Data User misbehaved
			now = now.decide(&decisions, c, verdict{store.ContactProvisional, whyNew})
		}
	}

	if !goesOn && len(waiting) > 0 {
		first, ok := h.firstOf(waiting)
		if !ok {
			for _, c := range waiting {
				now = now.decide(&decisions, c, verdict{store.ContactProvisional, whyTie})
			}

			return decisions
		}

		now = now.decide(&decisions, first, verdict{store.ContactStands, whyFirst})
		waiting = slices.DeleteFunc(waiting, func(c contact) bool { return c.ID == first.ID })
	}

	for _, c := range waiting {
		now = now.decide(&decisions, c, now.without(c.ID).arrive(c, nil))
	}

	return decisions
}

// firstOf returns the first of several contacts that came before their household did: of several accounts the one that
// verified its person and has the earliest access record here. It returns false if two households remain that claim the
// meter point. Accounts that know the same address know the same household.
func (h home) firstOf(claims []contact) (contact, bool) {
	ranked := slices.Clone(claims)
	slices.SortStableFunc(ranked, func(a, b contact) int {
		return cmp.Or(
			cmp.Compare(h.rankOf(a, claims), h.rankOf(b, claims)),
			cmp.Compare(passkeyRank(a), passkeyRank(b)),
			a.CreatedAt.Time().Compare(b.CreatedAt.Time()),
		)
	})

	first := ranked[0]
	household := accountsWith(first.AccountID, claims)
	for _, c := range ranked[1:] {
		if !household[c.AccountID] && h.rankOf(c, claims) == h.rankOf(first, claims) {
			return contact{}, false
		}
	}

	return first, true
}

// unverified is the rank of an account that has not both verified the person and registered an access record.
const unverified = 1 << 62

// rankOf returns the rank of the account of a contact among those that claim a meter point; the lowest is first.
func (h home) rankOf(c contact, claims []contact) int64 {
	holder := h.holder(c.AccountID)
	isVerified := slices.ContainsFunc(claims, func(other contact) bool {
		return other.AccountID == c.AccountID && other.outcome == outcomeVerified
	})
	if holder == nil || holder.FirstAt == nil || !isVerified {
		return unverified
	}

	return holder.FirstAt.Time().UnixMilli()
}

// passkeyRank orders the addresses of an account before its passkeys.
func passkeyRank(c contact) int {
	if c.isPasskey() {
		return 1
	}

	return 0
}

// accountsWith returns an account and those that know an address that it knows, or that one of those knows.
func accountsWith(accountID string, claims []contact) map[string]bool {
	accounts := map[string]bool{accountID: true}
	addresses := map[string]bool{}
	for range claims {
		for _, c := range claims {
			if accounts[c.AccountID] && c.address != "" {
				addresses[c.address] = true
			}
			if addresses[c.address] {
				accounts[c.AccountID] = true
			}
		}
	}

	return accounts
}

// afterWithdrawal decides about the contacts that got their standing in a household that there never was, because its
// report was withdrawn: they are what they were before it. was is the last standing of a contact in the household that
// is present again. One that came later stands if its address does, and otherwise waits for the household to be asked.
func (h home) afterWithdrawal(effective string, was func(contact, household) (store.Standing, bool)) []decision {
	var decisions []decision
	var came []contact
	now := h
	for _, c := range h.contacts {
		side := h.sideOf(c.MoveInDate).present
		began := c.Household == effective || c.Household > side.since()
		former, ok := was(c, side)
		switch {
		case !h.livesHere(c):
		case c.Why == whyEarlierOccupant:
			came = append(came, c)
		case !began || c.outcome == outcomeFailed:
		case ok && former.State != store.ContactProvisional:
			c.RestsOn = former.RestsOn
			now = now.decide(&decisions, c, verdict{former.State, former.Why})
		case c.State != store.ContactSetAside:
			now = now.decide(&decisions, c, verdict{store.ContactProvisional, whyReport})
		}
	}

	for i, d := range decisions {
		v := verdict{store.ContactStands, whySameAddress}
		if d.verdict.why == whyReport && h.canStand(d.contact) && now.sideOf(d.contact.MoveInDate).standsAs(d.contact) {
			decisions[i].verdict = v
		}
	}

	for _, c := range came {
		now = now.decide(&decisions, c, now.without(c.ID).arrive(c, nil))
	}

	return decisions
}
