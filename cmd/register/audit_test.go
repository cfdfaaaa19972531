package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

func TestAuditVerifyFindsWhatWasAltered(t *testing.T) {
	path := set(t, map[string]string{"REGISTER_KEYS": rules.GenerateKey("a")})
	addAccount(t, "portal_ops", "portal", "x")
	checkpoint := filepath.Join(t.TempDir(), "audit.json")
	if out := mustRun(t, "audit", "verify", "--checkpoint", checkpoint); !strings.HasPrefix(out, "1 rows read") {
		t.Errorf("printed %q", out)
	}

	mustRun(t, "account", "rotate-secret", "--id", "portal_ops")
	if out := mustRun(t, "audit", "verify", "--checkpoint", checkpoint); !strings.HasPrefix(out, "2 rows read") {
		t.Errorf("printed %q", out)
	}

	text, err := os.ReadFile(checkpoint)
	var heads []store.AuditHead
	if err != nil || json.Unmarshal(text, &heads) != nil || len(heads) != 16 {
		t.Fatalf("the checkpoint: %v\n%s", err, text)
	}
	if files, _ := filepath.Glob(checkpoint + ".*"); len(files) > 0 {
		t.Errorf("temporary files stay: %v", files)
	}

	// An attacker removes every row of the log and sets the heads back. The heads are keyed, so that the log shows it
	// by itself.
	tamper(t, path, `DROP TRIGGER audit_events_no_delete`, `DELETE FROM audit_events`,
		`UPDATE audit_chains SET length = 0, hash = X''`)
	refused(t, "the head is not the one that was written", "audit", "verify")
	refused(t, "row 1: removed", "audit", "verify", "--checkpoint", checkpoint)
	if kept, err := os.ReadFile(checkpoint); err != nil || !bytes.Equal(kept, text) {
		t.Errorf("a broken log replaced the checkpoint (%v)", err)
	}
	if err := os.WriteFile(checkpoint, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}

	refused(t, "read the checkpoint", "audit", "verify", "--checkpoint", checkpoint)
}

// tamper changes the database as no program does.
func tamper(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := migrations.OpenAsIs(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	for _, statement := range statements {
		if _, err := db.Write.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

// Rows outside the chains are found, with a checkpoint and without.
func TestAuditVerifyFindsRowsOutsideTheChains(t *testing.T) {
	path := set(t, nil)
	addAccount(t, "portal_ops", "portal", "x")
	checkpoint := filepath.Join(t.TempDir(), "audit.json")
	mustRun(t, "audit", "verify", "--checkpoint", checkpoint)
	for at, want := range map[string]string{
		"99, 1":   "chain 99, row 1: stands outside the chains",
		"0, 0":    "chain 0, row 0: stands outside the chains",
		"0, -1":   "chain 0, row -1: stands outside the chains",
		"0, 1000": "chain 0, row 1000: stands behind the chain's end",
	} {
		tamper(t, path, `INSERT INTO audit_events
			(chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash)
			VALUES (`+at+`, 'aud_forged', 1, 'portal_ops', 'records.read', '', '', '{}', X'')`)
		refused(t, want, "audit", "verify")
		refused(t, want, "audit", "verify", "--checkpoint", checkpoint)
		tamper(t, path, `DROP TRIGGER IF EXISTS audit_events_no_delete`,
			`DELETE FROM audit_events WHERE event_id = 'aud_forged'`)
	}

	mustRun(t, "audit", "verify", "--checkpoint", checkpoint)
}

// A log is verified with the keys alone: an empty one and one that is not sealed are told from one that is good.
func TestAuditVerifyNeedsTheKeys(t *testing.T) {
	path := set(t, nil)
	mustRun(t, "migrate")
	refused(t, "not sealed", "audit", "verify")
	addAccount(t, "portal_ops", "portal", "x")
	if out := mustRun(t, "audit", "verify"); !strings.Contains(out, "\n0 of them have no key") {
		t.Errorf("printed %q", out)
	}

	key := os.Getenv("REGISTER_KEYS")
	for keys, want := range map[string]string{
		"":                     "REGISTER_KEYS is missing",
		"x":                    "REGISTER_KEYS: ",
		rules.GenerateKey("b"): `no key "a" in the keyring`,
		rules.GenerateKey("a"): "the seals are not those that were written",
	} {
		t.Setenv("REGISTER_KEYS", keys)
		refused(t, want, "audit", "verify")
	}

	t.Setenv("REGISTER_KEYS", rules.GenerateKey("new")+","+key)
	mustRun(t, "keys", "rotate")
	mustRun(t, "audit", "verify")
	t.Setenv("REGISTER_KEYS", key)
	refused(t, `no key "new" in the keyring`, "audit", "verify")

	tamper(t, path, `DELETE FROM audit_seals`)
	refused(t, "seal 2 was removed", "audit", "verify")
	refused(t, "seal 2 was removed", "account", "rotate-secret", "--id", "portal_ops")
}

func TestAuditVerifyMakesNoDatabase(t *testing.T) {
	path := set(t, nil)
	refused(t, "no such file", "audit", "verify")
	t.Setenv("REGISTER_KEYS", "")
	refused(t, "no such file", "backup", path+".copy")
	if _, err := os.Stat(path); err == nil {
		t.Error("it made one")
	}
}
