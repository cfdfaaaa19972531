package register_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
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

func TestEveryRoleReadsItsOwnAccount(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	for _, role := range everyRole {
		id := "own_" + string(role)
		client := r.ClientOf(
			t,
			registerclient.CreateAccountRequest{AccountID: id, Role: role, OrganisationReference: "SEC-OU-00429"},
		)
		got := must(client.ReadSelf(t.Context()))(t).Account
		if got.AccountID != id || got.Role != role || got.Status != "active" || got.SuspendedAt != nil ||
			got.OrganisationReference != "SEC-OU-00429" {
			t.Errorf("%s: %+v", role, got)
		}

		want := 0
		if role == registerclient.RoleDataUser {
			want = 8 // named none, and so works with all
		}
		if len(got.DataTypes) != want || got.ReturnURLs == nil {
			t.Errorf("%s: data types %v, return URLs %v", role, got.DataTypes, got.ReturnURLs)
		}
	}
}

func TestOperationsAreForTheirRolesAlone(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := []registerclient.Role{registerclient.RoleAdmin}
	operations := []struct {
		method, path, body string
		who                []registerclient.Role
		status             int // for those who may
	}{
		{
			"PUT",
			"/self/return-urls",
			`{"return-urls":[]}`,
			[]registerclient.Role{registerclient.RoleDataUser, registerclient.RolePortal},
			200,
		},
		{
			"GET",
			"/data-users/duid_000000000000000000000000",
			"",
			[]registerclient.Role{
				registerclient.RoleDataProvider,
				registerclient.RoleDataUser,
				registerclient.RoleAdmin,
			},
			404,
		},
		{"GET", "/admin/stats", "", admin, 200},
		{"GET", "/admin/accounts", "", admin, 200},
		{"POST", "/admin/accounts", `{}`, admin, 400},
		{"POST", "/admin/accounts/nobody/suspend", "", admin, 404},
		{"POST", "/admin/accounts/nobody/reactivate", "", admin, 404},
		{"POST", "/admin/accounts/nobody/terminate", "", admin, 404},
		{"GET", "/admin/records", "", admin, 200},
		{"GET", "/admin/audit", "", admin, 200},
	}
	for _, role := range everyRole {
		authorization := bearer(t, r, "role_"+string(role), role)
		for _, o := range operations {
			a := send(t, o.method, r.URL+o.path, authorization, "application/json", []byte(o.body))
			if slices.Contains(o.who, role) {
				if a.status != o.status {
					t.Errorf("%s %s by %s: %d, want %d", o.method, o.path, role, a.status, o.status)
				}
			} else if a.status != http.StatusForbidden || a.code() != "AUTH003" {
				t.Errorf("%s %s by %s: %d %s", o.method, o.path, role, a.status, a.code())
			}
		}
	}

	for _, o := range operations {
		expect(
			t,
			send(t, o.method, r.URL+o.path, "", "application/json", []byte(o.body)),
			http.StatusUnauthorized,
			"AUTH001",
		)
	}

	expect(t, get(t, r.URL+"/self", ""), http.StatusUnauthorized, "AUTH001")
	expect(t, post(t, r.URL+"/self/rotate-secret", "", ""), http.StatusUnauthorized, "AUTH001")
}

func TestReturnURLsAreReplacedWhole(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	portal := r.Client(t, registerclient.RolePortal)
	for _, want := range [][]string{{"https://a.example.org/back", "http://localhost:8080/back"}, {"https://b.example.org"}, {}} {
		got := must(
			portal.ReplaceReturnURLs(t.Context(), registerclient.ReplaceReturnURLsRequest{ReturnURLs: want}),
		)(
			t,
		).Account.ReturnURLs
		if self := must(
			portal.ReadSelf(t.Context()),
		)(
			t,
		).Account.ReturnURLs; !slices.Equal(got, want) ||
			!slices.Equal(self, want) {
			t.Errorf("answered %v, then read %v, want %v", got, self, want)
		}
	}

	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprintf("https://example.org/%d", i)
	}

	authorization := bearer(t, r, "portal_ops", registerclient.RolePortal)
	for name, test := range map[string]struct {
		body any
		want string
	}{
		"none":        {map[string]any{}, "return-urls"},
		"a script":    {map[string]any{"return-urls": []string{"javascript:alert(1)"}}, "return-urls[0]"},
		"twice":       {map[string]any{"return-urls": []string{"https://a.example.org", "https://a.example.org"}}, "return-urls[1]"},
		"51":          {map[string]any{"return-urls": many}, "return-urls"},
		"all at once": {map[string]any{"return-urls": []string{"x", "https://a.example.org", "y"}}, "return-urls[0] return-urls[2]"},
	} {
		text, err := json.Marshal(test.body)
		if err != nil {
			t.Fatal(err)
		}
		if a := put(
			t,
			r.URL+"/self/return-urls",
			authorization,
			string(text),
		); a.status != http.StatusBadRequest ||
			a.fields() != test.want {
			t.Errorf("%s: %d %q", name, a.status, a.fields())
		}
	}
}

