package web

import "testing"

func TestNormalHost(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"id.example.org":      "id.example.org",
		"ID.Example.ORG:443":  "id.example.org",
		"id.example.org:80":   "id.example.org",
		"id.example.org:8443": "id.example.org:8443",
		"id.example.org.":     "id.example.org.",
		"[::1]:443":           "[::1]",
		"":                    "",
	} {
		if got := NormalHost(header); got != want {
			t.Errorf("NormalHost(%q) = %q, want %q", header, got, want)
		}
	}
}
