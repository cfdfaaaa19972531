package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// Every operation serves the roles that the document names and no others. The requests have an unknown parameter,
// so that an operation that serves the caller does nothing.
func TestRolesMatchDocument(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	doc, err := openapi3.NewLoader().LoadFromData(register.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}

	tokens := map[string]string{}
	for _, role := range everyRole {
		tokens[string(role)] = bearer(t, r, "role_"+string(role), role)
	}

	for _, s := range seeds(t, r) {
		method, route, _ := strings.Cut(s.operation, " ")
		parts := strings.Split(route, "/")
		for i, part := range parts {
			if name, ok := strings.CutPrefix(part, ":"); ok {
				parts[i] = "{" + name + "}"
			}
		}

		roles, _ := doc.Paths.Value(strings.Join(parts, "/")).GetOperation(method).Extensions["x-roles"].([]any)
		if len(roles) == 0 {
			t.Errorf("%s names no roles", s.operation)
		}

		ask := func(credentials string) answer {
			s := s
			s.credentials = credentials
			return s.send(t, r, s.path(""), "colour=red", s.body)
		}
		if slices.Contains(roles, any("anyone")) {
			if a := ask(""); s.operation != "GET /auth/token" && a.fields() != "colour" {
				t.Errorf("%s by anyone: %d %v", s.operation, a.status, a.body)
			}
			continue
		}

		expect(t, ask(""), http.StatusUnauthorized, "AUTH001")
		expect(t, ask("Bearer nonsense"), http.StatusUnauthorized, "AUTH002")
		for role, token := range tokens {
			a := ask(token)
			if slices.Contains(roles, any(role)) {
				if a.status != http.StatusBadRequest || a.fields() != "colour" {
					t.Errorf("%s by %s, who may: %d %v", s.operation, role, a.status, a.body["errors"])
				}
			} else if a.status != http.StatusForbidden || a.code() != "AUTH003" {
				t.Errorf("%s by %s, who may not: %d %v", s.operation, role, a.status, a.body["errors"])
			}
		}
	}
}

func TestUnknownRoutesAndWrongMethodsAnswerInTheEnvelope(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	expect(t, get(t, r.URL+"/nowhere", ""), http.StatusNotFound, "NOT001")
	expect(t, get(t, strings.TrimSuffix(r.URL, "/v1")+"/", ""), http.StatusNotFound, "NOT001")
	if a := get(t, r.URL+"/openapi.yaml", ""); a.status != http.StatusOK {
		t.Errorf("the document itself: %d", a.status)
	}

	a := post(t, r.URL+"/auth/token", "", "{}")
	expect(t, a, http.StatusMethodNotAllowed, "ERR000")
	if a.header.Get("Allow") == "" {
		t.Error("the answer does not say which methods are allowed")
	}

	for path, allowed := range map[string]string{"/auth/token": "GET", "/identity-records": "GET, POST"} {
		a := send(t, http.MethodOptions, r.URL+path, "", "", nil)
		expect(t, a, http.StatusMethodNotAllowed, "ERR000")
		if got := a.header.Get("Allow"); got != allowed {
			t.Errorf("OPTIONS %s allows %q, want %q", path, got, allowed)
		}
	}

	expect(t, send(t, http.MethodOptions, r.URL+"/nowhere", "", "", nil), http.StatusNotFound, "NOT001")
	envelope := a.body["response"].(map[string]any)
	if envelope["resource"] != "/v1/auth/token" || !strings.HasPrefix(envelope["transaction-id"].(string), "tid_") {
		t.Errorf("envelope %v", envelope)
	}
}

func TestEachRoleReachesItsOwnOperationsAlone(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	tokens := map[registerclient.Role]string{}
	for _, role := range []registerclient.Role{"data_user", "data_provider", "dcc", "admin", "portal"} {
		tokens[role] = bearer(t, r, "account_"+string(role), role)
	}

	for _, o := range []struct{ method, path, roles string }{
		{"GET", "/identity-records", "data_user"},
		{"POST", "/identity-records", "data_user"},
		{"GET", "/identity-records/exists", "data_user portal"},
		{"POST", "/identity-records/reidentify", "data_user portal"},
		{"GET", "/identity-records/reidentify/mlr_0123456789abcdef01234567", "data_user portal"},
		{"GET", "/identity-records/ir_0123456789abcdef01234567", "data_user"},
		{"DELETE", "/identity-records/ir_0123456789abcdef01234567", "data_user"},
		{"DELETE", "/identity-records/ir_0123456789abcdef01234567/credentials/cred_0123456789abcdef01234567", "data_user"},
		{"POST", "/identity-records/ir_0123456789abcdef01234567/re-identify", "data_user"},
		{"GET", "/identity-records/ir_0123456789abcdef01234567/re-identify/mlr_0123456789abcdef01234567", "data_user"},
		{"POST", "/cot-events", "dcc"},
		{"GET", "/admin/cot-events", "admin"},
		{"POST", "/admin/cot-events/cot_0123456789abcdef01234567/withdraw", "admin"},
		{"POST", "/access-records", "data_user"},
		{"DELETE", "/access-records/ak_0123456789abcdef01234567", "data_user portal"},
		{"GET", "/meter-points/2312345678901/access-records", "data_user portal"},
		{"POST", "/discovered-access", "dcc"},
		{"POST", "/admin/accounts", "admin"},
	} {
		expect(
			t,
			send(t, o.method, r.URL+o.path, "", "application/json", []byte("{}")),
			http.StatusUnauthorized,
			"AUTH001",
		)
		expect(
			t,
			send(t, o.method, r.URL+o.path, "Bearer nonsense", "application/json", []byte("{}")),
			http.StatusUnauthorized,
			"AUTH002",
		)
		for role, token := range tokens {
			a := send(t, o.method, r.URL+o.path, token, "application/json", []byte("{}"))
			if refused := a.code() == "AUTH003"; refused == strings.Contains(o.roles, string(role)) {
				t.Errorf("%s %s as %s: %d %q", o.method, o.path, role, a.status, a.code())
			}
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
