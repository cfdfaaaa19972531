package rules

import (
	"slices"
	"time"
)

// Working days are those of England and Wales: not a Saturday, a Sunday or a bank holiday. The bank holidays follow the
// Banking and Financial Dealings Act 1971, with the substitute days and the exceptions of
// https://www.gov.uk/bank-holidays. A day is midnight UTC of its date.

// extraHolidays are the bank holidays that no rule gives, or that took the place of one, since smart meters exist.
var extraHolidays = []string{
	"2011-04-29", // a royal wedding
	"2012-06-04", // spring, moved
	"2012-06-05", // a jubilee
	"2020-05-08", // early May, moved
	"2022-06-02", // spring, moved
	"2022-06-03", // a jubilee
	"2022-09-19", // a state funeral
	"2023-05-08", // a coronation
}

// movedHolidays are the days that a rule gives and that were no bank holidays.
var movedHolidays = []string{"2012-05-28", "2020-05-04", "2022-05-30"}

// addWorkingDays returns the n-th working day after a day.
func addWorkingDays(day time.Time, n int) time.Time {
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if isWorkingDay(day) {
			n--
		}
	}

	return day
}

func isWorkingDay(day time.Time) bool {
	isWeekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday

	return !isWeekend && !isBankHoliday(day)
}

// isBankHoliday reports whether a day is a bank holiday, or the substitute of one that falls on a weekend.
func isBankHoliday(day time.Time) bool {
	date := day.Format(time.DateOnly)
	if slices.Contains(extraHolidays, date) {
		return true
	}
	if slices.Contains(movedHolidays, date) {
		return false
	}

	easter := easterSunday(day.Year())
	if day.Equal(easter.AddDate(0, 0, -2)) || day.Equal(easter.AddDate(0, 0, 1)) {
		return true
	}

	isMonday := day.Weekday() == time.Monday
	switch day.Month() {
	case time.January:
		return day.Day() == 1 || isMonday && day.Day() <= 3
	case time.May:
		return isMonday && (day.Day() <= 7 || day.Day() > 31-7)
	case time.August:
		return isMonday && day.Day() > 31-7
	case time.December:
		return isChristmas(day)
	default:
		return false
	}
}

// isChristmas reports whether a day of December is Christmas Day, Boxing Day, or the substitute of one: of two days on
// a weekend Monday and Tuesday, of Christmas Day on a Sunday the Tuesday, of Boxing Day on a Saturday the Monday.
func isChristmas(day time.Time) bool {
	switch day.Day() {
	case 25, 26:
		return true
	case 27, 28:
		return day.Weekday() == time.Monday || day.Weekday() == time.Tuesday
	default:
		return false
	}
}

// easterSunday returns Easter Sunday of a year in the Gregorian calendar (J. Meeus, Astronomical Algorithms, chapter
// 8).
func easterSunday(year int) time.Time {
	golden := year % 19
	century := year / 100
	yearOfCentury := year % 100
	corrected := (century - (century+8)/25 + 1) / 3
	epact := (19*golden + century - century/4 - corrected + 15) % 30
	weekday := (32 + 2*(century%4) + 2*(yearOfCentury/4) - epact - yearOfCentury%4) % 7
	late := (golden + 11*epact + 22*weekday) / 451
	sum := epact + weekday - 7*late + 114

	return time.Date(year, time.Month(sum/31), sum%31+1, 0, 0, 0, 0, time.UTC)
}
