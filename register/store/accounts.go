package store

import (
	"context"
	"time"
)

// Account is an organisation that may call the register.
type Account struct {
	AccountID             string         `db:"account_id"`
	SecretHash            string         `db:"secret_hash"`
	DUID                  string         `db:"duid"`
	DisplayName           string         `db:"display_name"`
	Role                  string         `db:"role"`
	Status                string         `db:"status"`
	ContactURL            string         `db:"contact_url"`
	OrganisationReference *string        `db:"organisation_reference"`
	DataTypes             JSON[[]string] `db:"data_types"`
	ReturnURLs            JSON[[]string] `db:"return_urls"`
	RegisteredAt          Millis         `db:"registered_at"`
	// SuspendedAt is when the account was suspended, or terminated without having been suspended.
	SuspendedAt *Millis `db:"suspended_at"`
	// StatusCause is why: "failure" or "misconduct"; nil if it is active.
	StatusCause *string `db:"status_cause"`
	// FoldedName is DisplayName in the form in which names are compared.
	FoldedName string `db:"folded_name"`
}

const accountColumns = `account_id, secret_hash, duid, display_name, role, status, contact_url,
	organisation_reference, data_types, return_urls, registered_at, suspended_at, status_cause, folded_name`

// InsertAccount adds an account; ErrConflict if its id or its DUID exists already.
func (t *Tx) InsertAccount(ctx context.Context, a Account) error {
	return t.insert(ctx, "insert account", `INSERT INTO accounts (`+accountColumns+`)
		VALUES (:account_id, :secret_hash, :duid, :display_name, :role, :status, :contact_url,
		:organisation_reference, :data_types, :return_urls, :registered_at, :suspended_at,
		:status_cause, :folded_name)`, a)
}

// FindAccount finds an account by its id; ErrNotFound.
func (r reader) FindAccount(ctx context.Context, id string) (Account, error) {
	return queryRow[Account](ctx, r.db, "find account",
		`SELECT `+accountColumns+` FROM accounts WHERE account_id = ?`, id)
}

// HoldAccount is FindAccount for an account that is changed: other changes of it wait until the transaction ends.
func (t *Tx) HoldAccount(ctx context.Context, id string) (Account, error) {
	return queryRow[Account](ctx, t.db, "hold account",
		`SELECT `+accountColumns+` FROM accounts WHERE account_id = ?`+t.forUpdate(), id)
}

// UpdateAccount stores the display name, contact, reference and data types of an account.
func (t *Tx) UpdateAccount(ctx context.Context, a Account) error {
	_, err := t.exec(ctx, "update account", `UPDATE accounts SET display_name = ?, folded_name = ?, contact_url = ?,
		organisation_reference = ?, data_types = ? WHERE account_id = ?`,
		a.DisplayName, a.FoldedName, a.ContactURL, a.OrganisationReference, a.DataTypes, a.AccountID)

	return err
}

// FindDataUser finds a Data User of any status by its DUID; ErrNotFound, also if the account with this DUID has
// another role.
func (r reader) FindDataUser(ctx context.Context, duid string) (Account, error) {
	return queryRow[Account](ctx, r.db, "find data user",
		`SELECT `+accountColumns+` FROM accounts WHERE duid = ? AND role = 'data_user'`, duid)
}

// ListAccounts lists every account, oldest first.
func (r reader) ListAccounts(ctx context.Context) ([]Account, error) {
	return queryRows[Account](ctx, r.db, "list accounts",
		`SELECT `+accountColumns+` FROM accounts ORDER BY registered_at, seq`)
}

// SuspendAccount suspends an active account. It returns false if there is no active account with this id.
func (t *Tx) SuspendAccount(ctx context.Context, id, cause string, now time.Time) (bool, error) {
	return t.execOne(ctx, "suspend account", `UPDATE accounts SET status = 'suspended', suspended_at = ?,
		status_cause = ? WHERE account_id = ? AND status = 'active'`, Millis(now), cause, id)
}

// ReactivateAccount ends a suspension. It returns false if the account is not suspended.
func (t *Tx) ReactivateAccount(ctx context.Context, id string) (bool, error) {
	return t.execOne(ctx, "reactivate account", `UPDATE accounts SET status = 'active', suspended_at = NULL,
		status_cause = NULL
		WHERE account_id = ? AND status = 'suspended'`, id)
}

// TerminateAccount closes an account for good. An empty cause is that of its suspension, and without one misconduct. It
// returns false if it is closed already or does not exist.
func (t *Tx) TerminateAccount(ctx context.Context, id, cause string, now time.Time) (bool, error) {
	return t.execOne(ctx, "terminate account", `UPDATE accounts SET status = 'terminated',
		suspended_at = COALESCE(suspended_at, ?),
		status_cause = COALESCE(NULLIF(CAST(? AS TEXT), ''), status_cause, 'misconduct')
		WHERE account_id = ? AND status <> 'terminated'`,
		Millis(now), cause, id)
}

// ReplaceSecret replaces the hash of an account's secret. It returns false if there is no such account.
func (t *Tx) ReplaceSecret(ctx context.Context, id, hash string) (bool, error) {
	return t.execOne(ctx, "replace secret", `UPDATE accounts SET secret_hash = ? WHERE account_id = ?`, hash, id)
}

// ReplaceReturnURLs replaces an account's list of return URLs. It returns false if there is no such account.
func (t *Tx) ReplaceReturnURLs(ctx context.Context, id string, addresses []string) (bool, error) {
	return t.execOne(ctx, "replace return URLs", `UPDATE accounts SET return_urls = ? WHERE account_id = ?`,
		JSON[[]string]{addresses}, id)
}
