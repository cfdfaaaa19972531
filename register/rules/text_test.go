package rules_test

import (
	"strings"
	"testing"

	"central.consent/dar/register/rules"
)

// A text stands on one line and shows every character: an organisation cannot imitate the name of another.
func TestLegible(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       bool
	}{
		{"empty", "", true},
		{"letters", "Bright Energy Ltd", true},
		{"Welsh", "Ynni Glân Môn", true},
		{"punctuation and symbols", "A&B – “£1” ©", true},
		{"no-break space", "a\u00a0b", true},
		{"emoji", "sun ☀", true},
		{"line feed", "a\nb", false},
		{"tab", "a\tb", false},
		{"NUL", "a\x00b", false},
		{"line separator", "a\u2028b", false},
		{"right-to-left override", "a\u202eb", false},
		{"zero-width space", "a\u200bb", false},
		{"soft hyphen", "a\u00adb", false},
		{"variation selector", "a\ufe0fb", false},
		{"Hangul filler", "a\u3164b", false},
		{"blank Braille pattern", "a\u2800b", false},
		{"private use", "a\ue000b", false},
		{"unassigned", "a\U000e0fffb", false},
		{"4 marks on a letter", "a" + strings.Repeat("\u0301", 4) + "b", true},
		{"5 marks on a letter", "a" + strings.Repeat("\u0301", 5) + "b", false},
		{"5 enclosing marks", "a" + strings.Repeat("\u20dd", 5), false},
		{"4 marks on each of two letters", strings.Repeat("a"+strings.Repeat("\u0301", 4), 2), true},
	} {
		if got := rules.Legible(test.text); got != test.want {
			t.Errorf("%s: legible is %v, want %v", test.name, got, test.want)
		}
	}
}

// What a caller chose is shown back without illegible characters, and shortened to 100.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                        "plain",
		"a\nb\u202ec\xffd":             "abcd",
		"\u200b":                       "",
		strings.Repeat("é", 100):       strings.Repeat("é", 100),
		strings.Repeat("é", 101):       strings.Repeat("é", 100),
		strings.Repeat("\n", 90) + "a": "a",
	} {
		if got := rules.Printable(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}
