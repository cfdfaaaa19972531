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
	// SettledAt is when the report began to divide the standing of contacts.
	SettledAt *Millis `db:"settled_at"`
	// DisputedAt is when an earlier occupant said to live there still, UpheldAt when an administrator decided that the
	// report is right.
	DisputedAt *Millis `db:"disputed_at"`
	UpheldAt   *Millis `db:"upheld_at"`
}

// InDispute reports whether an earlier occupant disputes the report and no administrator has decided. A withdrawn
// report is in no dispute.
func (c TenancyChange) InDispute() bool {
	return c.DisputedAt != nil && c.UpheldAt == nil && c.WithdrawnAt == nil
}

const (
	tenancyColumns = `cot, account_id, mpxn, effective_date, source_reference, affected, notified, created_at,
		withdrawn_at, move_in_from, settled_at, disputed_at, upheld_at`

	// dividesOccupants is true of a report that takes from earlier occupants the right to answer: it is not withdrawn
	// and not in dispute, and its effective date has come on a date in London, the argument.
	dividesOccupants = `c.withdrawn_at IS NULL AND (c.disputed_at IS NULL OR c.upheld_at IS NOT NULL)
		AND c.effective_date <= ?`
)

// InsertTenancyChange adds a report. It returns false if the same meter point, date and source reference have been
// reported before; of several concurrent reports exactly one gets true.
func (t *Tx) InsertTenancyChange(ctx context.Context, c TenancyChange) (bool, error) {
	return t.execOne(ctx, "insert change of tenancy",
		`INSERT INTO tenancy_changes (`+tenancyColumns+`) VALUES `+placeholders(1, 13)+`
		ON CONFLICT (mpxn, effective_date, source_reference) DO NOTHING`,
		c.COT, c.AccountID, c.MPxN, c.EffectiveDate, c.SourceReference, c.Affected, c.Notified, c.CreatedAt,
		c.WithdrawnAt, c.MoveInFrom, c.SettledAt, c.DisputedAt, c.UpheldAt)
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

// SettleTenancyChange records that a report has begun to divide the standing of contacts. It returns false if it has
// before or is withdrawn.
func (t *Tx) SettleTenancyChange(ctx context.Context, cot string, now time.Time) (bool, error) {
	return t.execOne(ctx, "settle change of tenancy", `UPDATE tenancy_changes SET settled_at = ?
		WHERE cot = ? AND settled_at IS NULL AND withdrawn_at IS NULL`, Millis(now), cot)
}

// DisputeTenancyChanges records that an earlier occupant disputes the reports of one change, which are those for a
// meter point and a date. Reports that an administrator has decided about stay as they are.
func (t *Tx) DisputeTenancyChanges(ctx context.Context, mpxn, effectiveDate string, at time.Time) error {
	_, err := t.exec(ctx, "dispute change of tenancy", `UPDATE tenancy_changes SET disputed_at = ?
		WHERE mpxn = ? AND effective_date = ? AND withdrawn_at IS NULL AND disputed_at IS NULL AND upheld_at IS NULL`,
		Millis(at), mpxn, effectiveDate)

	return err
}

// UpholdTenancyChanges records that an administrator has decided for the disputed reports of one change.
func (t *Tx) UpholdTenancyChanges(ctx context.Context, mpxn, effectiveDate string, at time.Time) error {
	_, err := t.exec(ctx, "uphold change of tenancy", `UPDATE tenancy_changes SET upheld_at = ?
		WHERE mpxn = ? AND effective_date = ? AND withdrawn_at IS NULL AND disputed_at IS NOT NULL
		AND upheld_at IS NULL`,
		Millis(at), mpxn, effectiveDate)

	return err
}

// CopyTenancyDispute gives a report the dispute of another one of the same change.
func (t *Tx) CopyTenancyDispute(ctx context.Context, from, to string) error {
	_, err := t.exec(ctx, "copy the dispute of a change of tenancy", `UPDATE tenancy_changes SET
		disputed_at = (SELECT c.disputed_at FROM tenancy_changes c WHERE c.cot = ?),
		upheld_at = (SELECT c.upheld_at FROM tenancy_changes c WHERE c.cot = ?) WHERE cot = ?`, from, from, to)

	return err
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
		ORDER BY effective_date DESC, created_at DESC, seq DESC`, mpxn)
}

// ListTenancyChangesInForce lists the reports that divide the occupants of a meter point now: they are not withdrawn,
// and their effective date has come in London. The latest date comes first, and the first report of a date before the
// others.
func (r reader) ListTenancyChangesInForce(ctx context.Context, mpxn string, now time.Time) ([]TenancyChange, error) {
	return queryRows[TenancyChange](ctx, r.db, "list changes of tenancy in force",
		`SELECT `+tenancyColumns+` FROM tenancy_changes
		WHERE mpxn = ? AND withdrawn_at IS NULL AND effective_date <= ?
		ORDER BY effective_date DESC, created_at, seq`, mpxn, LondonDay(now, 0))
}

// ListTenancyChangesToSettle lists the reports in force that divide no standing yet, the earliest date first.
func (r reader) ListTenancyChangesToSettle(ctx context.Context, now time.Time, limit int) ([]TenancyChange, error) {
	return queryRows[TenancyChange](ctx, r.db, "list changes of tenancy to settle",
		`SELECT `+tenancyColumns+` FROM tenancy_changes
		WHERE settled_at IS NULL AND withdrawn_at IS NULL AND effective_date <= ?
		ORDER BY effective_date, created_at, seq LIMIT ?`, LondonDay(now, 0), limit)
}

// ContactStanding is a standing that a contact has or had.
type ContactStanding struct {
	Contact string `db:"contact"`
	Standing
}

// ListEndedStandings lists the standings that the contacts of a meter point had until another one began, the latest
// first.
func (r reader) ListEndedStandings(ctx context.Context, mpxn string) ([]ContactStanding, error) {
	return queryRows[ContactStanding](ctx, r.db, "list ended standings",
		`SELECT s.contact, s.state, s.since, s.why, s.household, s.rests_on FROM standings s
		JOIN contacts c ON c.contact = s.contact
		WHERE c.mpxn = ? AND c.ended_at IS NULL AND s.until IS NOT NULL
		ORDER BY s.until DESC, s.since DESC, s.contact`, mpxn)
}

// FindMoveInDate finds the move-in date of an identity record; empty if it is anonymised.
func (r reader) FindMoveInDate(ctx context.Context, ir string) (string, error) {
	return queryRow[string](ctx, r.db, "find a move-in date",
		`SELECT COALESCE(move_in_date, '') FROM identity_records WHERE ir = ?`, ir)
}
