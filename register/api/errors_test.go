package api_test

import (
	"context"
	"fmt"
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
)

// docs/decisions.md, Errors: a failure is told in the envelope, and its cause to the log alone.
func TestAFailureIsToldWithoutItsCause(t *testing.T) {
	t.Parallel()
	db := must(migrations.Open(t.Context(), t.TempDir()+"/closed.db", migrations.Register))(t)
	var log registertest.Log
	service := must(register.New(register.Options{
		Store: store.New(db.Write, db.Read), Keys: must(rules.NewKeyring(rules.GenerateKey("a")))(t),
		PublicURL: "http://localhost:5001", Logger: slog.New(slog.NewJSONHandler(&log, nil)),
	}))(t)
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	answered := httptest.NewRecorder()
	service.ServeHTTP(
		answered,
		httptest.NewRequestWithContext(late, http.MethodGet, "/v1/access-records/ak_0123456789abcdef01234567", nil),
	)
	if answered.Code != http.StatusServiceUnavailable || answered.Header().Get("Retry-After") == "" ||
		!strings.Contains(answered.Body.String(), "SRV001") {
		t.Errorf("out of time: %d %s", answered.Code, answered.Body)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(registertest.CheckAnswers(t, register.OpenAPI, service))
	t.Cleanup(server.Close)
	a := get(t, server.URL+"/v1/access-records/ak_0123456789abcdef01234567", "")
	expect(t, a, http.StatusInternalServerError, "SRV001")
	id := a.body["response"].(map[string]any)["transaction-id"].(string)
	if strings.Contains(fmt.Sprint(a.body), "closed") || !strings.Contains(log.String(), "closed") ||
		!strings.Contains(log.String(), id) {
		t.Errorf("answered %v, logged %s", a.body, log.String())
	}
}
