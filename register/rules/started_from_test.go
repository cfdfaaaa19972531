package rules

import (
	"strings"
	"testing"
)

// What is shown to the customer as a browser is a name: no message, no address, and no number to call.
func TestStartedFromIsAName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", "Firefox", "Samsung Internet", "Firefox 128.0", "Safari (iPhone)", "Chrome 126+", "360 Browser",
		"Porwr Cymraeg", strings.Repeat("é", 60),
	} {
		if got := mistakesOf(func(k *Checks) { k.startedFrom(name) }); got != "" {
			t.Errorf("%q is refused", name)
		}
	}

	for _, name := range []string{
		strings.Repeat("é", 61), "Firefox: press yes", "Firefox, say yes", "Firefox - call 0800 123456",
		"www.evil.example",
		"evil.example", "http://evil", "evil.example/yes", "mail@evil.example", "Firefox; yes", "Firefox!",
		"\"Firefox\"",
		"<b>Firefox</b>", "Fire\nfox", "Fire\u202efox", "Fire\u200bfox", "Firefox\u2028", " Firefox", "Firefox ",
		" ", ".", "-",
		"(Firefox)", "Mozilla/5.0", "1 2 3 4 5", "ABCD 12345", "Z\u0301\u0301\u0301\u0301\u0301",
	} {
		if got := mistakesOf(func(k *Checks) { k.startedFrom(name) }); got != "started-from" {
			t.Errorf("%q: the mistakes are in %q, want one in started-from", name, got)
		}
	}
}
