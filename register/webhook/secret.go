package webhook

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

const secretPrefix = "whsec_"

// NewSecret returns a new signing secret: whsec_ and 64 hex digits. The digits are also valid base64, of 48 bytes,
// and the libraries of Standard Webhooks read them so.
func NewSecret() string {
	var key [32]byte
	rand.Read(key[:])

	return secretPrefix + hex.EncodeToString(key[:])
}

// Secrets are the signing secrets of one subscription. They are never printed.
type Secrets struct {
	// Current signs every event.
	Current string
	// Previous is empty if the secret was never rotated. It is valid until PreviousUntil, 15 minutes after RotatedAt
	// (the published register API, section 4.10).
	Previous      string
	PreviousUntil time.Time
	RotatedAt     time.Time
}

// Format keeps the secrets out of formatted text.
func (Secrets) Format(f fmt.State, _ rune) { io.WriteString(f, "(secrets)") }

// MarshalText keeps the secrets out of JSON logs.
func (Secrets) MarshalText() ([]byte, error) { return []byte("(secrets)"), nil }

// previousIsValid reports whether now lies in the grace period after a rotation.
func (s Secrets) previousIsValid(now time.Time) bool {
	return s.Previous != "" && now.Before(s.PreviousUntil)
}
