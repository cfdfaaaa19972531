package rules_test

import (
	"strings"
	"testing"

	"central.consent/dar/register/rules"
)

// A meter point number is an MPAN of 13 digits, an MPRN of 6 to 10, or of the published pattern. Spaces, dashes and the
// leading zeros of an MPRN are dropped (docs/decisions.md, MPxN).
func TestParseMPxN(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want, refusal string }{
		{"2312345678901", "2312345678901", ""},
		{"23 1234-5678 901", "2312345678901", ""},
		{"123456", "123456", ""},
		{"1234567890", "1234567890", ""},
		{"AB12345678", "AB12345678", ""},
		{"AB1234567890", "AB1234567890", ""},
		{"0012345678", "12345678", ""},
		{"00-1234 5678", "12345678", ""},
		{"0000123456", "123456", ""},
		{"0000012345", "012345", ""},
		{"012345", "012345", ""},
		{"0000000000", "000000", ""},
		{"0312345678901", "0312345678901", ""},
		{"00123456789", "00123456789", ""},
		{"0A12345678", "0A12345678", ""},
		{"", "", "invalid VAL001 mpxn"},
		{" - ", "", "invalid VAL001 mpxn"},
		{"12345", "", "invalid VAL001 mpxn"},
		{"23123456789012", "", "invalid VAL001 mpxn"},
		{"AB1234567", "", "invalid VAL001 mpxn"},
		{"ab12345678", "", "invalid VAL001 mpxn"},
		{"IO12345678", "", "invalid VAL001 mpxn"},
		{"2312345678901\n", "", "invalid VAL001 mpxn"},
		{"٢٣١٢٣٤٥", "", "invalid VAL001 mpxn"},
	} {
		got, err := rules.ParseMPxN("mpxn", test.text)
		expectRefusal(t, test.text, err, test.refusal)
		if got != test.want {
			t.Errorf("%q is read as %q, want %q", test.text, got, test.want)
		}
	}
}

// Every spelling of a meter point number is read as its normal form.
func TestSpellings(t *testing.T) {
	t.Parallel()
	for mpxn, want := range map[string]string{
		"12345678":      "12345678 012345678 0012345678",
		"012345":        "012345 0012345 00012345 000012345 0000012345",
		"1234567890":    "1234567890",
		"2312345678901": "2312345678901",
		"0A12345678":    "0A12345678",
		"00123456789":   "00123456789",
	} {
		spellings := rules.SpellingsOf(mpxn)
		if got := strings.Join(spellings, " "); got != want {
			t.Errorf("%s is spelled %s, want %s", mpxn, got, want)
		}
		for _, spelling := range spellings {
			if got, err := rules.ParseMPxN("mpxn", spelling); err != nil || got != mpxn {
				t.Errorf("%s is read as %s, want %s (%v)", spelling, got, mpxn, err)
			}
		}
	}
}

// What ParseMPxN returns is a number without separators that it takes again.
func FuzzParseMPxN(f *testing.F) {
	for _, seed := range []string{"2312345678901", "23 1234-5678 901", "AB12345678", "12", "0012345678", "\u00a0"} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, text string) {
		mpxn, err := rules.ParseMPxN("mpxn", text)
		if err != nil {
			return
		}
		if again, err := rules.ParseMPxN("mpxn", mpxn); err != nil || again != mpxn || len(mpxn) > 13 {
			t.Errorf("%q is read as %q, and that as %q (%v)", text, mpxn, again, err)
		}
	})
}
