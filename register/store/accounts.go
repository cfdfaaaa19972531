package store

import (
	"context"
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
}

const accountColumns = `account_id, secret_hash, duid, display_name, role, status, contact_url,
	organisation_reference, data_types, return_urls, registered_at`

// InsertAccount adds an account; ErrConflict where its id or DUID is taken.
func (t *Tx) InsertAccount(ctx context.Context, a Account) error {
	err := t.insert(ctx, `INSERT INTO accounts (`+accountColumns+`) VALUES (:account_id, :secret_hash, :duid,
		:display_name, :role, :status, :contact_url, :organisation_reference, :data_types, :return_urls, :registered_at)`, a)
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

// InsertBearerToken keeps the hash of a bearer token until it expires, and forgets those that have.
func (t *Tx) InsertBearerToken(ctx context.Context, hash []byte, accountID string, now, expires time.Time) error {
	if _, err := t.exec(ctx, `DELETE FROM bearer_tokens WHERE expires_at <= ?`, Millis(now)); err != nil {
		return fmt.Errorf("forget expired bearer tokens: %w", err)
	}
	_, err := t.exec(ctx, `INSERT INTO bearer_tokens (token_hash, account_id, expires_at) VALUES (?, ?, ?)`,
		hash, accountID, Millis(expires))
	if err != nil {
		return fmt.Errorf("insert bearer token: %w", err)
	}
	return nil
}

// FindBearer finds the account that holds a live bearer token, if it is active; ErrNotFound.
func (s *Store) FindBearer(ctx context.Context, hash []byte, now time.Time) (Account, error) {
	account, err := one[Account](ctx, s.read, `SELECT `+accountColumns+` FROM accounts WHERE status = 'active' AND account_id =
		(SELECT account_id FROM bearer_tokens WHERE token_hash = ? AND expires_at > ?)`, hash, Millis(now))
	if err != nil {
		return Account{}, fmt.Errorf("find bearer of token: %w", err)
	}
	return account, nil
}
