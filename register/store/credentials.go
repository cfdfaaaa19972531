package store

import (
	"context"
	"time"
)

// Credential is a passkey of the person of an identity record.
type Credential struct {
	CredentialID string `db:"credential_id"`
	IR           string `db:"ir"`
	// WebAuthnID is the authenticator's own id of the passkey.
	WebAuthnID []byte `db:"webauthn_id"`
	// UserHandle is random, and the same for all passkeys of a person.
	UserHandle []byte `db:"user_handle"`
	// PublicKey is in COSE form.
	PublicKey []byte `db:"public_key"`
	// AAGUID is the make of the authenticator; zeros if it does not say.
	AAGUID []byte `db:"aaguid"`
	// SignCount is the authenticator's counter and Flags its flags, both as of the last use.
	SignCount uint32 `db:"sign_count"`
	Flags     uint8  `db:"flags"`
	// Name tells the person which device the passkey is on, such as "iPhone".
	Name         string         `db:"name"`
	Transports   JSON[[]string] `db:"transports"`
	RegisteredAt Millis         `db:"registered_at"`
	UsedAt       *Millis        `db:"used_at"`
}

const credentialColumns = `credential_id, ir, webauthn_id, user_handle, public_key, aaguid, sign_count, flags, name,
	transports, registered_at, used_at`

// InsertCredential adds a passkey; ErrConflict if a passkey with the same WebAuthnID exists already.
func (t *Tx) InsertCredential(ctx context.Context, c Credential) error {
	return t.insert(ctx, "insert passkey", `INSERT INTO credentials (`+credentialColumns+`)
		VALUES (:credential_id, :ir, :webauthn_id, :user_handle, :public_key, :aaguid, :sign_count, :flags, :name,
		:transports, :registered_at, :used_at)`, c)
}

// UseCredential records a use of a passkey: its counter and its flags. It returns false, and records nothing, if the
// counter has not increased, which tells of a copy of the passkey (Web Authentication level 3, 6.1.1). An
// authenticator that does not count sends 0 every time.
func (t *Tx) UseCredential(
	ctx context.Context,
	credentialID string,
	signCount uint32,
	flags uint8,
	now time.Time,
) (bool, error) {
	return t.execOne(ctx, "use passkey", `UPDATE credentials SET sign_count = ?, flags = ?, used_at = ?
		WHERE credential_id = ? AND (sign_count < ? OR sign_count = 0 AND ?)`,
		signCount, flags, Millis(now), credentialID, signCount, signCount == 0)
}

// DeleteCredential deletes a passkey of an identity record. It returns false if there is no such passkey.
func (t *Tx) DeleteCredential(ctx context.Context, ir, credentialID string) (bool, error) {
	return t.execOne(ctx, "delete passkey",
		`DELETE FROM credentials WHERE credential_id = ? AND ir = ?`, credentialID, ir)
}

// ListCredentials lists the passkeys of identity records, oldest first.
func (r reader) ListCredentials(ctx context.Context, irs []string) ([]Credential, error) {
	if len(irs) == 0 {
		return nil, nil
	}

	return queryRowsIn[Credential](ctx, r.db, "list passkeys", `SELECT `+credentialColumns+` FROM credentials
		WHERE ir IN (?) ORDER BY registered_at, seq`, irs)
}
