package register_test

import (
	"bytes"
	"log/slog"
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

// New refuses unsafe options, and names all of them at once.
func TestNewRefusesUnsafeOptions(t *testing.T) {
	t.Parallel()
	keys := registertest.Must(rules.NewKeyring(rules.GenerateKey("a")))(t)
	at := func(publicURL string, stub bool) register.Options {
		return register.Options{Store: &store.Store{}, Keys: keys, Stub: stub, PublicURL: publicURL}
	}
	for _, test := range []struct {
		name    string
		options register.Options
		want    []string
	}{
		{"no options", register.Options{}, []string{"store", "keyring", "public URL"}},
		{"a public stub", at("https://id.central.consent", true), []string{"stubbed"}},
		{"a stub over plain http", at("http://192.168.1.5", true), []string{"https", "stubbed"}},
		{"a name that looks local", at("https://localhost.example.com", true), []string{"stubbed"}},
		{"a password in the URL", at("https://a:b@id.central.consent", false), []string{"no user"}},
		{"a path in the URL", at("https://id.central.consent/v1", false), []string{"no path"}},
		{"a query in the URL", at("https://id.central.consent?", false), []string{"query"}},
		{"a fragment in the URL", at("https://id.central.consent#", false), []string{"fragment"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := register.New(test.options)
			if err == nil {
				t.Fatal("accepted")
			}

			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not contain %q", err, want)
				}
			}
		})
	}
}

// A stub on a loopback address is accepted, and logged.
func TestNewLogsAStub(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	_, err := register.New(register.Options{
		Store:     store.New(nil, nil),
		Keys:      registertest.Must(rules.NewKeyring(rules.GenerateKey("a")))(t),
		Stub:      true,
		PublicURL: "http://127.0.0.1:5001",
		Logger:    slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil || !strings.Contains(log.String(), "STUBBED") {
		t.Errorf("error %v, log %q", err, log.String())
	}
}

// The metrics count responses by route and jobs by kind. They name no meter point and no made-up method or path.
func TestMetrics(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	service := serviceOn(t, r.DB, func(options *register.Options) {
		options.Stub = true
		options.Clock = r.Clock.Now
	})
	ask := func(method, path string) {
		service.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "http://localhost:5001"+path, nil))
	}
	ask(http.MethodGet, "/v1/meter-points/2312345678901/access-records")
	ask(http.MethodGet, "/v1/meter-points/9900000000001/access-records")
	ask("CANARY", "/v1/canary/2312345678901")

	now := store.Millis(r.Clock.Now())
	insert := r.DB.Write.Rebind(`INSERT INTO outbox
		(id, kind, target, subject, key_id, sealed_body, created_at, due_at, outcome, ended_at)
		VALUES (?, 'webhook', 'x', 'x', 'test', X'', ?, ?, ?, ?)`)
	for i, outcome := range []any{nil, nil, "undelivered", "delivered"} {
		var ended any
		if outcome != nil {
			ended = now
		}

		if _, err := r.DB.Write.Exec(insert, i, now, now, outcome, ended); err != nil {
			t.Fatal(err)
		}
	}

	response := httptest.NewRecorder()
	service.Metrics().ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text := response.Body.String()
	for _, want := range []string{
		`dar_http_requests_total{method="GET",route="/v1/meter-points/:mpxn/access-records",status="401"} 2`,
		`dar_http_request_duration_seconds_count{method="GET",route="/v1/meter-points/:mpxn/access-records"} 2`,
		`dar_jobs_waiting{kind="webhook"} 2`,
		`dar_jobs_waiting{kind="mail"} 0`,
		`dar_jobs_undelivered{kind="webhook"} 1`,
		`dar_alarms{kind="objections"} 0`,
		"go_goroutines",
		"process_cpu_seconds_total",
		`method="other"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics do not contain %s", want)
		}
	}

	for _, canary := range []string{"2312345678901", "CANARY", "canary"} {
		if strings.Contains(text, canary) {
			t.Errorf("the metrics contain %s", canary)
		}
	}
}

// If the public address is https, return URLs are https too, except on a loopback address.
func TestReturnURLsAreHTTPS(t *testing.T) {
	t.Parallel()
	db := registertest.SQLite.Open(t, migrations.Register)
	service := serviceOn(t, db, func(options *register.Options) { options.PublicURL = "https://id.central.consent" })
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
