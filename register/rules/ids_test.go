package rules_test

import (
	"testing"

	"central.consent/dar/register/rules"
)

// A key of the register is a prefix and 24 hexadecimal digits, and no other text is one.
func TestIsKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		rules.NewID("ak"):               true,
		"ir_0123456789abcdef01234567":   true,
		"ir_0123456789abcdef0123456":    false,
		"ir_0123456789abcdef012345678":  false,
		"ir_0123456789ABCDEF01234567":   false,
		"_0123456789abcdef01234567":     false,
		"ir_0123456789abcdef01234567\n": false,
		" ir_0123456789abcdef01234567":  false,
		"ir0123456789abcdef01234567":    false,
		"":                              false,
	} {
		if got := rules.IsKey(text); got != want {
			t.Errorf("%q is a key: %v, want %v", text, got, want)
		}
	}
}

// Keys and secrets are new each time, and a secret has 256 bits.
func TestNewSecret(t *testing.T) {
	t.Parallel()
	id := rules.NewID("ak")
	secret := rules.NewSecret()
	if rules.NewID("ak") == id || rules.NewSecret() == secret {
		t.Error("two are equal")
	}
	if got := len(rules.NewSecret()); got != 43 {
		t.Errorf("a secret has %d characters of base64, want 43", got)
	}
}
