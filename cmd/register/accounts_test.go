package main

import (
	"strings"
	"testing"
)

func TestAccountIsAddedAndItsSecretRotated(t *testing.T) {
	set(t, nil)
	out := mustRun(t, "account", "add",
		"--id", "bright_energy",
		"--role", "data_user",
		"--display-name", "Bright Energy Ltd",
		"--contact-url", "https://bright-energy.com/contact",
		"--data-types", "TARIFF-IMPORT,TARIFF-EXPORT",
		"--return-urls", "https://a.example.org,https://b.example.org",
	)
	first := secretIn(out)
	if len(first) != 43 || !strings.Contains(out, "duid        duid_") {
		t.Errorf("printed %q", out)
	}

	second := secretIn(mustRun(t, "account", "rotate-secret", "--id", "bright_energy"))
	if len(second) != 43 || second == first {
		t.Errorf("rotated to %q", second)
	}

	add := []string{"account", "add", "--display-name", "x"}
	refused(t, "Another account has this account-id", append(add, "--id", "bright_energy", "--role", "portal")...)
	refused(t, "contact-url: is required", append(add, "--id", "other", "--role", "data_user")...)
	refused(t, "There is no such account", "account", "rotate-secret", "--id", "nobody")
}
