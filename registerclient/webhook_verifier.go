package registerclient

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The reasons to refuse a webhook request, for errors.Is. No text holds a secret, a signature or a part of the body.
var (
	// ErrSignature means that the body has no signature made with one of the secrets.
	ErrSignature = errors.New("webhook: not signed with this secret")
	// ErrTimestamp means that the signature is valid but from another time: the request is a replay, or a clock is
	// wrong.
	ErrTimestamp = errors.New("webhook: signed more than five minutes ago or ahead")
	// ErrEvent means that the signature is valid but the body is not an event, or not the one that was asked for.
	ErrEvent = errors.New("webhook: not the event that the API describes")
	// ErrTooLong means that the body is longer than any event.
	ErrTooLong = errors.New("webhook: body is longer than 256 KiB")
)

const (
	// webhookTolerance is how far the clocks may differ, and how long a replay can be accepted.
	webhookTolerance = 5 * time.Minute
	maxEvent         = 256 << 10

	webhookSecretPrefix = "whsec_"
	// minWebhookKey is the shortest key, in bytes, that Standard Webhooks allows.
	minWebhookKey = 24
)

// WebhookVerifier checks that webhook requests come from the register, by the headers of Standard Webhooks
// (https://www.standardwebhooks.com). It is safe for concurrent use.
type WebhookVerifier struct {
	// macs are functions and not keys, so that a verifier that is printed by mistake shows no key.
	macs []func() hash.Hash
}

// NewWebhookVerifier returns a verifier that accepts requests signed with any of the secrets. Each secret is as the
// register returned it, including whsec_. Two are needed only while a receiver moves from an old secret to a new one.
func NewWebhookVerifier(secrets ...string) (*WebhookVerifier, error) {
	if len(secrets) == 0 {
		return nil, errors.New("registerclient: a webhook secret is required")
	}

	v := &WebhookVerifier{}
	for _, secret := range secrets {
		encoded, ok := strings.CutPrefix(secret, webhookSecretPrefix)
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil || len(key) < minWebhookKey {
			return nil, errors.New("registerclient: a webhook secret is whsec_ and at least 32 characters of base64")
		}

		v.macs = append(v.macs, func() hash.Hash { return hmac.New(sha256.New, key) })
	}

	return v, nil
}

// Verify returns the event of a webhook request. The header webhook-signature must be valid for webhook-id,
// webhook-timestamp and the raw body, and the timestamp must be within five minutes of now. Verify reads no other
// headers: X-DAR-Signature does not cover the timestamp. It returns ErrSignature, ErrTimestamp or ErrEvent.
func (v *WebhookVerifier) Verify(header http.Header, body []byte, now time.Time) (*WebhookEvent, error) {
	id := header.Get("webhook-id")
	timestamp := header.Get("webhook-timestamp")
	if id == "" || !v.isSigned(header.Get("webhook-signature"), id, timestamp, body) {
		return nil, ErrSignature
	}

	signedAt, err := strconv.ParseInt(timestamp, 10, 64)
	tolerance := int64(webhookTolerance / time.Second)
	if err != nil || signedAt < now.Unix()-tolerance || signedAt > now.Unix()+tolerance {
		return nil, ErrTimestamp
	}

	event := new(WebhookEvent)
	if json.Unmarshal(body, event) != nil || event.EventType == "" || event.WID == "" || event.OccurredAt.IsZero() {
		return nil, ErrEvent
	}

	// A receiver detects a repeated event by its event-id, a library by the header.
	if event.EventID != id {
		return nil, fmt.Errorf("%w: its event-id is not its webhook-id", ErrEvent)
	}

	return event, nil
}

// isSigned reports whether one of the signatures is valid. There are two while a secret is rotated.
func (v *WebhookVerifier) isSigned(signatures, id, timestamp string, body []byte) bool {
	for _, newMAC := range v.macs {
		mac := newMAC()
		io.WriteString(mac, id+"."+timestamp+".")
		mac.Write(body)
		want := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))

		for signature := range strings.SplitSeq(signatures, " ") {
			if hmac.Equal([]byte(signature), want) {
				return true
			}
		}
	}

	return false
}

// ReadRequest reads the body of a request, at most 256 KiB, and verifies it. It returns the errors of Verify,
// ErrTooLong, or the error of reading the body.
func (v *WebhookVerifier) ReadRequest(r *http.Request, now time.Time) (*WebhookEvent, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxEvent+1))
	if err != nil {
		return nil, fmt.Errorf("webhook: read the body: %w", err)
	}
	if len(body) > maxEvent {
		return nil, ErrTooLong
	}

	return v.Verify(r.Header, body, now)
}
