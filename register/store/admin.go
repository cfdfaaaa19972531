package store

import (
	"context"
	"fmt"
)

// schema is the last step of migrations/register that these statements need.
const schema = 6

// Ready reports whether the database answers and its schema is at least what this program needs.
func (s *Store) Ready(ctx context.Context) error {
	applied, err := one[int](
		ctx,
		s.read,
		`SELECT COALESCE(MAX(version_id), 0) FROM register_schema_version WHERE is_applied`,
	)
	if err != nil {
		return fmt.Errorf("read the version of the schema: %w", err)
	}
	if applied < schema {
		return fmt.Errorf("the schema is at step %d, and %d is needed", applied, schema)
	}

	return nil
}

// Stats counts what the register holds.
type Stats struct {
	Accounts       int `db:"accounts"`
	ActiveAccounts int `db:"active_accounts"`
	Records        int `db:"records"`
	ActiveRecords  int `db:"active_records"`
	RevokedRecords int `db:"revoked_records"`
	Webhooks       int `db:"webhooks"`
	ActiveWebhooks int `db:"active_webhooks"`
}

// CountAll counts what the register holds; a record past its expiry is not active, whatever its row says.
func (s *Store) CountAll(ctx context.Context, now Millis) (Stats, error) {
	stats, err := one[Stats](
		ctx,
		s.read,
		`SELECT a.accounts, a.active_accounts, r.records, r.active_records, r.revoked_records, w.webhooks, w.active_webhooks
		FROM (SELECT COUNT(*) AS accounts, COUNT(CASE WHEN status = 'active' THEN 1 END) AS active_accounts FROM accounts) a,
		(SELECT COUNT(*) AS records, COUNT(CASE WHEN state = 'ACTIVE' AND (expiry IS NULL OR expiry > ?) THEN 1 END) AS active_records,
			COUNT(CASE WHEN state = 'REVOKED' THEN 1 END) AS revoked_records FROM access_records) r,
		(SELECT COUNT(*) AS webhooks, COUNT(CASE WHEN deleted_at IS NULL THEN 1 END) AS active_webhooks FROM webhooks) w`,
		now,
	)
	if err != nil {
		return Stats{}, fmt.Errorf("count all: %w", err)
	}

	return stats, nil
}
