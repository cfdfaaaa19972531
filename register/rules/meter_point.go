package rules

import "strings"

// ParseMPxN returns a meter point number without its spaces and dashes, or an *Error that names the field
// (docs/decisions.md, MPxN).
func ParseMPxN(field, text string) (string, error) {
	mpxn := strings.NewReplacer(" ", "", "-", "").Replace(text)
	if mpxn == "" {
		return "", Invalid(field, "is required: an MPAN of 13 digits or an MPRN of 6 to 10.")
	}
	if !patternMPxN.MatchString(mpxn) {
		return "", Invalid(field, "is not a meter point number: an MPAN of 13 digits or an MPRN of 6 to 10.")
	}

	return mpxn, nil
}
