package registerclient

import (
	"context"
	"net/http"
)

// ReadSelf reads the calling account. For every role.
func (c *Client) ReadSelf(ctx context.Context) (*AccountResponse, error) {
	return send[AccountResponse](ctx, c, call{
		op: "read own account", method: http.MethodGet, path: "/self", retries: 2,
	})
}

// ReplaceReturnURLs says to which addresses the register may send the calling account's customers back: these 50 at
// most, and no others. For Data Users and portals. ErrInvalid where one is not https, but for loopback.
func (c *Client) ReplaceReturnURLs(ctx context.Context, addresses ReplaceReturnURLsRequest) (*AccountResponse, error) {
	return send[AccountResponse](ctx, c, call{
		op: "replace return addresses", method: http.MethodPut, path: "/self/return-urls", body: addresses,
	})
}

// RotateSecret replaces the calling account's secret. The answer holds the new one, this once; the old one is
// refused from now on, and every bearer token of the account ends, this client's too. Make a client with the new
// secret: this one fails with ErrUnauthorized from then on. For every role.
func (c *Client) RotateSecret(ctx context.Context) (*RotateSecretResponse, error) {
	return send[RotateSecretResponse](ctx, c, call{
		op: "rotate own secret", method: http.MethodPost, path: "/self/rotate-secret",
	})
}

// ListAccounts lists every account, the oldest first. For administrators.
func (c *Client) ListAccounts(ctx context.Context) (*ListAccountsResponse, error) {
	return send[ListAccountsResponse](ctx, c, call{
		op: "list accounts", method: http.MethodGet, path: "/admin/accounts", retries: 2,
	})
}

// CreateAccount opens an account. For administrators. ErrConflict where the id or the DUID is taken.
func (c *Client) CreateAccount(ctx context.Context, account CreateAccountRequest) (*CreateAccountResponse, error) {
	return send[CreateAccountResponse](ctx, c, call{
		op: "create account", method: http.MethodPost, path: "/admin/accounts", body: account,
	})
}

// SuspendAccount keeps an account out until it is reactivated; its bearer tokens end. For administrators. ErrNotFound
// where there is no such account, ErrConflict where it is terminated or the caller's own.
func (c *Client) SuspendAccount(ctx context.Context, accountID string) (*AccountResponse, error) {
	return c.changeAccount(ctx, accountID, "suspend")
}

// ReactivateAccount lets a suspended account in again. For administrators. ErrNotFound where there is no such
// account, ErrConflict where it is terminated.
func (c *Client) ReactivateAccount(ctx context.Context, accountID string) (*AccountResponse, error) {
	return c.changeAccount(ctx, accountID, "reactivate")
}

// TerminateAccount closes an account for good; its bearer tokens end. For administrators. ErrNotFound where there is
// no such account, ErrConflict where it is the caller's own.
func (c *Client) TerminateAccount(ctx context.Context, accountID string) (*AccountResponse, error) {
	return c.changeAccount(ctx, accountID, "terminate")
}

func (c *Client) changeAccount(ctx context.Context, accountID, change string) (*AccountResponse, error) {
	return send[AccountResponse](ctx, c, call{
		op: change + " account", method: http.MethodPost, path: "/admin/accounts/" + segment(accountID) + "/" + change,
	})
}
