package rules

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// NewID returns a new identifier: the prefix, an underscore and 12 random bytes in hexadecimal.
func NewID(prefix string) string {
	random := make([]byte, 12)
	rand.Read(random)

	return prefix + "_" + hex.EncodeToString(random)
}

// NewSecret returns a new secret of 256 random bits.
func NewSecret() string {
	random := make([]byte, 32)
	rand.Read(random)

	return base64.RawURLEncoding.EncodeToString(random)
}

// HashToken returns the hash by which a token is stored. A token has enough random bits for one SHA-256.
func HashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))

	return sum[:]
}

// IsKey reports whether text has the form of a key of the register, as ak_0123456789abcdef01234567.
func IsKey(text string) bool { return patternKey.MatchString(text) }
