package rules

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// bankHolidays are the bank holidays of England and Wales by year, as month and day: as published at
// https://www.gov.uk/bank-holidays up to 2028, and from then on by the rules of the Act.
var bankHolidays = map[string]string{
	"2011": "01-03 04-22 04-25 04-29 05-02 05-30 08-29 12-26 12-27",
	"2012": "01-02 04-06 04-09 05-07 06-04 06-05 08-27 12-25 12-26",
	"2020": "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
	"2021": "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
	"2022": "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
	"2023": "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
	"2024": "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
	"2025": "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
	"2026": "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
	"2027": "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
	"2028": "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
	"2029": "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26",
	"2030": "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
	"2031": "01-01 04-11 04-14 05-05 05-26 08-25 12-25 12-26",
	"2032": "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
	"2033": "01-03 04-15 04-18 05-02 05-30 08-29 12-26 12-27",
	"2034": "01-02 04-07 04-10 05-01 05-29 08-28 12-25 12-26",
	"2035": "01-01 03-23 03-26 05-07 05-28 08-27 12-25 12-26",
}

// dayAt returns midnight UTC of a date.
func dayAt(t testing.TB, date string) time.Time {
	t.Helper()
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}

	return day
}

// The days of a year from Monday to Friday that are no working days are its bank holidays.
func TestBankHolidays(t *testing.T) {
	t.Parallel()
	for year, want := range bankHolidays {
		var got []string
		for day := dayAt(t, year+"-01-01"); day.Format("2006") == year; day = day.AddDate(0, 0, 1) {
			isWeekend := slices.Contains([]time.Weekday{time.Saturday, time.Sunday}, day.Weekday())
			if isWeekend && isWorkingDay(day) {
				t.Errorf("%s is a working day", day.Format(time.DateOnly))
			}
			if !isWeekend && !isWorkingDay(day) {
				got = append(got, day.Format("01-02"))
			}
		}

		if strings.Join(got, " ") != want {
			t.Errorf("%s has %s, want %s", year, strings.Join(got, " "), want)
		}
	}
}

func TestAddWorkingDays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, day, want string }{
		{"in a week", "2026-06-01", "2026-06-03"},
		{"over a weekend", "2026-06-04", "2026-06-08"},
		{"from a Saturday", "2026-06-06", "2026-06-09"},
		{"over Easter", "2026-04-02", "2026-04-08"},
		{"over Christmas and New Year", "2027-12-24", "2027-12-30"},
		{"over a bank holiday in August", "2026-08-28", "2026-09-02"},
	} {
		if got := addWorkingDays(dayAt(t, test.day), 2).Format(time.DateOnly); got != test.want {
			t.Errorf("%s: 2 working days after %s is %s, want %s", test.name, test.day, got, test.want)
		}
	}
}
