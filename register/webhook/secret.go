package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
)

const secretPrefix = "whsec_"

// minKey is the shortest key, in bytes, that Standard Webhooks allows.
const minKey = 24

// NewSecret makes a signing secret: whsec_ and 64 hex digits. They are also valid base64, of 48 bytes, which is what
// the libraries of Standard Webhooks take them for.
func NewSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return secretPrefix + hex.EncodeToString(b[:])
}

// Secrets are those of one subscription. They do not print.
type Secrets struct {
	Current string
	// Previous is empty where the secret was never rotated. It is good until PreviousUntil, 15 minutes after
	// RotatedAt (register-api.md, 4.10).
	Previous      string
	PreviousUntil time.Time
	RotatedAt     time.Time
}

// Format keeps the secrets out of whatever is printed.
func (Secrets) Format(f fmt.State, _ rune) { io.WriteString(f, "(secrets)") }

// MarshalText keeps the secrets out of logs that are JSON.
func (Secrets) MarshalText() ([]byte, error) { return []byte("(secrets)"), nil }

func (s Secrets) grace(now time.Time) bool { return s.Previous != "" && now.Before(s.PreviousUntil) }

// published is the value of X-DAR-Signature, which holds one signature. So a receiver that has not changed over yet
// can read what was queued before the rotation, and one that has, what came after.
func (s Secrets) published(body []byte, queuedAt, now time.Time) string {
	secret := s.Current
	if s.grace(now) && queuedAt.Before(s.RotatedAt) {
		secret = s.Previous
	}

	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// standard is the value of webhook-signature, which may hold several: while both secrets are good, one of each.
func (s Secrets) standard(id, timestamp string, body []byte, now time.Time) (string, error) {
	secrets := []string{s.Current}
	if s.grace(now) {
		secrets = append(secrets, s.Previous)
	}

	var signatures []string
	for _, secret := range secrets {
		encoded, ok := strings.CutPrefix(secret, secretPrefix)
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil || len(key) < minKey {
			return "", errSecret
		}

		mac := hmac.New(sha256.New, key)
		io.WriteString(mac, id+"."+timestamp+".")
		mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}

	return strings.Join(signatures, " "), nil
}
