package registerclient

import (
	"context"
	"net/http"
)

// ReadSelf reads the account of the caller. All roles may call it.
func (c *Client) ReadSelf(ctx context.Context) (*AccountResponse, error) {
	return send[AccountResponse](ctx, c, operation{
		name:    "read own account",
		method:  http.MethodGet,
		path:    "/self",
		retries: 2,
	})
}

// ReplaceReturnURLs replaces the list of addresses, 50 at most, that the register may send the customers of the
// calling account back to. Data Users and portals may call it. It returns ErrInvalid if an address is not https,
// except for loopback. The client sends its secret along, as the register demands.
func (c *Client) ReplaceReturnURLs(ctx context.Context, addresses ReplaceReturnURLsRequest) (*AccountResponse, error) {
	if addresses.CurrentSecret == "" {
		addresses.CurrentSecret = c.tokens.secret
	}

	return send[AccountResponse](ctx, c, operation{
		name:   "replace return addresses",
		method: http.MethodPut,
		path:   "/self/return-urls",
		body:   addresses,
	})
}

// RotateSecret replaces the secret of the calling account. The response holds the new secret, which is returned only
// once. The old one is refused from now on, and every bearer token of the account ends. All roles may call it.
//
// The client sends its secret along, as the register demands. It fails with ErrUnauthorized afterwards: make a new one
// with the new secret. If no response arrives, only the register's own command can replace the secret again.
func (c *Client) RotateSecret(ctx context.Context) (*RotateSecretResponse, error) {
	return send[RotateSecretResponse](ctx, c, operation{
		name:   "rotate own secret",
		method: http.MethodPost,
		path:   "/self/rotate-secret",
		body:   RotateSecretRequest{CurrentSecret: c.tokens.secret},
	})
}

// ListAccounts lists every account, oldest first. Administrators may call it.
func (c *Client) ListAccounts(ctx context.Context) (*ListAccountsResponse, error) {
	return send[ListAccountsResponse](ctx, c, operation{
		name:    "list accounts",
		method:  http.MethodGet,
		path:    "/admin/accounts",
		retries: 2,
	})
}

// CreateAccount creates an account. Administrators may call it. It returns ErrConflict if the id or the DUID exists
// already.
func (c *Client) CreateAccount(ctx context.Context, account CreateAccountRequest) (*CreateAccountResponse, error) {
	return send[CreateAccountResponse](ctx, c, operation{
		name:   "create account",
		method: http.MethodPost,
		path:   "/admin/accounts",
		body:   account,
	})
}

// UpdateAccount changes what an account is called, where it is reached, its reference and its data types. Members that
// are empty stay as they are. Administrators may call it. It returns ErrNotFound if there is no such account.
func (c *Client) UpdateAccount(
	ctx context.Context,
	accountID string,
	change UpdateAccountRequest,
) (*AccountResponse, error) {
	return send[AccountResponse](ctx, c, operation{
		name:   "update account",
		method: http.MethodPatch,
		path:   "/admin/accounts/" + segment(accountID),
		body:   change,
	})
}

// SuspendAccount refuses an account until it is reactivated, for misconduct. Its bearer tokens end. Administrators may
// call it. It returns ErrNotFound if there is no such account, ErrConflict if it is terminated or the caller's own.
func (c *Client) SuspendAccount(ctx context.Context, accountID string) (*AccountResponse, error) {
	return c.changeAccount(ctx, accountID, "suspend", nil)
}

// SuspendAccountFor is SuspendAccount for a cause.
func (c *Client) SuspendAccountFor(
	ctx context.Context,
	accountID string,
	cause StatusCause,
) (*AccountResponse, error) {
	return c.changeAccount(ctx, accountID, "suspend", StatusChangeRequest{Cause: cause})
}

// ReactivateAccount ends the suspension of an account. Administrators may call it. It returns ErrNotFound if there is
// no such account, ErrConflict if it is terminated.
func (c *Client) ReactivateAccount(ctx context.Context, accountID string) (*AccountResponse, error) {
	return c.changeAccount(ctx, accountID, "reactivate", nil)
}

// TerminateAccount closes an account for good, for misconduct. Its bearer tokens end. Administrators may call it. It
// returns ErrNotFound if there is no such account, ErrConflict if it is the caller's own.
func (c *Client) TerminateAccount(ctx context.Context, accountID string) (*AccountResponse, error) {
	return c.changeAccount(ctx, accountID, "terminate", nil)
}

// TerminateAccountFor is TerminateAccount for a cause.
func (c *Client) TerminateAccountFor(
	ctx context.Context,
	accountID string,
	cause StatusCause,
) (*AccountResponse, error) {
	return c.changeAccount(ctx, accountID, "terminate", StatusChangeRequest{Cause: cause})
}

// changeAccount changes the status of an account. body is nil if the request has none.
func (c *Client) changeAccount(ctx context.Context, accountID, change string, body any) (*AccountResponse, error) {
	return send[AccountResponse](ctx, c, operation{
		name:   change + " account",
		method: http.MethodPost,
		path:   "/admin/accounts/" + segment(accountID) + "/" + change,
		body:   body,
	})
}
