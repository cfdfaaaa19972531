package migrations_test

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
)

// Both programs may share a PostgreSQL database, and their replicas may start at the same time. A SQLite file belongs
// to one program.
func TestOpenConcurrently(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		address := d.Address(t)
		if d == registertest.Postgres {
			openTwice(t, address)
		}

		for set, table := range map[migrations.Set]string{
			migrations.Register: "access_records",
			migrations.Portal:   "portal_sessions",
		} {
			db := open(t, address, set)
			if _, err := db.Write.Exec(`SELECT COUNT(*) FROM ` + table); err != nil {
				t.Error(err)
			}
		}
	})
}

// openTwice opens both sets of one database in two goroutines each.
func openTwice(t *testing.T, address string) {
	t.Helper()
	var group sync.WaitGroup
	for _, set := range []migrations.Set{
		migrations.Register, migrations.Portal, migrations.Register, migrations.Portal,
	} {
		group.Go(func() {
			db, err := migrations.Open(t.Context(), address, set)
			if err != nil {
				t.Error(err)
				return
			}

			db.Close()
		})
	}

	group.Wait()
}

func open(t *testing.T, address string, set migrations.Set) *migrations.DB {
	t.Helper()
	db, err := migrations.Open(t.Context(), address, set)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { db.Close() })

	return db
}

func TestSQLitePragmas(t *testing.T) {
	t.Parallel()
	db := open(t, t.TempDir()+"/with a space.db", migrations.Register)
	for pragma, want := range map[string]string{
		"journal_mode":  "wal",
		"synchronous":   "2",
		"foreign_keys":  "1",
		"busy_timeout":  "5000",
		"secure_delete": "1",
	} {
		for name, pool := range map[string]*sqlx.DB{"write": db.Write, "read": db.Read} {
			var got string
			if err := pool.Get(&got, "PRAGMA "+pragma); err != nil || got != want {
				t.Errorf("%s, %s: %q, want %q (%v)", name, pragma, got, want, err)
			}
		}
	}

	if _, err := db.Read.Exec(`DELETE FROM accounts`); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("the read pool can write: %v", err)
	}
	if _, err := migrations.Open(t.Context(), ":memory:", migrations.Register); err == nil {
		t.Error("a database in memory, of which each connection would open its own, was accepted")
	}
}

// A portal session from before the migration of operators stays valid.
func TestSessionsSurviveTheOperatorMigration(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		address := d.Address(t)
		insertOldSession(t, address)

		db := open(t, address, migrations.Portal)
		var operator, sealed string
		err := db.Read.QueryRow(`SELECT operator, sealed FROM portal_sessions`).Scan(&operator, &sealed)
		if err != nil || operator != "" || sealed != "sealed" {
			t.Errorf("operator %q, sealed %q: %v", operator, sealed, err)
		}
	})
}

// insertOldSession applies the first migration alone and inserts a session.
func insertOldSession(t *testing.T, address string) {
	t.Helper()
	db := registertest.OpenAt(t, address, migrations.Portal, 1)
	defer db.Close()

	_, err := db.Write.Exec(db.Write.Rebind(
		`INSERT INTO portal_sessions (key_hash, version, sealed, expires_at, ends_at) VALUES (?, 1, ?, 2, 3)`),
		make([]byte, 32), []byte("sealed"))
	if err != nil {
		t.Fatal(err)
	}
}

// Reports and access records from before the migration of households say what the rules need of them.
func TestHouseholdMigration(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		address := d.Address(t)
		if path, _, _ := strings.Cut(address, "?"); d == registertest.SQLite {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}

		insertOldRecords(t, address)

		db := open(t, address, migrations.Register)
		var day string
		err := db.Read.Get(&day, `SELECT move_in_from FROM tenancy_changes`)
		if err != nil || day != "2026-02-13" {
			t.Errorf("people moved in from %s on: %v", day, err)
		}

		var ended []string
		err = db.Read.Select(&ended, `SELECT ak FROM access_records WHERE ended_at_registration ORDER BY ak`)
		if want := []string{"expired", "expiry before", "revoked at once"}; err != nil || !slices.Equal(ended, want) {
			t.Errorf("ended at registration: %q, want %q (%v)", ended, want, err)
		}
	})
}

// insertOldRecords applies the first six migrations of the register and inserts a report and access records.
func insertOldRecords(t *testing.T, address string) {
	t.Helper()
	db := registertest.OpenAt(t, address, migrations.Register, 6)
	defer db.Close()

	for _, statement := range []string{
		`INSERT INTO accounts (account_id, secret_hash, duid, display_name, role, status, contact_url, data_types,
			return_urls, registered_at) VALUES ('owner', '', '', '', 'data_user', 'active', '', '[]', '[]', 1)`,
		`INSERT INTO identity_records (ir, account_id, key_id, created_at) VALUES ('ir', 'owner', '', 1)`,
		`INSERT INTO tenancy_changes (cot, account_id, mpxn, effective_date, source_reference, affected, notified,
			created_at) VALUES ('cot', 'owner', '1', '2026-03-15', '', 0, '[]', 1)`,
		`INSERT INTO access_records (ak, mpxn, account_id, ir, state, legal_basis, expiry, record, created_at,
			revoked_at) VALUES
			('active', '1', 'owner', 'ir', 'ACTIVE', '', NULL, '{}', 5, NULL),
			('expiry after', '1', 'owner', 'ir', 'ACTIVE', '', 6, '{}', 5, NULL),
			('expiry before', '1', 'owner', 'ir', 'ACTIVE', '', 5, '{}', 5, NULL),
			('expired', '1', 'owner', 'ir', 'EXPIRED', '', 4, '{}', 5, NULL),
			('revoked later', '1', 'owner', 'ir', 'REVOKED', '', NULL, '{}', 5, 6),
			('revoked at once', '1', 'owner', 'ir', 'REVOKED', '', NULL, '{}', 5, 5)`,
	} {
		if _, err := db.Write.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}
