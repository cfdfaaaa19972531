package migrations_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
)

// Both programs may share a PostgreSQL database, and their replicas may start at the same moment.
func TestSharedDatabase(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		address := d.Address(t)
		var starts sync.WaitGroup
		sets := []migrations.Set{migrations.Register, migrations.Portal, migrations.Register, migrations.Portal}
		for _, set := range sets {
			starts.Go(func() {
				if d == registertest.SQLite {
					return // a file belongs to one program
				}

				db, err := migrations.Open(t.Context(), address, set)
				if err != nil {
					t.Error(err)
					return
				}

				db.Close()
			})
		}

		starts.Wait()
		tables := map[migrations.Set]string{migrations.Register: "access_records", migrations.Portal: "portal_sessions"}
		for set, table := range tables {
			db, err := migrations.Open(t.Context(), address, set)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Write.Exec(`SELECT COUNT(*) FROM ` + table); err != nil {
				t.Error(err)
			}

			db.Close()
		}
	})
}

func TestSQLitePragmas(t *testing.T) {
	t.Parallel()
	db, err := migrations.Open(context.Background(), t.TempDir()+"/with a space.db", migrations.Register)
	if err != nil {
		t.Fatal(err)
	}

	defer db.Close()
	pragmas := map[string]string{
		"journal_mode": "wal",
		"synchronous":  "2",
		"foreign_keys": "1",
		"busy_timeout": "5000",
	}
	for pragma, want := range pragmas {
		for name, pool := range map[string]*sqlx.DB{"write": db.Write, "read": db.Read} {
			var got string
			if err := pool.Get(&got, "PRAGMA "+pragma); err != nil || got != want {
				t.Errorf("%s, %s: %q, want %q (%v)", name, pragma, got, want, err)
			}
		}
	}

	if _, err := db.Read.Exec(`DELETE FROM accounts`); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("the reading pool writes: %v", err)
	}
	if _, err := migrations.Open(context.Background(), ":memory:", migrations.Register); err == nil {
		t.Error("a database in memory, which each connection opens for itself, is accepted")
	}
}

// Sessions from before the portal knew operators stay valid if it has one operator.
func TestSessionsBeforeOperators(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		address := d.Address(t)
		if path, _, _ := strings.Cut(address, "?"); d == registertest.SQLite {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}

		db, err := migrations.OpenAsIs(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}

		dialect := goose.DialectSQLite3
		folder := "portal/sqlite"
		if d == registertest.Postgres {
			dialect, folder = goose.DialectPostgres, "portal/postgres"
		}

		before, err := goose.NewProvider(
			dialect,
			db.Write.DB,
			os.DirFS(folder),
			goose.WithTableName("portal_schema_version"),
		)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := before.UpTo(t.Context(), 1); err != nil {
			t.Fatal(err)
		}

		insert := db.Write.Rebind(
			`INSERT INTO portal_sessions (key_hash, version, sealed, expires_at, ends_at) VALUES (?, 1, ?, 2, 3)`,
		)
		if _, err := db.Write.Exec(insert, make([]byte, 32), []byte("sealed")); err != nil {
			t.Fatal(err)
		}

		db.Close()
		if db, err = migrations.Open(t.Context(), address, migrations.Portal); err != nil {
			t.Fatal(err)
		}

		defer db.Close()
		var operator, sealed string
		row := db.Read.QueryRow(`SELECT operator, sealed FROM portal_sessions`)
		if err := row.Scan(&operator, &sealed); err != nil || operator != "" || sealed != "sealed" {
			t.Errorf("operator %q, sealed %q: %v", operator, sealed, err)
		}
	})
}
