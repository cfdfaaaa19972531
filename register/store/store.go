// Package store holds every SQL statement of the register, one file per table. It knows neither HTTP nor
// the rules: a change that must be decided says so in its WHERE, and the rows affected decide. The same
// statements run on SQLite and PostgreSQL, and the same tests.
//
// Times go in and out as time.Time and are kept as milliseconds since 1970, UTC.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrNotFound says that no row fits.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that a row with this key is already there.
	ErrConflict = errors.New("conflict")
)

// Store is the register's database. Its methods are safe for concurrent use.
type Store struct {
	write, read *sqlx.DB
	// queued tells a worker of this process that a job has been committed.
	queued chan struct{}
}

// New returns the store over an open database whose schema is up to date. On SQLite write is a pool of one
// connection that begins its transactions immediately; on PostgreSQL both are the same pool.
func New(write, read *sqlx.DB) *Store {
	return &Store{write: write, read: read, queued: make(chan struct{}, 1)}
}

// Queued receives when a transaction of this process has queued a job. Another process finds it when it looks.
func (s *Store) Queued() <-chan struct{} { return s.queued }

// Tx is one transaction: every change of the register is made in one.
type Tx struct {
	tx     *sqlx.Tx
	audit  []AuditEvent
	queued bool
}

// Transact runs change in a transaction, which is committed when change returns nil and rolled back otherwise.
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

	t := &Tx{tx: tx}
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
		select {
		case s.queued <- struct{}{}:
		default: // it has been told already
		}
	}

	return nil
}

// lock makes a row that is read stay as it is until the transaction ends. On SQLite a transaction that writes is
// alone anyway.
func (t *Tx) lock() string {
	if t.tx.DriverName() == "pgx" {
		return " FOR NO KEY UPDATE"
	}
	return ""
}

type queryer interface {
	sqlx.QueryerContext
	Rebind(string) string
}

func one[T any](ctx context.Context, q queryer, query string, args ...any) (T, error) {
	var row T
	err := sqlx.GetContext(ctx, q, &row, q.Rebind(query), args...)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}

	return row, err
}

func all[T any](ctx context.Context, q queryer, query string, args ...any) ([]T, error) {
	var rows []T
	err := sqlx.SelectContext(ctx, q, &rows, q.Rebind(query), args...)
	return rows, err
}

// exec runs a change and answers how many rows it reached.
func (t *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(ctx, t.tx.Rebind(query), args...)
	if err != nil {
		return 0, conflict(err)
	}
	return result.RowsAffected()
}

func (t *Tx) insert(ctx context.Context, query string, row any) error {
	_, err := t.tx.NamedExecContext(ctx, query, row)
	return conflict(err)
}

// conflict names a broken unique constraint by ErrConflict, and leaves every other error.
func conflict(err error) error {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		if code := lite.Code(); code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY ||
			code == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
			return errors.Join(ErrConflict, err)
		}
	}

	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" { // unique_violation
		return errors.Join(ErrConflict, err)
	}

	return err
}

// Millis is a time as it is kept: milliseconds since 1970, UTC.
type Millis time.Time

// Value implements driver.Valuer.
func (m Millis) Value() (driver.Value, error) { return time.Time(m).UnixMilli(), nil }

// Scan implements sql.Scanner.
func (m *Millis) Scan(value any) error {
	ms, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time is kept as an integer, not %T", value)
	}

	*m = Millis(time.UnixMilli(ms).UTC())
	return nil
}

// Time returns the time, UTC.
func (m Millis) Time() time.Time { return time.Time(m) }

// OptionalMillis returns a column value of a time that may be missing.
func OptionalMillis(t *time.Time) *Millis {
	if t == nil {
		return nil
	}
	m := Millis(*t)
	return &m
}

// OptionalTime is the other way round.
func OptionalTime(m *Millis) *time.Time {
	if m == nil {
		return nil
	}
	t := m.Time()
	return &t
}

// JSON is a column that holds a value as JSON text.
type JSON[T any] struct{ V T }

// Value implements driver.Valuer.
func (j JSON[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(j.V)
	return string(text), err
}

// Scan implements sql.Scanner.
func (j *JSON[T]) Scan(value any) error {
	switch text := value.(type) {
	case string:
		return json.Unmarshal([]byte(text), &j.V)
	case []byte:
		return json.Unmarshal(text, &j.V)
	}

	return fmt.Errorf("JSON is kept as text, not %T", value)
}
