package handlers

import (
	"strings"
	"unicode"

	"central.consent/dar/views"
)

const (
	mpanLength = 13
	// longMPANLength is the length of the long form on a bill: eight characters of profile class, time switch code and
	// line loss factor class stand before the MPAN.
	longMPANLength     = 21
	shortestMPRNLength = 6
	longestMPRNLength  = 10
)

// parseMeterPoint reads a meter point number as people copy it from a bill: an MPAN of 13 digits or an MPRN of 6 to 10,
// with any separators between the digits, and an MPAN also in the long form that begins with S. Mistake is the text key
// of what is wrong, and empty if nothing is.
func parseMeterPoint(typed string) (number, mistake string) {
	number = strings.Map(func(r rune) rune {
		if isSeparator(r) {
			return -1
		}
		return r
	}, typed)
	if number == "" {
		return "", "error.number.empty"
	}

	long := strings.TrimLeft(number, "Ss")
	if len(long) == longMPANLength && isAlphanumeric(long[:longMPANLength-mpanLength]) {
		number = long[longMPANLength-mpanLength:]
	}

	if strings.Trim(number, "0123456789") != "" {
		return "", "error.number.characters"
	}
	if len(number) != mpanLength && (len(number) < shortestMPRNLength || len(number) > longestMPRNLength) {
		return "", "error.number.length"
	}

	return number, ""
}

// isSeparator reports whether people put a character between the digits of a number, or copy it along unseen.
func isSeparator(r rune) bool {
	return unicode.In(r, unicode.Space, unicode.Pd, unicode.Cf, unicode.Cc) || strings.ContainsRune("./,_|", r)
}

// isAlphanumeric reports whether s holds ASCII letters and digits alone: a line loss factor class may have letters.
func isAlphanumeric(s string) bool {
	for i := range len(s) {
		if !('0' <= s[i] && s[i] <= '9' || 'A' <= s[i] && s[i] <= 'Z' || 'a' <= s[i] && s[i] <= 'z') {
			return false
		}
	}

	return true
}

// meterPointView groups the digits of an MPAN as bills do. An MPRN stands there in one piece.
func meterPointView(number string) views.MeterPoint {
	if len(number) != mpanLength {
		return views.MeterPoint{Number: number}
	}

	return views.MeterPoint{
		Number:      number[:2] + " " + number[2:6] + " " + number[6:10] + " " + number[10:],
		Electricity: true,
	}
}

// lastDigits returns enough of a number for its owner to recognise it.
func lastDigits(number string) views.MeterPoint {
	return views.MeterPoint{Number: number[len(number)-3:], Electricity: len(number) == mpanLength}
}
