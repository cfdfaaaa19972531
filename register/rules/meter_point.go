package rules

import "strings"

// An MPRN has 6 to 10 digits.
const (
	shortestMPRN = 6
	longestMPRN  = 10
)

// ParseMPxN returns a meter point number in its normal form: without spaces and dashes, and an MPRN without leading
// zeros. Two numbers name one meter point if and only if their normal forms are equal. It returns an *Error that names
// the field if the text is not a meter point number (docs/decisions.md, MPxN).
func ParseMPxN(field, text string) (string, error) {
	mpxn := strings.NewReplacer(" ", "", "-", "").Replace(text)
	if mpxn == "" {
		return "", Invalid(field, "is required: an MPAN of 13 digits or an MPRN of 6 to 10.")
	}
	if !patternMPxN.MatchString(mpxn) {
		return "", Invalid(field, "is not a meter point number: an MPAN of 13 digits or an MPRN of 6 to 10.")
	}

	return normalMPxN(mpxn), nil
}

// normalMPxN drops the leading zeros of an MPRN, but leaves 6 digits. Other numbers stay as they are.
func normalMPxN(mpxn string) string {
	if !isMPRN(mpxn) {
		return mpxn
	}

	for len(mpxn) > shortestMPRN && mpxn[0] == '0' {
		mpxn = mpxn[1:]
	}

	return mpxn
}

// isMPRN reports whether a meter point number is an MPRN. A number of the published pattern that has letters is none.
func isMPRN(mpxn string) bool {
	return len(mpxn) >= shortestMPRN && len(mpxn) <= longestMPRN && patternIndex.MatchString(mpxn)
}

// spellingsOf returns every spelling of a meter point number in its normal form, for rows that keep the spelling with
// which they were written.
func spellingsOf(mpxn string) []string {
	spellings := []string{mpxn}
	if !isMPRN(mpxn) {
		return spellings
	}

	for padded := "0" + mpxn; len(padded) <= longestMPRN; padded = "0" + padded {
		spellings = append(spellings, padded)
	}

	return spellings
}
