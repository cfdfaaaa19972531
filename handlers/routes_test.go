package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser(t)
	if p := b.get("/portal/healthz"); p.StatusCode != 200 || p.body != "ok" {
		t.Errorf("answers %d %q", p.StatusCode, p.body)
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.get("/portal/nowhere").wants(t, 404, "error.not-found.title")
	b.get("/nowhere").wants(t, 404, "error.not-found.title")
	p := b.do(http.MethodDelete, "/portal/prove", nil).wants(t, 405, "error.method.title")
	if p.Header.Get("Allow") == "" {
		t.Error("does not say what is allowed")
	}

	b.do(http.MethodHead, "/portal/waiting/check", nil)
	b.do(http.MethodHead, "/portal/waiting/refresh", nil)
	if n := w.wire.called("status"); n != 0 {
		t.Error("HEAD asked the register")
	}
	for path, allowed := range map[string]string{
		"/portal/meter": "POST",
		"/portal":       "GET, HEAD",
		"/portal/prove": "GET, HEAD, POST",
	} {
		p := b.do(http.MethodOptions, path, nil).wants(t, 405, "error.method.title")
		if p.Header.Get("Allow") != allowed {
			t.Errorf("OPTIONS %s allows %q", path, p.Header.Get("Allow"))
		}
	}

	b.do(http.MethodOptions, "/portal/nowhere", nil).wants(t, 404, "error.not-found.title")
	b.get("/portal/static/nope").wants(t, 404, "error.not-found.title")
	b.post("/portal/meter", url.Values{"number": {strings.Repeat("9", maxForm)}}).wants(t, 413, "error.too-long.title")
	b.post("/portal/meter?%zz", url.Values{}).wants(t, 400, "error.escape.title")
	for _, media := range []string{
		"multipart/form-data; boundary=x",
		"application/json",
		"application/x-www-form-urlencoded; charset=latin1",
		"nonsense;",
	} {
		b.header.Set("Content-Type", media)
		b.post("/portal/meter", url.Values{"number": {trueMPAN}}).wants(t, 415, "error.media.title")
	}

	b.header.Del("Content-Type")
	for _, path := range []string{"/", "/portal/"} {
		if p := b.get(path); p.StatusCode != http.StatusFound || p.Header.Get("Location") != "/portal" {
			t.Errorf("%s: %d to %q", path, p.StatusCode, p.Header.Get("Location"))
		}
	}

	b.get("//evil.example/%2f..").wants(t, 404, "error.not-found.title")
	if href := b.get("//evil.example/").doc.Find(`a[href^="//"]`).Length(); href != 0 {
		t.Error("a link leads to another host")
	}
}
