package handlers

import (
	"strings"
	"testing"
)

func TestParseMeterPoint(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, typed, want, mistake string
	}{
		{"an MPAN", "2312345678901", "2312345678901", ""},
		{"as on a bill", "23 1234 5678 901", "2312345678901", ""},
		{"with dashes of all kinds", "23-1234–5678—901", "2312345678901", ""},
		{"with spaces of all kinds", "\u00a023\u20091234\t5678\u200b901\r\n", "2312345678901", ""},
		{"with dots and slashes", "23.1234/5678.901", "2312345678901", ""},
		{"the shortest MPRN", "123456", "123456", ""},
		{"the longest MPRN", "1234567890", "1234567890", ""},
		{"the long form", "S 01 801 100 23 1234 5678 901", "2312345678901", ""},
		{"the long form without its S", "018011002312345678901", "2312345678901", ""},
		{"the long form with a letter in the class", "S 03 845 A12 23 1234 5678 901", "2312345678901", ""},
		{"nothing", "", "", "error.number.empty"},
		{"only spaces", " \t ", "", "error.number.empty"},
		{"letters", "23 1234 5678 9O1", "", "error.number.characters"},
		{"words", "I do not know", "", "error.number.characters"},
		{"a minus is a dash", "-2312345678901", "2312345678901", ""},
		{"digits of another script", "٢٣١٢٣٤٥٦٧٨٩٠١", "", "error.number.characters"},
		{"the long form with a letter in the MPAN", "0180110023123456789O1", "", "error.number.characters"},
		{"too short", "12345", "", "error.number.length"},
		{"between the two", "12345678901", "", "error.number.length"},
		{"12 digits", "123456789012", "", "error.number.length"},
		{"14 digits", "12345678901234", "", "error.number.length"},
		{"markup", "<script>1</script>", "", "error.number.characters"},
		{"broken text", "23\xff12345678901", "", "error.number.characters"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, mistake := parseMeterPoint(test.typed)
			if got != test.want || mistake != test.mistake {
				t.Errorf("got %q, %q, want %q, %q", got, mistake, test.want, test.mistake)
			}
		})
	}
}

func FuzzParseMeterPoint(f *testing.F) {
	for _, seed := range []string{
		"",
		"23 1234 5678 901",
		"S 01 801 100 23 1234 5678 901",
		"123456",
		"S",
		"\xff",
		"٢٣",
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, typed string) {
		number, mistake := parseMeterPoint(typed)
		if (number == "") == (mistake == "") {
			t.Fatalf("got %q and %q: exactly one must be empty", number, mistake)
		}
		if mistake != "" {
			return
		}
		if strings.Trim(number, "0123456789") != "" || len(number) != 13 && (len(number) < 6 || len(number) > 10) {
			t.Fatalf("got %q, which is no meter point number", number)
		}

		hasCheckDigit(number)
		if again, mistake := parseMeterPoint(meterPointView(number).Number); again != number || mistake != "" {
			t.Fatalf("%q, as shown, reads as %q, %q", number, again, mistake)
		}
	})
}
