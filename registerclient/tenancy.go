package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

// ReportChangeOfTenancy reports that the people at a meter point have changed. For the DCC. The same report a second
// time answers as the first, and nobody is told again.
func (c *Client) ReportChangeOfTenancy(
	ctx context.Context,
	change ChangeOfTenancyRequest,
) (*ChangeOfTenancyResponse, error) {
	return send[ChangeOfTenancyResponse](ctx, c, call{
		op: "report change of tenancy", method: http.MethodPost, path: "/cot-events", body: change,
	})
}

// ListChangesOfTenancy lists the reports for a meter point, the latest effective first, withdrawn ones included. For
// administrators.
func (c *Client) ListChangesOfTenancy(ctx context.Context, mpxn string) (*ListChangesOfTenancyResponse, error) {
	return send[ListChangesOfTenancyResponse](ctx, c, call{
		op: "list changes of tenancy", method: http.MethodGet, path: "/admin/cot-events",
		query: url.Values{"mpxn": {mpxn}}, retries: 2,
	})
}

// WithdrawChangeOfTenancy withdraws a false report, which then divides nobody. For administrators. A second time
// answers as the first. ErrNotFound where there is no such report.
func (c *Client) WithdrawChangeOfTenancy(ctx context.Context, cot string) (*WithdrawChangeOfTenancyResponse, error) {
	return send[WithdrawChangeOfTenancyResponse](ctx, c, call{
		op:     "withdraw change of tenancy",
		method: http.MethodPost,
		path:   "/admin/cot-events/" + segment(cot) + "/withdraw",
	})
}
