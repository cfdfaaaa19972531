package rules

import (
	"context"
	"slices"
	"time"

	"central.consent/dar/register/store"
)

// daysBeforeChange is how many days before the effective date of a change of tenancy a person of the new household may
// have moved in: suppliers and the DCC do not always name the same day.
const daysBeforeChange = 30

// household is the present household of a meter point, which the changes of tenancy in force divide from all earlier
// ones (docs/decisions.md, Which person). It is computed whenever it is needed and never stored, so a report that is
// withdrawn leaves no trace. Without a change in force, everybody on record is of one household.
//
// Those who lived here before can dispute a report. Until an administrator decides, the household has two sides: the
// people since the change have what came on the register since its report, and those before it have what was there.
// Each side is a household of its own.
type household struct {
	// changes are in force. They are sorted by effective date, the latest first; one change has one effective date.
	changes []tenancyChange
	// newer is true of a side of a dispute: that of the people since changes[0], without those before it.
	newer bool
	// until are the disputed changes before which the people of a side moved in, the latest first.
	until []tenancyChange
}

// tenancyChange is a change of tenancy in force: its effective date has come, and it was not withdrawn.
type tenancyChange struct {
	// effective is the first day of the household that moved in.
	effective string
	// reported is when the first report of the change arrived.
	reported time.Time
	// disputed is true if those who lived here before say that they still do, and no administrator has decided.
	disputed bool
}

// registration is what decides to which household an access record belongs: its first registration, which no later
// replacement changes.
type registration struct {
	// at is when the record came on the register.
	at time.Time
	// moveIn is the move-in date of the identity record; nil once that is anonymised.
	moveIn *string
	// registeredAt is when access began, as its owner says.
	registeredAt time.Time
	// ended is true if the record was not active any more when it came on the register.
	ended bool
	// formerMoveIns are the dates that the identity record had before moveIn, oldest first.
	formerMoveIns []store.FormerMoveIn
}

// since returns the first day of the present household; empty if no change of tenancy is in force.
func (h household) since() string {
	if len(h.changes) == 0 {
		return ""
	}

	return h.changes[0].effective
}

// inDispute reports whether the household has more than one side.
func (h household) inDispute() bool { return len(h.changes) > 0 && h.changes[0].disputed && !h.newer }

// sides returns the sides of the household, the newest first: itself alone if the latest change is not in dispute.
func (h household) sides() []household {
	if !h.inDispute() {
		return []household{h}
	}

	newer := household{changes: h.changes, newer: true, until: h.until}
	older := household{changes: h.changes[1:], until: append(slices.Clone(h.until), h.changes[0])}

	return append([]household{newer}, older.sides()...)
}

// sideOf returns the side to which a person belongs; the oldest one for a person who has moved out.
func (h household) sideOf(moveIn string) household {
	sides := h.sides()
	for _, side := range sides {
		if moveIn >= side.moveInFrom() {
			return side
		}
	}

	return sides[len(sides)-1]
}

// moveInFrom returns the earliest move-in date of a person of the present household; empty if every date is.
func (h household) moveInFrom() string {
	for _, change := range h.changes {
		if h.newer || !change.disputed {
			return change.moveInFrom()
		}
	}

	return ""
}

// hasMovedOut reports whether the person of an identity record belongs to an earlier household.
func (h household) hasMovedOut(moveIn string) bool { return moveIn < h.moveInFrom() }

// isOccupant reports whether the person of an identity record belongs to the present household and has moved in, which
// it takes to confirm anything. today is the day in London.
func (h household) isOccupant(moveIn, today string) bool {
	ofOtherSide := slices.ContainsFunc(h.until, func(c tenancyChange) bool { return moveIn >= c.moveInFrom() })

	return !h.hasMovedOut(moveIn) && !ofOtherSide && moveIn <= today
}

// has reports whether what came on the register at a time is on this side of a dispute. A report of an earlier day can
// arrive later: what one of the changes did not find is no older side's.
func (h household) has(at time.Time) bool {
	ofNewer := slices.ContainsFunc(h.until, func(c tenancyChange) bool { return !c.found(at) })
	ofOlder := h.newer && h.changes[0].found(at)

	return !ofNewer && !ofOlder
}

// isEarlier reports whether an access record belongs to an earlier household. It is enough that one change says so.
func (h household) isEarlier(first registration) bool {
	for _, change := range h.changes {
		if change.precedes(first) {
			return true
		}
	}

	return false
}

// showsRecord reports whether the present household sees an access record: its own always, and one of an earlier
// household only while it is active. No side of a dispute sees what the other one has.
func (h household) showsRecord(first registration, active bool) bool {
	return h.has(first.at) && (active || !h.isEarlier(first))
}

// showsSighting reports whether the present household sees a sighting that was first reported at a time and last seen
// on a day.
func (h household) showsSighting(reported time.Time, lastSeen string) bool {
	return h.has(reported) && lastSeen >= h.since()
}

// showsEnd reports whether the present household may learn when an access record ended: of its own always, and of one
// of an earlier household only if it ended in its own time, so that it saw it active. No side of a dispute learns of
// what the other one has.
func (h household) showsEnd(first registration, endedAt time.Time) bool {
	return h.has(first.at) && (!h.isEarlier(first) || store.LondonDay(endedAt, 0) >= h.since())
}

// showsAmendment reports whether the present household sees what an earlier household's access record said until it
// was amended.
func (h household) showsAmendment(amendedAt time.Time) bool {
	return store.LondonDay(amendedAt, 0) >= h.since()
}

