// Package migrations holds the schema of both programs, each on SQLite and on PostgreSQL, and opens a database with an
// up-to-date schema.
//
// A migration has the same number on both databases. Times are integers, in milliseconds since 1970 UTC. Secrets are
// stored as SHA-256 only.
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

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // driver "sqlite"
)

//go:embed register/*/*.sql portal/*/*.sql
var files embed.FS

// Set is the schema of one program.
type Set string

// The schemas of the two programs.
const (
	Register Set = "register"
	Portal   Set = "portal"
)

// maxPostgresConns keeps a few replicas below PostgreSQL's default limit of 100 connections.
const maxPostgresConns = 20

// DB is an open database. SQLite has one writer at a time, so Write is a single connection there: waiting in the pool
// is fairer than a busy loop. Read has many connections. On PostgreSQL both are the same pool.
type DB struct {
	Write, Read *sqlx.DB
	Postgres    bool
}

func init() { sqlx.BindDriver("sqlite", sqlx.QUESTION) }

// Open opens the database at address and applies the missing migrations of the set. The address is a postgres:// URL,
// or the path of a SQLite file, which is created if it does not exist. Several replicas may open a database at the same
// time. The caller closes it.
func Open(ctx context.Context, address string, set Set) (*DB, error) {
	if !isPostgres(address) {
		if err := createPrivate(address); err != nil {
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

// OpenAsIs opens a database that exists and does not change its schema, in order to copy or examine it. The caller
// closes it.
func OpenAsIs(ctx context.Context, address string) (*DB, error) {
	if !isPostgres(address) {
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

func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

func open(address string) (*DB, error) {
	if isPostgres(address) {
		return openPostgres(address)
	}

	return openSQLite(address)
}

func openPostgres(address string) (*DB, error) {
	pool, err := sqlx.Open("pgx", address)
	if err != nil {
		return nil, err
	}

	pool.SetMaxOpenConns(maxPostgresConns)
	pool.SetMaxIdleConns(maxPostgresConns)

	return &DB{Write: pool, Read: pool, Postgres: true}, nil
}

func openSQLite(address string) (*DB, error) {
	source, err := sqliteSource(address)
	if err != nil {
		return nil, err
	}

	write, err := sqlx.Open("sqlite", source+"&_txlock=immediate")
	if err != nil {
		return nil, err
	}

	// A page cache of 64 MB did not make an import of 200,000 lines faster, and took 100 MB more.
	write.SetMaxOpenConns(1)

	read, err := sqlx.Open("sqlite", source+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}

	readConns := 4 * runtime.GOMAXPROCS(0)
	read.SetMaxOpenConns(readConns)
	read.SetMaxIdleConns(readConns)

	return &DB{Write: write, Read: read}, nil
}

// sqliteSource returns the data source of a SQLite file. It sets the pragmas there, because a pragma sent with Exec
// reaches only one connection of the pool. Parameters of the address come last and override them.
func sqliteSource(address string) (string, error) {
	path, query := sqlitePath(address)
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return "", fmt.Errorf("%q is not a file: every connection would open its own database", address)
	}
	if _, err := url.ParseQuery(query); err != nil {
		return "", fmt.Errorf("parameters of %q: %w", path, err)
	}

	source := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
		"&_pragma=secure_delete(1)" // what is deleted is overwritten
	if query != "" {
		source += "&" + query
	}

	return source, nil
}

// sqlitePath splits an address into the path of the file and the parameters.
func sqlitePath(address string) (path, query string) {
	path, query, _ = strings.Cut(strings.TrimPrefix(address, "file:"), "?")
	return path, query
}

// createPrivate creates a missing SQLite file with a mode that lets only its owner read it. SQLite gives its journals
// the same mode. It does not open a file that exists: closing it would release the locks that this process has on it.
func createPrivate(address string) error {
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

// migrate applies the missing migrations of the set.
func migrate(ctx context.Context, db *DB, set Set) error {
	dialect := goose.DialectSQLite3
	folder := "sqlite"
	// Each set has its own version table, so that both programs can share one PostgreSQL database.
	options := []goose.ProviderOption{goose.WithTableName(string(set) + "_schema_version")}
	if db.Postgres {
		dialect = goose.DialectPostgres
		folder = "postgres"
		// A replica that waits for another to migrate looks every second, for five minutes.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return err
		}

		options = append(options, goose.WithSessionLocker(locker))
	}

	scripts, err := fs.Sub(files, string(set)+"/"+folder)
	if err != nil {
		return err
	}

	provider, err := goose.NewProvider(dialect, db.Write.DB, scripts, options...)
	if err != nil {
		return err
	}

	_, err = provider.Up(ctx)

	return err
}

// Close closes all connections.
func (db *DB) Close() error {
	if db.Read == db.Write {
		return db.Write.Close()
	}
	return errors.Join(db.Read.Close(), db.Write.Close())
}
