package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// IdempotencyKey is the answer that an account's request with this key was given.
type IdempotencyKey struct {
	AccountID      string `db:"account_id"`
	Key            string `db:"idempotency_key"`
	RequestHash    []byte `db:"request_hash"`
	Status         int    `db:"status"`
	Location       string `db:"location"`
	KeyID          string `db:"key_id"`
	SealedResponse []byte `db:"sealed_answer"`
	CreatedAt      Millis `db:"created_at"`
}

const idempotencyColumns = `account_id, idempotency_key, request_hash, status, location, key_id, sealed_answer, created_at`

// ErrKeyUsed says that an earlier request had this Idempotency-Key.
var ErrKeyUsed = errors.New("idempotency key used")

// ClaimIdempotencyKey takes a key for this transaction; another that wants it waits, and then gets ErrKeyUsed. Keys
// from before keptSince are forgotten.
func (t *Tx) ClaimIdempotencyKey(ctx context.Context, k IdempotencyKey, keptSince time.Time) error {
	if _, err := t.exec(ctx, `DELETE FROM idempotency_keys WHERE created_at <= ?`, Millis(keptSince)); err != nil {
		return fmt.Errorf("forget idempotency keys: %w", err)
	}

	_, err := t.exec(ctx, `INSERT INTO idempotency_keys (`+idempotencyColumns+`) VALUES (?, ?, ?, 0, '', '', ?, ?)`,
		k.AccountID, k.Key, k.RequestHash, []byte{}, k.CreatedAt)
	if errors.Is(err, ErrConflict) {
		return ErrKeyUsed
	}
	if err != nil {
		return fmt.Errorf("claim an idempotency key: %w", err)
	}

	return nil
}

// KeepAnswer keeps the answer for the key that this transaction claimed.
func (t *Tx) SaveResponse(ctx context.Context, k IdempotencyKey) error {
	_, err := t.exec(
		ctx,
		`UPDATE idempotency_keys SET status = ?, location = ?, key_id = ?, sealed_answer = ? WHERE account_id = ? AND idempotency_key = ?`,
		k.Status,
		k.Location,
		k.KeyID,
		k.SealedResponse,
		k.AccountID,
		k.Key,
	)
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}

	return nil
}

// FindIdempotencyKey finds the answer that a key has; ErrNotFound.
func (s *Store) FindIdempotencyKey(ctx context.Context, accountID, key string) (IdempotencyKey, error) {
	found, err := one[IdempotencyKey](ctx, s.read, `SELECT `+idempotencyColumns+` FROM idempotency_keys
		WHERE account_id = ? AND idempotency_key = ?`, accountID, key)
	if err != nil {
		return IdempotencyKey{}, fmt.Errorf("find an idempotency key: %w", err)
	}

	return found, nil
}
