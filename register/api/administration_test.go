package api_test

import (
	"net/http"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// An expired record is not counted as active, even if its row still says so (docs/decisions.md, Expiry).
func TestStatsCountByTheClock(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		admin := r.Client(t, registerclient.RoleAdmin)
		create(t, owner, ir, registerclient.BasisContract)
		revoke(t, owner, create(t, owner, ir, registerclient.BasisContract))
		short := registertest.AccessRecord(ir, registerclient.BasisContract)
		short.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
		must(owner.CreateAccessRecord(t.Context(), short))(t)
		count := func() [3]int {
			got := must(admin.ReadStats(t.Context()))(t)

			return [3]int{got.TotalRecords, got.ActiveRecords, got.RevokedRecords}
		}
		if got := count(); got != [3]int{3, 2, 1} {
			t.Errorf("before the expiry: %v", got)
		}

		r.Clock.Add(time.Minute)
		if got := count(); got != [3]int{3, 1, 1} {
			t.Errorf("from the expiry on: %v", got)
		}

		before := must(admin.ReadStats(t.Context()))(t)
		r.ClientOf(t, registerclient.CreateAccountRequest{AccountID: "another", Role: registerclient.RolePortal})
		must(admin.SuspendAccount(t.Context(), "another"))(t)
		after := must(admin.ReadStats(t.Context()))(t)
		if after.TotalAccounts != before.TotalAccounts+1 || after.ActiveAccounts != before.ActiveAccounts ||
			after.TotalWebhooks != 0 {
			t.Errorf("accounts before %+v, after %+v", before, after)
		}

		listed := must(admin.ListAccounts(t.Context()))(t)
		if listed.Total != after.TotalAccounts || len(listed.Accounts) != listed.Total {
			t.Errorf("listed %d accounts, total %d, want %d", len(listed.Accounts), listed.Total, after.TotalAccounts)
		}
	})
}

// Reading the audit log is audited, with its query. Pages of the log hold each event once.
func TestReadingTheAuditLogIsAudited(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := r.ClientOf(t, registerclient.CreateAccountRequest{AccountID: "admin_ops", Role: registerclient.RoleAdmin})
	must(admin.ReadAudit(t.Context(), registerclient.AuditQuery{AccountID: "portal_ops"}))(t)
	got := must(admin.ReadAudit(t.Context(), registerclient.AuditQuery{
		AccountID: "admin_ops",
		EventType: "administrator.looked",
	}))(t)
	if got.Total != 1 || got.Events[0].Detail["at"] != "audit" || got.Events[0].Detail["account-id"] != "portal_ops" {
		t.Errorf("got %+v", got)
	}

	pages := 0
	rows := 0
	query := registerclient.AuditQuery{Limit: 1, EventType: "account.created"}
	for {
		page := must(admin.ReadAudit(t.Context(), query))(t)
		pages++
		rows += len(page.Events)
		if query.Cursor = page.NextCursor; query.Cursor == "" {
			break
		}
	}

	if rows != 1 {
		t.Errorf("%d events on %d pages, want 1", rows, pages)
	}
}

// Of several mistakes in the query of the audit log, those of the filter are named before those of the page.
func TestAuditFilterBeforePage(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	for query, fields := range map[string]string{
		"ak=x&event_type=x&limit=x":    "event_type ak",
		"limit=x&cursor=x&mpxn=1":      "mpxn",
		"account_id=admin_ops&limit=x": "limit",
	} {
		a := get(t, r.URL+"/admin/audit?"+query, admin)
		if a.status != http.StatusBadRequest || a.fields() != fields {
			t.Errorf("%s: %d naming %q, want %q", query, a.status, a.fields(), fields)
		}
	}
}
