package rules

import (
	"strings"
	"testing"
)

// A hash verifies its own secret only, and does not show whether two accounts share a secret.
func TestVerifySecret(t *testing.T) {
	t.Parallel()
	cost := SecretCost{Memory: 64, Passes: 1}
	hash := cost.hash("correct horse")
	for secret, want := range map[string]bool{"correct horse": true, "correct horse ": false, "": false} {
		if got, err := verifySecret(secret, hash); got != want || err != nil {
			t.Errorf("%q is accepted: %v (%v), want %v", secret, got, err, want)
		}
	}

	if hash == cost.hash("correct horse") {
		t.Error("two hashes of one secret are equal")
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("the hash is %q", hash)
	}
}

// A hash keeps its own cost: after the cost was raised, older secrets are still verified.
func TestVerifySecretOfAnotherCost(t *testing.T) {
	t.Parallel()
	hash := SecretCost{Memory: 128, Passes: 2}.hash("secret")
	if correct, err := verifySecret("secret", hash); !correct || err != nil {
		t.Errorf("accepted: %v (%v)", correct, err)
	}
}

// A stored hash that is not readable is an error, not a wrong secret.
func TestVerifyUnreadableHash(t *testing.T) {
	t.Parallel()
	good := SecretCost{Memory: 64, Passes: 1}.hash("secret")
	for name, hash := range map[string]string{
		"empty":           "",
		"plain":           "secret",
		"other algorithm": strings.Replace(good, "argon2id", "argon2i", 1),
		"other version":   strings.Replace(good, "v=19", "v=16", 1),
		"no parameters":   strings.Replace(good, "m=64,t=1,p=1", "", 1),
		"bad salt":        strings.Join(strings.Split(good, "$")[:4], "$") + "$!$AAAA",
		"bad sum":         strings.Join(strings.Split(good, "$")[:5], "$") + "$!",
	} {
		if correct, err := verifySecret("secret", hash); correct || err == nil {
			t.Errorf("%s: accepted %v, %v", name, correct, err)
		}
	}
}
