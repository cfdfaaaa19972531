package main

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"central.consent/dar/static"
)

// The first visit to the list, with all that it loads, weighs at most 45 kB compressed.
func TestWeight(t *testing.T) {
	t.Parallel()
	total := 0
	for _, path := range []string{
		"/en/records-demo",
		"/static/" + static.URL("portal.css"),
		"/static/" + static.URL("portal.js"),
		"/static/" + static.URL("htmx.js"),
		"/static/" + static.URL("favicon.svg"),
	} {
		w := httptest.NewRecorder()
		handler(ownLook).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%s has the status %d", path, w.Code)
		}

		var compressed bytes.Buffer
		z := gzip.NewWriter(&compressed)
		if _, err := w.Body.WriteTo(z); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}

		t.Logf("%s: %d bytes", path, compressed.Len())
		total += compressed.Len()
	}

	if total > 45*1000 {
		t.Errorf("the list weighs %d bytes", total)
	}
}

func TestIndexLeadsToEveryPage(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	handler(brands(t)...).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, p := range everyPage(t) {
		if !strings.Contains(w.Body.String(), `href="`+p.Path+`"`) {
			t.Errorf("the index does not lead to %s", p.Path)
		}
	}
}
