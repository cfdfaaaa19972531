package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Account is one organisation that may call the register.
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
	// SuspendedAt is since when the account is suspended or terminated.
	SuspendedAt *Millis `db:"suspended_at"`
}

const accountColumns = `account_id, secret_hash, duid, display_name, role, status, contact_url,
	organisation_reference, data_types, return_urls, registered_at, suspended_at`

// InsertAccount adds an account; ErrConflict where its id or DUID is taken.
func (t *Tx) InsertAccount(ctx context.Context, a Account) error {
	err := t.insert(ctx, `INSERT INTO accounts (`+accountColumns+`) VALUES (:account_id, :secret_hash, :duid,
		:display_name, :role, :status, :contact_url, :organisation_reference, :data_types, :return_urls, :registered_at, :suspended_at)`, a)
	if err != nil {
		return fmt.Errorf("insert account: %w", err)
	}

	return nil
}

// FindAccount finds an account by its id; ErrNotFound.
func (s *Store) FindAccount(ctx context.Context, id string) (Account, error) {
	account, err := one[Account](ctx, s.read, `SELECT `+accountColumns+` FROM accounts WHERE account_id = ?`, id)
	if err != nil {
		return Account{}, fmt.Errorf("find account: %w", err)
	}
	return account, nil
}

// FindAccount is the same within the transaction.
func (t *Tx) FindAccount(ctx context.Context, id string) (Account, error) {
	account, err := one[Account](ctx, t.tx, `SELECT `+accountColumns+` FROM accounts WHERE account_id = ?`, id)
	if err != nil {
		return Account{}, fmt.Errorf("find account: %w", err)
	}
	return account, nil
}

// FindDataUser finds a Data User by its DUID, whatever its status; ErrNotFound, also where the DUID is of an account
// with another role.
func (s *Store) FindDataUser(ctx context.Context, duid string) (Account, error) {
	account, err := one[Account](
		ctx,
		s.read,
		`SELECT `+accountColumns+` FROM accounts WHERE duid = ? AND role = 'data_user'`,
		duid,
	)
	if err != nil {
		return Account{}, fmt.Errorf("find data user: %w", err)
	}
	return account, nil
}

// ListAccounts lists every account, the oldest first.
func (s *Store) ListAccounts(ctx context.Context) ([]Account, error) {
	accounts, err := all[Account](
		ctx,
		s.read,
		`SELECT `+accountColumns+` FROM accounts ORDER BY registered_at, account_id`,
	)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return accounts, nil
}

// SuspendAccount suspends an account that is active; it answers false where there is none such.
func (t *Tx) SuspendAccount(ctx context.Context, id string, now time.Time) (bool, error) {
	return t.changeAccount(
		ctx,
		`UPDATE accounts SET status = 'suspended', suspended_at = ? WHERE account_id = ? AND status = 'active'`,
		Millis(now),
		id,
	)
}

// ReactivateAccount ends a suspension; it answers false where the account is not suspended.
func (t *Tx) ReactivateAccount(ctx context.Context, id string) (bool, error) {
	return t.changeAccount(
		ctx,
		`UPDATE accounts SET status = 'active', suspended_at = NULL WHERE account_id = ? AND status = 'suspended'`,
		id,
	)
}

// TerminateAccount closes an account for good; it answers false where it is closed already, or not there.
func (t *Tx) TerminateAccount(ctx context.Context, id string, now time.Time) (bool, error) {
	return t.changeAccount(ctx, `UPDATE accounts SET status = 'terminated', suspended_at = COALESCE(suspended_at, ?)
		WHERE account_id = ? AND status <> 'terminated'`, Millis(now), id)
}

// ReplaceSecret gives an account another secret; it answers false where there is no such account.
func (t *Tx) ReplaceSecret(ctx context.Context, id, hash string) (bool, error) {
	return t.changeAccount(ctx, `UPDATE accounts SET secret_hash = ? WHERE account_id = ?`, hash, id)
}

// ReplaceReturnURLs gives an account another list of addresses; it answers false where there is no such account.
func (t *Tx) ReplaceReturnURLs(ctx context.Context, id string, addresses []string) (bool, error) {
	return t.changeAccount(
		ctx,
		`UPDATE accounts SET return_urls = ? WHERE account_id = ?`,
		JSON[[]string]{addresses},
		id,
	)
}

func (t *Tx) changeAccount(ctx context.Context, query string, args ...any) (bool, error) {
	rows, err := t.exec(ctx, query, args...)
	if err != nil {
		return false, fmt.Errorf("change an account: %w", err)
	}
	return rows == 1, nil
}

// InsertBearerToken keeps the hash of a bearer token until it expires, and forgets those that have. It answers false,
// and keeps nothing, where the account is no longer as it was when its secret was checked: suspended meanwhile, or
// with another secret.
func (t *Tx) InsertBearerToken(
	ctx context.Context,
	hash []byte,
	account Account,
	now, expires time.Time,
) (bool, error) {
	if _, err := t.exec(ctx, `DELETE FROM bearer_tokens WHERE expires_at <= ?`, Millis(now)); err != nil {
		return false, fmt.Errorf("forget expired bearer tokens: %w", err)
	}

	shared := ""
	if t.lock() != "" {
		shared = " FOR SHARE" // waits for a change of the secret, and is waited for by one
	}

	_, err := one[string](
		ctx,
		t.tx,
		`SELECT account_id FROM accounts WHERE account_id = ? AND secret_hash = ? AND status = 'active'`+shared,
		account.AccountID,
		account.SecretHash,
	)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err == nil {
		_, err = t.exec(ctx, `INSERT INTO bearer_tokens (token_hash, account_id, expires_at) VALUES (?, ?, ?)`,
			hash, account.AccountID, Millis(expires))
	}
	if err != nil {
		return false, fmt.Errorf("insert bearer token: %w", err)
	}

	return true, nil
}

// RevokeBearerTokens ends every bearer token of an account.
func (t *Tx) RevokeBearerTokens(ctx context.Context, accountID string) error {
	if _, err := t.exec(ctx, `DELETE FROM bearer_tokens WHERE account_id = ?`, accountID); err != nil {
		return fmt.Errorf("end bearer tokens: %w", err)
	}
	return nil
}

// FindBearer finds the account that holds a live bearer token, if it is active; ErrNotFound.
func (s *Store) FindBearer(ctx context.Context, hash []byte, now time.Time) (Account, error) {
	account, err := one[Account](
		ctx,
		s.read,
		`SELECT `+accountColumns+` FROM accounts WHERE status = 'active' AND account_id =
		(SELECT account_id FROM bearer_tokens WHERE token_hash = ? AND expires_at > ?)`,
		hash,
		Millis(now),
	)
	if err != nil {
		return Account{}, fmt.Errorf("find bearer of token: %w", err)
	}

	return account, nil
}
