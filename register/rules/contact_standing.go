package rules

import (
	"context"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// contactStandings returns the contacts of identity records with their standing, by the key of the identity record and
// the oldest first.
func (r *Rules) contactStandings(
	ctx context.Context, from contactReader, rows []store.IdentityRecord,
) (map[string][]registerclient.ContactStanding, error) {
	standings := map[string][]registerclient.ContactStanding{}
	homes := map[string]home{}
	for _, row := range rows {
		if row.MPxN == nil {
			continue // anonymised
		}

		h, read := homes[*row.MPxN]
		if !read {
			var err error
			if h, err = r.home(ctx, from, *row.MPxN); err != nil {
				return nil, err
			}
			homes[*row.MPxN] = h
		}

		for _, c := range h.contacts {
			if c.IR == row.IR {
				standings[row.IR] = append(standings[row.IR], h.contactStanding(c))
			}
		}
	}

	return standings, nil
}

// contactStanding returns the standing of a contact as the owner of its identity record sees it.
func (h home) contactStanding(c contact) registerclient.ContactStanding {
	effective := h.effective(c)

	return registerclient.ContactStanding{
		Contact:      c.ID,
		Kind:         c.kind(),
		CredentialID: c.CredentialID,
		Standing:     effective.state,
		Since:        wireTime(c.Since),
		Why:          effective.why,
		MayStandAt:   h.mayStandAt(c),
	}
}

// kind returns the kind of a contact as the API names it.
func (c contact) kind() string {
	if c.isPasskey() {
		return "passkey"
	}

	return "email"
}

// effective returns the standing that a contact has in effect. One that stands by its row does not while its person or
// its Data User keeps it from standing.
func (h home) effective(c contact) verdict {
	switch {
	case c.State != store.ContactStands || h.stands(c):
		return verdict{c.State, c.Why}
	case c.outcome == outcomeFailed:
		return verdict{store.ContactProvisional, whyFailed}
	case h.present.hasMovedOut(c.MoveInDate):
		return verdict{store.ContactProvisional, whyEarlierOccupant}
	case !h.livesHere(c):
		return verdict{store.ContactProvisional, whyToCome}
	}

	return verdict{store.ContactProvisional, whyMisconduct}
}

// mayStandAt returns when a provisional contact stands if nothing changes; nil if time alone does not bring that.
func (h home) mayStandAt(c contact) *time.Time {
	_, at, ok := h.afterWait(c)
	if !ok {
		return nil
	}

	return optionalSeconds(&at)
}
