package portaldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"central.consent/dar/internal/web/limit"
)

// CountEvent counts one event at now in a bucket, unless the rule forbids it. It then counts nothing and returns how
// long until the rule allows it. The limit holds if many replicas count at once. Buckets whose events count no more
// are deleted.
func (d *DB) CountEvent(
	ctx context.Context,
	bucket []byte,
	rule limit.Rule,
	now time.Time,
) (wait time.Duration, err error) {
	err = d.inTransaction(ctx, func(tx *sqlx.Tx) error {
		wait, err = countEvent(ctx, tx, bucket, rule, now)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count an event: %w", err)
	}

	// This is not part of the transaction: one that locks several rows could deadlock with another.
	_, err = d.db.ExecContext(ctx, d.db.Rebind(`DELETE FROM portal_limits WHERE until <= ?`), now.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("delete old limits: %w", err)
	}

	return wait, nil
}

func countEvent(
	ctx context.Context,
	tx *sqlx.Tx,
	bucket []byte,
	rule limit.Rule,
	now time.Time,
) (wait time.Duration, err error) {
	// On conflict the update changes nothing. It locks the row, which is then neither counted twice nor deleted.
	var text string
	err = tx.GetContext(ctx, &text, tx.Rebind(`
		INSERT INTO portal_limits (bucket, hits, until) VALUES (?, '[]', ?)
		ON CONFLICT (bucket) DO UPDATE SET until = portal_limits.until RETURNING hits`),
		bucket, rule.Until(now).UnixMilli())
	if err != nil {
		return 0, err
	}

	var hits []int64
	if err = json.Unmarshal([]byte(text), &hits); err != nil {
		return 0, err
	}

	hits, wait = rule.Count(hits, now)
	if wait > 0 {
		return wait, nil
	}

	counted, err := json.Marshal(hits)
	if err != nil {
		return 0, err
	}

	_, err = tx.ExecContext(ctx, tx.Rebind(`UPDATE portal_limits SET hits = ?, until = ? WHERE bucket = ?`),
		string(counted), rule.Until(now).UnixMilli(), bucket)

	return 0, err
}

// DeleteLimit deletes the events that were counted in a bucket.
func (d *DB) DeleteLimit(ctx context.Context, bucket []byte) error {
	_, err := d.db.ExecContext(ctx, d.db.Rebind(`DELETE FROM portal_limits WHERE bucket = ?`), bucket)
	if err != nil {
		return fmt.Errorf("delete limit: %w", err)
	}

	return nil
}

// UncountEvent takes back one event that was counted at a time in a bucket. It is no error if there is none.
func (d *DB) UncountEvent(ctx context.Context, bucket []byte, at time.Time) error {
	err := d.inTransaction(ctx, func(tx *sqlx.Tx) error {
		// The update changes nothing but locks the row.
		var text string
		err := tx.GetContext(ctx, &text, tx.Rebind(`
			UPDATE portal_limits SET until = until WHERE bucket = ? RETURNING hits`), bucket)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}

		var hits []int64
		if err := json.Unmarshal([]byte(text), &hits); err != nil {
			return err
		}

		i := slices.Index(hits, at.UnixMilli())
		if i < 0 {
			return nil
		}

		counted, err := json.Marshal(slices.Delete(hits, i, i+1))
		if err != nil {
			return err
		}

		_, err = tx.ExecContext(ctx, tx.Rebind(`UPDATE portal_limits SET hits = ? WHERE bucket = ?`),
			string(counted), bucket)

		return err
	})
	if err != nil {
		return fmt.Errorf("take back an event: %w", err)
	}

	return nil
}
