package rules

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"regexp"
	"strings"

	"central.consent/dar/register/store"
)

// matchAlphabet has 32 symbols that are not confused when they are read aloud or copied.
const matchAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// matchCodeLength is how many symbols a code has.
const matchCodeLength = 4

var patternMatchCode = regexp.MustCompile(`^[` + matchAlphabet + `]{4}$`)

// What can be wrong with a code that a customer types.
var (
	// ErrCodeMissing and ErrCodeMalformed are not attempts: the challenge does not count them.
	ErrCodeMissing   = errors.New("no code was typed")
	ErrCodeMalformed = errors.New("the typed text is not a code")
	// ErrCodeWrong is an attempt. The third ends the challenge.
	ErrCodeWrong = errors.New("the typed code is wrong")
)

// newMatchCode returns the code that ties the page which starts a challenge to the customer's own page.
func newMatchCode() string {
	random := make([]byte, matchCodeLength)
	rand.Read(random)

	return codeFrom(random)
}

// codeFrom returns one symbol of the match alphabet for each byte.
func codeFrom(random []byte) string {
	code := make([]byte, len(random))
	for i, b := range random {
		code[i] = matchAlphabet[int(b)%len(matchAlphabet)]
	}

	return string(code)
}

// ShownCode returns the code that the page of a mailed link shows, to be typed on the same page: a script that only
// presses buttons does not type it. It is derived from the link's secret, which the register does not keep. It is empty
// if the challenge has a match code, which does the same.
func ShownCode(secret string, found store.Reidentification) string {
	if found.MatchCode != nil {
		return ""
	}

	return codeFrom(HashToken("shown code " + secret)[:matchCodeLength])
}

// parseCode returns a code as the register writes it. People type it in small letters, with spaces or with a dash.
func parseCode(typed string) (string, error) {
	code := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(typed))
	switch {
	case code == "":
		return "", ErrCodeMissing
	case !patternMatchCode.MatchString(code):
		return "", ErrCodeMalformed
	}

	return code, nil
}

// sameCode compares two codes in constant time.
func sameCode(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
