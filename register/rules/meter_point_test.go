package rules_test

import (
	"testing"

	"central.consent/dar/register/rules"
)

// A meter point number is an MPAN of 13 digits, an MPRN of 6 to 10, or of the published pattern. Spaces and dashes are
// dropped (docs/decisions.md, MPxN).
func TestParseMPxN(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want, refusal string }{
		{"2312345678901", "2312345678901", ""},
		{"23 1234-5678 901", "2312345678901", ""},
		{"123456", "123456", ""},
		{"1234567890", "1234567890", ""},
		{"AB12345678", "AB12345678", ""},
		{"AB1234567890", "AB1234567890", ""},
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

// What ParseMPxN returns is a number without separators that it takes again.
func FuzzParseMPxN(f *testing.F) {
	for _, seed := range []string{"2312345678901", "23 1234-5678 901", "AB12345678", "12", "\u00a0"} {
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
