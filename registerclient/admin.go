package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

// ReadStats counts what the register holds. For administrators.
func (c *Client) ReadStats(ctx context.Context) (*StatsResponse, error) {
	return send[StatsResponse](ctx, c, call{
		op: "read statistics", method: http.MethodGet, path: "/admin/stats", retries: 2,
	})
}

// SearchRecordsQuery says which access records an administrator looks for. Every member may be left out.
type SearchRecordsQuery struct {
	// Q is an access key or a meter point.
	Q          string
	State      AccessState
	LegalBasis LegalBasis
	// Limit is how many to answer at most, 1 to 500; 0 for 100. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
}

// SearchRecords finds access records of every Data User, the newest first. For administrators. ErrInvalid where Q is
// neither a key nor a meter point, or a filter is wrong.
func (c *Client) SearchRecords(ctx context.Context, by SearchRecordsQuery) (*SearchRecordsResponse, error) {
	query := url.Values{}
	setIf(query, "q", by.Q)
	setIf(query, "state", by.State)
	setIf(query, "legal-basis", by.LegalBasis)
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[SearchRecordsResponse](ctx, c, call{
		op: "search records", method: http.MethodGet, path: "/admin/records", query: query, retries: 2,
	})
}

// ListAllWebhooks lists every account's subscriptions, the oldest first, each with its owner's DUID. For
// administrators.
func (c *Client) ListAllWebhooks(ctx context.Context) (*ListWebhooksResponse, error) {
	return send[ListWebhooksResponse](ctx, c, call{
		op: "list all webhooks", method: http.MethodGet, path: "/admin/webhooks", retries: 2,
	})
}

// AuditQuery says which rows of the audit log to read. Every member may be left out.
type AuditQuery struct {
	AccountID string
	EventType string
	AK        string
	MPxN      string
	// Limit is how many to answer at most, 1 to 500; 0 for 100. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
}

// ReadAudit reads the audit log, the newest row first. For administrators.
func (c *Client) ReadAudit(ctx context.Context, by AuditQuery) (*AuditResponse, error) {
	query := url.Values{}
	setIf(query, "account_id", by.AccountID)
	setIf(query, "event_type", by.EventType)
	setIf(query, "ak", by.AK)
	setIf(query, "mpxn", by.MPxN)
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[AuditResponse](ctx, c, call{
		op: "read audit log", method: http.MethodGet, path: "/admin/audit", query: query, retries: 2,
	})
}
