package registerclient

import (
	"context"
	"net/http"
	"testing"
)

func TestTenancyOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name: "report change of tenancy",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ReportChangeOfTenancy(
					ctx,
					decode[ChangeOfTenancyRequest](t, "report-change-of-tenancy.request.json"),
				)
			},
			method:   "POST",
			target:   "/v1/cot-events",
			request:  "report-change-of-tenancy.request.json",
			response: "report-change-of-tenancy.json",
			status:   http.StatusCreated,
		},
		{
			name: "list changes of tenancy",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ListChangesOfTenancy(ctx, testMPxN)
			},
			method:   "GET",
			target:   "/v1/admin/cot-events?mpxn=2312345678901",
			response: "list-changes-of-tenancy.json",
		},
		{
			name: "withdraw change of tenancy",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.WithdrawChangeOfTenancy(ctx, testCOT)
			},
			method:   "POST",
			target:   "/v1/admin/cot-events/" + testCOT + "/withdraw",
			response: "withdraw-change-of-tenancy.json",
		},
		{
			name: "uphold change of tenancy",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.UpholdChangeOfTenancy(ctx, testCOT)
			},
			method:   "POST",
			target:   "/v1/admin/cot-events/" + testCOT + "/uphold",
			response: "uphold-change-of-tenancy.json",
		},
	})
}
