package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"central.consent/dar/migrations"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// What was erased after a backup is erased again in the database that is restored from it.
func TestErasuresAreReplayedOnARestoredBackup(t *testing.T) {
	path := set(t, nil)
	addAccount(t, "bright_energy", "data_user", "Bright Energy", "--contact-url", "https://bright-energy.com/contact")
	ir := identityRecord(t, "erika@example.com")
	copied := filepath.Join(t.TempDir(), "copy.db")
	mustRun(t, "backup", copied)

	erase(t, ir)
	if out := mustRun(t, "erasures", "list", "--since", "2999-01-01"); out != "" {
		t.Errorf("since a day to come: %q", out)
	}

	out := mustRun(t, "erasures", "list")
	fields := strings.Fields(out)
	if len(fields) != 2 || fields[0] != ir {
		t.Fatalf("listed %q", out)
	}
	if again := mustRun(t, "erasures", "list", "--since", fields[1]); again != out {
		t.Errorf("since its own time: %q", again)
	}

	list := filepath.Join(t.TempDir(), "erasures.txt")
	if err := os.WriteFile(list, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}

	t.Setenv("REGISTER_DATABASE", copied)
	if row := findIdentity(t, ir); row.SealedEmail == nil || row.WrappedKey == nil {
		t.Fatalf("the backup has %+v", row)
	}
	for _, want := range []string{"1 identity records", "0 identity records"} {
		if printed := mustRun(t, "erasures", "replay", list); !strings.Contains(printed, want) {
			t.Errorf("printed %q, want %q", printed, want)
		}
	}
	if row := findIdentity(t, ir); row.SealedEmail != nil || row.WrappedKey != nil || row.AnonymisedAt == nil {
		t.Errorf("restored %+v", row)
	}
	if log, err := os.Stat(copied + "-wal"); err == nil && log.Size() > 0 {
		t.Errorf("the log has %d bytes", log.Size())
	}
	if again := mustRun(t, "erasures", "list"); again != out {
		t.Errorf("the restored database lists %q", again)
	}

	mustRun(t, "audit", "verify")
	t.Setenv("REGISTER_DATABASE", path)
}

func TestErasuresReplayRefusesALineThatIsNone(t *testing.T) {
	set(t, nil)
	list := filepath.Join(t.TempDir(), "erasures.txt")
	lines := "ir_0123456789abcdef01234567 2026-06-01T09:00:00Z\n\nir_0123456789abcdef01234567 yesterday\n"
	if err := os.WriteFile(list, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}

	refused(t, "line 3 is not", "erasures", "replay", list)
	refused(t, "neither a day nor a time", "erasures", "list", "--since", "yesterday")
}

// openRules opens the database of the settings. It is closed when the test ends.
func openRules(t *testing.T) (*rules.Rules, *store.Store) {
	t.Helper()
	_, service, db, err := open(t.Context(), t.Output(), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })

	keys, err := rules.NewKeyring(os.Getenv("REGISTER_KEYS"))
	if err != nil {
		t.Fatal(err)
	}

	data := store.New(db.Write, db.Read)
	data.UseAuditKeys(keys)

	return service.Rules, data
}

// identityRecord stores an identity record of bright_energy.
func identityRecord(t *testing.T, email string) string {
	t.Helper()
	service, data := openRules(t)
	account, err := data.FindAccount(t.Context(), "bright_energy")
	if err != nil {
		t.Fatal(err)
	}

	prepared, err := service.PrepareIdentityRecord(registerclient.CreateIdentityRecordRequest{
		PIIPrincipal: registerclient.PIIPrincipal{MPxN: "2312345678901", MoveInDate: "2022-06-30"},
		ExpressedBy:  "data-subject",
		Email:        &email,
	}, account)
	if err != nil {
		t.Fatal(err)
	}

	ir := ""
	err = data.Transact(t.Context(), func(tx *store.Tx) error {
		created, err := service.CreateIdentityRecord(t.Context(), tx, prepared)
		ir = created.IR

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return ir
}

// erase anonymises an identity record of bright_energy.
func erase(t *testing.T, ir string) time.Time {
	t.Helper()
	service, _ := openRules(t)
	at, err := service.AnonymiseIdentityRecord(t.Context(), "bright_energy", ir)
	if err != nil {
		t.Fatal(err)
	}

	return at
}

// findIdentity returns the row of an identity record.
func findIdentity(t *testing.T, ir string) store.IdentityRecord {
	t.Helper()
	db, err := migrations.OpenAsIs(t.Context(), os.Getenv("REGISTER_DATABASE"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	row, err := store.New(db.Write, db.Read).FindIdentityRecord(t.Context(), ir)
	if err != nil {
		t.Fatal(err)
	}

	return row
}
