package registerclient

import (
	"context"
	"net/http"
)

// ReadDataUser reads the entry of a Data User in the directory. Data Providers, Data Users and administrators may call
// it. It returns ErrNotFound if there is no Data User with this DUID.
func (c *Client) ReadDataUser(ctx context.Context, duid string) (*DataUserResponse, error) {
	return send[DataUserResponse](ctx, c, operation{
		name:    "read data user",
		method:  http.MethodGet,
		path:    "/data-users/" + segment(duid),
		retries: 2,
	})
}
