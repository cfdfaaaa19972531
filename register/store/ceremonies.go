package store

import (
	"context"
	"time"
)

// Ceremony is one request to a browser to sign with a passkey: an assertion or an enrolment.
type Ceremony struct {
	// ChallengeHash is the hash of the random value to be signed.
	ChallengeHash []byte `db:"challenge_hash"`
	// TokenHash names the re-identification that the ceremony serves.
	TokenHash []byte `db:"token_hash"`
	// Kind is "assert" or "register".
	Kind string `db:"kind"`
	// Session is the session data of go-webauthn, as JSON.
	Session   string `db:"session"`
	ExpiresAt Millis `db:"expires_at"`
}

const ceremonyColumns = `challenge_hash, token_hash, kind, session, expires_at`

// InsertCeremony adds a ceremony, and deletes the expired ones.
func (t *Tx) InsertCeremony(ctx context.Context, c Ceremony, now time.Time) error {
	_, err := t.exec(ctx, "delete expired ceremonies",
		`DELETE FROM passkey_ceremonies WHERE expires_at <= ?`, Millis(now))
	if err != nil {
		return err
	}

	return t.insert(ctx, "insert ceremony", `INSERT INTO passkey_ceremonies (`+ceremonyColumns+`)
		VALUES (:challenge_hash, :token_hash, :kind, :session, :expires_at)`, c)
}

// TakeCeremony deletes a ceremony and returns it, in a transaction of its own: single use across replicas. It returns
// ErrNotFound if the ceremony was taken before, has expired or belongs to another re-identification.
func (s *Store) TakeCeremony(
	ctx context.Context,
	challengeHash, tokenHash []byte,
	kind string,
	now time.Time,
) (ceremony Ceremony, err error) {
	err = s.Transact(ctx, func(tx *Tx) (err error) {
		ceremony, err = queryRow[Ceremony](ctx, tx.db, "take ceremony", `DELETE FROM passkey_ceremonies
			WHERE challenge_hash = ? AND token_hash = ? AND kind = ? AND expires_at > ?
			RETURNING `+ceremonyColumns, challengeHash, tokenHash, kind, Millis(now))
		return err
	})

	return ceremony, err
}
