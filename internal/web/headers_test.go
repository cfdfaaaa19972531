package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestPermissionsPolicy(t *testing.T) {
	t.Parallel()
	closed := PermissionsPolicy()
	if strings.Contains(closed, "self") || strings.Count(closed, "=()") != len(features) {
		t.Errorf("closed: %s", closed)
	}

	opened := PermissionsPolicy(UsePasskeys)
	if want := "publickey-credentials-create=(), publickey-credentials-get=(self)"; !strings.HasSuffix(opened, want) {
		t.Errorf("opened: %s", opened)
	}
	if strings.Count(opened, "=()") != len(features)-1 {
		t.Errorf("more is opened: %s", opened)
	}

	defer func() {
		if recover() == nil {
			t.Error("an unknown feature is accepted")
		}
	}()
	PermissionsPolicy("publickey-credentials-got")
}

func TestSetHeaders(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	SetHeaders(h, false)
	if h.Get("Strict-Transport-Security") != "" || h.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("over http: %v", h)
	}

	SetHeaders(h, true)
	SetPageHeaders(h)
	for name, want := range map[string]string{
		"Cache-Control":                "no-store",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Referrer-Policy":              "same-origin",
		"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
