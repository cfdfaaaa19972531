package registerclient

import (
	"context"
	"net/http"
)

// Reidentify asks whoever lives at a meter point to confirm. For Data Users and portals. ErrNotFound where the
// meter point has no identity record, ErrUnprocessable where the method is not open to it, ErrNotImplemented
// where this register cannot ask anybody.
func (c *Client) Reidentify(ctx context.Context, request ReidentifyRequest) (*ReidentifyResponse, error) {
	return send[ReidentifyResponse](ctx, c, call{
		op: "start re-identification", method: http.MethodPost, path: "/identity-records/reidentify", body: request,
	})
}

// ReidentificationStatus asks how far a re-identification has come. Poll every 3 to 5 s, for 20 minutes at most.
// ErrForbidden where another account started it.
func (c *Client) ReidentificationStatus(ctx context.Context, tokenRef string) (*ReidentifyStatusResponse, error) {
	return send[ReidentifyStatusResponse](ctx, c, call{
		op: "poll re-identification", method: http.MethodGet,
		path: "/identity-records/reidentify/" + segment(tokenRef), retries: 2,
	})
}
