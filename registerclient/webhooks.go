package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

// ListWebhooks lists the webhooks of the calling Data User, oldest first.
func (c *Client) ListWebhooks(ctx context.Context) (*ListWebhooksResponse, error) {
	return send[ListWebhooksResponse](ctx, c, operation{
		name:    "list webhooks",
		method:  http.MethodGet,
		path:    "/webhooks",
		retries: 2,
	})
}

// RegisterWebhook subscribes the calling Data User to events. The response holds the signing secret, which is returned
// only once. It returns ErrInvalid if the address is not https, ErrConflict if the caller has a webhook with this
// address already.
func (c *Client) RegisterWebhook(ctx context.Context, webhook RegisterWebhookRequest) (*WebhookResponse, error) {
	return send[WebhookResponse](ctx, c, operation{
		name:   "register webhook",
		method: http.MethodPost,
		path:   "/webhooks",
		body:   webhook,
	})
}

// UpdateWebhook changes a webhook of the calling Data User. If the secret is rotated, the response holds the new one,
// which is returned only once. It returns ErrNotFound if the caller has no such webhook, ErrConflict if it has another
// one with this address.
func (c *Client) UpdateWebhook(ctx context.Context, wid string, change UpdateWebhookRequest) (*WebhookResponse, error) {
	return send[WebhookResponse](ctx, c, operation{
		name:   "update webhook",
		method: http.MethodPatch,
		path:   "/webhooks/" + segment(wid),
		body:   change,
	})
}

// DeleteWebhook deletes a webhook of the calling Data User. Events that are queued for it are still attempted. It
// returns ErrNotFound if the caller has no such webhook.
func (c *Client) DeleteWebhook(ctx context.Context, wid string) error {
	_, err := send[struct{}](ctx, c, operation{
		name:   "delete webhook",
		method: http.MethodDelete,
		path:   "/webhooks/" + segment(wid),
		empty:  true,
	})

	return err
}

// ListDeliveriesQuery selects deliveries of a webhook.
type ListDeliveriesQuery struct {
	// Status selects the deliveries with this status; empty for all.
	Status DeliveryStatus
	// Limit is the largest number of rows on a page, 1 to 500; 0 for 100. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
}

// ListDeliveries lists the deliveries of events to a webhook of the calling Data User, newest first. It returns
// ErrNotFound if the caller has no such webhook.
func (c *Client) ListDeliveries(
	ctx context.Context,
	wid string,
	by ListDeliveriesQuery,
) (*ListDeliveriesResponse, error) {
	query := url.Values{}
	setIf(query, "status", by.Status)
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[ListDeliveriesResponse](ctx, c, operation{
		name:    "list deliveries",
		method:  http.MethodGet,
		path:    "/webhooks/" + segment(wid) + "/deliveries",
		query:   query,
		retries: 2,
	})
}

// Redeliver sends an event again, with the same id. It returns ErrNotFound if the caller has no such webhook or the
// webhook has no such event, ErrConflict if the event is still queued.
func (c *Client) Redeliver(ctx context.Context, wid, eventID string) (*RedeliverResponse, error) {
	return send[RedeliverResponse](ctx, c, operation{
		name:   "redeliver event",
		method: http.MethodPost,
		path:   "/webhooks/" + segment(wid) + "/deliveries/" + segment(eventID) + "/redeliver",
	})
}

// TestWebhook sends an event of EventWebhookTest to a webhook of the calling Data User, whichever events it is
// subscribed to: signed as every event, once. ListDeliveries tells what became of it. It returns ErrNotFound if the
// caller has no such webhook, and ErrTooMany after 20 tests in an hour.
func (c *Client) TestWebhook(ctx context.Context, wid string) (*TestWebhookResponse, error) {
	return send[TestWebhookResponse](ctx, c, operation{
		name:   "test webhook",
		method: http.MethodPost,
		path:   "/webhooks/" + segment(wid) + "/test",
	})
}
