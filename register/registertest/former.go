package registertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"central.consent/dar/migrations"
)

// OpenAt opens the database at an address, which may be new, and applies the migrations of a set up to a version: that
// of an earlier program. The caller closes it.
func OpenAt(t testing.TB, address string, set migrations.Set, version int64) *migrations.DB {
	t.Helper()
	if path, _, _ := strings.Cut(address, "?"); !strings.HasPrefix(address, "postgres") {
		file, err := os.OpenFile(path, os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}

	db, err := migrations.OpenAsIs(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}

	dialect := goose.DialectSQLite3
	kind := "sqlite"
	if db.Postgres {
		dialect = goose.DialectPostgres
		kind = "postgres"
	}

	provider, err := goose.NewProvider(dialect, db.Write.DB, os.DirFS(scripts(t, set, kind)),
		goose.WithTableName(string(set)+"_schema_version"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}

	return db
}

// scripts returns the folder of the migrations of a set on a kind of database. A test runs in its package's folder.
func scripts(t testing.TB, set migrations.Set, kind string) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}

	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return filepath.Join(folder, "migrations", string(set), kind)
		}

		parent := filepath.Dir(folder)
		if parent == folder {
			t.Fatal("no go.mod above the folder of the test")
		}
		folder = parent
	}
}
