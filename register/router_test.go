package register_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
)

// The register is ready with an up-to-date database only. It is alive all the same.
func TestReadiness(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		base := strings.TrimSuffix(r.URL, "/v1")
		ready := func() int {
			status, _ := fetch(t, http.MethodGet, base+"/readyz")

			return status
		}
		if status := ready(); status != http.StatusOK {
			t.Errorf("up to date: %d", status)
		}

		// The last step is missing, which shows that the store expects the latest one.
		registertest.Tamper(t, r, `DELETE FROM register_schema_version
			WHERE version_id = (SELECT MAX(version_id) FROM register_schema_version)`)
		if status := ready(); status != http.StatusServiceUnavailable {
			t.Errorf("without the last step: %d", status)
		}
		if status, _ := fetch(t, http.MethodGet, base+"/healthz"); status != http.StatusOK {
			t.Errorf("alive without the last step: %d", status)
		}
	})
}

// Without a database the register is not ready, and does not say why. Its metrics leave out what the database holds.
func TestReadinessWithoutADatabase(t *testing.T) {
	t.Parallel()
	db := registertest.Must(migrations.Open(t.Context(), t.TempDir()+"/closed.db", migrations.Register))(t)
	service := serviceOn(t, db, nil)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	response := httptest.NewRecorder()
	service.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if response.Code != http.StatusServiceUnavailable || strings.Contains(response.Body.String(), "closed") {
		t.Errorf("readiness: %d %q", response.Code, response.Body)
	}

	response = httptest.NewRecorder()
	service.Metrics().ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if response.Code != http.StatusOK || strings.Contains(response.Body.String(), "dar_jobs_waiting{") ||
		!strings.Contains(response.Body.String(), `route="/readyz",status="503"} 1`) {
		t.Errorf("metrics: %d %s", response.Code, response.Body)
	}
}

// A HEAD gets the status of a GET, without a body.
func TestHead(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	base := strings.TrimSuffix(r.URL, "/v1")
	_, page := fetch(t, http.MethodGet, base+"/docs")
	_, after, _ := strings.Cut(page, `href="/static/`)
	file, _, found := strings.Cut(after, `"`)
	if !found {
		t.Fatal("the documentation names no file")
	}

	for _, path := range []string{"/healthz", "/readyz", "/docs", "/v1/openapi.yaml", "/static/" + file} {
		if status, body := fetch(t, http.MethodHead, base+path); status != http.StatusOK || body != "" {
			t.Errorf("HEAD %s: %d with %d bytes", path, status, len(body))
		}
		if status, body := fetch(t, http.MethodGet, base+path); status != http.StatusOK || body == "" {
			t.Errorf("GET %s: %d with %d bytes", path, status, len(body))
		}
	}
}

// The log holds the caller's request id if it is a short word of ASCII. The response has the transaction id instead.
func TestRequestIDIsLogged(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	for _, id := range []string{"abc-123", strings.Repeat("y", 128), strings.Repeat("z", 129), "two words", "umläut"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL+"/self", nil)
		if err != nil {
			t.Fatal(err)
		}

		request.Header.Set("X-Request-ID", id)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}

		response.Body.Close()
		if got := response.Header.Get("X-Request-ID"); !strings.HasPrefix(got, "tid_") {
			t.Errorf("the response has the request id %q", got)
		}
	}

	log := r.Log.String()
	for text, want := range map[string]bool{
		`"request-id":"abc-123"`: true,
		strings.Repeat("y", 128): true,
		"zzz":                    false,
		"two words":              false,
		"uml":                    false,
	} {
		if strings.Contains(log, text) != want {
			t.Errorf("%q in the log: %v, want %v", text, !want, want)
		}
	}
}
