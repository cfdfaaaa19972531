package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"central.consent/dar/register"
	"central.consent/dar/register/api"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// Every operation of the document has a route and a seed, with a body and with every parameter that it takes.
func TestEveryOperationHasASeed(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(register.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}

	described := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			described[method+" "+strings.NewReplacer("{", ":", "}", "").Replace(path)] = o
		}
	}

	bodies := map[string]string{}
	queries := map[string]string{}
	for _, s := range seeds(t, registertest.New(t)) {
		bodies[s.operation] += s.body
		queries[s.operation] += s.query
	}

	routes := api.Operations()
	for _, route := range routes {
		body, seeded := bodies[route]
		o := described[route]
		switch {
		case o == nil:
			t.Errorf("%s is not in the document", route)
			continue
		case !seeded:
			t.Errorf("%s has no seed", route)
		case o.RequestBody != nil && body == "":
			t.Errorf("%s takes a body, and its seed has none", route)
		}

		for _, p := range o.Parameters {
			if p.Value.In == openapi3.ParameterInQuery && !strings.Contains(queries[route], p.Value.Name+"=") {
				t.Errorf("%s takes the parameter %s, and its seed has none", route, p.Value.Name)
			}
		}
	}

	for operation := range described {
		if !slices.Contains(routes, operation) {
			t.Errorf("%s is described and does not exist", operation)
		}
	}
}

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

		ask := func(credentials string) reply {
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
					t.Errorf("%s by %s, which is allowed: %d %v", s.operation, role, a.status, a.body["errors"])
				}
			} else if a.status != http.StatusForbidden || a.code() != "AUTH003" {
				t.Errorf("%s by %s, which is not allowed: %d %v", s.operation, role, a.status, a.body["errors"])
			}
		}
	}
}

// An unknown path and a wrong method get an error in the envelope. The latter names the allowed methods.
func TestUnknownRoutesAndMethods(t *testing.T) {
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
		t.Error("the response does not name the allowed methods")
	}

	envelope := a.body["response"].(map[string]any)
	if envelope["resource"] != "/v1/auth/token" || !strings.HasPrefix(envelope["transaction-id"].(string), "tid_") {
		t.Errorf("envelope %v", envelope)
	}

	for path, allowed := range map[string]string{"/auth/token": "GET", "/identity-records": "GET, POST"} {
		refused := send(t, http.MethodOptions, r.URL+path, "", "", nil)
		expect(t, refused, http.StatusMethodNotAllowed, "ERR000")
		if got := refused.header.Get("Allow"); got != allowed {
			t.Errorf("OPTIONS %s allows %q, want %q", path, got, allowed)
		}
	}

	expect(t, send(t, http.MethodOptions, r.URL+"/nowhere", "", "", nil), http.StatusNotFound, "NOT001")
}

// The operations on customers' data serve these roles only, and no caller without a valid token.
func TestRolesOfCustomerOperations(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	tokens := map[registerclient.Role]string{}
	for _, role := range everyRole {
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
		{
			"DELETE",
			"/identity-records/ir_0123456789abcdef01234567/credentials/cred_0123456789abcdef01234567",
			"data_user",
		},
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
		a := send(t, o.method, r.URL+o.path, "", "application/json", []byte("{}"))
		expect(t, a, http.StatusUnauthorized, "AUTH001")
		a = send(t, o.method, r.URL+o.path, "Bearer nonsense", "application/json", []byte("{}"))
		expect(t, a, http.StatusUnauthorized, "AUTH002")
		for role, token := range tokens {
			a := send(t, o.method, r.URL+o.path, token, "application/json", []byte("{}"))
			if refused := a.code() == "AUTH003"; refused == strings.Contains(o.roles, string(role)) {
				t.Errorf("%s %s as %s: %d %q", o.method, o.path, role, a.status, a.code())
			}
		}
	}
}

// The operations on accounts serve these roles only. The right roles get past the check to the operation itself.
func TestRolesOfAdministration(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	const unknownDUID = "duid_000000000000000000000000"
	admin := []registerclient.Role{registerclient.RoleAdmin}
	operations := []struct {
		method, path, body string
		roles              []registerclient.Role
		status             int // for these roles
	}{
		{
			"PUT", "/self/return-urls", `{"return-urls":[],"current-secret":"` + secretKey + `"}`,
			[]registerclient.Role{"data_user", "portal"}, 200,
		},
		{"GET", "/data-users/" + unknownDUID, "", []registerclient.Role{"data_provider", "data_user", "admin"}, 404},
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
			if slices.Contains(o.roles, role) {
				if a.status != o.status {
					t.Errorf("%s %s by %s: %d, want %d", o.method, o.path, role, a.status, o.status)
				}
			} else if a.status != http.StatusForbidden || a.code() != "AUTH003" {
				t.Errorf("%s %s by %s: %d %s", o.method, o.path, role, a.status, a.code())
			}
		}
	}

	for _, o := range operations {
		a := send(t, o.method, r.URL+o.path, "", "application/json", []byte(o.body))
		expect(t, a, http.StatusUnauthorized, "AUTH001")
	}

	expect(t, get(t, r.URL+"/self", ""), http.StatusUnauthorized, "AUTH001")
	expect(t, post(t, r.URL+"/self/rotate-secret", "", ""), http.StatusUnauthorized, "AUTH001")
}
