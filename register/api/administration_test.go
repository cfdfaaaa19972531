package api_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

var everyRole = []registerclient.Role{
	registerclient.RoleDataUser,
	registerclient.RoleDataProvider,
	registerclient.RoleDCC,
	registerclient.RoleAdmin,
	registerclient.RolePortal,
}

func put(t testing.TB, url, authorization, body string) answer {
	t.Helper()
	return send(t, http.MethodPut, url, authorization, "application/json", []byte(body))
}

func second[T any](_ T, err error) error { return err }

// docs/decisions.md, Expiry: by the clock, whatever the row says.
func TestStatsCountByTheClock(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		admin := r.Client(t, registerclient.RoleAdmin)
		create(t, owner, ir, registerclient.BasisContract)
		revoked := create(t, owner, ir, registerclient.BasisContract)
		must(owner.RevokeAccessRecord(t.Context(), revoked, registerclient.RevokeAccessRecordQuery{}))(t)
		short := registertest.AccessRecord(ir, registerclient.BasisContract)
		short.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
		must(owner.CreateAccessRecord(t.Context(), short))(t)
		count := func() [3]int {
			got := must(admin.ReadStats(t.Context()))(t)
			return [3]int{got.TotalRecords, got.ActiveRecords, got.RevokedRecords}
		}
		if got := count(); got != [3]int{3, 2, 1} {
			t.Errorf("before it expires: %v", got)
		}

		r.Clock.Add(time.Minute)
		if got := count(); got != [3]int{3, 1, 1} {
			t.Errorf("from its expiry on: %v", got)
		}

		before := must(admin.ReadStats(t.Context()))(t)
		r.ClientOf(t, registerclient.CreateAccountRequest{AccountID: "another", Role: registerclient.RolePortal})
		must(admin.SuspendAccount(t.Context(), "another"))(t)
		after := must(admin.ReadStats(t.Context()))(t)
		if after.TotalAccounts != before.TotalAccounts+1 || after.ActiveAccounts != before.ActiveAccounts ||
			after.TotalWebhooks != 0 {
			t.Errorf("accounts before %+v, after %+v", before, after)
		}
		if all := must(
			admin.ListAccounts(t.Context()),
		)(
			t,
		); all.Total != after.TotalAccounts ||
			len(all.Accounts) != all.Total {
			t.Errorf("listed %d accounts, total %d, want %d", len(all.Accounts), all.Total, after.TotalAccounts)
		}
	})
}

func TestAdministratorSearchesRecordsAndLeavesATrace(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		admin := r.ClientOf(
			t,
			registerclient.CreateAccountRequest{AccountID: "admin_ops", Role: registerclient.RoleAdmin},
		)
		var aks []string
		for range 5 {
			aks = append(aks, create(t, owner, ir, registerclient.BasisConsent))
			r.Clock.Add(time.Second)
		}

		contract := create(t, owner, ir, registerclient.BasisContract)
		short := registertest.AccessRecord(ir, registerclient.BasisContract)
		short.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Second))
		expired := must(owner.CreateAccessRecord(t.Context(), short))(t).AccessToken.Key
		r.Clock.Add(time.Second)
		revoked := aks[0]
		must(owner.RevokeAccessRecord(t.Context(), revoked, registerclient.RevokeAccessRecordQuery{}))(t)

		for name, test := range map[string]struct {
			by   registerclient.SearchRecordsQuery
			want int
		}{
			"all":            {registerclient.SearchRecordsQuery{}, 7},
			"a meter point":  {registerclient.SearchRecordsQuery{Q: "23 1234-5678901"}, 7},
			"another":        {registerclient.SearchRecordsQuery{Q: "9900000000001"}, 0},
			"a key":          {registerclient.SearchRecordsQuery{Q: contract}, 1},
			"an unknown key": {registerclient.SearchRecordsQuery{Q: "ak_000000000000000000000000"}, 0},
			"active":         {registerclient.SearchRecordsQuery{State: registerclient.StateActive}, 5},
			"expired":        {registerclient.SearchRecordsQuery{State: registerclient.StateExpired}, 1},
			"revoked":        {registerclient.SearchRecordsQuery{State: registerclient.StateRevoked, LegalBasis: registerclient.BasisConsent}, 1},
			"contract":       {registerclient.SearchRecordsQuery{LegalBasis: registerclient.BasisContract}, 2},
		} {
			if got := must(
				admin.SearchRecords(t.Context(), test.by),
			)(
				t,
			); got.Total != test.want || len(got.Records) != test.want ||
				got.NextCursor != "" {
				t.Errorf("%s: %d of %d, cursor %q", name, len(got.Records), got.Total, got.NextCursor)
			}
		}

		flat := must(admin.SearchRecords(t.Context(), registerclient.SearchRecordsQuery{Q: expired}))(t).Records[0]
		if flat.State != registerclient.StateExpired || flat.MPxN != registertest.MeterPoint ||
			flat.LeadControllerName != "Bright Energy Ltd" ||
			flat.ControllerCount != 1 ||
			flat.RevokedAt != nil {
			t.Errorf("flat record %+v", flat)
		}

		trace := must(
			admin.ReadAudit(
				t.Context(),
				registerclient.AuditQuery{
					EventType: "administrator.looked",
					AK:        contract,
					MPxN:      registertest.MeterPoint,
				},
			),
		)(
			t,
		)
		if trace.Total == 0 || trace.Events[0].AccountID != "admin_ops" {
			t.Errorf("the search left no trace: %+v", trace)
		}
		if trace := must(
			admin.ReadAudit(t.Context(), registerclient.AuditQuery{MPxN: "9900000000001"}),
		)(
			t,
		); trace.Total != 1 {
			t.Errorf("the search that found nothing left %d rows", trace.Total)
		}

		// Pages stay as they are while records are added.
		var seen []string
		by := registerclient.SearchRecordsQuery{Limit: 3}
		for {
			page := must(admin.SearchRecords(t.Context(), by))(t)
			for _, record := range page.Records {
				seen = append(seen, record.AK)
			}
			if by.Cursor = page.NextCursor; by.Cursor == "" {
				break
			}

			r.Clock.Add(time.Second)
			create(t, owner, ir, registerclient.BasisConsent)
		}

		slices.Sort(seen)
		want := append(slices.Clone(aks), contract, expired)
		slices.Sort(want)
		if !slices.Equal(seen, want) {
			t.Errorf("the pages showed %v, want each of %v once", seen, want)
		}
	})
}

