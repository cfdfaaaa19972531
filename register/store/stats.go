package store

import (
	"context"
	"fmt"
)

// neededSchema is the last step of migrations/register that these statements need.
const neededSchema = 18

// Ready reports whether the database can be reached and its schema is at least what this program needs.
func (r reader) Ready(ctx context.Context) error {
	applied, err := queryRow[int](ctx, r.db, "read the version of the schema",
		`SELECT COALESCE(MAX(version_id), 0) FROM register_schema_version WHERE is_applied`)
	if err != nil {
		return err
	}
	if applied < neededSchema {
		return fmt.Errorf("the schema is at step %d, but step %d is needed", applied, neededSchema)
	}

	return nil
}

// Stats counts the rows of the register.
type Stats struct {
	Accounts       int `db:"accounts"`
	ActiveAccounts int `db:"active_accounts"`
	Records        int `db:"records"`
	ActiveRecords  int `db:"active_records"`
	RevokedRecords int `db:"revoked_records"`
	Webhooks       int `db:"webhooks"`
	ActiveWebhooks int `db:"active_webhooks"`
}

// CountAll counts accounts, access records and webhooks.
func (r reader) CountAll(ctx context.Context, now Millis) (Stats, error) {
	return queryRow[Stats](ctx, r.db, "count accounts, access records and webhooks", `
		SELECT a.accounts, a.active_accounts, r.records, r.active_records, r.revoked_records,
			w.webhooks, w.active_webhooks
		FROM (SELECT COUNT(*) AS accounts, COUNT(CASE WHEN status = 'active' THEN 1 END) AS active_accounts
			FROM accounts) a,
		(SELECT COUNT(*) AS records, COUNT(CASE WHEN `+activeRecord+` THEN 1 END) AS active_records,
			COUNT(CASE WHEN state = 'REVOKED' THEN 1 END) AS revoked_records FROM access_records) r,
		(SELECT COUNT(*) AS webhooks, COUNT(CASE WHEN deleted_at IS NULL THEN 1 END) AS active_webhooks
			FROM webhooks) w`, now)
}
