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

	// An attacker removes the last row of the log and sets the heads back: only the checkpoint shows it.
	db, err := migrations.Open(t.Context(), path, migrations.Register)
	if err != nil {
		t.Fatal(err)
	}

	for _, change := range []string{
		`DROP TRIGGER audit_events_no_delete`,
		`DELETE FROM audit_events`,
		`UPDATE audit_chains SET length = 0, hash = X''`,
	} {
		if _, err := db.Write.Exec(change); err != nil {
			t.Fatal(err)
		}
	}

	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	mustRun(t, "audit", "verify")
	refused(t, "row 1: removed", "audit", "verify", "--checkpoint", checkpoint)
	if kept, err := os.ReadFile(checkpoint); err != nil || !bytes.Equal(kept, text) {
		t.Errorf("a broken log replaced the checkpoint (%v)", err)
	}
	if err := os.WriteFile(checkpoint, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}

	refused(t, "read the checkpoint", "audit", "verify", "--checkpoint", checkpoint)
}

func TestAuditVerifyMakesNoDatabase(t *testing.T) {
	path := set(t, map[string]string{"REGISTER_KEYS": ""})
	refused(t, "no such file", "audit", "verify")
	refused(t, "no such file", "backup", path+".copy")
	if _, err := os.Stat(path); err == nil {
		t.Error("it made one")
	}
}
