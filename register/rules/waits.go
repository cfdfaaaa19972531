package rules

import (
	"context"
	"errors"
	"fmt"

	"central.consent/dar/register/store"
)

// waitBatch is how many waits one call of EndWaits looks at.
const waitBatch = 500

// EndWaits looks at the waits that are due: a provisional contact whose time has come stands, unless its conditions do
// not hold any more. It returns how many it looked at; the next call continues.
func (r *Rules) EndWaits(ctx context.Context) (int, error) {
	due, err := r.store.ListWaitsDue(ctx, r.Now(), waitBatch)
	if err != nil {
		return 0, err
	}

	return sweepDue(ctx, r, due, "end the wait of a contact", r.endWait)
}

// endWait looks at the wait of one contact.
func (r *Rules) endWait(ctx context.Context, tx *store.Tx, due store.DueContact) error {
	h, err := r.holdHome(ctx, tx, due.MPxN)
	if err != nil {
		return err
	}

	c, ok := h.contact(due.ID)
	switch {
	case !ok || c.State != store.ContactProvisional:
		return tx.SetWait(ctx, due.ID, nil, nil, nil)
	case c.Why == whyToCome && h.livesHere(c):
		next := h.without(c.ID).arrive(c, nil)

		return r.setStanding(ctx, tx, h, c, next, "")
	}

	v, at, ok := h.afterWait(c)
	if ok && !h.now.Before(at) {
		return r.setStanding(ctx, tx, h, c, v, "")
	}

	letterDueAt := c.LetterDueAt
	if c.Letters == 0 && letterDueAt == nil && c.Why != whyToCome && len(h.toTell(c)) > 0 {
		letterDueAt = new(store.Millis(h.now)) // an address has begun to stand since
		c.ToldAt = nil
	}

	return tx.SetWait(ctx, c.ID, letterDueAt, c.ToldAt, new(h.nextCheck(c)))
}

// nextCheck returns when the wait of a provisional contact is looked at next.
func (h home) nextCheck(c contact) store.Millis {
	_, at, ok := h.afterWait(c)
	if !ok {
		return store.Millis(h.now.Add(blockedInterval))
	}

	tomorrow := h.now.Add(checkInterval)
	if at.After(h.now) && at.Before(tomorrow) {
		return store.Millis(at)
	}

	return store.Millis(tomorrow)
}

// wakeMigrated lets the contacts begin to wait that were on the register before standing was: nobody was written to
// about them until now, when somebody asks for this household (docs/decisions.md, Which person, 9). The transaction
// must hold the home.
func (r *Rules) wakeMigrated(ctx context.Context, tx *store.Tx, h home) error {
	for _, c := range h.contacts {
		waits := c.State == store.ContactProvisional && c.Why == whyMigrated && c.CheckAt == nil
		if !waits || !h.canStand(c) {
			continue
		}
		if h.standsAs(c) {
			// Its address was stored in another form or under another key.
			err := r.setStanding(ctx, tx, h, c, verdict{store.ContactStands, whySameAddress}, "")
			if err != nil {
				return err
			}

			continue
		}

		begun := h.begin(c, verdict{c.State, c.Why})
		if err := tx.SetWait(ctx, c.ID, begun.LetterDueAt, begun.ToldAt, begun.CheckAt); err != nil {
			return err
		}
	}

	return nil
}

// sweepDue makes a change for each row that is due, in a transaction of its own. A row that fails holds up no other. It
// returns how many changes were made, and all failures, which begin with action.
func sweepDue[Row any](
	ctx context.Context, r *Rules, due []Row, action string,
	change func(ctx context.Context, tx *store.Tx, row Row) error,
) (done int, err error) {
	var failures []error
	for _, row := range due {
		err := r.store.Transact(ctx, func(tx *store.Tx) error { return change(ctx, tx, row) })
		if err == nil {
			done++

			continue
		}

		failures = append(failures, fmt.Errorf("%s: %w", action, err))
		if ctx.Err() != nil {
			break
		}
	}

	return done, errors.Join(failures...)
}
