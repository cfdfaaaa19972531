package registerclient

import (
	"context"
	"net/http"
)

// Reidentify asks whoever lives at a meter point to confirm. For Data Users and portals. ErrNotFound where the
// meter point has no identity record, ErrUnprocessable where the method is not open to it, ErrTooMany where this meter
// point or this account has been asked too often.
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

// CompleteReidentification ends a re-identification in the browser that has come back from the passkey, and answers
// as ReidentificationStatus. A second time answers as the first. ErrNotFound where this account started no such one,
// ErrUnprocessable where the code is not its own, or it has ended otherwise.
func (c *Client) CompleteReidentification(
	ctx context.Context,
	tokenRef string,
	request CompleteReidentificationRequest,
) (*ReidentifyStatusResponse, error) {
	return send[ReidentifyStatusResponse](ctx, c, call{
		op: "complete re-identification", method: http.MethodPost,
		path: "/identity-records/reidentify/" + segment(tokenRef) + "/complete", body: request, retries: 2,
	})
}

// ReidentifyOwn asks the person of one of the calling Data User's identity records to confirm. ErrNotFound where
// the caller has no such record, ErrConflict where it has been anonymised or is an earlier occupant's,
// ErrUnprocessable where the method is not open to it, ErrTooMany as Reidentify.
func (c *Client) ReidentifyOwn(
	ctx context.Context,
	ir string,
	request ReidentifyOwnRequest,
) (*ReidentifyResponse, error) {
	return send[ReidentifyResponse](ctx, c, call{
		op: "start re-identification of own record", method: http.MethodPost,
		path: "/identity-records/" + segment(ir) + "/re-identify", body: request,
	})
}

// OwnReidentificationStatus asks how far the re-identification of one's own identity record has come. Poll as for
// ReidentificationStatus. ErrNotFound where the caller has no such record, or started no such re-identification of it.
func (c *Client) OwnReidentificationStatus(
	ctx context.Context,
	ir, tokenRef string,
) (*ReidentifyStatusResponse, error) {
	return send[ReidentifyStatusResponse](ctx, c, call{
		op: "poll re-identification of own record", method: http.MethodGet,
		path: "/identity-records/" + segment(ir) + "/re-identify/" + segment(tokenRef), retries: 2,
	})
}