// moveInFrom returns the earliest move-in date of a person of the household that moved in; the effective date must be
// a day.
func (c tenancyChange) moveInFrom() string {
	effective, err := time.Parse(time.DateOnly, c.effective)
	if err != nil {
		return c.effective
	}

	return effective.AddDate(0, 0, -daysBeforeChange).Format(time.DateOnly)
}

// precedes reports whether an access record belongs to a household before this change:
//   - it was on the register when the change divided the households, and its identity record was then an earlier
//     occupant's; if that is anonymised, access began before the change; or
//   - it had ended when it came on the register, and access began before the change.
//
// A person who was still to move in is no earlier occupant.
func (c tenancyChange) precedes(first registration) bool {
	beganBefore := store.LondonDay(first.registeredAt, 0) < c.effective
	if first.ended && beganBefore {
		return true
	}
	if !c.found(first.at) {
		return false
	}
	if first.moveIn == nil {
		return beganBefore
	}

	return first.moveInAt(c.dividedAt()) < c.moveInFrom()
}

// dividedAt is when the change divided the households: when its report arrived, or on its effective date if it was
// reported in advance.
func (c tenancyChange) dividedAt() time.Time {
	return latest(c.reported, store.LondonMidnight(c.effective))
}

// moveInAt returns the move-in date that the identity record had at a moment. A later change of it does not move an
// access record to another household.
func (r registration) moveInAt(moment time.Time) string {
	for _, former := range r.formerMoveIns {
		if moment.Before(former.Until) {
			return former.Date
		}
	}

	return *r.moveIn
}

// found reports whether the change, when it divided the households, found an access record on the register. It did so
// when its report arrived, or on its effective date if it was reported in advance. What came in the second of the
// report counts as found.
func (c tenancyChange) found(at time.Time) bool {
	return !at.After(c.reported) || store.LondonDay(at, 0) < c.effective
}

// tenancyReader reads changes of tenancy, from the store or in a transaction.
type tenancyReader interface {
	ListTenancyChangesInForce(ctx context.Context, mpxn string, now time.Time) ([]store.TenancyChange, error)
}

// household returns the present household of a meter point.
func (r *Rules) household(ctx context.Context, from tenancyReader, mpxn string) (household, error) {
	rows, err := from.ListTenancyChangesInForce(ctx, mpxn, r.Now())
	if err != nil {
		return household{}, err
	}

	var present household
	for i, row := range rows {
		if i > 0 && row.EffectiveDate == rows[i-1].EffectiveDate {
			continue // the same change, reported again: a dispute is about all its reports
		}

		present.changes = append(present.changes, tenancyChange{
			effective: row.EffectiveDate,
			reported:  row.CreatedAt.Time(),
			disputed:  row.InDispute(),
		})
	}

	return present, nil
}

// householdOf returns the household of the customer who confirmed a token: in a dispute, their side of it.
func (r *Rules) householdOf(ctx context.Context, tx *store.Tx, grant store.Reidentification) (household, error) {
	present, err := r.household(ctx, tx, grant.MPxN)
	if err != nil || !present.inDispute() {
		return present, err
	}

	moveIn, err := tx.FindMoveInDate(ctx, grant.IR)
	if err != nil {
		return household{}, err
	}

	return present.sideOf(moveIn), nil
}

// registrationOf returns the first registration of an access record.
func registrationOf(row store.ListedRecord) (registration, error) {
	registeredAt, err := firstRegisteredAt(row)
	first := registration{
		at:           row.CreatedAt.Time(),
		moveIn:       row.MoveInDate,
		registeredAt: registeredAt,
		ended:        row.EndedAtRegistration,
	}
	if row.FormerMoveIns != nil {
		first.formerMoveIns = row.FormerMoveIns.V
	}

	return first, err
}

// firstRegisteredAt returns the registered-at with which an access record was first registered.
func firstRegisteredAt(row store.ListedRecord) (time.Time, error) {
	if row.FirstRegisteredAt != nil {
		return wireTime(*row.FirstRegisteredAt), nil
	}

	record, err := decodeAccessRecord(row.Record)

	return record.AccessEvent.RegisteredAt, err
}

// visibleToHousehold returns the access records of a meter point that its present household sees; earlier names those
// that an earlier household left active.
func visibleToHousehold(
	rows []store.ListedRecord, present household, now time.Time,
) (visible []store.ListedRecord, earlier map[string]bool, err error) {
	earlier = map[string]bool{}
	for _, row := range rows {
		first, err := registrationOf(row)
		if err != nil {
			return nil, nil, err
		}
		if !present.showsRecord(first, row.ActiveAt(now)) {
			continue
		}

		if present.isEarlier(first) {
			earlier[row.AK] = true
		}
		visible = append(visible, row)
	}

	return visible, earlier, nil
}

// showsToCustomer reports whether the customer of a token sees an access record of its meter point. An earlier
// household's record must have been active when the customer read the list or, before a reading, confirmed: the
// customer may ask what became of a record that was withdrawn since.
func (h household) showsToCustomer(grant store.Reidentification, record store.ListedRecord) (bool, error) {
	first, err := registrationOf(record)
	if err != nil {
		return false, err
	}

	seenAt := grant.ConsumedAt
	if seenAt == nil {
		seenAt = grant.ConfirmedAt
	}
	if seenAt == nil {
		return h.showsRecord(first, false), nil
	}

	ended, err := hadEndedBy(record.AccessRecord, seenAt.Time())
	active := !first.ended && !ended

	return h.showsRecord(first, active), err
}

// hadEndedBy reports whether an access record had ended before a moment, by the expiry that it had then.
func hadEndedBy(record store.AccessRecord, moment time.Time) (bool, error) {
	then, err := termsAt(record, moment)
	revoked := record.RevokedAt != nil && record.RevokedAt.Time().Before(moment)

	return revoked || then.expiredAt(moment), err
}
