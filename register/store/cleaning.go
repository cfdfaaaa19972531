package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// cleaningBusyTimeout is how long a checkpoint waits for readers, in milliseconds. Writers wait meanwhile.
const cleaningBusyTimeout = 200

// erasedTables are the tables from which an erasure deletes.
const erasedTables = `identity_keys, identity_records, contacts, credentials, outbox, contact_letters,
	reidentifications, passkey_ceremonies, idempotency_keys, imports, kept_readings`

// RequestCleaning makes the next cleaning of the files due: what was sealed in an older form has been replaced.
func (t *Tx) RequestCleaning(ctx context.Context) error {
	_, err := t.exec(ctx, "request a cleaning", `UPDATE erasure_cleaning SET erasures = -1`)

	return err
}

// NeedsCleaning reports whether something was erased since the files were last cleaned of it.
func (r reader) NeedsCleaning(ctx context.Context) (bool, error) {
	return queryRow[bool](ctx, r.db, "find whether a cleaning is due",
		`SELECT (SELECT COUNT(*) FROM erasures) <> (SELECT MAX(erasures) FROM erasure_cleaning)`)
}

// Clean rewrites what deleted rows have left in the files: SQLite's free space and the remains on its pages, and
// PostgreSQL's dead rows. It takes about a second for 100 MB on SQLite, in which writers wait, and as much space as the
// database has. On SQLite call TruncateLog afterwards.
func (s *Store) Clean(ctx context.Context) error {
	erasures, err := s.CountErasures(ctx)
	if err != nil {
		return err
	}

	statement := `VACUUM`
	if s.onPostgres() {
		statement = `VACUUM (INDEX_CLEANUP ON) ` + erasedTables
	}
	if _, err := s.write.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("clean the database of what was erased: %w", err)
	}

	return s.Transact(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, "record a cleaning", `UPDATE erasure_cleaning SET erasures = ?`, erasures)

		return err
	})
}

// TruncateLog moves the write-ahead log of SQLite into the database file and truncates it, so that the log holds
// nothing of what was erased. It returns false if a reader held the log: call it again later. PostgreSQL keeps and
// deletes its log by its own settings.
func (s *Store) TruncateLog(ctx context.Context) (truncated bool, err error) {
	if s.onPostgres() {
		return true, nil
	}

	conn, err := s.write.Connx(ctx)
	if err != nil {
		return false, fmt.Errorf("truncate the log: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()

	var timeout int
	if err := conn.GetContext(ctx, &timeout, `PRAGMA busy_timeout`); err != nil {
		return false, fmt.Errorf("truncate the log: %w", err)
	}
	if err := setBusyTimeout(ctx, conn, cleaningBusyTimeout); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, setBusyTimeout(context.WithoutCancel(ctx), conn, timeout)) }()

	var result struct {
		Busy         int `db:"busy"`
		Log          int `db:"log"`
		Checkpointed int `db:"checkpointed"`
	}
	if err := conn.GetContext(ctx, &result, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return false, fmt.Errorf("truncate the log: %w", err)
	}

	return result.Busy == 0, nil
}

// setBusyTimeout sets how long a connection to SQLite waits for others, in milliseconds.
func setBusyTimeout(ctx context.Context, conn *sqlx.Conn, milliseconds int) error {
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA busy_timeout = %d`, milliseconds)); err != nil {
		return fmt.Errorf("set how long a connection waits: %w", err)
	}

	return nil
}
