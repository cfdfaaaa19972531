package i18n

import (
	"strings"
	"testing"
	"time"
)

func TestDatesAreInLondon(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, utc, english, welsh string }{
		{"in summer", "2026-05-03T13:03:00Z", "3 May 2026 at 2:03pm", "3 Mai 2026 am 2:03yh"},
		{"in winter", "2026-11-07T05:31:56Z", "7 November 2026 at 5:31am", "7 Tachwedd 2026 am 5:31yb"},
		{"before clocks go forward", "2026-03-29T00:59:59Z", "29 March 2026 at 12:59am", "29 Mawrth 2026 am 12:59yb"},
		{"after clocks go forward", "2026-03-29T01:00:00Z", "29 March 2026 at 2:00am", "29 Mawrth 2026 am 2:00yb"},
		{"before clocks go back", "2026-10-25T00:30:00Z", "25 October 2026 at 1:30am", "25 Hydref 2026 am 1:30yb"},
		{"after clocks go back", "2026-10-25T01:30:00Z", "25 October 2026 at 1:30am", "25 Hydref 2026 am 1:30yb"},
		{"a day later than in UTC", "2026-06-30T23:30:00Z", "1 July 2026 at 12:30am", "1 Gorffennaf 2026 am 12:30yb"},
		{"at noon", "2026-01-14T12:00:00Z", "14 January 2026 at 12:00pm", "14 Ionawr 2026 am 12:00yh"},
	} {
		at, err := time.Parse(time.RFC3339, test.utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := For("en").DateTime(at); got != test.english {
			t.Errorf("%s: got %q, want %q", test.name, got, test.english)
		}
		if got := For("cy").DateTime(at); got != test.welsh {
			t.Errorf("%s: got %q, want %q", test.name, got, test.welsh)
		}
	}
}

func TestMonths(t *testing.T) {
	t.Parallel()
	want := strings.Fields("Ionawr Chwefror Mawrth Ebrill Mai Mehefin Gorffennaf Awst Medi Hydref Tachwedd Rhagfyr")
	for i, month := range want {
		date := time.Date(2026, time.Month(i+1), 9, 12, 0, 0, 0, time.UTC)
		if got := For("cy").Date(date); got != "9 "+month+" 2026" {
			t.Errorf("got %q, want %s", got, month)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		names          []string
		english, welsh string
	}{
		{nil, "", ""},
		{[]string{"Bright"}, "Bright", "Bright"},
		{[]string{"Bright", "Octopus"}, "Bright and Octopus", "Bright ac Octopus"},
		{[]string{"Bright", "Octopus", "Northern"}, "Bright, Octopus and Northern", "Bright, Octopus a Northern"},
	} {
		if got := For("en").List(test.names); got != test.english {
			t.Errorf("got %q, want %q", got, test.english)
		}
		if got := For("cy").List(test.names); got != test.welsh {
			t.Errorf("got %q, want %q", got, test.welsh)
		}
	}
}

func TestDurationsAndCountries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ iso, english, welsh string }{
		{"P2Y", "2 years", "2 flynedd"},
		{"P1Y6M", "1 year and 6 months", "1 flwyddyn a 6 mis"},
		{"P90D", "90 days", "90 diwrnod"},
		{"P2W", "2 weeks", "2 wythnos"},
		{"PT1H", "", ""}, {"P", "", ""}, {"for ever", "", ""},
	} {
		if got := For("en").Duration(test.iso); got != test.english {
			t.Errorf("%s: got %q, want %q", test.iso, got, test.english)
		}
		if got := For("cy").Duration(test.iso); got != test.welsh {
			t.Errorf("%s: got %q, want %q", test.iso, got, test.welsh)
		}
	}

	if got := For("cy").Country("GB"); got != "Y Deyrnas Unedig" {
		t.Errorf("got %q", got)
	}
	if got := For("en").Country("nowhere"); got != "" {
		t.Errorf("got %q for a country that does not exist", got)
	}
}
