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

// A failure is sent in the envelope without its cause. The log has the cause (docs/decisions.md, Errors).
func TestFailureHidesItsCause(t *testing.T) {
	t.Parallel()
	db := must(migrations.Open(t.Context(), t.TempDir()+"/closed.db", migrations.Register))(t)
	var log registertest.Log
	service := must(register.New(register.Options{
		Store:     store.New(db.Write, db.Read),
		Keys:      must(rules.NewKeyring(rules.GenerateKey("a")))(t),
		PublicURL: "http://localhost:5001",
		Logger:    slog.New(slog.NewJSONHandler(&log, nil)),
	}))(t)
	const path = "/v1/access-records/ak_0123456789abcdef01234567"

	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	response := httptest.NewRecorder()
	service.ServeHTTP(response, httptest.NewRequestWithContext(late, http.MethodGet, "http://localhost"+path, nil))
	if response.Code != http.StatusServiceUnavailable || response.Header().Get("Retry-After") == "" ||
		!strings.Contains(response.Body.String(), "SRV001") {
		t.Errorf("out of time: %d %s", response.Code, response.Body)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(registertest.CheckAnswers(t, register.OpenAPI, service))
	t.Cleanup(server.Close)
	a := get(t, server.URL+path, "")
	expect(t, a, http.StatusInternalServerError, "SRV001")
	id := a.body["response"].(map[string]any)["transaction-id"].(string)
	if strings.Contains(fmt.Sprint(a.body), "closed") || !strings.Contains(log.String(), "closed") ||
		!strings.Contains(log.String(), id) {
		t.Errorf("sent %v, logged %s", a.body, log.String())
	}
}
