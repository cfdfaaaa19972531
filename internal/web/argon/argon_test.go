package argon

import (
	"strings"
	"testing"
)

// A hash verifies its own secret only, and does not show whether two people share a secret.
func TestVerify(t *testing.T) {
	t.Parallel()
	cost := Cost{Memory: 64, Passes: 1}
	phc := cost.Hash("correct horse")
	for secret, want := range map[string]bool{"correct horse": true, "correct horse ": false, "": false} {
		if got, err := Verify(secret, phc); got != want || err != nil {
			t.Errorf("%q is accepted: %v (%v), want %v", secret, got, err, want)
		}
	}

	if phc == cost.Hash("correct horse") {
		t.Error("two hashes of one secret are equal")
	}
	if got, err := CostOf(phc); got != cost || err != nil {
		t.Errorf("the cost is %v (%v), want %v", got, err, cost)
	}
}

// A hash that cannot be read is an error, and never a hash that any secret fits.
func TestVerifyUnreadable(t *testing.T) {
	t.Parallel()
	good := Cost{Memory: 64, Passes: 1}.Hash("secret")
	parts := strings.Split(good, "$")
	for name, phc := range map[string]string{
		"empty":           "",
		"plain":           "secret",
		"before it":       "x" + good,
		"other algorithm": strings.Replace(good, "argon2id", "argon2i", 1),
		"other version":   strings.Replace(good, "v=19", "v=16", 1),
		"no parameters":   strings.Replace(good, "m=64,t=1,p=1", "", 1),
		"no passes":       strings.Replace(good, "t=1", "t=0", 1),
		"no lanes":        strings.Replace(good, "p=1", "p=0", 1),
		"bad salt":        strings.Join(parts[:4], "$") + "$!$" + parts[5],
		"bad sum":         strings.Join(parts[:5], "$") + "$!",
		"empty sum":       strings.Join(parts[:5], "$") + "$",
	} {
		if correct, err := Verify("secret", phc); correct || err == nil {
			t.Errorf("%s: accepted %v, %v", name, correct, err)
		} else if phc != "" && strings.Contains(err.Error(), phc) {
			t.Errorf("%s: the error shows the hash", name)
		}
	}
}
