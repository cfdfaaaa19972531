// Package store holds every SQL statement of the register, one file a table. It knows neither HTTP nor the rules.
// A change with a condition states it in its WHERE clause and reports whether a row was changed, so that of several
// replicas that try at once exactly one succeeds. The same statements run on SQLite and PostgreSQL.
//
// A Store and a Tx share the methods of one reader, so a query is written once and works in and out of a transaction.
// Reads that lock what they find start with Hold and exist on Tx alone.
//
// Times go in and out as time.Time and are stored as milliseconds since 1970, UTC.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
)

var (
	// ErrNotFound says that no row matches.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that a row with this key exists already.
	ErrConflict = errors.New("conflict")
)

// Store is the register's database. Its methods are safe for concurrent use.
type Store struct {
	reader

	write *sqlx.DB
	// queued signals the workers of this process that a job has been committed.
	queued chan struct{}
}

// New returns the store over an open database with an up-to-date schema. On SQLite, write is a pool of one
// connection that begins its transactions immediately; on PostgreSQL both are the same pool.
func New(write, read *sqlx.DB) *Store {
	return &Store{
		reader: reader{db: read, auditKeys: &auditKeys{}},
		write:  write,
		queued: make(chan struct{}, 1),
	}
}

// Queued receives a value after a transaction of this process has queued a job. Jobs queued by another process are
// found by polling only.
func (s *Store) Queued() <-chan struct{} { return s.queued }

// Tx is one transaction. Every change of the register is made in one.
type Tx struct {
	reader

	tx     *sqlx.Tx
	audit  []AuditEvent
	queued bool
}

// Transact runs change in a transaction. It commits if change returns nil, and rolls back otherwise.
func (s *Store) Transact(ctx context.Context, change func(*Tx) error) (err error) {
	tx, err := s.write.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			err = errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
	}()

	t := &Tx{reader: reader{db: tx, auditKeys: s.auditKeys}, tx: tx}
	if err := change(t); err != nil {
		return err
	}
	if err := t.appendAudit(ctx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}

	if t.queued {
		s.signalQueued()
	}

	return nil
}

func (s *Store) signalQueued() {
	select {
	case s.queued <- struct{}{}:
	default: // a signal is waiting already
	}
}
