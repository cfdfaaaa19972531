package store

import (
	"context"
	"fmt"
	"time"

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

// InsertIdentityRecord adds an identity record.
func (t *Tx) InsertIdentityRecord(ctx context.Context, r IdentityRecord) error {
	err := t.insert(
		ctx,
		`INSERT INTO identity_records (`+identityColumns+`) VALUES (:ir, :account_id, :mpxn, :move_in_date,
		:expressed_by, :key_id, :sealed_email, :email_mac, :sealed_detail, :created_at, :anonymised_at)`,
		r,
	)
	if err != nil {
		return fmt.Errorf("insert identity record: %w", err)
	}

	return nil
}

// FindIdentityRecord finds an identity record by its key; ErrNotFound. It stays as it is until the transaction
// ends, so that what is made to rest on it does not rest on one that is being anonymised.
func (t *Tx) HoldIdentityRecord(ctx context.Context, ir string) (IdentityRecord, error) {
	return findIdentityRecord(ctx, t.tx, `ir = ?`+t.lock(), ir)
}

// FindOwnIdentityRecord finds an identity record of this account; ErrNotFound, also where it is another's.
func (s *Store) FindOwnIdentityRecord(ctx context.Context, accountID, ir string) (IdentityRecord, error) {
	return findIdentityRecord(ctx, s.read, `ir = ? AND account_id = ?`, ir, accountID)
}

// FindOwnIdentityRecord is the same within the transaction, until whose end the record stays as it is.
func (t *Tx) HoldOwnIdentityRecord(ctx context.Context, accountID, ir string) (IdentityRecord, error) {
	return findIdentityRecord(ctx, t.tx, `ir = ? AND account_id = ?`+t.lock(), ir, accountID)
}

func findIdentityRecord(ctx context.Context, q queryer, where string, args ...any) (IdentityRecord, error) {
	record, err := one[IdentityRecord](ctx, q, `SELECT `+identityColumns+` FROM identity_records WHERE `+where, args...)
	if err != nil {
		return IdentityRecord{}, fmt.Errorf("find identity record: %w", err)
	}
	return record, nil
}

// canAnswer is true of an identity record that can answer a challenge and gets letters: it is not anonymised, its
// move-in date has come by a day in London, and its account is active (docs/decisions.md, Which person).
const canAnswer = `(identity_records.anonymised_at IS NULL AND identity_records.move_in_date <= ?
	AND EXISTS (SELECT 1 FROM accounts a WHERE a.account_id = identity_records.account_id AND a.status = 'active'))`

// CanAnswer reports whether an identity record can answer a challenge and gets letters, apart from changes of tenancy.
func (t *Tx) CanAnswer(ctx context.Context, ir string, now time.Time) (bool, error) {
	can, err := one[bool](
		ctx,
		t.tx,
		`SELECT EXISTS (SELECT 1 FROM identity_records WHERE ir = ? AND `+canAnswer+`)`,
		ir,
		LondonDay(now, 0),
	)
	if err != nil {
		return false, fmt.Errorf("find whether an identity record can answer: %w", err)
	}

	return can, nil
}

// ListOccupants lists the identity records, of every account, of the people who live at a meter point now: those who
// moved in on the day since or later, up to now. The latest move-in comes first, then the newest. An empty since sets no
// limit.
func (s *Store) ListOccupants(ctx context.Context, mpxn, since string, now time.Time) ([]IdentityRecord, error) {
	return listOccupants(ctx, s.read, "", mpxn, since, now)
}

// HoldOccupants is ListOccupants within the transaction, which keeps the records as they are until it ends.
func (t *Tx) HoldOccupants(ctx context.Context, mpxn, since string, now time.Time) ([]IdentityRecord, error) {
	return listOccupants(ctx, t.tx, t.lock(), mpxn, since, now)
}

func listOccupants(
	ctx context.Context,
	q queryer,
	lock, mpxn, since string,
	now time.Time,
) ([]IdentityRecord, error) {
	records, err := all[IdentityRecord](ctx, q, `SELECT `+identityColumns+` FROM identity_records WHERE mpxn = ?
		AND move_in_date >= ? AND `+canAnswer+` ORDER BY move_in_date DESC, created_at DESC, ir`+lock,
		mpxn, since, LondonDay(now, 0))
	if err != nil {
		return nil, fmt.Errorf("list identity records of meter point: %w", err)
	}

	return records, nil
}

// ListIdentityRecords lists an account's own identity records of a meter point (when not empty) that have
// one of the e-mail hashes (when there are any), oldest first.
func (s *Store) ListIdentityRecords(
	ctx context.Context,
	accountID, mpxn string,
	emailMACs [][]byte,
) ([]IdentityRecord, error) {
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

// Anonymise destroys what is personal in an identity record, its passkeys included, and ends the tokens that
// would still have opened something. It answers false, and changes nothing, where an access record that rests on
// it is active, whoever registered that. The record must have been found in this transaction before.
func (t *Tx) Anonymise(ctx context.Context, ir string, now time.Time) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE identity_records SET mpxn = NULL, move_in_date = NULL, expressed_by = NULL, sealed_email = NULL,
		email_mac = NULL, sealed_detail = NULL, anonymised_at = ? WHERE ir = ? AND anonymised_at IS NULL AND NOT EXISTS (
		SELECT 1 FROM access_records r WHERE r.ir = identity_records.ir AND r.state = 'ACTIVE' AND (r.expiry IS NULL OR r.expiry > ?))`,
		Millis(now),
		ir,
		Millis(now),
	)
	if err != nil {
		return false, fmt.Errorf("anonymise identity record: %w", err)
	}
	if rows == 0 {
		return false, nil
	}
	if _, err := t.exec(ctx, `DELETE FROM credentials WHERE ir = ?`, ir); err != nil {
		return false, fmt.Errorf("forget passkeys: %w", err)
	}

	_, err = t.exec(
		ctx,
		`UPDATE reidentifications SET declined_at = ? WHERE ir = ? AND declined_at IS NULL AND consumed_at IS NULL`,
		Millis(now),
		ir,
	)
	if err != nil {
		return false, fmt.Errorf("end the tokens of an identity record: %w", err)
	}

	return true, nil
}
