package registerclient

import (
	"context"
	"net/http"
	"testing"
)

func TestAccountOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name: "create account",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.CreateAccount(ctx, decode[CreateAccountRequest](t, "create-account.request.json"))
			},
			method:   "POST",
			target:   "/v1/admin/accounts",
			request:  "create-account.request.json",
			response: "create-account.json",
			status:   http.StatusCreated,
		},
		{
			name:     "read self",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.ReadSelf(ctx) },
			method:   "GET",
			target:   "/v1/self",
			response: "read-self.json",
		},
		{
			name: "replace return addresses",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ReplaceReturnURLs(ctx, decode[ReplaceReturnURLsRequest](t, "replace-return-urls.request.json"))
			},
			method:   "PUT",
			target:   "/v1/self/return-urls",
			request:  "replace-return-urls.request.json",
			response: "replace-return-urls.json",
		},
		{
			name:     "rotate secret",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.RotateSecret(ctx) },
			method:   "POST",
			target:   "/v1/self/rotate-secret",
			request:  "rotate-secret.request.json",
			response: "rotate-secret.json",
		},
		{
			name:     "list accounts",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.ListAccounts(ctx) },
			method:   "GET",
			target:   "/v1/admin/accounts",
			response: "list-accounts.json",
		},
		{
			name: "update account",
			call: func(ctx context.Context, c *Client) (any, error) {
				change := decode[UpdateAccountRequest](t, "update-account.request.json")

				return c.UpdateAccount(ctx, "bright_energy", change)
			},
			method:   "PATCH",
			target:   "/v1/admin/accounts/bright_energy",
			request:  "update-account.request.json",
			response: "update-account.json",
		},
		{
			name: "suspend account",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.SuspendAccount(ctx, "bright_energy")
			},
			method:   "POST",
			target:   "/v1/admin/accounts/bright_energy/suspend",
			response: "suspend-account.json",
		},
		{
			name: "suspend account for a failure",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.SuspendAccountFor(ctx, "bright_energy", CauseFailure)
			},
			method:   "POST",
			target:   "/v1/admin/accounts/bright_energy/suspend",
			request:  "change-status.request.json",
			response: "suspend-account.json",
		},
		{
			name: "reactivate account",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ReactivateAccount(ctx, "bright_energy")
			},
			method:   "POST",
			target:   "/v1/admin/accounts/bright_energy/reactivate",
			response: "reactivate-account.json",
		},
		{
			name: "terminate account",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.TerminateAccount(ctx, "bright_energy")
			},
			method:   "POST",
			target:   "/v1/admin/accounts/bright_energy/terminate",
			response: "terminate-account.json",
		},
		{
			name: "terminate account for a failure",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.TerminateAccountFor(ctx, "bright_energy", CauseFailure)
			},
			method:   "POST",
			target:   "/v1/admin/accounts/bright_energy/terminate",
			request:  "change-status.request.json",
			response: "terminate-account.json",
		},
	})
}
