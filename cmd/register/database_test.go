package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"central.consent/dar/migrations"
)

func TestMigrateNeedsOnlyTheDatabase(t *testing.T) {
	path := set(t, map[string]string{"REGISTER_KEYS": ""})
	if out := mustRun(t, "migrate"); out != "The database is up to date.\n" {
		t.Errorf("printed %q", out)
	}

	mustRun(t, "migrate")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v %v, want 0600", info.Mode(), err)
	}

	set(t, map[string]string{"REGISTER_DATABASE": ""})
	refused(t, "REGISTER_DATABASE is missing", "migrate")
}

func TestBackupIsACopyThatOnlyItsOwnerReads(t *testing.T) {
	path := set(t, nil)
	addAccount(t, "portal_ops", "portal", "x")
	copied := filepath.Join(t.TempDir(), "copy.db")
	keys := os.Getenv("REGISTER_KEYS")
	t.Setenv("REGISTER_KEYS", "")
	if out := mustRun(t, "backup", copied); !strings.Contains(out, " bytes") {
		t.Errorf("printed %q", out)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, want 0600 (%v)", info.Mode(), err)
	}

	before, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}

	refused(t, "is there already", "backup", copied)
	refused(t, "is there already", "backup", path)
	if after, readErr := os.ReadFile(copied); readErr != nil || !bytes.Equal(before, after) {
		t.Error("the copy was touched")
	}

	t.Setenv("REGISTER_DATABASE", copied)
	t.Setenv("REGISTER_KEYS", keys)
	if out := mustRun(t, "audit", "verify"); !strings.HasPrefix(out, "1 rows read") {
		t.Errorf("of the copy, printed %q", out)
	}

	db, err := migrations.OpenAsIs(t.Context(), copied)
	if err != nil {
		t.Fatal(err)
	}

	defer db.Close()
	var id string
	if err := db.Read.Get(&id, `SELECT account_id FROM accounts`); err != nil || id != "portal_ops" {
		t.Errorf("the copy holds %q (%v)", id, err)
	}
}
