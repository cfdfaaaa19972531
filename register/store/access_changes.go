package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// The kinds of changes of access that a household is written to about.
const (
	ChangeAmended      = "amended"
	ChangeRenewed      = "renewed"
	ChangeStartedAgain = "started-again"
)

// AccessChange is what happened to an access record, until a letter has told the household of it.
type AccessChange struct {
	ID        string `db:"change"`
	MPxN      string `db:"mpxn"`
	AccountID string `db:"account_id"`
	AK        string `db:"ak"`
	Kind      string `db:"kind"`
	// Detail is JSON; package rules knows its shape.
	Detail     string `db:"detail"`
	HappenedAt Millis `db:"happened_at"`
	// DueAt is when a letter may tell of it.
	DueAt Millis `db:"due_at"`
}

// InsertAccessChange adds a change. Several renewals of an access record that wait for a letter are one change, at the
// time of the last one.
func (t *Tx) InsertAccessChange(ctx context.Context, change AccessChange) error {
	return t.insert(ctx, "insert a change of access", `INSERT INTO access_changes
		(change, mpxn, account_id, ak, kind, detail, happened_at, due_at)
		VALUES (:change, :mpxn, :account_id, :ak, :kind, :detail, :happened_at, :due_at)
		ON CONFLICT (ak) WHERE kind = 'renewed' DO UPDATE SET happened_at = excluded.happened_at`, change)
}

// InsertRestarts adds a change for each of these new access records before which a customer had stopped access of the
// same account, not earlier than since.
func (t *Tx) InsertRestarts(ctx context.Context, records []AccessRecord, since time.Time) error {
	for batch := range slices.Chunk(records, rowsPerInsert) {
		var mpxns []string
		var aks []string
		for _, record := range batch {
			mpxns = append(mpxns, record.MPxN)
			aks = append(aks, record.AK)
		}

		query, args, err := sqlx.In(`INSERT INTO access_changes
			(change, mpxn, account_id, ak, kind, detail, happened_at, due_at)
			SELECT 'chg' || SUBSTR(ak, 3), mpxn, account_id, ak, 'started-again', '{}', created_at, created_at
			FROM access_records WHERE mpxn IN (?) AND ak IN (?) AND stopped_before >= ?
			AND NOT ended_at_registration`, mpxns, aks, Millis(since))
		if err != nil {
			return fmt.Errorf("insert restarts of access: %w", err)
		}
		if _, err := t.exec(ctx, "insert restarts of access", query, args...); err != nil {
			return err
		}
	}

	return nil
}

// ListChangeAccounts lists the accounts of changes that are due. Each account is one look into an index.
func (r reader) ListChangeAccounts(ctx context.Context, now time.Time) ([]string, error) {
	return queryRows[string](ctx, r.db, "list the accounts with due changes",
		`SELECT a.account_id FROM accounts a WHERE EXISTS (SELECT 1 FROM access_changes c
		WHERE c.account_id = a.account_id AND c.due_at <= ?) ORDER BY a.account_id`, Millis(now))
}

// ListChangedMeterPoints lists the meter points of changes of an account that are due, the longest due first. A meter
// point may be listed more than once.
func (r reader) ListChangedMeterPoints(
	ctx context.Context, accountID string, now time.Time, limit int,
) ([]string, error) {
	return queryRows[string](ctx, r.db, "list due changes",
		`SELECT mpxn FROM access_changes WHERE account_id = ? AND due_at <= ? ORDER BY due_at, mpxn LIMIT ?`,
		accountID, Millis(now), limit)
}

// ListAccessChanges lists all changes of an account at a meter point that no letter has told of, the oldest first.
func (r reader) ListAccessChanges(ctx context.Context, mpxn, accountID string) ([]AccessChange, error) {
	return queryRows[AccessChange](ctx, r.db, "list changes of access",
		`SELECT change, mpxn, account_id, ak, kind, detail, happened_at, due_at FROM access_changes
		WHERE mpxn = ? AND account_id = ? ORDER BY happened_at, change`, mpxn, accountID)
}

// PostponeAccessChanges sets when a letter may tell of the changes of an account at a meter point.
func (t *Tx) PostponeAccessChanges(ctx context.Context, mpxn, accountID string, at time.Time) error {
	_, err := t.exec(ctx, "postpone changes of access",
		`UPDATE access_changes SET due_at = ? WHERE mpxn = ? AND account_id = ?`, Millis(at), mpxn, accountID)

	return err
}

// DeleteAccessChange deletes a change without a letter to write.
func (t *Tx) DeleteAccessChange(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "delete a change of access", `DELETE FROM access_changes WHERE change = ?`, id)

	return err
}

// DeleteOldAccessChanges deletes the changes that happened before a time.
func (t *Tx) DeleteOldAccessChanges(ctx context.Context, before time.Time) error {
	_, err := t.exec(ctx, "delete old changes of access",
		`DELETE FROM access_changes WHERE happened_at < ?`, Millis(before))

	return err
}
