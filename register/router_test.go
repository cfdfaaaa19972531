package register_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"central.consent/dar/migrations"
	"central.consent/dar/register"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

func fetch(t *testing.T, method, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}

	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}

	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}

	return response.StatusCode, string(text)
}

func TestReadyOnlyWithAnUpToDateDatabaseThatAnswers(t *testing.T) {
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

		// Without its last step, so that the store's own number is known to be the latest.
		registertest.Tamper(
			t,
			r,
			`DELETE FROM register_schema_version WHERE version_id = (SELECT MAX(version_id) FROM register_schema_version)`,
		)
		if status := ready(); status != http.StatusServiceUnavailable {
			t.Errorf("a step behind: %d", status)
		}
		if status, _ := fetch(t, http.MethodGet, base+"/healthz"); status != http.StatusOK {
			t.Errorf("the process lives all the same: %d", status)
		}
	})
	db := registertest.Must(migrations.Open(t.Context(), t.TempDir()+"/closed.db", migrations.Register))(t)
	service := registertest.Must(register.New(register.Options{
		Store:     store.New(db.Write, db.Read),
		Keys:      registertest.Must(rules.NewKeyring(rules.GenerateKey("a")))(t),
		PublicURL: "http://localhost:5001",
	}))(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	answered := httptest.NewRecorder()
	service.ServeHTTP(answered, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if answered.Code != http.StatusServiceUnavailable || strings.Contains(answered.Body.String(), "closed") {
		t.Errorf("without a database: %d %q", answered.Code, answered.Body)
	}

	answered = httptest.NewRecorder()
	service.Metrics().ServeHTTP(answered, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answered.Code != http.StatusOK || strings.Contains(answered.Body.String(), "dar_jobs_waiting{") ||
		!strings.Contains(answered.Body.String(), `route="/readyz",status="503"} 1`) {
		t.Errorf("metrics without a database: %d %s", answered.Code, answered.Body)
	}
}

func TestHeadAnswersWhereGetDoes(t *testing.T) {
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

func TestMetricsCountAnswersAndJobsAndNameNobody(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	db := r.DB
	service := registertest.Must(register.New(register.Options{
		Store:     store.New(db.Write, db.Read),
		Keys:      registertest.Must(rules.NewKeyring("test:" + registertest.Key))(t),
		Stub:      true,
		PublicURL: "http://localhost:5001",
		Clock:     r.Clock.Now,
	}))(t)
	ask := func(method, path string) {
		service.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
	}
	ask(http.MethodGet, "/v1/meter-points/2312345678901/access-records")
	ask(http.MethodGet, "/v1/meter-points/9900000000001/access-records")
	ask("CANARY", "/v1/canary/2312345678901")
	now := store.Millis(r.Clock.Now())
	for i, outcome := range []any{nil, nil, "undelivered", "delivered"} {
		var ended any
		if outcome != nil {
			ended = now
		}

		_, err := db.Write.Exec(`INSERT INTO outbox (id, kind, target, subject, key_id, sealed_body, created_at, due_at, outcome, ended_at) VALUES (?, 'webhook', 'x', 'x', 'test', X'', ?, ?, ?, ?)`, i, now, now, outcome, ended)
		if err != nil {
			t.Fatal(err)
		}
	}

	answered := httptest.NewRecorder()
	service.Metrics().ServeHTTP(answered, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text := answered.Body.String()
	for _, want := range []string{
		`dar_http_requests_total{method="GET",route="/v1/meter-points/:mpxn/access-records",status="401"} 2`,
		`dar_http_request_duration_seconds_count{method="GET",route="/v1/meter-points/:mpxn/access-records"} 2`,
		`dar_jobs_waiting{kind="webhook"} 2`,
		`dar_jobs_waiting{kind="mail"} 0`,
		`dar_jobs_undelivered{kind="webhook"} 1`,
		"go_goroutines",
		"process_cpu_seconds_total",
		`method="other"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("does not say %s", want)
		}
	}

	for _, canary := range []string{"2312345678901", "CANARY", "canary"} {
		if strings.Contains(text, canary) {
			t.Errorf("names %s", canary)
		}
	}
}

func TestLogTellsTheCallersRequestID(t *testing.T) {
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
			t.Errorf("answered %q", got)
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

// Where the public address is https, customers are sent back to https alone, but for whoever tries it at home.
func TestReturnURLsAreHTTPSOffLoopback(t *testing.T) {
	t.Parallel()
	db := registertest.SQLite.Open(t, migrations.Register)
	service := registertest.Must(register.New(register.Options{
		Store:     store.New(db.Write, db.Read),
		Keys:      registertest.Must(rules.NewKeyring(rules.GenerateKey("a")))(t),
		PublicURL: "https://id.central.consent",
	}))(t)
	in := registerclient.CreateAccountRequest{
		AccountID:   "portal_ops",
		Role:        registerclient.RolePortal,
		DisplayName: "x",
		ReturnURLs:  []string{"https://a.example.org", "http://localhost:8080/x", "http://b.example.org"},
	}
	_, _, err := service.Rules.AddAccount(t.Context(), in)
	if err == nil || err.Error() != "return-urls[2]: must be https: plain http is for loopback addresses only." {
		t.Errorf("got %v", err)
	}
}
