package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// minKey is the shortest key that Standard Webhooks allows, in bytes.
const minKey = 24

// sign returns the header of a delivery, with the register's own signature and that of Standard Webhooks.
func sign(d Delivery, now time.Time) (http.Header, error) {
	timestamp := strconv.FormatInt(now.Unix(), 10)

	standard, err := d.Secrets.standardSignature(d.EventID, timestamp, d.Body, now)
	if err != nil {
		return nil, err
	}

	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", userAgent)
	header.Set("X-DAR-Event", d.EventType)
	header.Set("X-DAR-Timestamp", timestamp)
	header.Set("X-DAR-Signature", d.Secrets.darSignature(d.Body, d.QueuedAt, now))
	header.Set("webhook-id", d.EventID)
	header.Set("webhook-timestamp", timestamp)
	header.Set("webhook-signature", standard)

	return header, nil
}

// darSignature returns the value of X-DAR-Signature, which holds one signature. Events that were queued before a
// rotation are signed with the previous secret during the grace period, because the receiver may not have changed over
// yet.
func (s Secrets) darSignature(body []byte, queuedAt, now time.Time) string {
	secret := s.Current
	if s.previousIsValid(now) && queuedAt.Before(s.RotatedAt) {
		secret = s.Previous
	}

	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)

	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// standardSignature returns the value of webhook-signature, which may hold several signatures: one for each secret
// that is valid.
func (s Secrets) standardSignature(id, timestamp string, body []byte, now time.Time) (string, error) {
	secrets := []string{s.Current}
	if s.previousIsValid(now) {
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