func TestSearchesRefuseNonsense(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	for query, code := range map[string]string{
		"/admin/records?q=": "VAL001", "/admin/records?q=x": "VAL001", "/admin/records?q=ir_0123456789abcdef01234567": "VAL001",
		"/admin/records?state=DISCOVERED": "VAL002", "/admin/records?state=x": "VAL002", "/admin/records?legal-basis=x": "VAL003",
		"/admin/records?limit=0": "VAL001", "/admin/records?limit=501": "VAL001", "/admin/records?limit=%2B5": "VAL001", "/admin/records?limit=": "VAL001",
		"/admin/records?cursor=": "VAL001", "/admin/records?cursor=x": "VAL001", "/admin/records?cursor=____________": "VAL001",
		"/admin/records?mpxn=2312345678901": "VAL001",
		"/admin/audit?account_id=X":         "VAL001", "/admin/audit?event_type=x": "VAL001", "/admin/audit?ak=x": "VAL001", "/admin/audit?mpxn=x": "VAL001",
		"/admin/audit?limit=x": "VAL001", "/admin/stats?x=1": "VAL001", "/admin/accounts?x=1": "VAL001", "/self?x=1": "VAL001",
	} {
		if a := get(t, r.URL+query, admin); a.status != http.StatusBadRequest || a.code() != code {
			t.Errorf("%s: %d %s", query, a.status, a.code())
		}
	}
}

func TestReadingTheAuditLogIsAudited(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := r.ClientOf(t, registerclient.CreateAccountRequest{AccountID: "admin_ops", Role: registerclient.RoleAdmin})
	must(admin.ReadAudit(t.Context(), registerclient.AuditQuery{AccountID: "portal_ops"}))(t)
	got := must(
		admin.ReadAudit(
			t.Context(),
			registerclient.AuditQuery{AccountID: "admin_ops", EventType: "administrator.looked"},
		),
	)(
		t,
	)
	if got.Total != 1 || got.Events[0].Detail["at"] != "audit" || got.Events[0].Detail["account-id"] != "portal_ops" {
		t.Errorf("got %+v", got)
	}

	var pages, rows int
	by := registerclient.AuditQuery{Limit: 1, EventType: "account.created"}
	for {
		page := must(admin.ReadAudit(t.Context(), by))(t)
		pages, rows = pages+1, rows+len(page.Events)
		if by.Cursor = page.NextCursor; by.Cursor == "" {
			break
		}
	}

	if rows != 1 {
		t.Errorf("%d rows on %d pages", rows, pages)
	}
}
