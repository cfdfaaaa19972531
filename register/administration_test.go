package register_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
)

// With a listener of its own, administration is served there alone: everywhere else it answers as a path that does not
// exist, whatever the method. That listener serves nothing of customers and Data Users.
func TestAdministrationIsApart(t *testing.T) {
	t.Parallel()
	status := func(handler http.Handler, method, path string) int {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), method, "http://localhost:5001"+path, nil)
		handler.ServeHTTP(recorder, request)

		return recorder.Code
	}
	db := registertest.SQLite.Open(t, migrations.Register)
	apart := serviceOn(t, db, func(o *register.Options) { o.SeparateAdministration = true })
	together := serviceOn(t, db, nil)
	for _, test := range []struct {
		method, path              string
		public, own, withoutApart int
	}{
		{"GET", "/v1/admin/stats", 404, 401, 401},
		{"GET", "/v1/admin/audit?mpxn=2312345678901", 404, 401, 401},
		{"POST", "/v1/admin/accounts", 404, 401, 401},
		{"DELETE", "/v1/admin/accounts", 404, 405, 405},
		{"OPTIONS", "/v1/admin/accounts", 404, 405, 405},
		{"PATCH", "/v1/admin/accounts/bright_energy", 404, 401, 401},
		{"POST", "/v1/admin/approvals/apr_0123456789abcdef01234567/approve", 404, 401, 401},
		{"GET", "/v1/admin/nothing", 404, 404, 404},
		{"GET", "/v1/%61dmin/stats", 404, 404, 404},
		{"GET", "/v1//admin/stats", 404, 404, 404},
		{"GET", "/v1/auth/token", 401, 401, 401},
		{"POST", "/v1/self/rotate-secret", 401, 401, 401},
		{"GET", "/healthz", 200, 200, 200},
		{"GET", "/v1/records", 401, 404, 401},
		{"GET", "/docs", 200, 404, 200},
		{"GET", "/id/contacts", 0, 404, 0},
	} {
		got := []int{
			status(apart, test.method, test.path), status(apart.Administration(), test.method, test.path),
			status(together, test.method, test.path),
		}
		for i, want := range []int{test.public, test.own, test.withoutApart} {
			if want != 0 && got[i] != want {
				t.Errorf("%s %s: %v, want %d on listener %d", test.method, test.path, got, want, i)
			}
		}
	}
}
