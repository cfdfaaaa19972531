package web

import (
	"encoding/base64"
	"strings"
	"testing"
)

// The masks of a token differ, repeat no part of each other, and are all valid for the token.
func TestMaskToken(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		masked := MaskToken("token")
		for half := range 2 {
			part := masked[half*22 : half*22+21] // whole letters of one half
			if seen[part] {
				t.Fatalf("%s has a part of an earlier mask", masked)
			}
			seen[part] = true
		}
		if len(masked) != 43 || strings.Contains(masked, "token") || !IsMaskOf(masked, "token") {
			t.Fatalf("masked as %s", masked)
		}
	}
}

// What is no mask of the token is refused: that of another token, the token itself, and what was altered.
func TestIsMaskOf(t *testing.T) {
	t.Parallel()
	masked := MaskToken("token")
	bytes, _ := base64.RawURLEncoding.DecodeString(masked)
	for i := range bytes {
		bytes[i] ^= 1
		if IsMaskOf(base64.RawURLEncoding.EncodeToString(bytes), "token") {
			t.Errorf("accepted with another byte %d", i)
		}
		bytes[i] ^= 1
	}

	for _, text := range []string{
		"", "token", MaskToken("other"), MaskToken(""), masked + "A", masked[:42], masked + "=", " " + masked,
		masked + "\n", strings.Repeat("A", 43), base64.RawURLEncoding.EncodeToString(hashToken("token")),
	} {
		if IsMaskOf(text, "token") {
			t.Errorf("accepted %q", text)
		}
	}
	if !IsMaskOf(MaskToken(""), "") || IsMaskOf("", "") {
		t.Error("an empty token must be masked, too")
	}
}
