package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Each program gets its own addresses, however odd they are.
func TestOnePort(t *testing.T) {
	t.Parallel()
	named := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, name+" "+r.URL.Path)
		})
	}
	port := onePort(named("portal"), named("register"), named("inbox"))
	for target, want := range map[string]string{
		"/portal":            "portal /portal",
		"/portal/":           "portal /portal/",
		"/portalx":           "portal /portalx",
		"/portal/../v1":      "portal /portal/../v1",
		"/portal//records":   "portal /portal//records",
		"//portal":           "register //portal",
		"/v1//x":             "register /v1//x",
		"/v1/../portal":      "register /v1/../portal",
		"/id/link":           "register /id/link",
		"/demo/inbox":        "inbox /demo/inbox",
		"/demo/inbox/1/html": "inbox /demo/inbox/1/html",
		"/demo/../v1":        "inbox /demo/../v1",
		"/demox":             "register /demox",
		"/demo":              "register /demo",
		"/docs":              "register /docs",
		"/o/a/portal":        "portal /o/a/portal",
		"/oh":                "register /oh",
	} {
		w := httptest.NewRecorder()
		port.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost"+target, nil))
		if got := w.Body.String(); w.Code != http.StatusOK || got != want {
			t.Errorf("%s: %d %q, want %q", target, w.Code, got, want)
		}
	}

	w := httptest.NewRecorder()
	port.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/portal" {
		t.Errorf("/: %d to %q", w.Code, w.Header().Get("Location"))
	}
}
