package registerclient

import (
	"encoding/json"
	"fmt"
	"time"
)

// WebhookEventType is the type of an event. A receiver ignores the types that it does not know.
type WebhookEventType string

// The types of events.
const (
	EventConsentExpiring WebhookEventType = "consent.expiring"
	EventTenancyChange   WebhookEventType = "tenancy.change"
	// EventContactAdded is an addition to the published API. Only a subscription that names it gets it.
	EventContactAdded      WebhookEventType = "contact.added"
	EventConsentWithdrawal WebhookEventType = "consent.withdrawal"
	// EventAccessAfterStop is an addition to the published API. Only a subscription that names it gets it.
	EventAccessAfterStop WebhookEventType = "access.after-stop"
	// EventWebhookTest is an addition to the published API. TestWebhook sends it; no subscription can name it. Its
	// payload is an empty object.
	EventWebhookTest WebhookEventType = "webhook.test"
)

// WebhookEvent is the body of every webhook request (the published register API, section 3.7).
type WebhookEvent struct {
	// EventID is evt_ and 24 hex digits. It is the same each time the event is sent.
	EventID   string           `json:"event-id"`
	EventType WebhookEventType `json:"event-type"`
	// OccurredAt is when the event occurred, UTC. It may arrive a day later.
	OccurredAt time.Time `json:"occurred-at"`
	// WID is the webhook that the event was sent to.
	WID string `json:"wid"`
	// Payload depends on EventType. ConsentExpiring, ConsentWithdrawal and TenancyChange decode it.
	Payload json.RawMessage `json:"payload"`
}

// ConsentExpiringPayload announces that a permission expires soon.
type ConsentExpiringPayload struct {
	AK     string    `json:"ak"`
	MPxN   string    `json:"mpxn"`
	DUID   string    `json:"duid"`
	Expiry time.Time `json:"expiry"`
	// DaysRemaining is as of the first attempt to send the event.
	DaysRemaining int `json:"days-remaining"`
}

// ConsentWithdrawalPayload announces that a permission was withdrawn: the data must not be read any more.
type ConsentWithdrawalPayload struct {
	AK        string    `json:"ak"`
	MPxN      string    `json:"mpxn"`
	DUID      string    `json:"duid"`
	RevokedAt time.Time `json:"revoked-at"`
	// Reason is nil if none was given.
	Reason *RevokeReason `json:"reason"`
	// ErasureRequested says that the customer also asks for the erasure of what the receiver holds; absent if not.
	ErasureRequested bool `json:"erasure-requested,omitzero"`
}

// TenancyChangePayload announces that another person has moved in. The register itself revokes nothing.
type TenancyChangePayload struct {
	MPxN          string `json:"mpxn"`
	EffectiveDate Date   `json:"effective-date"`
	// AffectedAKs are the receiver's own records only.
	AffectedAKs     []string `json:"affected-aks"`
	SourceReference *string  `json:"source-reference"`
}

// ContactAddedPayload announces that an address or a passkey was added for the people at a meter point, at which no
// contact is left that stood before, or that two Data Users name different people after a change of tenancy. A Data
// User that knows better tells the register's operator.
type ContactAddedPayload struct {
	MPxN    string    `json:"mpxn"`
	AddedAt time.Time `json:"added-at"`
	// StandsFrom is when the contact can open the list, unless somebody objects; absent if an administrator has to
	// choose between two households.
	StandsFrom *time.Time `json:"stands-from,omitzero"`
}

// AccessAfterStopPayload announces that the DCC saw the receiver read a meter point more than 2 working days after its
// access had ended.
type AccessAfterStopPayload struct {
	MPxN string `json:"mpxn"`
	// LastSeen is the last day on which the DCC saw it, in London.
	LastSeen Date `json:"last-seen"`
	// EndedAt is when the receiver's own access ended, UTC.
	EndedAt time.Time `json:"ended-at"`
	// DataTypes are what it was seen to read.
	DataTypes []DataType `json:"data-types"`
}

// ConsentExpiring decodes the payload of a consent.expiring event. It returns ErrEvent if the event has another type
// or its payload is not valid.
func (e *WebhookEvent) ConsentExpiring() (*ConsentExpiringPayload, error) {
	return decodePayload[ConsentExpiringPayload](e, EventConsentExpiring)
}

// ConsentWithdrawal decodes the payload of a consent.withdrawal event. It returns ErrEvent if the event has another
// type or its payload is not valid.
func (e *WebhookEvent) ConsentWithdrawal() (*ConsentWithdrawalPayload, error) {
	return decodePayload[ConsentWithdrawalPayload](e, EventConsentWithdrawal)
}

// TenancyChange decodes the payload of a tenancy.change event. It returns ErrEvent if the event has another type or
// its payload is not valid.
func (e *WebhookEvent) TenancyChange() (*TenancyChangePayload, error) {
	return decodePayload[TenancyChangePayload](e, EventTenancyChange)
}

// ContactAdded decodes the payload of a contact.added event. It returns ErrEvent if the event has another type or its
// payload is not valid.
func (e *WebhookEvent) ContactAdded() (*ContactAddedPayload, error) {
	return decodePayload[ContactAddedPayload](e, EventContactAdded)
}

// AccessAfterStop decodes the payload of an access.after-stop event. It returns ErrEvent if the event has another type
// or its payload is not valid.
func (e *WebhookEvent) AccessAfterStop() (*AccessAfterStopPayload, error) {
	return decodePayload[AccessAfterStopPayload](e, EventAccessAfterStop)
}

func decodePayload[T any](e *WebhookEvent, want WebhookEventType) (*T, error) {
	if e.EventType != want {
		return nil, fmt.Errorf("%w: its type is not %s", ErrEvent, want)
	}

	// A pointer tells null from an empty object. The error of Unmarshal may quote a value.
	var payload *T
	if json.Unmarshal(e.Payload, &payload) != nil || payload == nil {
		return nil, fmt.Errorf("%w: its payload is not that of %s", ErrEvent, want)
	}

	return payload, nil
}
