package store

import (
	"context"
	"fmt"
	"time"
)

// Reidentification is one challenge to a customer, known by the hash of its token-ref.
type Reidentification struct {
	TokenHash   []byte  `db:"token_hash"`
	AccountID   string  `db:"account_id"`
	MPxN        string  `db:"mpxn"`
	IR          string  `db:"ir"`
	Method      string  `db:"method"`
	RedirectURL *string `db:"redirect_url"`
	MatchCode   *string `db:"match_code"`
	IssuedAt    Millis  `db:"issued_at"`
	ConfirmBy   Millis  `db:"confirm_by"`
	ConfirmedAt *Millis `db:"confirmed_at"`
	DeclinedAt  *Millis `db:"declined_at"`
	ConsumedAt  *Millis `db:"consumed_at"`
}

const reidentificationColumns = `token_hash, account_id, mpxn, ir, method, redirect_url, match_code, issued_at,
	confirm_by, confirmed_at, declined_at, consumed_at`

// keepReidentifications is how long after its issue a token can still be told apart from an unknown one.
const keepReidentifications = 24 * time.Hour

// InsertReidentification records a challenge, and forgets those that ended a day ago.
func (t *Tx) InsertReidentification(ctx context.Context, r Reidentification) error {
	_, err := t.exec(ctx, `DELETE FROM reidentifications WHERE issued_at < ?`, Millis(r.IssuedAt.Time().Add(-keepReidentifications)))
	if err != nil {
		return fmt.Errorf("forget old re-identifications: %w", err)
	}
	err = t.insert(ctx, `INSERT INTO reidentifications (`+reidentificationColumns+`) VALUES (:token_hash, :account_id, :mpxn,
		:ir, :method, :redirect_url, :match_code, :issued_at, :confirm_by, :confirmed_at, :declined_at, :consumed_at)`, r)
	if err != nil {
		return fmt.Errorf("insert re-identification: %w", err)
	}
	return nil
}

// FindReidentification finds a challenge that this account started; ErrNotFound, also where another did.
func (s *Store) FindReidentification(ctx context.Context, hash []byte, accountID string) (Reidentification, error) {
	return findReidentification(ctx, s.read, hash, accountID)
}

// FindReidentification is the same within the transaction.
func (t *Tx) FindReidentification(ctx context.Context, hash []byte, accountID string) (Reidentification, error) {
	return findReidentification(ctx, t.tx, hash, accountID)
}

func findReidentification(ctx context.Context, q queryer, hash []byte, accountID string) (Reidentification, error) {
	found, err := one[Reidentification](ctx, q, `SELECT `+reidentificationColumns+` FROM reidentifications
		WHERE token_hash = ? AND account_id = ?`, hash, accountID)
	if err != nil {
		return Reidentification{}, fmt.Errorf("find re-identification: %w", err)
	}
	return found, nil
}

// ofEarlierOccupant is true of a row of reidentifications whose identity record has become an earlier occupant's by a
// day. Of an anonymised record nobody knows since when its people lived there, so that any change ends it.
const ofEarlierOccupant = `EXISTS (SELECT 1 FROM tenancy_changes c, identity_records i WHERE c.mpxn = reidentifications.mpxn
	AND i.ir = reidentifications.ir AND c.withdrawn_at IS NULL AND c.effective_date <= ? AND c.effective_date > COALESCE(i.move_in_date, ''))`

// Outlived says why a token may have come to nothing without its customer's doing.
type Outlived struct {
	Anonymised      bool `db:"anonymised"`       // the identity record has been anonymised
	EarlierOccupant bool `db:"earlier_occupant"` // by a change of tenancy it is of an earlier occupant
}

// FindOutlived tells what has become of the identity record behind a challenge; ErrNotFound.
func (s *Store) FindOutlived(ctx context.Context, hash []byte, now time.Time) (Outlived, error) {
	return findOutlived(ctx, s.read, hash, now)
}

// FindOutlived is the same within the transaction.
func (t *Tx) FindOutlived(ctx context.Context, hash []byte, now time.Time) (Outlived, error) {
	return findOutlived(ctx, t.tx, hash, now)
}

func findOutlived(ctx context.Context, q queryer, hash []byte, now time.Time) (Outlived, error) {
	found, err := one[Outlived](ctx, q, `SELECT `+ofEarlierOccupant+` AS earlier_occupant,
		EXISTS (SELECT 1 FROM identity_records i WHERE i.ir = reidentifications.ir AND i.anonymised_at IS NOT NULL) AS anonymised
		FROM reidentifications WHERE token_hash = ?`, day(now), hash)
	if err != nil {
		return Outlived{}, fmt.Errorf("find what a token has outlived: %w", err)
	}
	return found, nil
}

// ConsumeReidentification spends a confirmed token of this account for this meter point, issued after
// issuedAfter, whose customer still lives there. Of any number of callers, on any number of replicas, it answers true to one.
func (t *Tx) ConsumeReidentification(ctx context.Context, hash []byte, accountID, mpxn string, issuedAfter, now time.Time) (bool, error) {
	rows, err := t.exec(ctx, `UPDATE reidentifications SET consumed_at = ? WHERE token_hash = ? AND account_id = ? AND mpxn = ?
		AND confirmed_at IS NOT NULL AND declined_at IS NULL AND consumed_at IS NULL AND issued_at > ?
		AND NOT `+ofEarlierOccupant,
		Millis(now), hash, accountID, mpxn, Millis(issuedAfter), day(now))
	if err != nil {
		return false, fmt.Errorf("consume re-identification: %w", err)
	}
	return rows == 1, nil
}

// InsertReading records which access records a token opened.
func (t *Tx) InsertReading(ctx context.Context, hash []byte, aks []string) error {
	for _, ak := range aks {
		if _, err := t.exec(ctx, `INSERT INTO readings (token_hash, ak) VALUES (?, ?)`, hash, ak); err != nil {
			return fmt.Errorf("insert reading: %w", err)
		}
	}
	return nil
}
