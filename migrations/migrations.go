// Package migrations holds the schema of both programs, for SQLite and for PostgreSQL, and opens a
// database brought up to date. The same number is the same step on both; times are integers, milliseconds
// since 1970 UTC, and secrets are kept only as SHA-256.
package migrations

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed register/*/*.sql portal/*/*.sql
var files embed.FS

// Set is one program's schema.
type Set string

const (
	Register Set = "register"
	Portal   Set = "portal"
)

// maxPostgresConns keeps a few replicas under PostgreSQL's own default of 100 connections.
const maxPostgresConns = 20

// DB is an open database. On SQLite, Write is one connection, for it has one writer at a time and a
// queue in the pool is fairer than a busy loop; Read is many. On PostgreSQL both are one pool.
type DB struct {
	Write, Read *sqlx.DB
	Postgres    bool
}

func init() { sqlx.BindDriver("sqlite", sqlx.QUESTION) }

// Open opens the database at address - a postgres:// URL, or the path of a SQLite file, which is created
// when missing - and applies what is missing of the set's schema. Several replicas may open one database
// at the same moment. The caller closes it.
func Open(ctx context.Context, address string, set Set) (*DB, error) {
	if !postgres(address) {
		if err := private(address); err != nil {
			return nil, fmt.Errorf("open the %s database: %w", set, err)
		}
	}

	db, err := open(address)
	if err != nil {
		return nil, fmt.Errorf("open the %s database: %w", set, err)
	}
	if err := migrate(ctx, db, set); err != nil {
		return nil, fmt.Errorf("bring the %s database up to date: %w", set, errors.Join(err, db.Close()))
	}

	return db, nil
}

// OpenAsIs opens a database that is there, and changes nothing of its schema: to copy or to examine it. The caller
// closes it.
func OpenAsIs(ctx context.Context, address string) (*DB, error) {
	if !postgres(address) {
		path, _ := sqlitePath(address)
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("open the database: %w", err)
		}
	}

	db, err := open(address)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := db.Read.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("open the database: %w", errors.Join(err, db.Close()))
	}

	return db, nil
}

func postgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

func open(address string) (*DB, error) {
	if postgres(address) {
		pool, err := sqlx.Open("pgx", address)
		if err != nil {
			return nil, err
		}

		pool.SetMaxOpenConns(maxPostgresConns)
		pool.SetMaxIdleConns(maxPostgresConns)
		return &DB{Write: pool, Read: pool, Postgres: true}, nil
	}

	source, err := sqliteSource(address)
	if err != nil {
		return nil, err
	}

	write, err := sqlx.Open("sqlite", source+"&_txlock=immediate")
	if err != nil {
		return nil, err
	}

	// A page cache of 64 MB was tried here: an import of 200,000 lines was no faster, and took 100 MB more.
	write.SetMaxOpenConns(1)
	read, err := sqlx.Open("sqlite", source+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}

	read.SetMaxOpenConns(4 * runtime.GOMAXPROCS(0))
	read.SetMaxIdleConns(4 * runtime.GOMAXPROCS(0))
	return &DB{Write: write, Read: read}, nil
}

// sqliteSource puts the pragmas into the data source, since a pragma sent by Exec reaches one connection
// of the pool only. Parameters that the address already has come last, and win.
func sqliteSource(address string) (string, error) {
	path, query := sqlitePath(address)
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return "", fmt.Errorf("%q is not a file: every connection would get a database of its own", address)
	}
	if _, err := url.ParseQuery(query); err != nil {
		return "", fmt.Errorf("parameters of %q: %w", path, err)
	}

	source := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	if query != "" {
		source += "&" + query
	}

	return source, nil
}

func sqlitePath(address string) (path, query string) {
	path, query, _ = strings.Cut(strings.TrimPrefix(address, "file:"), "?")
	return path, query
}

// private makes a SQLite file that is missing, for its owner's eyes alone; SQLite gives its journals the same mode. A
// file that is there is not touched: to open and close it would end the locks that this process has on it.
func private(address string) error {
	if _, err := sqliteSource(address); err != nil {
		return err
	}

	path, _ := sqlitePath(address)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}

	return file.Close()
}

func migrate(ctx context.Context, db *DB, set Set) error {
	dialect := goose.DialectSQLite3
	folder := "sqlite"
	// Each set counts its own steps, so that both programs may share one PostgreSQL database.
	options := []goose.ProviderOption{goose.WithTableName(string(set) + "_schema_version")}
	if db.Postgres {
		dialect, folder = goose.DialectPostgres, "postgres"
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}

		options = append(options, goose.WithSessionLocker(locker))
	}

	steps, err := fs.Sub(files, string(set)+"/"+folder)
	if err != nil {
		return err
	}

	provider, err := goose.NewProvider(dialect, db.Write.DB, steps, options...)
	if err != nil {
		return err
	}

	_, err = provider.Up(ctx)
	return err
}

// Close closes every connection.
func (db *DB) Close() error {
	if db.Read == db.Write {
		return db.Write.Close()
	}
	return errors.Join(db.Read.Close(), db.Write.Close())
}
