package address

import (
	"strings"
	"testing"
)

// An origin in a policy is letters, digits, dashes and dots alone, though net/url accepts more.
func TestPolicyOrigin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://example.org":                 "https://example.org",
		"https://example.org/a?b=c;d#e":       "https://example.org",
		"https://EXAMPLE.org:8443/":           "https://example.org:8443",
		"https://example.org.":                "https://example.org.",
		"https://xn--bcher-kva.example":       "https://xn--bcher-kva.example",
		"https://bücher.example/x":            "https://xn--bcher-kva.example",
		"https://BÜCHER.example:443":          "https://xn--bcher-kva.example:443",
		"https://192.0.2.1":                   "https://192.0.2.1",
		"http://localhost:5001/portal/return": "http://localhost:5001",
		"http://a---b.example":                "http://a---b.example",

		"https://a;script-src":                "",
		"https://a.example;frame-ancestors":   "",
		"https://a.example,b.example":         "",
		"https://a.example'unsafe-inline'":    "",
		"https://*":                           "",
		"https://*.example":                   "",
		"https://*.example.org":               "",
		"https://a&b.example":                 "",
		"https://a=b.example":                 "",
		"https://a(b).example":                "",
		"https://a!b$c+d.example":             "",
		"https://a_b.example":                 "",
		"https://a..example":                  "",
		"https://.example":                    "",
		"https://a.example:":                  "",
		"https://a.example:0":                 "",
		"https://a.example:99999":             "",
		"https://[::1]":                       "",
		"https://[2001:db8::1]:443":           "",
		"https://[::1%25;script-src]":         "",
		"https://a%3Bscript-src.example":      "",
		"https://a.example%C2%A0;script-src":  "",
		"https://a。example；x":                 "",
		"https://127.1":                       "",
		"https://0x7f.0.0.1":                  "",
		"https://2130706433":                  "",
		"https://user@a.example":              "",
		"https://a.example\r\nX: y":           "",
		"ftp://a.example":                     "",
		"javascript:alert(1)":                 "",
		"//a.example":                         "",
		"":                                    "",
		"https://" + strings.Repeat("a", 254): "",
	} {
		if got := PolicyOrigin(text); got != want {
			t.Errorf("PolicyOrigin(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestEndsInNumber(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"127.0.0.1": true, "a.1": true, "1": true, "127.1.": true, "a.0x7f": true, "a.0x": true, "0X7F": true,
		"": false, ".": false, "a.example": false, "a.1b": false, "1.a": false, "a.0xg": false,
	} {
		if got := EndsInNumber(host); got != want {
			t.Errorf("EndsInNumber(%q) = %v, want %v", host, got, want)
		}
	}
}
