package store

import (
	"context"
	"errors"
	"time"
)

// IdempotencyKey is the response that was given to an account's request with this Idempotency-Key.
type IdempotencyKey struct {
	AccountID      string `db:"account_id"`
	Key            string `db:"idempotency_key"`
	RequestHash    []byte `db:"request_hash"`
	Status         int    `db:"status"`
	Location       string `db:"location"`
	KeyID          string `db:"key_id"`
	SealedResponse []byte `db:"sealed_answer"`
	CreatedAt      Millis `db:"created_at"`
	// IR is the identity record that the request or the response is about; nil if there is none. If KeyID is empty, the
	// record's own key seals the response.
	IR *string `db:"ir"`
}

const idempotencyColumns = `account_id, idempotency_key, request_hash, status, location, key_id, sealed_answer,
	created_at, ir`

// ErrKeyUsed says that an earlier request had this Idempotency-Key.
var ErrKeyUsed = errors.New("idempotency key used")

// ClaimIdempotencyKey claims a key for this transaction. Another transaction that claims the same key waits for the
// end of this one, and gets ErrKeyUsed if it committed. Keys from before keptSince are deleted.
func (t *Tx) ClaimIdempotencyKey(ctx context.Context, k IdempotencyKey, keptSince time.Time) error {
	if err := t.DeleteOldResponses(ctx, keptSince); err != nil {
		return err
	}

	_, err := t.exec(ctx, "claim an idempotency key",
		`INSERT INTO idempotency_keys (`+idempotencyColumns+`) VALUES (?, ?, ?, 0, '', '', ?, ?, NULL)`,
		k.AccountID, k.Key, k.RequestHash, []byte{}, k.CreatedAt)
	if errors.Is(err, ErrConflict) {
		return ErrKeyUsed
	}

	return err
}

// SaveResponse stores the response for the key that this transaction has claimed.
func (t *Tx) SaveResponse(ctx context.Context, k IdempotencyKey) error {
	_, err := t.exec(ctx, "save the response of an idempotency key", `UPDATE idempotency_keys
		SET status = ?, location = ?, key_id = ?, sealed_answer = ?, ir = ?
		WHERE account_id = ? AND idempotency_key = ?`,
		k.Status, k.Location, k.KeyID, k.SealedResponse, k.IR, k.AccountID, k.Key)

	return err
}

// FindIdempotencyKey finds the response of a key; ErrNotFound.
func (r reader) FindIdempotencyKey(ctx context.Context, accountID, key string) (IdempotencyKey, error) {
	return queryRow[IdempotencyKey](ctx, r.db, "find an idempotency key",
		`SELECT `+idempotencyColumns+` FROM idempotency_keys WHERE account_id = ? AND idempotency_key = ?`,
		accountID, key)
}

// DeleteOldResponses deletes the keys that were claimed up to a time.
func (t *Tx) DeleteOldResponses(ctx context.Context, upTo time.Time) error {
	_, err := t.exec(ctx, "delete old idempotency keys",
		`DELETE FROM idempotency_keys WHERE created_at <= ?`, Millis(upTo))

	return err
}
