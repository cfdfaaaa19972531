package registerclient

import (
	"context"
	"net/http"
)

// SubmitDiscoveredAccess reports an organisation that reads a meter point and has not registered. The DCC may call it.
// A second report of the same organisation and meter point updates the first.
func (c *Client) SubmitDiscoveredAccess(
	ctx context.Context,
	access DiscoveredAccess,
) (*SubmitDiscoveredAccessResponse, error) {
	return send[SubmitDiscoveredAccessResponse](ctx, c, operation{
		name:   "submit discovered access",
		method: http.MethodPost,
		path:   "/discovered-access",
		body:   access,
	})
}
