package portaldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Session is the row of one customer's visit.
type Session struct {
	// Key is the SHA-256 of the id that the browser holds.
	Key []byte
	// Version is 1 in a new row, and one more after each update.
	Version int64
	// Sealed is the encrypted visit.
	Sealed []byte
	// ExpiresAt is when the session ends unless it is used before. It is never after EndsAt.
	ExpiresAt time.Time
	// EndsAt is when the session ends in any case. FindSession does not read it.
	EndsAt time.Time
}

// FindSession returns the session of an operator that has not expired at now; ErrNotFound if there is none.
func (d *DB) FindSession(ctx context.Context, operator string, key []byte, now time.Time) (Session, error) {
	var row struct {
		Version   int64
		Sealed    []byte
		ExpiresAt int64 `db:"expires_at"`
	}

	err := d.db.GetContext(ctx, &row, d.db.Rebind(`
		SELECT version, sealed, expires_at FROM portal_sessions
		WHERE key_hash = ? AND operator = ? AND expires_at > ?`),
		key, operator, now.UnixMilli())
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, ErrNotFound
	}
	if err != nil {
		return Session{}, fmt.Errorf("find session: %w", err)
	}

	return Session{
		Key:       key,
		Version:   row.Version,
		Sealed:    row.Sealed,
		ExpiresAt: time.UnixMilli(row.ExpiresAt),
	}, nil
}

// UpdateSession replaces the content and the times of a session that still has this version, and makes the version one
// more. It returns ErrChanged if the row has another version by now, or is gone.
func (d *DB) UpdateSession(ctx context.Context, s Session) error {
	err := changedOne(d.db.ExecContext(ctx, d.db.Rebind(`
		UPDATE portal_sessions SET version = version + 1, sealed = ?, expires_at = ?, ends_at = ?
		WHERE key_hash = ? AND version = ?`),
		s.Sealed, s.ExpiresAt.UnixMilli(), s.EndsAt.UnixMilli(), s.Key, s.Version))
	if err != nil {
		return fmt.Errorf("update session: %w", err)
	}

	return nil
}

// ExtendSession moves the time at which a session expires. The version stays: two requests that extend a session do
// not undo each other's updates.
func (d *DB) ExtendSession(ctx context.Context, key []byte, expiresAt time.Time) error {
	_, err := d.db.ExecContext(ctx, d.db.Rebind(`UPDATE portal_sessions SET expires_at = ? WHERE key_hash = ?`),
		expiresAt.UnixMilli(), key)
	if err != nil {
		return fmt.Errorf("extend session: %w", err)
	}

	return nil
}

// InsertSession stores a new session of an operator with version 1. If it replaces another one, that one is deleted
// in the same transaction, by its key and version: InsertSession returns ErrChanged, and stores nothing, if the
// replaced row has another version by now or is gone. Sessions that have expired at now are deleted too.
func (d *DB) InsertSession(ctx context.Context, operator string, s Session, replaced *Session, now time.Time) error {
	err := d.inTransaction(ctx, func(tx *sqlx.Tx) error {
		if replaced != nil {
			err := changedOne(tx.ExecContext(ctx,
				tx.Rebind(`DELETE FROM portal_sessions WHERE key_hash = ? AND version = ?`),
				replaced.Key, replaced.Version))
			if err != nil {
				return err
			}
		}

		_, err := tx.ExecContext(ctx, tx.Rebind(`DELETE FROM portal_sessions WHERE expires_at <= ?`), now.UnixMilli())
		if err != nil {
			return err
		}

		_, err = tx.ExecContext(ctx, tx.Rebind(`
			INSERT INTO portal_sessions (key_hash, operator, version, sealed, expires_at, ends_at)
			VALUES (?, ?, 1, ?, ?, ?)`),
			s.Key, operator, s.Sealed, s.ExpiresAt.UnixMilli(), s.EndsAt.UnixMilli())

		return err
	})
	if err != nil {
		return fmt.Errorf("insert session: %w", err)
	}

	return nil
}

// DeleteSession deletes a session of an operator. It is no error if there is none.
func (d *DB) DeleteSession(ctx context.Context, operator string, key []byte) error {
	_, err := d.db.ExecContext(ctx, d.db.Rebind(`DELETE FROM portal_sessions WHERE key_hash = ? AND operator = ?`),
		key, operator)
	if err != nil {
		return fmt.Errorf("delete session: %w", err)
	}

	return nil
}

// CountSessions returns how many sessions are stored, of all operators, with those that have expired and were not
// swept yet.
func (d *DB) CountSessions(ctx context.Context) (int, error) {
	var n int
	if err := d.db.GetContext(ctx, &n, `SELECT count(*) FROM portal_sessions`); err != nil {
		return 0, fmt.Errorf("count sessions: %w", err)
	}

	return n, nil
}
