package rules

import (
	"context"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// NewTenancyChange is the DCC's report of a change of tenancy that has been checked and not yet stored.
type NewTenancyChange struct{ row store.TenancyChange }

// maxReportDays is how many days ahead a change of tenancy may be reported, in London.
const maxReportDays = 365

// PrepareTenancyChange checks a report that the people at a meter point have changed. It returns Errors if it is wrong.
func (r *Rules) PrepareTenancyChange(
	accountID string, in registerclient.ChangeOfTenancyRequest,
) (NewTenancyChange, error) {
	var k Checks
	mpxn, err := ParseMPxN("mpxn", in.MPxN)
	k.Merge(err)
	k.dayWithin("effective-date", in.EffectiveDate, r.Now(), maxReportDays)
	k.required("source-reference", in.SourceReference, 255)
	if err := k.Err(); err != nil {
		return NewTenancyChange{}, err
	}

	change := tenancyChange{effective: string(in.EffectiveDate)}

	return NewTenancyChange{row: store.TenancyChange{
		COT:             NewID("cot"),
		AccountID:       accountID,
		MPxN:            mpxn,
		EffectiveDate:   change.effective,
		MoveInFrom:      new(change.moveInFrom()),
		SourceReference: in.SourceReference,
		Notified:        store.JSON[[]string]{V: []string{}},
		CreatedAt:       store.Millis(r.Now()),
	}}, nil
}

// TenancyReport is what became of the report of a change of tenancy.
type TenancyReport struct {
	// Created is false if the meter point, the day and the source reference were reported before. The other fields are
	// then those of the first report.
	Created bool
	MPxN    string
	// Affected is how many access records were active.
	Affected int
	// Notified are the DUIDs of the Data Users that are told.
	Notified []string
}

// ReportTenancyChange stores the report of a change of tenancy and queues an event for each Data User that has an
// active access record at the meter point. It revokes nothing. If its day has come, the report divides the standing of
// contacts at once.
func (r *Rules) ReportTenancyChange(ctx context.Context, tx *store.Tx, change NewTenancyChange) (TenancyReport, error) {
	row := change.row
	if err := tx.HoldMeterPoint(ctx, row.MPxN); err != nil {
		return TenancyReport{}, err
	}

	created, err := tx.InsertTenancyChange(ctx, row)
	if err != nil {
		return TenancyReport{}, err
	}

	if !created {
		return firstReport(ctx, tx, row)
	}

	affected, notified, err := r.announceTenancyChange(ctx, tx, row)
	if err != nil {
		return TenancyReport{}, err
	}

	tx.Audit(r.auditEvent(row.AccountID, auditTenancyReported, row.MPxN, "", map[string]any{
		"cot": row.COT, "effective-date": row.EffectiveDate,
	}))
	if row.EffectiveDate <= store.LondonDay(r.Now(), 0) {
		if err := r.settleTenancyChange(ctx, tx, row); err != nil {
			return TenancyReport{}, err
		}
	}

	return TenancyReport{Created: true, MPxN: row.MPxN, Affected: affected, Notified: notified}, nil
}

// firstReport returns what became of the first report of a change that was reported again.
func firstReport(ctx context.Context, tx *store.Tx, repeated store.TenancyChange) (TenancyReport, error) {
	first, err := tx.FindReportedTenancyChange(
		ctx, repeated.MPxN, repeated.EffectiveDate, repeated.SourceReference,
	)

	return TenancyReport{MPxN: first.MPxN, Affected: first.Affected, Notified: first.Notified.V}, err
}

// announceTenancyChange tells each Data User that has an active access record at the meter point of its own records. It
// returns how many records are active, and the DUIDs of the Data Users that have subscribed to the event.
func (r *Rules) announceTenancyChange(
	ctx context.Context, tx *store.Tx, change store.TenancyChange,
) (affected int, notified []string, err error) {
	active, err := tx.ListActiveRecords(ctx, change.MPxN, change.CreatedAt.Time())
	if err != nil {
		return 0, nil, err
	}

	notified = []string{}
	for _, records := range groupByOwner(active) {
		owner := records[0]
		aks := make([]string, len(records))
		for i, record := range records {
			aks[i] = record.AK
		}

		payload := registerclient.TenancyChangePayload{
			MPxN:            change.MPxN,
			EffectiveDate:   registerclient.Date(change.EffectiveDate),
			AffectedAKs:     aks,
			SourceReference: &change.SourceReference,
		}
		announced, err := r.announce(ctx, tx, owner.AccountID, registerclient.EventTenancyChange, aks, payload)
		if err != nil {
			return 0, nil, err
		}
		if announced {
			notified = append(notified, owner.DUID)
		}
	}

	return len(active), notified, tx.SetTenancyResult(ctx, change.COT, len(active), notified)
}

// groupByOwner divides records that are sorted by owner into one group for each owner.
func groupByOwner(records []store.ActiveRecord) [][]store.ActiveRecord {
	var groups [][]store.ActiveRecord
	for i, record := range records {
		if i == 0 || record.AccountID != records[i-1].AccountID {
			groups = append(groups, nil)
		}

		last := len(groups) - 1
		groups[last] = append(groups[last], record)
	}

	return groups
}

// ListTenancyChanges returns to an administrator the reports for a meter point, withdrawn ones included.
func (r *Rules) ListTenancyChanges(
	ctx context.Context, administrator, mpxn string,
) ([]registerclient.ChangeOfTenancy, error) {
	rows, err := r.store.ListTenancyChanges(ctx, mpxn)
	if err != nil {
		return nil, err
	}

	changes := make([]registerclient.ChangeOfTenancy, len(rows))
	for i, row := range rows {
		changes[i] = tenancyChangeOf(row)
	}

	err = r.auditLook(ctx, r.lookEvent(ctx, administrator, mpxn, "", map[string]any{"at": "changes of tenancy"}))
	if err != nil {
		return nil, err
	}

	return changes, nil
}

// tenancyChangeOf returns a report as an administrator sees it.
func tenancyChangeOf(row store.TenancyChange) registerclient.ChangeOfTenancy {
	return registerclient.ChangeOfTenancy{
		COT:             row.COT,
		MPxN:            row.MPxN,
		EffectiveDate:   registerclient.Date(row.EffectiveDate),
		SourceReference: row.SourceReference,
		CreatedAt:       wireTime(row.CreatedAt),
		WithdrawnAt:     optionalWireTime(row.WithdrawnAt),
		DisputedAt:      optionalWireTime(row.DisputedAt),
		UpheldAt:        optionalWireTime(row.UpheldAt),
	}
}

// WithdrawTenancyChange withdraws a report that was false, which then divides no occupants, and ends its dispute. A
// report that was withdrawn before stays as it is. It returns an *Error of KindNotFound if there is no such report.
func (r *Rules) WithdrawTenancyChange(
	ctx context.Context, tx *store.Tx, administrator, cot string,
) (registerclient.ChangeOfTenancy, error) {
	change, err := r.holdTenancyChange(ctx, tx, cot)
	if err != nil {
		return registerclient.ChangeOfTenancy{}, err
	}

	withdrawn, err := tx.WithdrawTenancyChange(ctx, cot, r.Now())
	if err != nil || !withdrawn {
		return tenancyChangeOf(change), err
	}

	if change.SettledAt != nil {
		if err := r.standAfterWithdrawal(ctx, tx, change); err != nil {
			return registerclient.ChangeOfTenancy{}, err
		}
	}

	tx.Audit(r.auditEvent(administrator, auditTenancyWithdrawn, change.MPxN, "",
		withReason(ctx, map[string]any{"cot": cot})))
	change.WithdrawnAt = new(store.Millis(r.Now()))

	return tenancyChangeOf(change), nil
}

// holdTenancyChange returns a report, and holds its meter point until the transaction ends. It returns an *Error of
// KindNotFound if there is no such report.
func (r *Rules) holdTenancyChange(ctx context.Context, tx *store.Tx, cot string) (store.TenancyChange, error) {
	change, err := tx.FindTenancyChange(ctx, cot)
	if err != nil {
		return store.TenancyChange{}, orRefusal(err, noTenancyChange())
	}
	if err := tx.HoldMeterPoint(ctx, change.MPxN); err != nil {
		return store.TenancyChange{}, err
	}

	return tx.FindTenancyChange(ctx, cot) // again: another administrator may have decided in between
}

// CheckTenancyChangeKey returns an *Error of KindNotFound if no report can have this key.
func CheckTenancyChangeKey(cot string) error {
	if !patternKey.MatchString(cot) {
		return noTenancyChange()
	}

	return nil
}

func noTenancyChange() *Error { return NotFound("There is no such report.") }
