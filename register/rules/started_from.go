package rules

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxStartedFrom is how many characters the name of a browser may have.
	maxStartedFrom = 60
	// maxBrowserDigits is how many digits it may have: a telephone number or a code has more.
	maxBrowserDigits = 4
)

// addressInName is a dot within a word, as a web address has it. The dot of a version stands before a digit.
var addressInName = regexp.MustCompile(`[\p{L}\p{N}]\.\p{L}`)

// startedFrom checks the name of the browser in which a challenge was started: "Firefox", "Firefox 128.0", "Safari
// (iPhone)". The confirmation page shows it to the customer, so it must hold no message: no address, no number to call,
// and no signs that join sentences.
func (k *Checks) startedFrom(name string) {
	before := len(k.mistakes)
	k.text("started-from", name, maxStartedFrom)
	if len(k.mistakes) == before && name != "" && !isBrowserName(name) {
		k.Add("started-from", "must be the name of a browser, as Firefox: letters, spaces, dots, brackets, "+
			"+ and -, at most 4 digits, and no address.")
	}
}

// isBrowserName reports whether a text can be the name of a browser.
func isBrowserName(name string) bool {
	digits := 0
	for _, r := range name {
		switch {
		case unicode.IsDigit(r):
			digits++
		case !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune(" .()+-", r):
			return false
		}
	}

	first, _ := utf8.DecodeRuneInString(name)

	return (unicode.IsLetter(first) || unicode.IsDigit(first)) && strings.TrimSpace(name) == name &&
		digits <= maxBrowserDigits && !addressInName.MatchString(name)
}
