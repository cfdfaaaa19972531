package store

import (
	"context"
	"time"
)

// KeptReading is the response to a reading with a token, kept for a repetition with the same Idempotency-Key.
type KeptReading struct {
	AccountID      string `db:"account_id"`
	Key            string `db:"idempotency_key"`
	RequestHash    []byte `db:"request_hash"`
	TokenHash      []byte `db:"token_hash"`
	RecordsHash    []byte `db:"records_hash"`
	KeyID          string `db:"key_id"`
	SealedResponse []byte `db:"sealed_answer"`
	CreatedAt      Millis `db:"created_at"`
}

const keptReadingColumns = `account_id, idempotency_key, request_hash, token_hash, records_hash, key_id,
	sealed_answer, created_at`

// KeepReading keeps the response to a reading in the transaction of the reading, in place of one that was kept with the
// same key at a time or before it. It returns ErrConflict if the account's key is in use.
func (t *Tx) KeepReading(ctx context.Context, k KeptReading, until time.Time) error {
	kept, err := t.execOne(ctx, "keep a reading", `INSERT INTO kept_readings (`+keptReadingColumns+`)
		VALUES `+placeholders(1, 8)+`
		ON CONFLICT (account_id, idempotency_key) DO UPDATE SET request_hash = excluded.request_hash,
			token_hash = excluded.token_hash, records_hash = excluded.records_hash, key_id = excluded.key_id,
			sealed_answer = excluded.sealed_answer, created_at = excluded.created_at
		WHERE kept_readings.created_at <= ?`,
		k.AccountID, k.Key, k.RequestHash, k.TokenHash, k.RecordsHash, k.KeyID, k.SealedResponse, k.CreatedAt,
		Millis(until))
	if err == nil && !kept {
		err = ErrConflict
	}

	return err
}

// FindKeptReading finds the response that was kept after a time for an account's key; ErrNotFound.
func (r reader) FindKeptReading(ctx context.Context, accountID, key string, after time.Time) (KeptReading, error) {
	return queryRow[KeptReading](ctx, r.db, "find a kept reading", `SELECT `+keptReadingColumns+` FROM kept_readings
		WHERE account_id = ? AND idempotency_key = ? AND created_at > ?`, accountID, key, Millis(after))
}

// DeleteOldReadings deletes the responses that were kept at a time or before it.
func (t *Tx) DeleteOldReadings(ctx context.Context, until time.Time) error {
	_, err := t.exec(ctx, "delete old kept readings", `DELETE FROM kept_readings WHERE created_at <= ?`, Millis(until))

	return err
}

// DeleteReadingsOf deletes the responses to the readings that the person of an identity record confirmed.
func (t *Tx) DeleteReadingsOf(ctx context.Context, ir string) error {
	_, err := t.exec(ctx, "delete kept readings of an identity record", `DELETE FROM kept_readings WHERE token_hash IN
		(SELECT token_hash FROM reidentifications WHERE ir = ?)`, ir)

	return err
}
