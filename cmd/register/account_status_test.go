package main

import (
	"strings"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register/store"
)

// auditDetails returns the details of the events of a type, the newest first.
func auditDetails(t *testing.T, path, eventType string) string {
	t.Helper()
	db, err := migrations.OpenAsIs(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}

	defer db.Close()
	filter := store.AuditFilter{EventType: eventType}
	rows, _, err := store.New(db.Write, db.Read).ListAudit(t.Context(), filter, store.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}

	var details []string
	for _, row := range rows {
		details = append(details, row.AccountID+row.Detail)
	}

	return strings.Join(details, "\n")
}

// The command line lists, shows, suspends and reactivates accounts, and the audit log says so.
func TestAccountsAreListedAndSuspended(t *testing.T) {
	path := set(t, nil)
	addAccount(
		t,
		"portal_ops",
		"portal",
		"Citizens Advice",
		"--reserved-name",
		"--return-urls",
		"https://a.example.org/back",
	)
	secret := addAccount(t, "admin_ops", "admin", "Operations")

	listed := mustRun(t, "account", "list")
	for _, want := range []string{"portal_ops  portal  active", "admin_ops   admin   active", "Citizens Advice"} {
		if !strings.Contains(listed, want) {
			t.Errorf("listed without %q:\n%s", want, listed)
		}
	}

	suspended := mustRun(t, "account", "suspend", "--id", "portal_ops", "--cause", "failure")
	if !strings.Contains(suspended, "suspended") || !strings.Contains(suspended, "failure") {
		t.Errorf("suspended: %s", suspended)
	}

	shown := mustRun(t, "account", "show", "--id", "portal_ops")
	for _, want := range []string{"portal_ops", "suspended", "failure", "https://a.example.org/back", "duid_"} {
		if !strings.Contains(shown, want) {
			t.Errorf("shown without %q:\n%s", want, shown)
		}
	}
	if strings.Contains(listed+shown, secret) || strings.Contains(shown, "argon2id") {
		t.Errorf("a secret is shown:\n%s", shown)
	}

	mustRun(t, "account", "reactivate", "--id", "portal_ops")
	mustRun(t, "account", "suspend", "--id", "admin_ops")
	mustRun(t, "account", "reactivate", "--id", "admin_ops")
	if shown = mustRun(t, "account", "show", "--id", "admin_ops"); !strings.Contains(shown, "active") {
		t.Errorf("reactivated:\n%s", shown)
	}

	refused(t, "There is no such account", "account", "show", "--id", "nobody")
	refused(t, "There is no such account", "account", "suspend", "--id", "nobody")
	refused(t, "There is no such account", "account", "reactivate", "--id", "X")
	refused(t, "cause: must be one of", "account", "suspend", "--id", "portal_ops", "--cause", "whim")

	for event, want := range map[string]string{
		"account.suspended":    `{"account-id":"portal_ops","cause":"failure"}`,
		"account.reactivated":  `{"account-id":"portal_ops"}`,
		"administrator.looked": `{"at":"accounts"}`,
	} {
		if got := auditDetails(t, path, event); !strings.Contains(got, want) {
			t.Errorf("%s is audited as %s, want %s", event, got, want)
		}
	}
}
