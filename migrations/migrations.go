// Package migrations holds the schema of both programs, for SQLite and for PostgreSQL. It opens a database and brings
// it up to date. A number is the same step on both. Times are integers: milliseconds since 1970, UTC. Secrets are
// stored as SHA-256 only.
package migrations

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
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

// Set is the schema of one program.
type Set string

// The two sets.
const (
	Register Set = "register"
	Portal   Set = "portal"
)

// maxPostgresConns keeps a few replicas under PostgreSQL's default limit of 100 connections.
const maxPostgresConns = 20

// DB is an open database. On SQLite, Write is a pool of one connection: SQLite has one writer at a time, and the queue
// of the pool is fairer than a busy loop. Read has many connections. On PostgreSQL both are the same pool.
type DB struct {
	Write, Read *sqlx.DB
	Postgres    bool
}

func init() { sqlx.BindDriver("sqlite", sqlx.QUESTION) }

// Open opens the database at address, a postgres:// URL or the path of a SQLite file, and applies the steps of the set
// that it lacks. A missing SQLite file is created. Several replicas may open a database at the same moment. The caller
// closes it.
func Open(ctx context.Context, address string, set Set) (*DB, error) {
	if !postgres(address) {
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

// OpenAsIs opens an existing database and leaves its schema as it is, to copy or to examine it. The caller closes it.
func OpenAsIs(ctx context.Context, address string) (*DB, error) {
	if !postgres(address) {
		if _, err := os.Stat(SQLitePath(address)); err != nil {
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

	// A page cache of 64 MB was tried: an import of 200,000 lines was no faster and took 100 MB more.
	write.SetMaxOpenConns(1)

	read, err := sqlx.Open("sqlite", source+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}

	read.SetMaxOpenConns(4 * runtime.GOMAXPROCS(0))
	read.SetMaxIdleConns(4 * runtime.GOMAXPROCS(0))

	return &DB{Write: write, Read: read}, nil
}

// sqliteSource returns the data source of the address. It carries the pragmas, because a pragma that is sent by Exec
// reaches one connection of the pool only. Parameters of the address come last and win.
func sqliteSource(address string) (string, error) {
	path, query := sqlitePath(address)
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return "", fmt.Errorf("%q is not a file: every connection would get its own database", address)
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

// SQLitePath returns the path of the file that a SQLite address names.
func SQLitePath(address string) string {
	path, _ := sqlitePath(address)
	return path
}

func sqlitePath(address string) (path, query string) {
	path, query, _ = strings.Cut(strings.TrimPrefix(address, "file:"), "?")
	return path, query
}

// createPrivate creates a missing SQLite file that only its owner can read. SQLite gives its journals the same mode. An
// existing file is not touched: opening and closing it would release the locks that this process holds on it.
func createPrivate(address string) error {
	if _, err := sqliteSource(address); err != nil {
		return err
	}

	file, err := os.OpenFile(SQLitePath(address), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}

	return file.Close()
}

// migrate applies the steps of the set that the database lacks.
func migrate(ctx context.Context, db *DB, set Set) error {
	steps, err := set.steps(db.Postgres)
	if err != nil {
		return err
	}

	// Each set counts its own steps, so that both programs may share one PostgreSQL database.
	options := []goose.ProviderOption{goose.WithTableName(string(set) + "_schema_version")}
	dialect := goose.DialectSQLite3
	if db.Postgres {
		// A replica that waits for another to finish looks every second, for five minutes.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return err
		}

		dialect = goose.DialectPostgres
		options = append(options, goose.WithSessionLocker(locker))
	}

	provider, err := goose.NewProvider(dialect, db.Write.DB, steps, options...)
	if err != nil {
		return err
	}

	_, err = provider.Up(ctx)

	return err
}

// steps returns the SQL files of the set for one kind of database.
func (set Set) steps(postgres bool) (fs.FS, error) {
	if postgres {
		return fs.Sub(files, string(set)+"/postgres")
	}
	return fs.Sub(files, string(set)+"/sqlite")
}

// Fingerprint returns 16 hexadecimal digits that change with the schema of the set for PostgreSQL. Tests name by it the
// databases that they copy.
func (set Set) Fingerprint() (string, error) {
	steps, err := set.steps(true)
	if err != nil {
		return "", err
	}

	hash := sha256.New()
	err = fs.WalkDir(steps, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}

		step, err := fs.ReadFile(steps, path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(step), step)

		return err
	})

	return hex.EncodeToString(hash.Sum(nil)[:8]), err
}

// Close closes every connection.
func (db *DB) Close() error {
	if db.Read == db.Write {
		return db.Write.Close()
	}
	return errors.Join(db.Read.Close(), db.Write.Close())
}
