package store

import (
	"context"
	"database/sql"

	"github.com/jmoiron/sqlx"
)

// ExecForTest runs a statement in the transaction, as an intruder would. It returns how many rows it changed.
func (t *Tx) ExecForTest(ctx context.Context, statement string, args ...any) (int64, error) {
	return t.exec(ctx, "tamper", statement, args...)
}

// RehashForTest sets the hash of the event to that of the row behind one with the hash before. The key is nil for a row
// from before the first seal.
func (e *AuditEvent) RehashForTest(key, before []byte) { e.Hash = e.hash(key, before) }

// RecordingForTest returns the store with a queryer that passes each query to record before it runs on the read pool.
func (s *Store) RecordingForTest(record func(query string, args []any)) *Store {
	recording := *s
	recording.db = recorder{s.db, record}

	return &recording
}

// recorder passes on what is queried.
type recorder struct {
	queryer

	record func(query string, args []any)
}

func (r recorder) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.record(query, args)

	return r.queryer.QueryContext(ctx, query, args...)
}

func (r recorder) QueryxContext(ctx context.Context, query string, args ...any) (*sqlx.Rows, error) {
	r.record(query, args)

	return r.queryer.QueryxContext(ctx, query, args...)
}

func (r recorder) QueryRowxContext(ctx context.Context, query string, args ...any) *sqlx.Row {
	r.record(query, args)

	return r.queryer.QueryRowxContext(ctx, query, args...)
}
