package store

import (
	"context"
	"errors"
	"time"
)

// InsertBearerToken stores the hash of a bearer token until it expires, and deletes the expired ones. It returns
// false, and stores nothing, if the account has changed since its secret was checked: it was suspended, or its secret
// was replaced.
func (t *Tx) InsertBearerToken(
	ctx context.Context,
	hash []byte,
	account Account,
	now, expires time.Time,
) (bool, error) {
	_, err := t.exec(ctx, "delete expired bearer tokens",
		`DELETE FROM bearer_tokens WHERE expires_at <= ?`, Millis(now))
	if err != nil {
		return false, err
	}

	// The shared lock and a change of the account wait for each other.
	_, err = queryRow[string](ctx, t.db, "insert bearer token",
		`SELECT account_id FROM accounts WHERE account_id = ? AND secret_hash = ? AND status = 'active'`+t.forShare(),
		account.AccountID, account.SecretHash)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}

	return t.execOne(ctx, "insert bearer token",
		`INSERT INTO bearer_tokens (token_hash, account_id, expires_at) VALUES (?, ?, ?)`,
		hash, account.AccountID, Millis(expires))
}

// RevokeBearerTokens deletes every bearer token of an account.
func (t *Tx) RevokeBearerTokens(ctx context.Context, accountID string) error {
	_, err := t.exec(ctx, "revoke bearer tokens", `DELETE FROM bearer_tokens WHERE account_id = ?`, accountID)
	return err
}

// FindBearer finds the active account that holds an unexpired bearer token; ErrNotFound.
func (r reader) FindBearer(ctx context.Context, hash []byte, now time.Time) (Account, error) {
	return queryRow[Account](ctx, r.db, "find bearer of token", `SELECT `+accountColumns+` FROM accounts
		WHERE status = 'active' AND account_id =
		(SELECT account_id FROM bearer_tokens WHERE token_hash = ? AND expires_at > ?)`, hash, Millis(now))
}
