package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// tokenSize is the size of the hash of a form token, and of the pad that masks it; bytes.
const tokenSize = 16

// MaskToken returns a form token as one response shows it. A compressed page tells the length of what it repeats: a
// network attacker who can choose a part of the page could guess a token that is the same in every response, letter by
// letter (BREACH). So each response holds the token's hash under a pad of its own, which is random: base64url of the
// pad and of the hash masked by it.
func MaskToken(token string) string {
	masked := make([]byte, 2*tokenSize)
	pad := masked[:tokenSize]
	rand.Read(pad) // never fails
	subtle.XORBytes(masked[tokenSize:], pad, hashToken(token))

	return base64.RawURLEncoding.EncodeToString(masked)
}

// IsMaskOf reports whether a text is what MaskToken returned for a token, at any time.
func IsMaskOf(text, token string) bool {
	if len(text) != base64.RawURLEncoding.EncodedLen(2*tokenSize) {
		return false // also a line break, which the decoder ignores
	}

	masked, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(masked) != 2*tokenSize {
		return false
	}

	hash := make([]byte, tokenSize)
	subtle.XORBytes(hash, masked[:tokenSize], masked[tokenSize:])

	return subtle.ConstantTimeCompare(hash, hashToken(token)) == 1
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte("form token " + token))
	return sum[:tokenSize]
}
