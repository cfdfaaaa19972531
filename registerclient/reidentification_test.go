package registerclient

import (
	"context"
	"testing"
)

func TestReidentificationOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name: "reidentify by link",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.Reidentify(ctx, decode[ReidentifyRequest](t, "reidentify.request.json"))
			},
			method:   "POST",
			target:   "/v1/identity-records/reidentify",
			request:  "reidentify.request.json",
			response: "reidentify.json",
		},
		{
			name: "reidentify by passkey",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.Reidentify(ctx, decode[ReidentifyRequest](t, "reidentify-passkey.request.json"))
			},
			method:   "POST",
			target:   "/v1/identity-records/reidentify",
			request:  "reidentify-passkey.request.json",
			response: "reidentify-passkey.json",
		},
		{
			name: "status",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ReidentificationStatus(ctx, testToken)
			},
			method:   "GET",
			target:   "/v1/identity-records/reidentify/" + testToken,
			response: "reidentification-status.json",
		},
		{
			name: "status declined",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ReidentificationStatus(ctx, testToken)
			},
			method:   "GET",
			target:   "/v1/identity-records/reidentify/" + testToken,
			response: "reidentification-status-declined.json",
		},
		{
			name: "reidentify own by link",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ReidentifyOwn(ctx, testIR, decode[ReidentifyOwnRequest](t, "reidentify-own.request.json"))
			},
			method:   "POST",
			target:   "/v1/identity-records/" + testIR + "/re-identify",
			request:  "reidentify-own.request.json",
			response: "reidentify-own.json",
		},
		{
			name: "reidentify own by passkey",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ReidentifyOwn(
					ctx,
					testIR,
					decode[ReidentifyOwnRequest](t, "reidentify-own-passkey.request.json"),
				)
			},
			method:   "POST",
			target:   "/v1/identity-records/" + testIR + "/re-identify",
			request:  "reidentify-own-passkey.request.json",
			response: "reidentify-own-passkey.json",
		},
		{
			name: "sign out",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.SignOut(ctx, testToken)
			},
			method:   "POST",
			target:   "/v1/identity-records/reidentify/" + testToken + "/sign-out",
			response: "reidentification-status.json",
		},
		{
			name: "own status",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.OwnReidentificationStatus(ctx, testIR, testToken)
			},
			method:   "GET",
			target:   "/v1/identity-records/" + testIR + "/re-identify/" + testToken,
			response: "own-reidentification-status.json",
		},
	})
}