// The old secret and every bearer token end with the rotation.
func TestRotatedSecretEndsWhatTheOldOneOpened(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		first := bearer(t, r, "portal_ops", registerclient.RolePortal)
		second := renew(t, r, "portal_ops")
		other := bearer(t, r, "other", registerclient.RolePortal)
		a := post(t, r.URL+"/self/rotate-secret", first, "")
		if a.status != http.StatusOK {
			t.Fatalf("%d %v", a.status, a.body)
		}
		for _, token := range []string{first, second} {
			expect(t, get(t, r.URL+"/self", token), http.StatusUnauthorized, "AUTH002")
		}

		expect(t, get(t, r.URL+"/auth/token", basic("portal_ops", secretKey)), http.StatusUnauthorized, "AUTH005")
		if a := get(t, r.URL+"/self", other); a.status != http.StatusOK {
			t.Errorf("another account's token: %d", a.status)
		}

		must(r.ClientWith(t, "portal_ops", a.body["secret-key"].(string)).ReadSelf(t.Context()))(t)
	})
}

func TestDirectoryTellsOfDataUsersAlone(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := r.Client(t, registerclient.RoleAdmin)
	provider := r.Client(t, registerclient.RoleDataProvider)
	in := registerclient.CreateAccountRequest{
		AccountID:   "bright_energy",
		DUID:        "duid_brightenergy0000000000",
		Role:        registerclient.RoleDataUser,
		DisplayName: "Bright Energy Ltd",
		ContactURL:  "https://bright-energy.com/contact",
		DataTypes:   []registerclient.DataType{registerclient.TariffImport},
	}
	must(admin.CreateAccount(t.Context(), in))(t)
	got := must(provider.ReadDataUser(t.Context(), in.DUID))(t).DataUser
	if got.DisplayName != in.DisplayName || got.Status != "active" || got.ContactURL != in.ContactURL ||
		!slices.Equal(got.DataTypesSupported, in.DataTypes) {
		t.Errorf("got %+v", got)
	}

	must(admin.SuspendAccount(t.Context(), "bright_energy"))(t)
	if got := must(
		provider.ReadDataUser(t.Context(), in.DUID),
	)(
		t,
	).DataUser; got.Status != "suspended" ||
		!got.SuspendedAt.Equal(r.Clock.Now()) {
		t.Errorf("once suspended: %+v", got)
	}

	own := must(provider.ReadSelf(t.Context()))(t).Account.DUID
	for name, duid := range map[string]string{"another role's": own, "unknown": "duid_000000000000000000000000", "nonsense": "x"} {
		if _, err := provider.ReadDataUser(t.Context(), duid); !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAccountIsCheckedWhole(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	a := post(
		t,
		r.URL+"/admin/accounts",
		admin,
		`{"account-id":"X","role":"data_user","display-name":" ","duid":"x","data-types":[]}`,
	)
	if a.status != http.StatusBadRequest || a.fields() != "account-id duid display-name contact-url data-types" {
		t.Errorf("%d %q", a.status, a.fields())
	}
	if a := post(
		t,
		r.URL+"/admin/accounts",
		admin,
		`{"account-id":"wizard","role":"wizard","display-name":"x"}`,
	); a.fields() != "role" {
		t.Errorf("%d %q", a.status, a.fields())
	}

	a = post(t, r.URL+"/admin/accounts", admin, `{"account-id":"admin_ops","role":"portal","display-name":"x"}`)
	expect(t, a, http.StatusConflict, "CON001")
	if text := a.body["errors"].([]any)[0].(map[string]any)["message"]; text != "Another account has this account-id or this duid." {
		t.Errorf("the conflict reads %q", text)
	}
}

// A repetition with the same key opens no second account, and tells the same secret.
func TestAccountIsOpenedOnceForItsKey(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	open := func() answer {
		request, err := http.NewRequestWithContext(
			t.Context(),
			http.MethodPost,
			r.URL+"/admin/accounts",
			strings.NewReader(`{"account-id":"once","role":"portal","display-name":"x"}`),
		)
		if err != nil {
			t.Fatal(err)
		}

		request.Header = http.Header{
			"Authorization":   {admin},
			"Content-Type":    {"application/json"},
			"Idempotency-Key": {"k"},
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}

		defer response.Body.Close()
		a := answer{status: response.StatusCode, header: response.Header}
		if err := json.NewDecoder(response.Body).Decode(&a.body); err != nil {
			t.Fatal(err)
		}

		return a
	}
	first := open()
	second := open()
	if second.status != http.StatusCreated || second.header.Get("Idempotency-Replayed") != "true" ||
		first.body["secret-key"] != second.body["secret-key"] {
		t.Errorf("first %d, second %d %v", first.status, second.status, second.header)
	}
}

func TestSuspendedAccountIsOutUntilItIsReactivated(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		admin := r.ClientOf(
			t,
			registerclient.CreateAccountRequest{AccountID: "admin_ops", Role: registerclient.RoleAdmin},
		)
		token := bearer(t, r, "portal_ops", registerclient.RolePortal)
		since := r.Clock.Now()
		for range 2 { // suspended already, it stays so
			got := must(admin.SuspendAccount(t.Context(), "portal_ops"))(t).Account
			if got.Status != "suspended" || !got.SuspendedAt.Equal(since) {
				t.Errorf("suspended: %+v", got)
			}
			r.Clock.Add(time.Minute)
		}

		expect(t, get(t, r.URL+"/self", token), http.StatusUnauthorized, "AUTH002")
		expect(t, get(t, r.URL+"/auth/token", basic("portal_ops", secretKey)), http.StatusUnauthorized, "AUTH005")
		for range 2 {
			if got := must(
				admin.ReactivateAccount(t.Context(), "portal_ops"),
			)(
				t,
			).Account; got.Status != "active" ||
				got.SuspendedAt != nil {
				t.Errorf("reactivated: %+v", got)
			}
		}

		expect(t, get(t, r.URL+"/self", token), http.StatusUnauthorized, "AUTH002") // it ended for good
		renew(t, r, "portal_ops")
		for range 2 {
			if got := must(
				admin.TerminateAccount(t.Context(), "portal_ops"),
			)(
				t,
			).Account; got.Status != "terminated" ||
				got.SuspendedAt == nil {
				t.Errorf("terminated: %+v", got)
			}
		}

		for name, change := range map[string]error{
			"reactivating it":   second(admin.ReactivateAccount(t.Context(), "portal_ops")),
			"suspending it":     second(admin.SuspendAccount(t.Context(), "portal_ops")),
			"suspending itself": second(admin.SuspendAccount(t.Context(), "admin_ops")),
			"ending itself":     second(admin.TerminateAccount(t.Context(), "admin_ops")),
		} {
			if !errors.Is(change, registerclient.ErrConflict) {
				t.Errorf("%s: %v", name, change)
			}
		}

		if _, err := admin.SuspendAccount(t.Context(), "nobody"); !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("an unknown account: %v", err)
		}

		var kinds []string
		for _, event := range must(admin.ReadAudit(t.Context(), registerclient.AuditQuery{AccountID: "admin_ops"}))(t).Events {
			kinds = append(kinds, event.EventType)
		}

		slices.Sort(kinds)
		if want := []string{
			"account.reactivated",
			"account.suspended",
			"account.terminated",
		}; !slices.Equal(
			kinds,
			want,
		) {
			t.Errorf("the audit log has %v, want each change once", kinds)
		}
	})
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
