package api_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// An administrator finds records by meter point, key, state and legal basis. Every search is audited, one without a
// result too. Pages stay stable while records are added.
func TestSearchRecords(t *testing.T) {
	t.Parallel()
	type search = registerclient.SearchRecordsQuery
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		admin := r.ClientOf(t, registerclient.CreateAccountRequest{
			AccountID: "admin_ops",
			Role:      registerclient.RoleAdmin,
		})
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
		revoke(t, owner, aks[0])

		for name, test := range map[string]struct {
			query registerclient.SearchRecordsQuery
			want  int
		}{
			"everything":      {search{}, 7},
			"a meter point":   {search{Q: "23 1234-5678901"}, 7},
			"another one":     {search{Q: "9900000000001"}, 0},
			"a key":           {search{Q: contract}, 1},
			"an unknown key":  {search{Q: "ak_000000000000000000000000"}, 0},
			"active":          {search{State: "ACTIVE"}, 5},
			"expired":         {search{State: "EXPIRED"}, 1},
			"revoked consent": {search{State: "REVOKED", LegalBasis: "uk-consent"}, 1},
			"contract":        {search{LegalBasis: "uk-contract"}, 2},
		} {
			got := must(admin.SearchRecords(t.Context(), test.query))(t)
			if got.Total != test.want || len(got.Records) != test.want || got.NextCursor != "" {
				t.Errorf("%s: %d of %d, cursor %q", name, len(got.Records), got.Total, got.NextCursor)
			}
		}

		found := must(admin.SearchRecords(t.Context(), search{Q: expired}))(t).Records[0]
		if found.State != registerclient.StateExpired ||
			found.MPxN != registertest.MeterPoint ||
			found.LeadControllerName != "Bright Energy Ltd" ||
			found.ControllerCount != 1 ||
			found.RevokedAt != nil {
			t.Errorf("found %+v", found)
		}

		audited := must(admin.ReadAudit(t.Context(), registerclient.AuditQuery{
			EventType: "administrator.looked",
			AK:        contract,
			MPxN:      registertest.MeterPoint,
		}))(t)
		if audited.Total == 0 || audited.Events[0].AccountID != "admin_ops" {
			t.Errorf("the search was not audited: %+v", audited)
		}

		audited = must(admin.ReadAudit(t.Context(), registerclient.AuditQuery{MPxN: "9900000000001"}))(t)
		if audited.Total != 1 {
			t.Errorf("%d events of the search without a result, want 1", audited.Total)
		}

		var seen []string
		query := search{Limit: 3}
		for {
			page := must(admin.SearchRecords(t.Context(), query))(t)
			for _, record := range page.Records {
				seen = append(seen, record.AK)
			}
			if query.Cursor = page.NextCursor; query.Cursor == "" {
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

// A search with a wrong parameter is refused.
func TestWrongSearches(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	for query, code := range map[string]string{
		"/admin/records?q=":                            "VAL001",
		"/admin/records?q=x":                           "VAL001",
		"/admin/records?q=ir_0123456789abcdef01234567": "VAL001",
		"/admin/records?state=DISCOVERED":              "VAL002",
		"/admin/records?state=x":                       "VAL002",
		"/admin/records?legal-basis=x":                 "VAL003",
		"/admin/records?limit=0":                       "VAL001",
		"/admin/records?limit=501":                     "VAL001",
		"/admin/records?limit=%2B5":                    "VAL001",
		"/admin/records?limit=":                        "VAL001",
		"/admin/records?cursor=":                       "VAL001",
		"/admin/records?cursor=x":                      "VAL001",
		"/admin/records?cursor=____________":           "VAL001",
		"/admin/records?mpxn=2312345678901":            "VAL001",
		"/admin/audit?account_id=X":                    "VAL001",
		"/admin/audit?event_type=x":                    "VAL001",
		"/admin/audit?ak=x":                            "VAL001",
		"/admin/audit?mpxn=x":                          "VAL001",
		"/admin/audit?limit=x":                         "VAL001",
		"/admin/stats?x=1":                             "VAL001",
		"/admin/accounts?x=1":                          "VAL001",
		"/self?x=1":                                    "VAL001",
	} {
		if a := get(t, r.URL+query, admin); a.status != http.StatusBadRequest || a.code() != code {
			t.Errorf("%s: %d %s", query, a.status, a.code())
		}
	}
}
