package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

// ListWebhooks lists the calling Data User's subscriptions, the oldest first.
func (c *Client) ListWebhooks(ctx context.Context) (*ListWebhooksResponse, error) {
	return send[ListWebhooksResponse](ctx, c, call{
		op: "list webhooks", method: http.MethodGet, path: "/webhooks", retries: 2,
	})
}

// RegisterWebhook subscribes the calling Data User to events. The answer holds the signing secret, this once.
// ErrInvalid where the address is not https, ErrConflict where the caller has a subscription with it already.
func (c *Client) RegisterWebhook(ctx context.Context, webhook RegisterWebhookRequest) (*WebhookResponse, error) {
	return send[WebhookResponse](ctx, c, call{
		op: "register webhook", method: http.MethodPost, path: "/webhooks", body: webhook,
	})
}

// UpdateWebhook changes what the request names of one of the calling Data User's subscriptions. A rotated secret is
// in the answer, this once. ErrNotFound where the caller has no such subscription, ErrConflict where it has another
// with this address.
func (c *Client) UpdateWebhook(ctx context.Context, wid string, change UpdateWebhookRequest) (*WebhookResponse, error) {
	return send[WebhookResponse](ctx, c, call{
		op: "update webhook", method: http.MethodPatch, path: "/webhooks/" + segment(wid), body: change,
	})
}

// DeleteWebhook ends one of the calling Data User's subscriptions. What is queued for it is still tried. ErrNotFound
// where the caller has no such subscription.
func (c *Client) DeleteWebhook(ctx context.Context, wid string) error {
	_, err := send[struct{}](ctx, c, call{
		op: "delete webhook", method: http.MethodDelete, path: "/webhooks/" + segment(wid), empty: true,
	})
	return err
}

// ListDeliveriesQuery narrows and pages the deliveries of a subscription.
type ListDeliveriesQuery struct {
	// Status keeps the deliveries that have it; empty for all.
	Status DeliveryStatus
	// Limit is how many to answer at most, 1 to 500; 0 for 100. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
}

// ListDeliveries tells what became of the events of one of the calling Data User's subscriptions, the newest first.
// ErrNotFound where the caller has no such subscription.
func (c *Client) ListDeliveries(
	ctx context.Context,
	wid string,
	by ListDeliveriesQuery,
) (*ListDeliveriesResponse, error) {
	query := url.Values{}
	setIf(query, "status", by.Status)
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[ListDeliveriesResponse](ctx, c, call{
		op:      "list deliveries",
		method:  http.MethodGet,
		path:    "/webhooks/" + segment(wid) + "/deliveries",
		query:   query,
		retries: 2,
	})
}

// Redeliver sends an event once more, under the same id. ErrNotFound where the caller has no such subscription, or
// that no such event; ErrConflict where the event is still queued.
func (c *Client) Redeliver(ctx context.Context, wid, eventID string) (*RedeliverResponse, error) {
	return send[RedeliverResponse](ctx, c, call{
		op: "redeliver event", method: http.MethodPost,
		path: "/webhooks/" + segment(wid) + "/deliveries/" + segment(eventID) + "/redeliver",
	})
}
