package address

import (
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text   string
		parses bool
		link   bool
		origin bool
		secure string
	}{
		{"https://example.org", true, true, true, "https://example.org"},
		{"https://example.org:8443", true, true, true, "https://example.org:8443"},
		{"http://localhost:5002", true, true, true, "http://localhost:5002"},
		{"http://[::1]:80", true, true, true, "http://[::1]:80"},
		{"http://example.org", true, true, true, ""},
		{"https://example.org/", true, true, false, "https://example.org"},
		{"https://example.org/a?b=c#d", true, true, false, "https://example.org"},
		{"https://example.org?", true, true, false, "https://example.org"},
		{"https://example.org#", true, true, false, "https://example.org"},
		{"https://example.org/é", true, true, false, "https://example.org"},
		{"HTTPS://example.org", true, false, true, "https://example.org"},
		{"https://example.org/a{b}", true, false, false, "https://example.org"},
		{"https://example.org/<b>", true, false, false, "https://example.org"},
		{"https://example.org/\xff", true, false, false, "https://example.org"},
		{"https://user@example.org", false, false, false, "https://example.org"},
		{"https://example.org/a b", false, false, false, "https://example.org"},
		{`https://example.org\@evil.example`, false, false, false, ""},
		{"https://", false, false, false, ""},
		{"https://:443", false, false, false, ""},
		{"https:example.org", false, false, false, ""},
		{"https://exam_ple.org", true, true, true, ""},
		{"//example.org", false, false, false, ""},
		{"/path", false, false, false, ""},
		{"", false, false, false, ""},
		{"javascript:alert(1)", false, false, false, ""},
		{"ftp://example.org", false, false, false, ""},
		{"https://example.org/\n", false, false, false, ""},
		{"https://example.org/" + strings.Repeat("a", MaxURL-20), true, true, false, "https://example.org"},
		{"https://example.org/" + strings.Repeat("a", MaxURL-19), false, false, false, "https://example.org"},
	} {
		if _, got := ParseURL(test.text); got != test.parses {
			t.Errorf("ParseURL(%q): %v, want %v", test.text, got, test.parses)
		}
		if got := IsWebURL(test.text); got != test.link {
			t.Errorf("IsWebURL(%q) = %v, want %v", test.text, got, test.link)
		}
		if got := IsOrigin(test.text); got != test.origin {
			t.Errorf("IsOrigin(%q) = %v, want %v", test.text, got, test.origin)
		}
		if got := SecureOrigin(test.text); got != test.secure {
			t.Errorf("SecureOrigin(%q) = %q, want %q", test.text, got, test.secure)
		}
	}
}
