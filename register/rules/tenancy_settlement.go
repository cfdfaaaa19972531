package rules

import (
	"context"
	"errors"
	"slices"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// settleTenancyChange lets a report in force divide the standing of contacts. The transaction must hold the meter
// point.
func (r *Rules) settleTenancyChange(ctx context.Context, tx *store.Tx, change store.TenancyChange) error {
	settled, err := tx.SettleTenancyChange(ctx, change.COT, r.Now())
	if err != nil || !settled {
		return err
	}

	after, err := r.home(ctx, tx, change.MPxN)
	if err != nil {
		return err
	}

	repeats, err := repeatedChange(ctx, tx, change)
	if err != nil || repeats {
		return err
	}

	before := after
	before.present = after.present.without(change.EffectiveDate)
	if err := r.endAuthorityOfMovedOut(ctx, tx, before, after); err != nil {
		return err
	}

	asked := slices.DeleteFunc(before.standing(), func(c contact) bool { return c.isPasskey() || after.livesHere(c) })
	if err := r.writeTenancyQuestions(ctx, tx, inMailOrder(asked), change); err != nil {
		return err
	}

	for _, side := range after.present.sides() {
		if side.since() != change.EffectiveDate {
			continue
		}

		moved := after
		moved.present = side
		moved.former = after.formers[side.since()]

		return r.standAfterChange(ctx, tx, moved)
	}

	return nil
}

// repeatedChange reports whether another report in force names the same day. A dispute of it is one about the new
// report, too.
func repeatedChange(ctx context.Context, tx *store.Tx, change store.TenancyChange) (bool, error) {
	rows, err := tx.ListTenancyChanges(ctx, change.MPxN)
	if err != nil {
		return false, err
	}

	for _, row := range rows {
		isSame := row.COT != change.COT && row.EffectiveDate == change.EffectiveDate
		if isSame && row.WithdrawnAt == nil && row.SettledAt != nil {
			return true, tx.CopyTenancyDispute(ctx, row.COT, change.COT)
		}
	}

	return false, nil
}

// without returns the household without a change.
func (h household) without(effective string) household {
	h.changes = slices.DeleteFunc(
		slices.Clone(h.changes),
		func(c tenancyChange) bool { return c.effective == effective },
	)

	return h
}

// endAuthorityOfMovedOut ends what the contacts of people have confirmed who do not live here any more.
func (r *Rules) endAuthorityOfMovedOut(ctx context.Context, tx *store.Tx, before, after home) error {
	for _, c := range after.contacts {
		if !before.livesHere(c) || after.livesHere(c) {
			continue
		}
		if err := tx.EndChallengesOf(ctx, c.ID, true, after.now); err != nil {
			return err
		}
	}

	return nil
}

// standAfterChange gives the contacts of a new household their standing, and tells two that claim the home, and their
// Data Users, that an administrator has to decide.
func (r *Rules) standAfterChange(ctx context.Context, tx *store.Tx, h home) error {
	var tied []contact
	for _, d := range h.afterChange() {
		if d.verdict.why == whyTie {
			tied = append(tied, d.contact)
		}
		if err := r.replaceStanding(ctx, tx, h, d.contact, d.contact.Household, d.verdict, ""); err != nil {
			return err
		}

		h = h.with(d)
	}

	if err := r.announceTie(ctx, tx, tied); err != nil {
		return err
	}

	tied = slices.DeleteFunc(tied, contact.isPasskey)

	return r.writeTenancyTies(ctx, tx, inMailOrder(tied))
}

// with returns the home after a decision.
func (h home) with(d decision) home {
	return h.decide(new([]decision), d.contact, d.verdict)
}

// announceTie tells the Data Users of contacts that claim the same home.
func (r *Rules) announceTie(ctx context.Context, tx *store.Tx, tied []contact) error {
	told := map[string]bool{}
	for _, c := range tied {
		if told[c.AccountID] {
			continue
		}

		told[c.AccountID] = true
		_, err := r.announce(ctx, tx, c.AccountID, registerclient.EventContactAdded, nil,
			registerclient.ContactAddedPayload{MPxN: c.MPxN, AddedAt: wireTime(c.CreatedAt)})
		if err != nil {
			return err
		}
	}

	return nil
}

// tenancyBatch is how many reports one call of SettleTenancyChanges looks at.
const tenancyBatch = 500

// SettleTenancyChanges settles the reports that arrived before their day, once it has come. It
// returns how many it looked at; the next call continues.
func (r *Rules) SettleTenancyChanges(ctx context.Context) (int, error) {
	due, err := r.store.ListTenancyChangesToSettle(ctx, r.Now(), tenancyBatch)
	if err != nil {
		return 0, err
	}

	settle := func(ctx context.Context, tx *store.Tx, change store.TenancyChange) error {
		if err := tx.HoldMeterPoint(ctx, change.MPxN); err != nil {
			return err
		}

		return r.settleTenancyChange(ctx, tx, change)
	}

	return sweepDue(ctx, r, due, "settle a change of tenancy", settle)
}

// disputeTenancyChange puts a report in dispute, because one of those who lived here before says that they still do.
// It returns ErrEnded if the report is withdrawn, in dispute already or decided. The transaction must hold the meter
// point.
func (r *Rules) disputeTenancyChange(ctx context.Context, tx *store.Tx, cot string) error {
	change, err := tx.FindTenancyChange(ctx, cot)
	if errors.Is(err, store.ErrNotFound) {
		return ErrEnded
	}
	if err != nil {
		return err
	}
	if change.WithdrawnAt != nil || change.DisputedAt != nil || change.UpheldAt != nil {
		return ErrEnded
	}

	if err := tx.DisputeTenancyChanges(ctx, change.MPxN, change.EffectiveDate, r.Now()); err != nil {
		return err
	}

	tx.Audit(r.auditEvent(byCustomer, auditTenancyDisputed, change.MPxN, "", map[string]any{"cot": cot}))

	after, err := r.home(ctx, tx, change.MPxN)
	if err != nil {
		return err
	}

	return r.returnEarlierOccupants(ctx, tx, after)
}

// returnEarlierOccupants lets the rule decide about contacts that came while they counted as an earlier occupant's.
func (r *Rules) returnEarlierOccupants(ctx context.Context, tx *store.Tx, h home) error {
	for _, c := range h.contacts {
		if c.Why != whyEarlierOccupant || !h.livesHere(c) {
			continue
		}

		d := decision{c, h.without(c.ID).arrive(c, nil)}
		if err := r.replaceStanding(ctx, tx, h, c, c.Household, d.verdict, ""); err != nil {
			return err
		}

		h = h.with(d)
	}

	return nil
}

// UpholdTenancyChange ends a dispute for the report: those who lived here before are earlier occupants again. A report
// that was upheld before stays as it is. It returns an *Error of KindNotFound if there is no such report, and of
// KindConflict if it is not in dispute.
func (r *Rules) UpholdTenancyChange(
	ctx context.Context, tx *store.Tx, administrator, cot string,
) (registerclient.ChangeOfTenancy, error) {
	change, err := r.holdTenancyChange(ctx, tx, cot)
	if err != nil {
		return registerclient.ChangeOfTenancy{}, err
	}
	if change.UpheldAt != nil {
		return tenancyChangeOf(change), nil
	}
	if !change.InDispute() {
		return registerclient.ChangeOfTenancy{}, conflict("This report is not in dispute.")
	}

	before, err := r.home(ctx, tx, change.MPxN)
	if err != nil {
		return registerclient.ChangeOfTenancy{}, err
	}

	if err := tx.UpholdTenancyChanges(ctx, change.MPxN, change.EffectiveDate, r.Now()); err != nil {
		return registerclient.ChangeOfTenancy{}, err
	}

	after, err := r.home(ctx, tx, change.MPxN)
	if err != nil {
		return registerclient.ChangeOfTenancy{}, err
	}
	if err := r.endAuthorityOfMovedOut(ctx, tx, before, after); err != nil {
		return registerclient.ChangeOfTenancy{}, err
	}

	tx.Audit(r.auditEvent(administrator, auditTenancyUpheld, change.MPxN, "",
		withReason(ctx, map[string]any{"cot": cot})))
	change.UpheldAt = new(store.Millis(after.now))

	return tenancyChangeOf(change), nil
}

// standAfterWithdrawal brings the contacts of a home back to what they were before a report that is withdrawn. What
// they confirmed since ends.
func (r *Rules) standAfterWithdrawal(ctx context.Context, tx *store.Tx, change store.TenancyChange) error {
	h, err := r.home(ctx, tx, change.MPxN)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(
		h.present.changes,
		func(c tenancyChange) bool { return c.effective == change.EffectiveDate },
	) {
		return nil // another report says the same
	}

	ended, err := tx.ListEndedStandings(ctx, change.MPxN)
	if err != nil {
		return err
	}

	decisions := h.afterWithdrawal(change.EffectiveDate, func(c contact, present household) (store.Standing, bool) {
		i := slices.IndexFunc(ended, func(s store.ContactStanding) bool {
			return s.Contact == c.ID && s.Household <= present.since() && s.Household != change.EffectiveDate
		})
		if i < 0 {
			return store.Standing{}, false
		}

		return ended[i].Standing, true
	})
	for _, d := range decisions {
		h = h.with(d)
	}

	for _, d := range decisions {
		if err := r.replaceStanding(ctx, tx, h, d.contact, d.contact.Household, d.verdict, ""); err != nil {
			return err
		}
		if err := tx.EndChallengesOf(ctx, d.contact.ID, false, h.now); err != nil {
			return err
		}
	}

	return nil
}
