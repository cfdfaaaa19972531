package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
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
