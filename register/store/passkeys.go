package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Credential is one passkey of an identity record's person.
type Credential struct {
	CredentialID string `db:"credential_id"`
	IR           string `db:"ir"`
	// WebAuthnID is the authenticator's own id of it.
	WebAuthnID []byte `db:"webauthn_id"`
	// UserHandle is random, and the same for all passkeys of a person.
	UserHandle []byte `db:"user_handle"`
	// PublicKey is in COSE form.
	PublicKey []byte `db:"public_key"`
	// AAGUID is the make of the authenticator; zeros where it does not tell.
	AAGUID []byte `db:"aaguid"`
	// SignCount is the authenticator's counter and Flags its flags, both as at the last use.
	SignCount uint32 `db:"sign_count"`
	Flags     uint8  `db:"flags"`
	// Name tells its person on what it is: iPhone.
	Name         string         `db:"name"`
	Transports   JSON[[]string] `db:"transports"`
	RegisteredAt Millis         `db:"registered_at"`
	UsedAt       *Millis        `db:"used_at"`
}

const credentialColumns = `credential_id, ir, webauthn_id, user_handle, public_key, aaguid, sign_count, flags, name, transports, registered_at, used_at`

// InsertCredential adds a passkey; ErrConflict where the authenticator's id of it is known already.
func (t *Tx) InsertCredential(ctx context.Context, c Credential) error {
	err := t.insert(
		ctx,
		`INSERT INTO credentials (`+credentialColumns+`) VALUES (:credential_id, :ir, :webauthn_id, :user_handle, :public_key,
		:aaguid, :sign_count, :flags, :name, :transports, :registered_at, :used_at)`,
		c,
	)
	if err != nil {
		return fmt.Errorf("insert passkey: %w", err)
	}

	return nil
}

// UseCredential notes a use of a passkey: its counter and its flags. A counter that does not go up is a copy's (Web
// Authentication level 3, 6.1.1), and then it answers false; an authenticator that does not count says 0 each time.
func (t *Tx) UseCredential(
	ctx context.Context,
	credentialID string,
	signCount uint32,
	flags uint8,
	now time.Time,
) (bool, error) {
	rows, err := t.exec(ctx, `UPDATE credentials SET sign_count = ?, flags = ?, used_at = ? WHERE credential_id = ?
		AND (sign_count < ? OR sign_count = 0 AND ? = 0)`, signCount, flags, Millis(now), credentialID, signCount, signCount)
	if err != nil {
		return false, fmt.Errorf("use passkey: %w", err)
	}

	return rows == 1, nil
}

// DeleteCredential forgets one passkey of an identity record; it answers false where there is none such.
func (t *Tx) DeleteCredential(ctx context.Context, ir, credentialID string) (bool, error) {
	rows, err := t.exec(ctx, `DELETE FROM credentials WHERE credential_id = ? AND ir = ?`, credentialID, ir)
	if err != nil {
		return false, fmt.Errorf("forget passkey: %w", err)
	}
	return rows == 1, nil
}

// ListCredentials lists the passkeys of identity records, oldest first.
func (s *Store) ListCredentials(ctx context.Context, irs []string) ([]Credential, error) {
	return listCredentials(ctx, s.read, irs)
}

// ListCredentials is the same within the transaction.
func (t *Tx) ListCredentials(ctx context.Context, irs []string) ([]Credential, error) {
	return listCredentials(ctx, t.tx, irs)
}

func listCredentials(ctx context.Context, q queryer, irs []string) ([]Credential, error) {
	if len(irs) == 0 {
		return nil, nil
	}

	query, args, err := sqlx.In(
		`SELECT `+credentialColumns+` FROM credentials WHERE ir IN (?) ORDER BY registered_at, credential_id`,
		irs,
	)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}

	credentials, err := all[Credential](ctx, q, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}

	return credentials, nil
}

// Ceremony is what a browser is asked to sign with a passkey: an assertion, or an enrolment.
type Ceremony struct {
	// ChallengeHash is of the random value to be signed.
	ChallengeHash []byte `db:"challenge_hash"`
	// TokenHash is the re-identification's that it serves.
	TokenHash []byte `db:"token_hash"`
	// Kind is "assert" or "register".
	Kind string `db:"kind"`
	// Session is what go-webauthn wants back, as JSON.
	Session   string `db:"session"`
	ExpiresAt Millis `db:"expires_at"`
}

// InsertCeremony begins a ceremony, and forgets those that have run out.
func (t *Tx) InsertCeremony(ctx context.Context, c Ceremony, now time.Time) error {
	if _, err := t.exec(ctx, `DELETE FROM passkey_ceremonies WHERE expires_at <= ?`, Millis(now)); err != nil {
		return fmt.Errorf("forget old ceremonies: %w", err)
	}

	err := t.insert(ctx, `INSERT INTO passkey_ceremonies (challenge_hash, token_hash, kind, session, expires_at)
		VALUES (:challenge_hash, :token_hash, :kind, :session, :expires_at)`, c)
	if err != nil {
		return fmt.Errorf("insert ceremony: %w", err)
	}

	return nil
}

// TakeCeremony ends a ceremony and returns it: of any number of callers one gets it, the others ErrNotFound, as does
// whoever comes too late or for another re-identification.
func (s *Store) TakeCeremony(
	ctx context.Context,
	challengeHash, tokenHash []byte,
	kind string,
	now time.Time,
) (Ceremony, error) {
	var taken Ceremony
	err := s.Transact(ctx, func(tx *Tx) (err error) {
		taken, err = one[Ceremony](
			ctx,
			tx.tx,
			`DELETE FROM passkey_ceremonies WHERE challenge_hash = ? AND token_hash = ? AND kind = ? AND expires_at > ?
			RETURNING challenge_hash, token_hash, kind, session, expires_at`,
			challengeHash,
			tokenHash,
			kind,
			Millis(now),
		)
		return err
	})
	if err != nil {
		return Ceremony{}, fmt.Errorf("take ceremony: %w", err)
	}

	return taken, nil
}
