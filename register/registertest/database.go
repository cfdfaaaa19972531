package registertest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"central.consent/dar/migrations"
)

// Database is a kind of database to test on.
type Database int

const (
	// SQLite is a file of the test's own.
	SQLite Database = iota
	// Postgres is a database of the test's own on the server that TEST_POSTGRES_URL names.
	Postgres
)

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

// Open opens a fresh database with this schema, which goes with the test. Without a PostgreSQL server the
// test is skipped; in CI, where skipping would look like passing, it fails.
func (d Database) Open(t testing.TB, set migrations.Set) *migrations.DB {
	t.Helper()
	db, err := migrations.Open(context.Background(), d.Address(t), set)
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

// Address is where a fresh database is: what migrations.Open takes. It can be opened more than once.
func (d Database) Address(t testing.TB) string {
	t.Helper()
	if d == SQLite {
		return filepath.Join(t.TempDir(), "test.db") + "?_pragma=synchronous(OFF)"
	}

	server := os.Getenv("TEST_POSTGRES_URL")
	if server == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("TEST_POSTGRES_URL is not set, and in CI no test may be skipped")
		}
		t.Skip("TEST_POSTGRES_URL is not set")
	}

	address, err := url.Parse(server)
	if err != nil {
		t.Fatal("TEST_POSTGRES_URL is not a URL")
	}

	admin, err := sqlx.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}

	name := "test_" + uuid.NewString()[:13]
	if _, err := admin.Exec(fmt.Sprintf("CREATE DATABASE %q", name)); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if _, err := admin.Exec(fmt.Sprintf("DROP DATABASE %q WITH (FORCE)", name)); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	address.Path = "/" + name
	return address.String()
}
