package registerclient

import (
	"context"
	"testing"
)

func TestAdminOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name:     "read statistics",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.ReadStats(ctx) },
			method:   "GET",
			target:   "/v1/admin/stats",
			response: "read-stats.json",
		},
		{
			name: "search records",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.SearchRecords(ctx, SearchRecordsQuery{testAK, StateRevoked, BasisConsent, 10, "a-b"})
			},
			method:   "GET",
			target:   "/v1/admin/records?cursor=a-b&legal-basis=uk-consent&limit=10&q=" + testAK + "&state=REVOKED",
			response: "search-records.json",
		},
		{
			name:     "list all webhooks",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.ListAllWebhooks(ctx) },
			method:   "GET",
			target:   "/v1/admin/webhooks",
			response: "list-all-webhooks.json",
		},
		{
			name: "read audit log",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ReadAudit(ctx, AuditQuery{"portal_ops", "record.revoked", testAK, testMPxN, 10, "a-b"})
			},
			method: "GET",
			target: "/v1/admin/audit?account_id=portal_ops&ak=" + testAK + "&cursor=a-b&event_type=record.revoked" +
				"&limit=10&mpxn=2312345678901",
			response: "read-audit.json",
		},
	})
}
