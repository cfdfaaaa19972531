package main

import (
	"errors"
	"strings"
	"testing"

	"central.consent/dar/registerclient"
)

// With one administrator, the command line on the register's host is the second one. With two it refuses only.
func TestHostApprovesForOneAdministrator(t *testing.T) {
	path := set(t, nil)
	secret := addAccount(t, "admin_one", "admin", "First")
	started, _ := serving(t, newLogBuffer())
	client, err := registerclient.New(registerclient.Options{
		BaseURL: "http://" + started["address"].(string) + "/v1", AccountID: "admin_one", SecretKey: secret,
	})
	if err != nil {
		t.Fatal(err)
	}

	ctx := registerclient.WithReason(t.Context(), "A colleague joins.")
	ask := func(id, approval string) (string, error) {
		ctx := ctx
		if approval != "" {
			ctx = registerclient.WithApproval(ctx, approval)
		}
		_, err := client.CreateAccount(ctx, registerclient.CreateAccountRequest{
			AccountID: id, Role: registerclient.RoleAdmin, DisplayName: "Another",
		})
		waiting, _ := errors.AsType[*registerclient.Error](err)
		if waiting == nil {
			return "", err
		}

		return waiting.Approval, err
	}
	first, _ := ask("admin_two", "")
	second, _ := ask("admin_three", "")
	if out := mustRun(t, "approvals", "list"); !strings.Contains(out, first) || !strings.Contains(out, second) ||
		!strings.Contains(out, "A colleague joins.") || !strings.Contains(out, `"account-id":"admin_two"`) {
		t.Errorf("listed %s", out)
	}
	if _, err := client.Approve(ctx, first); !errors.Is(err, registerclient.ErrForbidden) {
		t.Errorf("its own approval: %v", err)
	}

	if out := mustRun(t, "approvals", "approve", first); !strings.Contains(out, "approved") {
		t.Errorf("approved: %s", out)
	}
	refused(t, "decided already", "approvals", "approve", first)
	refused(t, "decided already", "approvals", "refuse", first)
	if _, err := ask("admin_two", first); err != nil {
		t.Errorf("with the approval: %v", err)
	}

	refused(t, "There is a second administrator", "approvals", "approve", second)
	if out := mustRun(t, "approvals", "refuse", second); !strings.Contains(out, "refused") {
		t.Errorf("refused: %s", out)
	}
	refused(t, "There is no such request", "approvals", "approve", "apr_0123456789abcdef01234567")
	got := auditDetails(t, path, "approval.approved")
	if !strings.Contains(got, first) || strings.HasPrefix(got, "admin") {
		t.Errorf("the approval is audited as %s", got)
	}
}
