package store

import (
	"context"
	"time"
)

// The changes in this file are for tests alone. They put a challenge into a state unconditionally, so that a test need
// not take the customer's way. Each returns false if no challenge has this token.

// ForceConfirmed makes the challenge of a token confirmed.
func (t *Tx) ForceConfirmed(ctx context.Context, tokenHash []byte, now time.Time) (bool, error) {
	return t.execOne(ctx, "force a confirmation",
		`UPDATE reidentifications SET confirmed_at = ? WHERE token_hash = ?`, Millis(now), tokenHash)
}

// ForceDeclined makes the challenge of a token declined.
func (t *Tx) ForceDeclined(ctx context.Context, tokenHash []byte, now time.Time) (bool, error) {
	return t.execOne(ctx, "force a refusal",
		`UPDATE reidentifications SET declined_at = ? WHERE token_hash = ?`, Millis(now), tokenHash)
}

// ForceAsserted makes the challenge of a token wait for its completion code, after a passkey was shown now.
func (t *Tx) ForceAsserted(ctx context.Context, tokenHash, completionHash []byte, now time.Time) (bool, error) {
	return t.execOne(ctx, "force an assertion", `UPDATE reidentifications
		SET confirmed_at = NULL, asserted_at = ?, completion_hash = ? WHERE token_hash = ?`,
		Millis(now), completionHash, tokenHash)
}
