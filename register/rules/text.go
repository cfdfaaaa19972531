package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPrintable is how many characters Printable keeps.
const maxPrintable = 100

// Printable shortens and cleans a name that the caller chose, for use in a response.
func Printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !legible(r) {
			return -1
		}
		return r
	}, name)
	if utf8.RuneCountInString(name) > maxPrintable {
		name = string([]rune(name)[:maxPrintable])
	}

	return name
}

// legible reports whether a character may stand in a text of one line: it is assigned and visible. With a control, a
// direction mark or a zero-width character an organisation could imitate another's name (Unicode Technical Report 36,
// sections 2.5 and 2.10).
func legible(r rune) bool {
	const brailleBlank = '\u2800'
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs) && r != brailleBlank &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// maxMarks is how many combining marks a letter may carry. A taller stack is drawn over the lines above and below
// (Unicode Technical Standard 39, section 5.4).
const maxMarks = 4

// Legible reports whether a text stands on one line, without control characters, invisible characters or stacks of
// combining marks.
func Legible(text string) bool {
	marks := 0
	for _, r := range text {
		if marks++; !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		}
		if !legible(r) || marks > maxMarks {
			return false
		}
	}

	return true
}
