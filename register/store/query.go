package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// queryer is a database or a transaction.
type queryer interface {
	sqlx.QueryerContext
	Rebind(query string) string
	DriverName() string
}

// reader holds the queries that change nothing. A Store runs them on its read pool. A Tx runs them in its
// transaction, and they see what it has written.
type reader struct {
	db queryer
	// auditKeys opens the keys of the audit log; the readers of a store share it.
	auditKeys *auditKeys
}

// queryRow returns the one row that a query finds, or ErrNotFound. Errors begin with action.
func queryRow[T any](ctx context.Context, db queryer, action, query string, args ...any) (T, error) {
	var row T
	err := sqlx.GetContext(ctx, db, &row, db.Rebind(query), args...)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		var none T
		return none, fmt.Errorf("%s: %w", action, conflict(err))
	}

	return row, nil
}

// queryRows returns all rows that a query finds. Errors begin with action.
func queryRows[T any](ctx context.Context, db queryer, action, query string, args ...any) ([]T, error) {
	var rows []T
	if err := sqlx.SelectContext(ctx, db, &rows, db.Rebind(query), args...); err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}

	return rows, nil
}

// queryRowsIn is queryRows for a query with IN (?). Each argument that is a slice, other than a []byte, stands for
// its elements, and has at least one.
func queryRowsIn[T any](ctx context.Context, db queryer, action, query string, args ...any) ([]T, error) {
	query, args, err := sqlx.In(query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}

	return queryRows[T](ctx, db, action, query, args...)
}

// exec runs a change and returns how many rows it changed. Errors begin with action.
func (t *Tx) exec(ctx context.Context, action, query string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(ctx, t.tx.Rebind(query), args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", action, conflict(err))
	}

	rows, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", action, err)
	}

	return rows, nil
}

// execOne runs a change of one row, and reports whether it changed it.
func (t *Tx) execOne(ctx context.Context, action, query string, args ...any) (bool, error) {
	rows, err := t.exec(ctx, action, query, args...)
	return rows == 1, err
}

// insert runs an INSERT with the columns of row as :names.
func (t *Tx) insert(ctx context.Context, action, query string, row any) error {
	if _, err := t.tx.NamedExecContext(ctx, query, row); err != nil {
		return fmt.Errorf("%s: %w", action, conflict(err))
	}

	return nil
}

// forUpdate ends a query that locks its rows until the transaction ends. SQLite needs no such clause: a
// transaction that writes excludes all others.
func (t *Tx) forUpdate() string {
	if t.onPostgres() {
		return " FOR NO KEY UPDATE"
	}

	return ""
}

// forShare is forUpdate for rows that other transactions may share, but not change.
func (t *Tx) forShare() string {
	if t.onPostgres() {
		return " FOR SHARE"
	}

	return ""
}

func (r reader) onPostgres() bool { return r.db.DriverName() == "pgx" }

// conflict joins ErrConflict to the error of a broken unique constraint, and returns any other error as it is.
func conflict(err error) error {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		code := lite.Code()
		if code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || code == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
			return errors.Join(ErrConflict, err)
		}
	}

	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" { // unique_violation
		return errors.Join(ErrConflict, err)
	}

	return err
}

// rowsPerInsert is how many rows one INSERT adds at most. More rows bring no more speed, only longer statements.
const rowsPerInsert = 100

// placeholders returns "(?, ?), (?, ?)" for a number of rows and columns.
func placeholders(rows, columns int) string {
	row := ", (?" + strings.Repeat(", ?", columns-1) + ")"
	return strings.Repeat(row, rows)[2:]
}
