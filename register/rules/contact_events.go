package rules

import (
	"context"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// announceContact tells the other Data Users of a meter point of a contact that came to a household of which nobody is
// left who stood.
func (r *Rules) announceContact(ctx context.Context, tx *store.Tx, h home, added contact) error {
	h = h.sideOf(added.MoveInDate)
	if added.State != store.ContactProvisional || added.Why != whyNew || h.former == nil {
		return nil
	}

	for _, holder := range h.holders {
		if holder.AccountID == added.AccountID || !holder.Active {
			continue
		}

		_, err := r.announce(ctx, tx, holder.AccountID, registerclient.EventContactAdded, nil,
			registerclient.ContactAddedPayload{
				MPxN: added.MPxN, AddedAt: wireTime(added.CreatedAt), StandsFrom: new(h.now.Add(h.waitAlone(added))),
			})
		if err != nil {
			return err
		}
	}

	return nil
}

// announceWaiting announces the contacts that wait already when the last one goes that stood: they will stand by time
// alone from now on. why is that of the end of the one that goes; nil if it has not ended.
func (r *Rules) announceWaiting(ctx context.Context, tx *store.Tx, h home, gone contact, why *string) error {
	isReplaced := why != nil && *why == endedReplaced
	if isReplaced || gone.OpenedAt == nil || !h.stands(gone) {
		return nil
	}

	h = h.without(gone.ID).sideOf(gone.MoveInDate)
	if len(h.standing()) > 0 {
		return nil
	}

	h.former = &store.FormerContact{ID: gone.ID, EndedWhy: why, Until: store.Millis(h.now)}
	for _, waiting := range h.contacts {
		if !h.canStand(waiting) {
			continue
		}
		if err := r.announceContact(ctx, tx, h, waiting); err != nil {
			return err
		}
	}

	return nil
}
