package main

import (
	"strings"
	"testing"

	"central.consent/dar/register/rules"
)

func TestKeysRotateReportsWhatItDid(t *testing.T) {
	first := rules.GenerateKey("old")
	set(t, map[string]string{"REGISTER_KEYS": first})
	mustRun(t, "migrate")
	t.Setenv("REGISTER_KEYS", rules.GenerateKey("new")+","+first)
	if out := mustRun(t, "keys", "rotate"); !strings.HasPrefix(out, "0 rows were resealed") {
		t.Errorf("printed %q", out)
	}
}

func TestKeyIsOneThatTheKeyringAccepts(t *testing.T) {
	out := mustRun(t, "key", "2026a")
	if _, err := rules.NewKeyring(strings.TrimSuffix(out, "\n")); err != nil || !strings.HasPrefix(out, "2026a:") {
		t.Errorf("printed %q: %v", out, err)
	}

	if _, err := try(t, "key", "a:b"); err == nil {
		t.Error("an id with a colon is accepted")
	}
}
