package registerclient

import "time"

// RegisterWebhookRequest subscribes the calling Data User to events. NotifyDaysBefore may be omitted for 30 days, and
// EventTypes for every event but EventContactAdded and EventAccessAfterStop.
type RegisterWebhookRequest struct {
	CallbackURL      string             `json:"callback-url"`
	AlertEmail       string             `json:"alert-email"`
	NotifyDaysBefore *int               `json:"notify-days-before,omitzero"`
	EventTypes       []WebhookEventType `json:"event-types,omitzero"`
}

// UpdateWebhookRequest changes the members of a webhook that it holds, and no others.
type UpdateWebhookRequest struct {
	CallbackURL      *string            `json:"callback-url,omitzero"`
	AlertEmail       *string            `json:"alert-email,omitzero"`
	NotifyDaysBefore *int               `json:"notify-days-before,omitzero"`
	EventTypes       []WebhookEventType `json:"event-types,omitzero"`
	// RotateSecret makes a new signing secret. The old one stays valid for 15 minutes.
	RotateSecret bool `json:"rotate-secret,omitzero"`
}

// Webhook is a subscription to events.
type Webhook struct {
	WID              string             `json:"wid"`
	CallbackURL      string             `json:"callback-url"`
	AlertEmail       string             `json:"alert-email"`
	NotifyDaysBefore int                `json:"notify-days-before"`
	EventTypes       []WebhookEventType `json:"event-types"`
	CreatedAt        time.Time          `json:"created-at"`
	Active           bool               `json:"active"`
	// DUID is the owner's. Only the list for administrators has it.
	DUID string `json:"duid,omitzero"`
}

// WebhookResponse is a webhook. SigningSecret is set only in the response to the request that created it.
type WebhookResponse struct {
	Response      ResponseMetadata `json:"response"`
	Webhook       Webhook          `json:"webhook"`
	SigningSecret string           `json:"signing-secret,omitzero"`
}

// ListWebhooksResponse lists the caller's own webhooks. In the list for administrators Total is set.
type ListWebhooksResponse struct {
	Response ResponseMetadata `json:"response"`
	Webhooks []Webhook        `json:"webhooks"`
	// Total is exact up to 10,000; if there are more, it is 10,000 and TotalIsAtLeast is true.
	Total          *int `json:"total,omitzero"`
	TotalIsAtLeast bool `json:"total-is-at-least,omitzero"`
}

// Delivery is the delivery of one event to one webhook.
type Delivery struct {
	EventID   string           `json:"event-id"`
	EventType WebhookEventType `json:"event-type"`
	Status    DeliveryStatus   `json:"status"`
	// Attempts counts the attempts that have begun.
	Attempts  int       `json:"attempts"`
	CreatedAt time.Time `json:"created-at"`
	// NextAttemptAt is null once the event is delivered or given up.
	NextAttemptAt *time.Time `json:"next-attempt-at"`
	EndedAt       *time.Time `json:"ended-at"`
	// LastError says why the last attempt failed; null if none has.
	LastError *string `json:"last-error"`
}

// ListDeliveriesResponse is a page of the deliveries of a webhook, newest first.
type ListDeliveriesResponse struct {
	Response   ResponseMetadata `json:"response"`
	Deliveries []Delivery       `json:"deliveries"`
	NextCursor string           `json:"next-cursor,omitzero"`
}

// TestWebhookResponse is the delivery of a test event, which is queued. It is an addition to the published API.
type TestWebhookResponse struct {
	Response ResponseMetadata `json:"response"`
	Delivery Delivery         `json:"delivery"`
}

// RedeliverResponse is the delivery, which is queued again.
type RedeliverResponse struct {
	Response ResponseMetadata `json:"response"`
	Delivery Delivery         `json:"delivery"`
}
