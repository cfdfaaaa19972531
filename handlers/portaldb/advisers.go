package portaldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Adviser is the row of an adviser who has signed in.
type Adviser struct {
	// Key is the SHA-256 of the id that the browser holds.
	Key []byte
	// Name is empty for the code that advisers share.
	Name string
	// Proof is a keyed hash of the credential that the adviser gave.
	Proof []byte
	// EndsAt is when the adviser has to sign in again.
	EndsAt time.Time
}

// InsertAdviser stores that an adviser of an operator has signed in, and deletes the rows that have ended at now.
// Former is the key of the row that this one replaces, which is deleted too; nil for none.
func (d *DB) InsertAdviser(ctx context.Context, operator string, a Adviser, former []byte, now time.Time) error {
	err := d.inTransaction(ctx, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx,
			tx.Rebind(`DELETE FROM portal_advisers WHERE ends_at <= ? OR key_hash = ? AND operator = ?`),
			now.UnixMilli(), former, operator)
		if err != nil {
			return err
		}

		_, err = tx.ExecContext(ctx, tx.Rebind(`
			INSERT INTO portal_advisers (key_hash, operator, name, proof, ends_at) VALUES (?, ?, ?, ?, ?)`),
			a.Key, operator, a.Name, a.Proof, a.EndsAt.UnixMilli())

		return err
	})
	if err != nil {
		return fmt.Errorf("insert adviser: %w", err)
	}

	return nil
}

// FindAdviser returns the adviser of an operator who has signed in and whose time has not ended at now; ErrNotFound if
// there is none.
func (d *DB) FindAdviser(ctx context.Context, operator string, key []byte, now time.Time) (Adviser, error) {
	var row struct {
		Name   string
		Proof  []byte
		EndsAt int64 `db:"ends_at"`
	}

	err := d.db.GetContext(ctx, &row, d.db.Rebind(`
		SELECT name, proof, ends_at FROM portal_advisers WHERE key_hash = ? AND operator = ? AND ends_at > ?`),
		key, operator, now.UnixMilli())
	if errors.Is(err, sql.ErrNoRows) {
		return Adviser{}, ErrNotFound
	}
	if err != nil {
		return Adviser{}, fmt.Errorf("find adviser: %w", err)
	}

	return Adviser{Key: key, Name: row.Name, Proof: row.Proof, EndsAt: time.UnixMilli(row.EndsAt)}, nil
}

// DeleteAdviser signs an adviser of an operator out. It is no error if there is none.
func (d *DB) DeleteAdviser(ctx context.Context, operator string, key []byte) error {
	_, err := d.db.ExecContext(ctx, d.db.Rebind(`DELETE FROM portal_advisers WHERE key_hash = ? AND operator = ?`),
		key, operator)
	if err != nil {
		return fmt.Errorf("delete adviser: %w", err)
	}

	return nil
}
