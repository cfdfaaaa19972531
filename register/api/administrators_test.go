package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// lastAudited returns the newest row of the audit log of an account, and how many rows it has.
func lastAudited(t testing.TB, r *registertest.Register, accountID string) (store.AuditEvent, int) {
	t.Helper()
	rows, total, err := r.Store.ListAudit(t.Context(), store.AuditFilter{AccountID: accountID}, store.Page{Limit: 500})
	if err != nil || total.Rows > len(rows) {
		t.Fatalf("%d of %d rows of the audit log: %v", len(rows), total.Rows, err)
	}

	// Times are whole seconds. The row that was written last has the highest count of the whole log.
	newest := store.AuditEvent{}
	for _, row := range rows {
		if row.LogRows >= newest.LogRows {
			newest = row
		}
	}

	return newest, total.Rows
}

// Every operation of an administrator leaves a row in the audit log, with its reason. A new operation cannot be left
// out: it has a seed, and stands in adminRoutes.
func TestEveryOperationOfAdministratorsIsAudited(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	walked := 0
	for _, s := range seeds(t, r) {
		method, path, _ := strings.Cut(s.operation, " ")
		isAdmin := strings.HasPrefix(path, "/admin/")
		_, before := lastAudited(t, r, "admin_ops")
		if a := s.send(t, r, s.path(""), s.query, s.body); a.status >= 300 {
			t.Fatalf("%s: %d %v", s.operation, a.status, a.body["errors"])
		}
		if !isAdmin {
			continue
		}

		walked++
		row, after := lastAudited(t, r, "admin_ops")
		if after <= before {
			t.Errorf("%s left no row in the audit log", s.operation)
		}
		if method == http.MethodGet && (row.EventType != "administrator.looked" ||
			!strings.Contains(row.Detail, `"at":"`)) {
			t.Errorf("%s is audited as %s %s", s.operation, row.EventType, row.Detail)
		}
		if !strings.Contains(row.Detail, `"reason":"`) {
			t.Errorf("%s is audited without its reason: %s %s", s.operation, row.EventType, row.Detail)
		}
	}

	if walked < 20 {
		t.Errorf("%d operations of administrators were walked", walked)
	}
}

// personalReads are the readings that show the data of a household or of a person.
var personalReads = []string{
	"/admin/webhooks", "/admin/contacts?mpxn=2312345678901", "/admin/cot-events?mpxn=2312345678901",
	"/admin/records", "/admin/audit",
}

// A strict register shows no household's and no person's data without a reason, and names the header. What is refused
// leaves no row. Statistics and lists of organisations need none.
func TestPersonalReadsNeedAReason(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	household(t, r)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	ask := func(path string, reasons ...string) reply {
		header := http.Header{"Authorization": {admin}, "X-Dar-Reason": reasons}

		return sendWith(t, http.MethodGet, r.URL+path, header, nil)
	}
	for _, path := range personalReads {
		for name, reasons := range map[string][]string{
			"none":          nil,
			"empty":         {""},
			"blank":         {"   "},
			"two":           {"one", "two"},
			"too long":      {strings.Repeat("x", 501)},
			"not text":      {"\xff\xfe"},
			"an invisible":  {"a\u202eb"},
			"no characters": {"\u200b"},
		} {
			a := ask(path, reasons...)
			if a.status != http.StatusBadRequest || a.fields() != "X-DAR-Reason" {
				t.Errorf("%s with %s: %d %q", path, name, a.status, a.fields())
			}
		}
		if _, rows := lastAudited(t, r, "admin_ops"); rows != 0 {
			t.Errorf("%s was refused and left %d rows", path, rows)
		}
	}

	for i, path := range personalReads {
		expect(t, ask(path, "Cwyn 7: gŵr y tŷ"), http.StatusOK, "")
		row, rows := lastAudited(t, r, "admin_ops")
		if rows != i+1 || !strings.Contains(row.Detail, `"reason":"Cwyn 7: gŵr y tŷ"`) {
			t.Errorf("%s: %d rows, the last %s", path, rows, row.Detail)
		}
	}
	for _, path := range []string{"/admin/stats", "/admin/accounts", "/admin/alarms", "/admin/approvals"} {
		expect(t, ask(path), http.StatusOK, "")
	}
}

