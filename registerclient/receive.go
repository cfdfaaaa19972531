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

// WebhookEventType is what an event tells. A receiver ignores those that it does not know.
type WebhookEventType string

const (
	EventConsentExpiring   WebhookEventType = "consent.expiring"
	EventTenancyChange     WebhookEventType = "tenancy.change"
	EventConsentWithdrawal WebhookEventType = "consent.withdrawal"
)

// WebhookEvent is the body of every webhook (register-api.md, 3.7).
type WebhookEvent struct {
	// EventID is evt_ and 24 hex digits, and the same each time that the event is sent.
	EventID   string           `json:"event-id"`
	EventType WebhookEventType `json:"event-type"`
	// OccurredAt is when the thing happened, UTC; the event may arrive a day later.
	OccurredAt time.Time `json:"occurred-at"`
	// WID is the subscription that the event was sent for.
	WID string `json:"wid"`
	// Payload depends on EventType: ConsentExpiring, ConsentWithdrawal and TenancyChange decode it.
	Payload json.RawMessage `json:"payload"`
}

// ConsentExpiringPayload tells that a permission ends soon.
type ConsentExpiringPayload struct {
	AK     string    `json:"ak"`
	MPxN   string    `json:"mpxn"`
	DUID   string    `json:"duid"`
	Expiry time.Time `json:"expiry"`
	// DaysRemaining is as of the first sending.
	DaysRemaining int `json:"days-remaining"`
}

// ConsentWithdrawalPayload tells that a permission was taken back: the data must not be read any more.
type ConsentWithdrawalPayload struct {
	AK        string    `json:"ak"`
	MPxN      string    `json:"mpxn"`
	DUID      string    `json:"duid"`
	RevokedAt time.Time `json:"revoked-at"`
	// Reason is nil where none was given.
	Reason *RevokeReason `json:"reason"`
}

// TenancyChangePayload tells that somebody else moved in. The register revokes nothing by itself.
type TenancyChangePayload struct {
	MPxN          string `json:"mpxn"`
	EffectiveDate Date   `json:"effective-date"`
	// AffectedAKs are the receiver's own records alone.
	AffectedAKs     []string `json:"affected-aks"`
	SourceReference *string  `json:"source-reference"`
}

// ConsentExpiring decodes the payload of a consent.expiring; ErrEvent where the event is another or broken.
func (e *WebhookEvent) ConsentExpiring() (*ConsentExpiringPayload, error) {
	return payload[ConsentExpiringPayload](e, EventConsentExpiring)
}

// ConsentWithdrawal decodes the payload of a consent.withdrawal; ErrEvent where the event is another or broken.
func (e *WebhookEvent) ConsentWithdrawal() (*ConsentWithdrawalPayload, error) {
	return payload[ConsentWithdrawalPayload](e, EventConsentWithdrawal)
}

// TenancyChange decodes the payload of a tenancy.change; ErrEvent where the event is another or broken.
func (e *WebhookEvent) TenancyChange() (*TenancyChangePayload, error) {
	return payload[TenancyChangePayload](e, EventTenancyChange)
}

func payload[T any](e *WebhookEvent, want WebhookEventType) (*T, error) {
	if e.EventType != want {
		return nil, fmt.Errorf("%w: it is no %s", ErrEvent, want)
	}

	// By way of a pointer, so that null is told from an empty object. The cause may quote a value.
	var p *T
	if json.Unmarshal(e.Payload, &p) != nil || p == nil {
		return nil, fmt.Errorf("%w: its payload is not that of a %s", ErrEvent, want)
	}

	return p, nil
}

// Why a webhook is not accepted, for errors.Is. No text holds a secret, a signature or anything of the body.
var (
	// ErrSignature is a body that was not signed with one of the secrets, or not signed at all.
	ErrSignature = errors.New("webhook: not signed with this secret")
	// ErrTimestamp is a good signature from another time: a copy sent again, or a clock that is wrong.
	ErrTimestamp = errors.New("webhook: signed more than five minutes ago or ahead")
	// ErrEvent is a good signature over something that is no event, or not the one that is asked for.
	ErrEvent = errors.New("webhook: not the event that the API describes")
	// ErrTooLong is a body longer than any event.
	ErrTooLong = errors.New("webhook: body is longer than 256 KiB")
)

const (
	// webhookTolerance is how far the clocks may differ, and how long a copy of a webhook can be sent again.
	webhookTolerance = 5 * time.Minute
	maxEvent         = 256 << 10

	webhookSecretPrefix = "whsec_"
	// minWebhookKey is the shortest key, in bytes, that Standard Webhooks allows.
	minWebhookKey = 24
)

// WebhookVerifier tells the register's webhooks from other people's, by the headers of Standard Webhooks
// (https://www.standardwebhooks.com). It is safe for many goroutines.
type WebhookVerifier struct {
	// macs are functions, and not keys, so that a verifier which is printed by accident shows none.
	macs []func() hash.Hash
}

// NewWebhookVerifier accepts what is signed with any of the secrets. Each is what the register answered once,
// whsec_ included. One is enough, but for the time in which a receiver moves from an old one to a new one.
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

// Verify accepts a webhook whose webhook-signature is good for its webhook-id, webhook-timestamp and raw body, and
// whose time is within five minutes of now. It looks at nothing else: X-DAR-Signature leaves the time
// unsigned. ErrSignature, ErrTimestamp or ErrEvent otherwise.
func (v *WebhookVerifier) Verify(header http.Header, body []byte, now time.Time) (*WebhookEvent, error) {
	id := header.Get("webhook-id")
	timestamp := header.Get("webhook-timestamp")
	if id == "" || !v.signed(header.Get("webhook-signature"), id, timestamp, body) {
		return nil, ErrSignature
	}

	at, err := strconv.ParseInt(timestamp, 10, 64)
	tolerance := int64(webhookTolerance / time.Second)
	if err != nil || at < now.Unix()-tolerance || at > now.Unix()+tolerance {
		return nil, ErrTimestamp
	}

	event := new(WebhookEvent)
	if json.Unmarshal(body, event) != nil || event.EventType == "" || event.WID == "" || event.OccurredAt.IsZero() {
		return nil, ErrEvent
	}
	// A receiver knows a repeated event by its event-id, and a library by the header.
	if event.EventID != id {
		return nil, fmt.Errorf("%w: its event-id is not its webhook-id", ErrEvent)
	}

	return event, nil
}

// signed looks among the signatures, of which there are two while a secret is rotated, for one of ours.
func (v *WebhookVerifier) signed(signatures, id, timestamp string, body []byte) bool {
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

// ReadRequest reads the body of a request, at most 256 KiB of it, and verifies it. Besides the errors of Verify there
// are ErrTooLong and what the reading of the body met.
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
