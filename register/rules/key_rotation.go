package rules

import (
	"context"
	"errors"
	"fmt"

	"central.consent/dar/register/store"
)

const (
	// rotationBatch is how many rows one transaction reseals: few enough that a serving replica hardly waits.
	rotationBatch = 100
	// rotationPasses is how often the tables are scanned for rows that were written in the meantime.
	rotationPasses = 5
)

// ErrRowsLeft reports that a replica sealed rows with another key while the keys were rotated. Give every replica the
// new key first, and rotate again.
var ErrRowsLeft = errors.New(
	"rows are still sealed with another key: give every replica this key first, and run it again",
)

// rotation is a table whose sealed columns are resealed.
type rotation struct {
	table store.SealedTable
	// places returns the places of the sealed columns, in the store's order; nil for identity records, which are sealed
	// with keys of their own: these are wrapped again.
	places func(key []string) []string
}

var rotations = []rotation{
	{table: store.SealedIdentityRecords},
	{
		table: store.SealedWebhooks,
		places: func(key []string) []string {
			return []string{placeOfAlert(key[0]), placeOfSecret(key[0]), placeOfPreviousSecret(key[0])}
		},
	},
	{
		table:  store.SealedJobs,
		places: func(key []string) []string { return []string{placeOfJob(key[0])} },
	},
	{
		table:  store.SealedChallenges,
		places: func(key []string) []string { return []string{placeOfToken(key[0])} },
	},
	{
		table:  store.SealedResponses,
		places: func(key []string) []string { return []string{placeOfResponse(key[0], key[1])} },
	},
}

// resealed is a row with its values sealed anew.
type resealed struct {
	row    store.SealedRow
	keyID  string
	values [][]byte
}

// RotateKeys reseals with the first key of the key ring what another key sealed, wraps the keys of identity records
// with it, and brings records that an older program stored to the present form. At the end it seals the audit log with
// that key, and wraps the earlier keys of the audit log with it. Replicas may serve in the meantime if they have both
// keys: a row that a replica changes is left, and found again. progress gets the number of rows done so far; RotateKeys
// returns it too. It returns an error if rows are left, as happens while a replica still seals with another key. It is
// idempotent.
func (r *Rules) RotateKeys(ctx context.Context, progress func(done int)) (done int, err error) {
	sealer := r.keys.sealer()
	defer func() {
		// What was done before an interruption is audited too.
		audited := r.recordAudit(context.WithoutCancel(ctx), r.auditEvent("", auditKeysRotated, "", "", map[string]any{
			"key": sealer.id, "rows": done, "complete": err == nil,
		}))
		err = errors.Join(err, audited)
	}()

	for range rotationPasses {
		found := false
		for _, table := range rotations {
			changed, hasRows, err := r.rotateTable(ctx, table, func(rows int) { progress(done + rows) })
			done += changed
			if err != nil {
				return done, err
			}

			found = found || hasRows
		}

		if !found {
			return done, r.rotateAuditKey(ctx)
		}
	}

	return done, fmt.Errorf("rotate to key %q: %w", sealer.id, ErrRowsLeft)
}

// rotateTable reseals one table once. It returns how many rows it resealed and whether it found any.
func (r *Rules) rotateTable(
	ctx context.Context, table rotation, progress func(rows int),
) (done int, found bool, err error) {
	var after []string
	for {
		rows, err := r.store.ListSealed(ctx, table.table, r.keys.sealer().id, after, rotationBatch)
		if err != nil || len(rows) == 0 {
			return done, found, err
		}

		found = true
		after = rows[len(rows)-1].Key
		changed, err := r.rotateRows(ctx, table, rows)
		if err != nil {
			return done, found, err
		}

		done += changed
		progress(done)
	}
}

// rotateRows reseals some rows of a table. It returns how many rows it resealed.
func (r *Rules) rotateRows(ctx context.Context, table rotation, rows []store.SealedRow) (changed int, err error) {
	if table.places == nil {
		return r.sealRecords(ctx, rows, func(string) *masterKey { return r.keys.sealer() })
	}

	batch := make([]resealed, len(rows))
	for i, row := range rows {
		if batch[i], err = r.reseal(table, row, r.keys.sealer()); err != nil {
			return 0, err
		}
	}

	return r.storeResealed(ctx, table, batch)
}

// storeResealed stores rows in one transaction. It returns how many were still as they were read.
func (r *Rules) storeResealed(ctx context.Context, table rotation, batch []resealed) (changed int, err error) {
	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		changed = 0
		for _, row := range batch {
			ok, err := tx.Reseal(ctx, table.table, row.row, row.keyID, row.values, nil)
			if err != nil {
				return err
			}
			if ok {
				changed++
			}
		}

		return nil
	})

	return changed, err
}

// reseal seals the values of a row with a key of the ring.
func (r *Rules) reseal(table rotation, row store.SealedRow, key *masterKey) (resealed, error) {
	values := make([][]byte, len(row.Values))
	for i, place := range table.places(row.Key) {
		if row.Values[i] == nil {
			continue
		}

		plain, err := r.keys.open(row.KeyID, row.Values[i], place)
		if err != nil {
			return resealed{}, fmt.Errorf("open a row of %s: %w", table.table, err)
		}

		values[i] = key.sealed(plain, place)
	}

	return resealed{row: row, keyID: key.id, values: values}, nil
}
