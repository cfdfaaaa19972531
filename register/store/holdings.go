package store

import (
	"context"
	"slices"
	"time"
)

// HoldHolding makes transactions that add to what an account has at a meter point wait for each other until they end.
// On SQLite they do so anyway. It is the last lock that a transaction takes.
func (t *Tx) HoldHolding(ctx context.Context, accountID, mpxn string) error {
	if !t.onPostgres() {
		return nil
	}

	_, err := t.exec(ctx, "hold an account's records at a meter point",
		`SELECT pg_advisory_xact_lock(hashtextextended(?, 0))`, "holding "+accountID+" "+mpxn)

	return err
}

// CountActiveRecords returns how many access records of an account are active at each of these meter points.
func (r reader) CountActiveRecords(
	ctx context.Context, accountID string, mpxns []string, now time.Time,
) (map[string]int, error) {
	return r.countHoldings(ctx, "count active access records",
		`SELECT mpxn, COUNT(*) AS holding FROM access_records
		WHERE account_id = ? AND `+activeRecord+` AND mpxn IN (?) GROUP BY mpxn`,
		mpxns, accountID, Millis(now))
}

// CountIdentityRecords returns how many identity records of an account that are not anonymised are at each of these
// meter points. The references of records that were registered by token do not count.
func (r reader) CountIdentityRecords(ctx context.Context, accountID string, mpxns []string) (map[string]int, error) {
	return r.countHoldings(ctx, "count identity records",
		`SELECT mpxn, COUNT(*) AS holding FROM identity_records
		WHERE account_id = ? AND anonymised_at IS NULL AND NOT by_token AND mpxn IN (?) GROUP BY mpxn`,
		mpxns, accountID)
}

// countHoldings runs a query that takes a list of meter points as its last argument.
func (r reader) countHoldings(
	ctx context.Context, action, query string, mpxns []string, args ...any,
) (map[string]int, error) {
	counts := map[string]int{}
	for batch := range slices.Chunk(mpxns, rowsPerInsert) {
		rows, err := queryRowsIn[struct {
			MPxN    string `db:"mpxn"`
			Holding int    `db:"holding"`
		}](ctx, r.db, action, query, append(slices.Clone(args), batch)...)
		if err != nil {
			return nil, err
		}

		for _, row := range rows {
			counts[row.MPxN] = row.Holding
		}
	}

	return counts, nil
}
