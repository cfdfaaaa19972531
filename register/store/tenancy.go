package store

import (
	"context"
	"time"
)

// TenancyChange is the DCC's report that the occupants of a meter point have changed.
type TenancyChange struct {
	COT           string `db:"cot"`
	AccountID     string `db:"account_id"`
	MPxN          string `db:"mpxn"`
	EffectiveDate string `db:"effective_date"`
	// MoveInFrom is the earliest move-in date of the household that moved in.
	MoveInFrom      *string        `db:"move_in_from"`
	SourceReference string         `db:"source_reference"`
	Affected        int            `db:"affected"`
	Notified        JSON[[]string] `db:"notified"`
	CreatedAt       Millis         `db:"created_at"`
	WithdrawnAt     *Millis        `db:"withdrawn_at"`
}

const tenancyColumns = `cot, account_id, mpxn, effective_date, source_reference, affected, notified, created_at,
	withdrawn_at, move_in_from`

// InsertTenancyChange adds a report. It returns false if the same meter point, date and source reference have been
// reported before; of several concurrent reports exactly one gets true.
func (t *Tx) InsertTenancyChange(ctx context.Context, c TenancyChange) (bool, error) {
	return t.execOne(ctx, "insert change of tenancy",
		`INSERT INTO tenancy_changes (`+tenancyColumns+`) VALUES `+placeholders(1, 10)+`
		ON CONFLICT (mpxn, effective_date, source_reference) DO NOTHING`,
		c.COT, c.AccountID, c.MPxN, c.EffectiveDate, c.SourceReference, c.Affected, c.Notified, c.CreatedAt,
		c.WithdrawnAt, c.MoveInFrom)
}

// SetTenancyResult stores the result of a report, which the response to a repeated report needs.
func (t *Tx) SetTenancyResult(ctx context.Context, cot string, affected int, notified []string) error {
	_, err := t.exec(ctx, "set the result of a change of tenancy",
		`UPDATE tenancy_changes SET affected = ?, notified = ? WHERE cot = ?`,
		affected, JSON[[]string]{notified}, cot)
	return err
}

// WithdrawTenancyChange withdraws a report. It returns false if it is withdrawn already or does not exist.
func (t *Tx) WithdrawTenancyChange(ctx context.Context, cot string, now time.Time) (bool, error) {
	return t.execOne(ctx, "withdraw change of tenancy",
		`UPDATE tenancy_changes SET withdrawn_at = ? WHERE cot = ? AND withdrawn_at IS NULL`, Millis(now), cot)
}

// FindReportedTenancyChange finds a report by the three values that identify it; ErrNotFound.
func (r reader) FindReportedTenancyChange(
	ctx context.Context,
	mpxn, effectiveDate, sourceReference string,
) (TenancyChange, error) {
	return queryRow[TenancyChange](ctx, r.db, "find reported change of tenancy",
		`SELECT `+tenancyColumns+` FROM tenancy_changes
		WHERE mpxn = ? AND effective_date = ? AND source_reference = ?`, mpxn, effectiveDate, sourceReference)
}

// FindTenancyChange finds a report by its key; ErrNotFound.
func (r reader) FindTenancyChange(ctx context.Context, cot string) (TenancyChange, error) {
	return queryRow[TenancyChange](ctx, r.db, "find change of tenancy",
		`SELECT `+tenancyColumns+` FROM tenancy_changes WHERE cot = ?`, cot)
}

// ListTenancyChanges lists the reports for a meter point, withdrawn ones included: latest date first, then newest.
func (r reader) ListTenancyChanges(ctx context.Context, mpxn string) ([]TenancyChange, error) {
	return queryRows[TenancyChange](ctx, r.db, "list changes of tenancy",
		`SELECT `+tenancyColumns+` FROM tenancy_changes WHERE mpxn = ?
		ORDER BY effective_date DESC, created_at DESC, cot`, mpxn)
}

// ListTenancyChangesInForce lists the reports that divide the occupants of a meter point now: they are not withdrawn,
// and their effective date has come in London. The latest date comes first, and the first report of a date before the
// others.
func (r reader) ListTenancyChangesInForce(ctx context.Context, mpxn string, now time.Time) ([]TenancyChange, error) {
	return queryRows[TenancyChange](ctx, r.db, "list changes of tenancy in force",
		`SELECT `+tenancyColumns+` FROM tenancy_changes
		WHERE mpxn = ? AND withdrawn_at IS NULL AND effective_date <= ?
		ORDER BY effective_date DESC, created_at, cot`, mpxn, LondonDay(now, 0))
}
