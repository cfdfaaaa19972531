package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

// ReportChangeOfTenancy reports that the occupants of a meter point have changed. The DCC may call it. It is
// idempotent: a repeated report sends no events.
func (c *Client) ReportChangeOfTenancy(
	ctx context.Context,
	change ChangeOfTenancyRequest,
) (*ChangeOfTenancyResponse, error) {
	return send[ChangeOfTenancyResponse](ctx, c, operation{
		name:   "report change of tenancy",
		method: http.MethodPost,
		path:   "/cot-events",
		body:   change,
	})
}

// ListChangesOfTenancy lists the reports for a meter point, latest effective date first, withdrawn reports included.
// Administrators may call it.
func (c *Client) ListChangesOfTenancy(ctx context.Context, mpxn string) (*ListChangesOfTenancyResponse, error) {
	return send[ListChangesOfTenancyResponse](ctx, c, operation{
		name:    "list changes of tenancy",
		method:  http.MethodGet,
		path:    "/admin/cot-events",
		query:   url.Values{"mpxn": {mpxn}},
		retries: 2,
	})
}

// WithdrawChangeOfTenancy withdraws a false report, which then has no effect and is in no dispute. Administrators may
// call it. It is idempotent. It returns ErrNotFound if there is no such report.
func (c *Client) WithdrawChangeOfTenancy(ctx context.Context, cot string) (*WithdrawChangeOfTenancyResponse, error) {
	return send[WithdrawChangeOfTenancyResponse](ctx, c, operation{
		name:   "withdraw change of tenancy",
		method: http.MethodPost,
		path:   "/admin/cot-events/" + segment(cot) + "/withdraw",
	})
}

// UpholdChangeOfTenancy decides a dispute for the report: those who lived there before can no longer confirm.
// Administrators may call it. It is idempotent. It returns ErrNotFound if there is no such report, and ErrConflict if
// it is not in dispute.
func (c *Client) UpholdChangeOfTenancy(ctx context.Context, cot string) (*UpholdChangeOfTenancyResponse, error) {
	return send[UpholdChangeOfTenancyResponse](ctx, c, operation{
		name:   "uphold change of tenancy",
		method: http.MethodPost,
		path:   "/admin/cot-events/" + segment(cot) + "/uphold",
	})
}
