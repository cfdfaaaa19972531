package registerclient

import (
	"context"
	"net/http"
)

// Reidentify asks the occupant of a meter point to confirm. Data Users and portals may call it. It returns ErrNotFound
// if the meter point has no identity record, ErrUnprocessable if the method is not available, ErrTooMany if this meter
// point or this account has been asked too often.
func (c *Client) Reidentify(ctx context.Context, request ReidentifyRequest) (*ReidentifyResponse, error) {
	return send[ReidentifyResponse](ctx, c, operation{
		name:   "start re-identification",
		method: http.MethodPost,
		path:   "/identity-records/reidentify",
		body:   request,
	})
}

// ReidentificationStatus reads the status of a re-identification. Poll every 3 to 5 s, for at most 20 minutes. It
// returns ErrForbidden if another account started it.
func (c *Client) ReidentificationStatus(ctx context.Context, tokenRef string) (*ReidentifyStatusResponse, error) {
	return send[ReidentifyStatusResponse](ctx, c, operation{
		name:    "poll re-identification",
		method:  http.MethodGet,
		path:    "/identity-records/reidentify/" + segment(tokenRef),
		retries: 2,
	})
}

// CompleteReidentification completes a re-identification after the browser has returned from the passkey page. Its
// response is that of ReidentificationStatus, and it is idempotent. It returns ErrNotFound if this account started no
// such re-identification, ErrUnprocessable if the code is not its own or if it has ended otherwise.
func (c *Client) CompleteReidentification(
	ctx context.Context,
	tokenRef string,
	request CompleteReidentificationRequest,
) (*ReidentifyStatusResponse, error) {
	return send[ReidentifyStatusResponse](ctx, c, operation{
		name:    "complete re-identification",
		method:  http.MethodPost,
		path:    "/identity-records/reidentify/" + segment(tokenRef) + "/complete",
		body:    request,
		retries: 2,
	})
}

// SignOut ends what a re-identification has opened in the customer's browser on the register's own pages, and the
// re-identification itself if nobody has confirmed it yet. Call it when the customer signs out. Its response is that of
// ReidentificationStatus, and it is idempotent. It returns ErrNotFound if this account started no such
// re-identification.
func (c *Client) SignOut(ctx context.Context, tokenRef string) (*ReidentifyStatusResponse, error) {
	return send[ReidentifyStatusResponse](ctx, c, operation{
		name:    "sign out of re-identification",
		method:  http.MethodPost,
		path:    "/identity-records/reidentify/" + segment(tokenRef) + "/sign-out",
		retries: 2,
	})
}

// ReidentifyOwn asks the person of an identity record of the calling Data User to confirm. It returns ErrNotFound if
// the caller has no such record, ErrConflict if it has been anonymised or belongs to an earlier occupant,
// ErrUnprocessable if the method is not available, and ErrTooMany as Reidentify does.
func (c *Client) ReidentifyOwn(
	ctx context.Context,
	ir string,
	request ReidentifyOwnRequest,
) (*ReidentifyResponse, error) {
	return send[ReidentifyResponse](ctx, c, operation{
		name:   "start re-identification of own record",
		method: http.MethodPost,
		path:   "/identity-records/" + segment(ir) + "/re-identify",
		body:   request,
	})
}

// OwnReidentificationStatus reads the status of a re-identification of an own identity record. Poll it like
// ReidentificationStatus. It returns ErrNotFound if the caller has no such record, or started no such re-identification
// of it.
func (c *Client) OwnReidentificationStatus(
	ctx context.Context,
	ir, tokenRef string,
) (*ReidentifyStatusResponse, error) {
	return send[ReidentifyStatusResponse](ctx, c, operation{
		name:    "poll re-identification of own record",
		method:  http.MethodGet,
		path:    "/identity-records/" + segment(ir) + "/re-identify/" + segment(tokenRef),
		retries: 2,
	})
}
