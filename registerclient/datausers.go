package registerclient

import (
	"context"
	"net/http"
)

// ReadDataUser looks a Data User up in the directory. For Data Providers, Data Users and administrators. ErrNotFound
// where there is no Data User with this DUID.
func (c *Client) ReadDataUser(ctx context.Context, duid string) (*DataUserResponse, error) {
	return send[DataUserResponse](ctx, c, call{
		op: "read data user", method: http.MethodGet, path: "/data-users/" + segment(duid), retries: 2,
	})
}
