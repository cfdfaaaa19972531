// Package portaldb holds every SQL statement of the portal: sessions, limits and tickets out of frames. It stores what
// it is given: callers hash keys and seal contents first, so that the database alone does not reveal who was here.
//
// The statements run on SQLite and on PostgreSQL alike. Package migrations has the tables.
package portaldb

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"
)

var (
	// ErrNotFound is returned if no row matches, or if the matching row has expired.
	ErrNotFound = errors.New("portaldb: not found")
	// ErrChanged is returned if a row was changed or deleted since it was read. The update was not made.
	ErrChanged = errors.New("portaldb: the row was changed by another request")
)

// DB runs the portal's statements.
type DB struct {
	db *sqlx.DB
}

// New returns a DB on a database that package migrations has brought up to date.
func New(db *sqlx.DB) *DB { return &DB{db: db} }

// inTransaction commits what do has done, or rolls it back if do returns an error.
func (d *DB) inTransaction(ctx context.Context, do func(*sqlx.Tx) error) error {
	tx, err := d.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}

	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}

	return tx.Commit()
}

// changedOne returns ErrChanged if a statement that had to change one row changed none.
func changedOne(result sql.Result, err error) error {
	if err != nil {
		return err
	}

	rows, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if rows != 1 {
		return ErrChanged
	}

	return nil
}
