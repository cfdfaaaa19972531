package store

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// IdentityRecord is one Data User's record of who lives at a meter point. What is personal is sealed with
// the key that KeyID names, or null once the record is anonymised.
type IdentityRecord struct {
	IR           string  `db:"ir"`
	AccountID    string  `db:"account_id"`
	MPxN         *string `db:"mpxn"`
	MoveInDate   *string `db:"move_in_date"`
	ExpressedBy  *string `db:"expressed_by"`
	KeyID        string  `db:"key_id"`
	SealedEmail  []byte  `db:"sealed_email"`
	EmailMAC     []byte  `db:"email_mac"`
	SealedDetail []byte  `db:"sealed_detail"`
	CreatedAt    Millis  `db:"created_at"`
	AnonymisedAt *Millis `db:"anonymised_at"`
}

const identityColumns = `ir, account_id, mpxn, move_in_date, expressed_by, key_id, sealed_email, email_mac,
	sealed_detail, created_at, anonymised_at`

// Credential is one passkey of an identity record.
type Credential struct {
	CredentialID string         `db:"credential_id"`
	IR           string         `db:"ir"`
	Transports   JSON[[]string] `db:"transports"`
	RegisteredAt Millis         `db:"registered_at"`
}

// InsertIdentityRecord adds an identity record.
func (t *Tx) InsertIdentityRecord(ctx context.Context, r IdentityRecord) error {
	err := t.insert(ctx, `INSERT INTO identity_records (`+identityColumns+`) VALUES (:ir, :account_id, :mpxn, :move_in_date,
		:expressed_by, :key_id, :sealed_email, :email_mac, :sealed_detail, :created_at, :anonymised_at)`, r)
	if err != nil {
		return fmt.Errorf("insert identity record: %w", err)
	}
	return nil
}

// FindIdentityRecord finds an identity record by its key; ErrNotFound.
func (t *Tx) FindIdentityRecord(ctx context.Context, ir string) (IdentityRecord, error) {
	record, err := one[IdentityRecord](ctx, t.tx, `SELECT `+identityColumns+` FROM identity_records WHERE ir = ?`, ir)
	if err != nil {
		return IdentityRecord{}, fmt.Errorf("find identity record: %w", err)
	}
	return record, nil
}

// ListOccupants lists every live identity record of a meter point, whoever holds it: the latest move-in
// first, then the newest.
func (s *Store) ListOccupants(ctx context.Context, mpxn string) ([]IdentityRecord, error) {
	records, err := all[IdentityRecord](ctx, s.read, `SELECT `+identityColumns+` FROM identity_records
		WHERE mpxn = ? AND anonymised_at IS NULL ORDER BY move_in_date DESC, created_at DESC, ir`, mpxn)
	if err != nil {
		return nil, fmt.Errorf("list identity records of meter point: %w", err)
	}
	return records, nil
}

// ListIdentityRecords lists an account's own identity records of a meter point (when not empty) that have
// one of the e-mail hashes (when there are any), oldest first.
func (s *Store) ListIdentityRecords(ctx context.Context, accountID, mpxn string, emailMACs [][]byte) ([]IdentityRecord, error) {
	query := `SELECT ` + identityColumns + ` FROM identity_records WHERE account_id = ?`
	args := []any{accountID}
	if mpxn != "" {
		query, args = query+` AND mpxn = ?`, append(args, mpxn)
	}
	if len(emailMACs) > 0 {
		query, args = query+` AND email_mac IN (?)`, append(args, emailMACs)
	}
	query, args, err := sqlx.In(query+` ORDER BY created_at, ir`, args...)
	if err != nil {
		return nil, fmt.Errorf("list identity records of account: %w", err)
	}
	records, err := all[IdentityRecord](ctx, s.read, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list identity records of account: %w", err)
	}
	return records, nil
}

// ListCredentials lists the passkeys of identity records, oldest first.
func (s *Store) ListCredentials(ctx context.Context, irs []string) ([]Credential, error) {
	if len(irs) == 0 {
		return nil, nil
	}
	query, args, err := sqlx.In(`SELECT credential_id, ir, transports, registered_at FROM credentials
		WHERE ir IN (?) ORDER BY registered_at, credential_id`, irs)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	credentials, err := all[Credential](ctx, s.read, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	return credentials, nil
}
