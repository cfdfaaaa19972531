package registerclient

import (
	"context"
	"net/http"
	"testing"
)

func TestWebhookOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name:     "list webhooks",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.ListWebhooks(ctx) },
			method:   "GET",
			target:   "/v1/webhooks",
			response: "list-webhooks.json",
		},
		{
			name: "register webhook",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.RegisterWebhook(ctx, decode[RegisterWebhookRequest](t, "register-webhook.request.json"))
			},
			method:   "POST",
			target:   "/v1/webhooks",
			request:  "register-webhook.request.json",
			response: "register-webhook.json",
			status:   http.StatusCreated,
		},
		{
			name: "update webhook",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.UpdateWebhook(ctx, testWID, decode[UpdateWebhookRequest](t, "update-webhook.request.json"))
			},
			method:   "PATCH",
			target:   "/v1/webhooks/" + testWID,
			request:  "update-webhook.request.json",
			response: "update-webhook.json",
		},
		{
			name: "rotate webhook secret",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.UpdateWebhook(
					ctx,
					testWID,
					decode[UpdateWebhookRequest](t, "update-webhook-rotated.request.json"),
				)
			},
			method:   "PATCH",
			target:   "/v1/webhooks/" + testWID,
			request:  "update-webhook-rotated.request.json",
			response: "update-webhook-rotated.json",
		},
		{
			name: "list deliveries",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ListDeliveries(ctx, testWID, ListDeliveriesQuery{DeliveryUndelivered, 7, "a-b"})
			},
			method:   "GET",
			target:   "/v1/webhooks/" + testWID + "/deliveries?cursor=a-b&limit=7&status=undelivered",
			response: "list-deliveries.json",
		},
		{
			name:     "test webhook",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.TestWebhook(ctx, testWID) },
			method:   "POST",
			target:   "/v1/webhooks/" + testWID + "/test",
			response: "test-webhook.json",
			status:   http.StatusAccepted,
		},
		{
			name:     "redeliver",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.Redeliver(ctx, testWID, testEvent) },
			method:   "POST",
			target:   "/v1/webhooks/" + testWID + "/deliveries/" + testEvent + "/redeliver",
			response: "redeliver.json",
		},
	})
}
