package registerclient

import (
	"context"
	"net/http"
)

// CreateAccount opens an account. For the admin role. ErrConflict where the id is taken.
func (c *Client) CreateAccount(ctx context.Context, account CreateAccountRequest) (*CreateAccountResponse, error) {
	return send[CreateAccountResponse](ctx, c, call{
		op: "create account", method: http.MethodPost, path: "/admin/accounts", body: account,
	})
}
