package portaldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Ticket leads out of a frame once: it names the session in the frame, and the record to stop by its handle there.
type Ticket struct {
	// Hash is the SHA-256 of the ticket that the browser holds.
	Hash       []byte
	SessionKey []byte
	Handle     string
	ExpiresAt  time.Time
}

// InsertTicket stores a ticket of an operator, and deletes the tickets that have expired at now.
func (d *DB) InsertTicket(ctx context.Context, operator string, t Ticket, now time.Time) error {
	_, err := d.db.ExecContext(ctx, d.db.Rebind(`
		INSERT INTO portal_tickets (ticket_hash, operator, session_key, handle, expires_at) VALUES (?, ?, ?, ?, ?)`),
		t.Hash, operator, t.SessionKey, t.Handle, t.ExpiresAt.UnixMilli())
	if err != nil {
		return fmt.Errorf("insert ticket: %w", err)
	}

	_, err = d.db.ExecContext(ctx, d.db.Rebind(`DELETE FROM portal_tickets WHERE expires_at <= ?`), now.UnixMilli())
	if err != nil {
		return fmt.Errorf("delete old tickets: %w", err)
	}

	return nil
}

// TakeTicket deletes and returns the ticket of an operator that has not expired at now; ErrNotFound if there is none.
// One statement does both: a ticket is single use across replicas.
func (d *DB) TakeTicket(ctx context.Context, operator string, hash []byte, now time.Time) (Ticket, error) {
	var row struct {
		SessionKey []byte `db:"session_key"`
		Handle     string
		ExpiresAt  int64 `db:"expires_at"`
	}

	err := d.db.GetContext(ctx, &row, d.db.Rebind(`
		DELETE FROM portal_tickets WHERE ticket_hash = ? AND operator = ? AND expires_at > ?
		RETURNING session_key, handle, expires_at`),
		hash, operator, now.UnixMilli())
	if errors.Is(err, sql.ErrNoRows) {
		return Ticket{}, ErrNotFound
	}
	if err != nil {
		return Ticket{}, fmt.Errorf("take ticket: %w", err)
	}

	return Ticket{
		Hash:       hash,
		SessionKey: row.SessionKey,
		Handle:     row.Handle,
		ExpiresAt:  time.UnixMilli(row.ExpiresAt),
	}, nil
}
