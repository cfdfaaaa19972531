package web

import "testing"

func TestIsVisibleASCII(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"a": true, "!~": true, "": false, "a b": false, "a\n": false, "é": false, "\x7f": false, "a\x00": false,
	} {
		if got := IsVisibleASCII(text); got != want {
			t.Errorf("IsVisibleASCII(%q) = %v, want %v", text, got, want)
		}
	}
}