// A relaxed register, as the demonstration's, demands no reason and no second administrator, and audits all the same.
func TestRelaxedAdministration(t *testing.T) {
	t.Parallel()
	r := registertest.New(t, registertest.Relaxed())
	household(t, r)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	for i, path := range personalReads {
		header := http.Header{"Authorization": {admin}}
		expect(t, sendWith(t, http.MethodGet, r.URL+path, header, nil), http.StatusOK, "")
		if _, rows := lastAudited(t, r, "admin_ops"); rows != i+1 {
			t.Errorf("%s: %d rows", path, rows)
		}
	}

	body := `{"account-id":"admin_two","role":"admin","display-name":"x"}`
	expect(t, post(t, r.URL+"/admin/accounts", admin, body), http.StatusCreated, "")
	must(r.ClientWith(t, "admin_ops", secretKey).SuspendAccount(t.Context(), "admin_two"))(t)
	must(r.ClientWith(t, "admin_ops", secretKey).ReactivateAccount(t.Context(), "admin_two"))(t)
}

// An administrator changes what an account is called, its contact, its reference and its data types, each with the old
// and the new value in the audit log. Everything else stays.
func TestUpdateAccount(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner := r.ClientOf(t, registerclient.CreateAccountRequest{
			AccountID: "bright_energy", Role: registerclient.RoleDataUser, DisplayName: "Bright Energy Ltd",
		})
		before := must(owner.ReadSelf(t.Context()))(t).Account
		bearer(t, r, "admin_ops", registerclient.RoleAdmin)
		admin := r.ClientWith(t, "admin_ops", secretKey)
		change := registerclient.UpdateAccountRequest{
			DisplayName: "Bright Energy Group", OrganisationReference: "SEC-OU-00429",
		}
		got := must(admin.UpdateAccount(t.Context(), "bright_energy", change))(t).Account
		self := must(owner.ReadSelf(t.Context()))(t).Account
		if got.DisplayName != "Bright Energy Group" || got.OrganisationReference != "SEC-OU-00429" ||
			got.ContactURL != before.ContactURL || len(got.DataTypes) != len(before.DataTypes) ||
			got.Role != before.Role || got.DUID != before.DUID || self.DisplayName != got.DisplayName {
			t.Errorf("changed to %+v, read %+v", got, self)
		}

		row, rows := lastAudited(t, r, "admin_ops")
		for _, want := range []string{
			`"display-name":{"old":"Bright Energy Ltd","new":"Bright Energy Group"}`,
			`"organisation-reference":{"old":"","new":"SEC-OU-00429"}`,
			`"account-id":"bright_energy"`,
		} {
			if !strings.Contains(row.Detail, want) || row.EventType != "account.updated" {
				t.Errorf("audited %s %s, want %s", row.EventType, row.Detail, want)
			}
		}

		must(admin.UpdateAccount(t.Context(), "bright_energy", change))(t)
		if _, again := lastAudited(t, r, "admin_ops"); again != rows {
			t.Errorf("a change of nothing left %d rows", again-rows)
		}
		types := registerclient.UpdateAccountRequest{
			ContactURL: "https://example.org/help", DataTypes: []registerclient.DataType{registerclient.TariffImport},
		}
		got = must(admin.UpdateAccount(t.Context(), "bright_energy", types))(t).Account
		if len(got.DataTypes) != 1 || got.ContactURL != types.ContactURL || got.DisplayName != change.DisplayName {
			t.Errorf("changed to %+v", got)
		}
		if _, err := admin.UpdateAccount(t.Context(), "nobody", change); !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("an unknown account: %v", err)
		}
	})
}

// A change is checked as at the creation, and nothing else of an account can be changed.
func TestWrongAccountChanges(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	admin := bearer(t, r, "admin_ops", registerclient.RoleAdmin)
	bearer(t, r, "portal_ops", registerclient.RolePortal)
	for body, fields := range map[string]string{
		`{}`:                    "",
		`{"display-name":""}`:   "",
		`{"display-name":null}`: "",
		`{"display-name":" "}`:  "display-name",
		`{"display-name":"` + strings.Repeat("x", 256) + `"}`:               "display-name",
		`{"display-name":"a\u202eb"}`:                                       "display-name",
		`{"contact-url":"javascript:alert(1)","data-types":[]}`:             "contact-url data-types",
		`{"data-types":["EVERYTHING"]}`:                                     "data-types[0]",
		`{"organisation-reference":" "}`:                                    "organisation-reference",
		`{"role":"admin"}`:                                                  "role",
		`{"secret-key":"a secret that is long enough to do","status":"x"}`:  "secret-key",
		`{"account-id":"x","duid":"y","return-urls":[],"display-name":"z"}`: "account-id",
	} {
		header := http.Header{"Authorization": {admin}, "Content-Type": {"application/json"}}
		a := sendWith(t, http.MethodPatch, r.URL+"/admin/accounts/portal_ops", header, []byte(body))
		if a.status != http.StatusBadRequest || a.fields() != fields {
			t.Errorf("%s: %d %q, want %q", body, a.status, a.fields(), fields)
		}
	}
}
