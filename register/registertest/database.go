package registertest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"central.consent/dar/migrations"
)

// Database is a kind of database to test on.
type Database int

const (
	// SQLite is a file that only the test uses.
	SQLite Database = iota
	// Postgres is a database that only the test uses, on the server that TEST_POSTGRES_URL names.
	Postgres
)

// String returns the name that the database has in the names of tests.
func (d Database) String() string {
	if d == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// EachDatabase runs a test on every kind of database.
func EachDatabase(t *testing.T, test func(t *testing.T, d Database)) {
	t.Helper()
	for _, d := range []Database{SQLite, Postgres} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

// Open opens a fresh database that has the schema of the set, and removes it after the test. The schema is copied from
// a template, which is migrated once. Without a PostgreSQL server the test is skipped. If CI is set it fails instead,
// because a skipped test looks like one that passed.
func (d Database) Open(t testing.TB, set migrations.Set) *migrations.DB {
	t.Helper()
	address, err := d.migrated(t, set)
	if err != nil {
		t.Fatal(err)
	}

	db, err := migrations.OpenAsIs(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})

	return db
}

// Address returns the address of a fresh, empty database, as migrations.Open takes it. It can be opened more than once.
func (d Database) Address(t testing.TB) string {
	t.Helper()
	if d == SQLite {
		return filepath.Join(t.TempDir(), "test.db") + unsynced
	}

	address, err := postgresServer(t).create(t, "template1")
	if err != nil {
		t.Fatal(err)
	}

	return address
}

// migrated returns the address of a fresh database with the schema of the set.
func (d Database) migrated(t testing.TB, set migrations.Set) (string, error) {
	t.Helper()
	if d == SQLite {
		schema, err := sqliteTemplate(set)
		if err != nil {
			return "", err
		}

		path := filepath.Join(t.TempDir(), "test.db")

		return path + unsynced, os.WriteFile(path, schema, 0o600)
	}

	server := postgresServer(t)
	template, err := server.template(set)
	if err != nil {
		return "", err
	}

	return server.create(t, template)
}

// unsynced are the parameters of a SQLite file that need not survive a power cut.
const unsynced = "?_pragma=synchronous(OFF)"

// sqliteTemplates holds, for each set, a function that migrates a file the first time and returns its content.
var sqliteTemplates sync.Map

// sqliteTemplate returns the content of a SQLite file that has the schema of the set and no rows.
func sqliteTemplate(set migrations.Set) ([]byte, error) {
	once, _ := sqliteTemplates.LoadOrStore(set, sync.OnceValues(func() ([]byte, error) {
		folder, err := os.MkdirTemp("", "dar-template-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(folder)

		path := filepath.Join(folder, "template.db")
		if err := migrate(path+unsynced, set); err != nil {
			return nil, err
		}

		return os.ReadFile(path)
	}))

	return once.(func() ([]byte, error))()
}

// migrate brings the database at address up to date and closes it.
func migrate(address string, set migrations.Set) error {
	db, err := migrations.Open(context.Background(), address, set)
	if err != nil {
		return err
	}

	return db.Close()
}

// postgres is the server that TEST_POSTGRES_URL names.
type postgres struct {
	address url.URL
	admin   *sql.DB

	templates sync.Map
}

// connectPostgres opens the one pool of connections that a process has for creating databases.
var connectPostgres = sync.OnceValues(func() (*postgres, error) {
	address, err := url.Parse(os.Getenv("TEST_POSTGRES_URL"))
	if err != nil {
		return nil, errors.New("TEST_POSTGRES_URL is not a URL")
	}

	admin, err := sql.Open("pgx", address.String())
	if err != nil {
		return nil, err
	}

	return &postgres{address: *address, admin: admin}, nil
})

func postgresServer(t testing.TB) *postgres {
	t.Helper()
	if os.Getenv("TEST_POSTGRES_URL") == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("TEST_POSTGRES_URL is not set, and in CI no test may be skipped")
		}
		t.Skip("TEST_POSTGRES_URL is not set")
	}

	server, err := connectPostgres()
	if err != nil {
		t.Fatal(err)
	}

	return server
}

// create copies the template to a new database, which is dropped after the test, and returns its address.
func (p *postgres) create(t testing.TB, template string) (string, error) {
	t.Helper()
	name := "test_" + uuid.NewString()[:13]
	// Copying the files is twice as fast as writing each page to the log, which is PostgreSQL's default.
	statement := fmt.Sprintf("CREATE DATABASE %q TEMPLATE %q STRATEGY FILE_COPY", name, template)
	if _, err := p.admin.Exec(statement); err != nil {
		return "", err
	}

	t.Cleanup(func() {
		if _, err := p.admin.Exec(fmt.Sprintf("DROP DATABASE %q WITH (FORCE)", name)); err != nil {
			t.Error(err)
		}
	})

	return p.of(name), nil
}

// of returns the address of the database with this name.
func (p *postgres) of(name string) string {
	address := p.address
	address.Path = "/" + name

	return address.String()
}

// template returns the name of a database that has the schema of the set and no rows.
func (p *postgres) template(set migrations.Set) (string, error) {
	once, _ := p.templates.LoadOrStore(set, sync.OnceValues(func() (string, error) {
		return p.makeTemplate(context.Background(), set)
	}))

	return once.(func() (string, error))()
}

// templateLock is the key of the advisory lock that lets one process at a time make templates on a server.
const templateLock = 0x6461720001

// makeTemplate makes the template of the set unless the server has it. Packages are tested by processes of their own,
// which share it: its name carries the fingerprint of the schema. It gets that name when it is complete.
func (p *postgres) makeTemplate(ctx context.Context, set migrations.Set) (name string, err error) {
	fingerprint, err := set.Fingerprint()
	if err != nil {
		return "", err
	}

	name = fmt.Sprintf("dar_template_%s_%s", set, fingerprint)
	conn, err := p.admin.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()

	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return "", err
	}
	defer func() {
		_, unlockErr := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", templateLock)
		err = errors.Join(err, unlockErr)
	}()

	var found bool
	row := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name)
	if err := row.Scan(&found); err != nil || found {
		return name, err
	}

	unfinished := name + "_unfinished"
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("DROP DATABASE IF EXISTS %q WITH (FORCE)", unfinished)); err != nil {
		return "", err
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("CREATE DATABASE %q", unfinished)); err != nil {
		return "", err
	}
	if err := migrate(p.of(unfinished), set); err != nil {
		return "", err
	}

	_, err = conn.ExecContext(ctx, fmt.Sprintf("ALTER DATABASE %q RENAME TO %q", unfinished, name))

	return name, err
}
