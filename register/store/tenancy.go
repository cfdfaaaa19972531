package store

import (
	"context"
	"fmt"
	"time"
	_ "time/tzdata" // the program must know London's clock on a machine that has no zone files
)

// TenancyChange is the DCC's report that the people at a meter point have changed.
type TenancyChange struct {
	COT             string         `db:"cot"`
	AccountID       string         `db:"account_id"`
	MPxN            string         `db:"mpxn"`
	EffectiveDate   string         `db:"effective_date"`
	SourceReference string         `db:"source_reference"`
	Affected        int            `db:"affected"`
	Notified        JSON[[]string] `db:"notified"`
	CreatedAt       Millis         `db:"created_at"`
	WithdrawnAt     *Millis        `db:"withdrawn_at"`
}

const tenancyColumns = `cot, account_id, mpxn, effective_date, source_reference, affected, notified, created_at, withdrawn_at`

// day is the day of a moment, UTC, as days are kept.
func day(now time.Time) string { return now.UTC().Format(time.DateOnly) }

var london = func() *time.Location {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err) // time/tzdata holds the zone
	}

	return zone
}()

// LondonDay is the day in London a number of days after a moment, written as a move-in date is.
func LondonDay(now time.Time, later int) string {
	return now.In(london).AddDate(0, 0, later).Format(time.DateOnly)
}

// InsertTenancyChange adds a report. It answers false where the meter point, the day and the source reference have
// been reported before: of any number that come at once, it answers true to one.
func (t *Tx) InsertTenancyChange(ctx context.Context, change TenancyChange) (bool, error) {
	rows, err := t.exec(ctx, `INSERT INTO tenancy_changes (`+tenancyColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (mpxn, effective_date, source_reference) DO NOTHING`, change.COT, change.AccountID, change.MPxN, change.EffectiveDate,
		change.SourceReference, change.Affected, change.Notified, change.CreatedAt, change.WithdrawnAt)
	if err != nil {
		return false, fmt.Errorf("insert change of tenancy: %w", err)
	}

	return rows == 1, nil
}

// SetTenancyResult keeps what a report was answered, for when it comes again.
func (t *Tx) SetTenancyResult(ctx context.Context, cot string, affected int, notified []string) error {
	_, err := t.exec(
		ctx,
		`UPDATE tenancy_changes SET affected = ?, notified = ? WHERE cot = ?`,
		affected,
		JSON[[]string]{notified},
		cot,
	)
	if err != nil {
		return fmt.Errorf("keep the result of a change of tenancy: %w", err)
	}
	return nil
}

// FindReportedTenancyChange finds a report by what makes it the same; ErrNotFound.
func (t *Tx) FindReportedTenancyChange(
	ctx context.Context,
	mpxn, effectiveDate, sourceReference string,
) (TenancyChange, error) {
	change, err := one[TenancyChange](ctx, t.tx, `SELECT `+tenancyColumns+` FROM tenancy_changes
		WHERE mpxn = ? AND effective_date = ? AND source_reference = ?`, mpxn, effectiveDate, sourceReference)
	if err != nil {
		return TenancyChange{}, fmt.Errorf("find reported change of tenancy: %w", err)
	}

	return change, nil
}

// WithdrawTenancyChange withdraws a report that stands; it answers false where it does not stand or is none.
func (t *Tx) WithdrawTenancyChange(ctx context.Context, cot string, now time.Time) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE tenancy_changes SET withdrawn_at = ? WHERE cot = ? AND withdrawn_at IS NULL`,
		Millis(now),
		cot,
	)
	if err != nil {
		return false, fmt.Errorf("withdraw change of tenancy: %w", err)
	}
	return rows == 1, nil
}

// FindTenancyChange finds a report by its key; ErrNotFound.
func (t *Tx) FindTenancyChange(ctx context.Context, cot string) (TenancyChange, error) {
	change, err := one[TenancyChange](ctx, t.tx, `SELECT `+tenancyColumns+` FROM tenancy_changes WHERE cot = ?`, cot)
	if err != nil {
		return TenancyChange{}, fmt.Errorf("find change of tenancy: %w", err)
	}
	return change, nil
}

// ListTenancyChanges lists the reports for a meter point, withdrawn ones too: the latest day first, then the newest.
func (s *Store) ListTenancyChanges(ctx context.Context, mpxn string) ([]TenancyChange, error) {
	changes, err := all[TenancyChange](ctx, s.read, `SELECT `+tenancyColumns+` FROM tenancy_changes WHERE mpxn = ?
		ORDER BY effective_date DESC, created_at DESC, cot`, mpxn)
	if err != nil {
		return nil, fmt.Errorf("list changes of tenancy: %w", err)
	}

	return changes, nil
}

// TenancySince is the first day of the present occupancy of a meter point: the latest day that was reported, was not
// withdrawn and has come. It is empty where there is none.
func (s *Store) TenancySince(ctx context.Context, mpxn string, now time.Time) (string, error) {
	return tenancySince(ctx, s.read, mpxn, now)
}

// TenancySince is the same within the transaction.
func (t *Tx) TenancySince(ctx context.Context, mpxn string, now time.Time) (string, error) {
	return tenancySince(ctx, t.tx, mpxn, now)
}

func tenancySince(ctx context.Context, q queryer, mpxn string, now time.Time) (string, error) {
	since, err := one[string](ctx, q, `SELECT COALESCE(MAX(effective_date), '') FROM tenancy_changes
		WHERE mpxn = ? AND withdrawn_at IS NULL AND effective_date <= ?`, mpxn, day(now))
	if err != nil {
		return "", fmt.Errorf("find the latest change of tenancy: %w", err)
	}

	return since, nil
}

// ActiveRecord is an access record that is active, and whose it is.
type ActiveRecord struct {
	AK        string `db:"ak"`
	AccountID string `db:"account_id"`
	DUID      string `db:"duid"`
}

// ListActive lists the active access records of a meter point, each owner's together.
func (t *Tx) ListActiveRecords(ctx context.Context, mpxn string, now time.Time) ([]ActiveRecord, error) {
	records, err := all[ActiveRecord](ctx, t.tx, `SELECT r.ak, r.account_id, a.duid FROM access_records r
		JOIN accounts a ON a.account_id = r.account_id WHERE r.mpxn = ? AND r.state = 'ACTIVE' AND (r.expiry IS NULL OR r.expiry > ?)
		ORDER BY r.account_id, r.created_at, r.ak`, mpxn, Millis(now))
	if err != nil {
		return nil, fmt.Errorf("list active access records: %w", err)
	}

	return records, nil
}
