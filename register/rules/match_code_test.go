package rules

import (
	"errors"
	"strings"
	"testing"

	"central.consent/dar/register/store"
)

// A code has four symbols that are not confused when they are read aloud, and is not predictable.
func TestNewMatchCode(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{}
	for range 200 {
		code := newMatchCode()
		if !patternMatchCode.MatchString(code) || strings.ContainsAny(code, "01IO") {
			t.Errorf("the code is %q", code)
		}

		codes[code] = true
	}

	if len(codes) < 190 { // of a million
		t.Errorf("200 codes are %d different ones", len(codes))
	}
}

// A page of the same link always shows the same code, and a page of another link another one. A challenge with a match
// code shows none.
func TestShownCode(t *testing.T) {
	t.Parallel()
	shown := ShownCode("secret", store.Reidentification{})
	if !patternMatchCode.MatchString(shown) || shown != ShownCode("secret", store.Reidentification{}) {
		t.Errorf("the page shows %q", shown)
	}
	if shown == ShownCode("other secret", store.Reidentification{}) {
		t.Error("the code does not depend on the secret")
	}
	if got := ShownCode("secret", store.Reidentification{MatchCode: new("ABCD")}); got != "" {
		t.Errorf("beside a match code the page shows %q", got)
	}
}

// People type a code in small letters, with spaces or with dashes. A text that is not a code is no attempt.
func TestParseCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		typed, want string
		err         error
	}{
		{"AB23", "AB23", nil},
		{" ab - 2\u00a03 ", "AB23", nil},
		{"", "", ErrCodeMissing},
		{" - ", "", ErrCodeMissing},
		{"AB2", "", ErrCodeMalformed},
		{"AB234", "", ErrCodeMalformed},
		{"AB20", "", ErrCodeMalformed},
		{"ABI2", "", ErrCodeMalformed},
		{"AB23\n", "", ErrCodeMalformed},
		{"AB2é", "", ErrCodeMalformed},
	} {
		got, err := parseCode(test.typed)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q is read as %q (%v), want %q (%v)", test.typed, got, err, test.want, test.err)
		}
	}
}

// What parseCode returns is a code, however it was typed.
func FuzzParseCode(f *testing.F) {
	for _, seed := range []string{"AB23", " ab-23", "I0O1", "ſß23", ""} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, typed string) {
		code, err := parseCode(typed)
		if err == nil && !patternMatchCode.MatchString(code) || err != nil && code != "" {
			t.Errorf("%q is read as %q (%v)", typed, code, err)
		}
	})
}
