package address

import (
	"strings"
	"testing"
)

func TestIsMailDomain(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 63)
	for domain, want := range map[string]bool{
		"example.com":                   true,
		"EXAMPLE.com":                   true,
		"mail.example.co.uk":            true,
		"bücher.example":                true,
		"xn--bcher-kva.example":         true,
		"a---b.example":                 true,
		"1.example":                     true,
		"4chan.org":                     true,
		"example.c0m":                   true,
		long + ".example":               true,
		"[127.0.0.1]":                   false,
		"[IPv6:::1]":                    false,
		"[IPv6:2001:db8::1]":            false,
		"[example.com]":                 false,
		"127.0.0.1":                     false,
		"127。0。0。1":                     false,
		"１２７.0.0.1":                     false,
		"127.1":                         false,
		"0x7f.0x1":                      false,
		"a.0x7f":                        false,
		"2130706433":                    false,
		"::1":                           false,
		"localhost":                     false,
		"mailhost":                      false,
		"mail.localhost":                false,
		"localhost.localdomain":         false,
		"example.com.":                  false,
		"example.com..":                 false,
		".example.com":                  false,
		"example..com":                  false,
		"-a.example":                    false,
		"a-.example":                    false,
		"exam_ple.com":                  false,
		"a.example:25":                  false,
		"a.example/x":                   false,
		"a@b.example":                   false,
		"a b.example":                   false,
		"":                              false,
		long + "a.example":              false,
		strings.Repeat("a.", 130) + "a": false,
	} {
		if got := IsMailDomain(domain); got != want {
			t.Errorf("IsMailDomain(%q) = %v, want %v", domain, got, want)
		}
	}
}
