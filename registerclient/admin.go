package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

// ReadStats counts accounts, access records and webhooks. Administrators may call it.
func (c *Client) ReadStats(ctx context.Context) (*StatsResponse, error) {
	return send[StatsResponse](ctx, c, operation{
		name:    "read statistics",
		method:  http.MethodGet,
		path:    "/admin/stats",
		retries: 2,
	})
}

// SearchRecordsQuery selects access records for an administrator. Every field may be empty.
type SearchRecordsQuery struct {
	// Q is an access key or a meter point.
	Q          string
	State      AccessState
	LegalBasis LegalBasis
	// Limit is the largest number of rows on a page, 1 to 500; 0 for 100. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
}

// SearchRecords finds access records of all Data Users, newest first. Administrators may call it. It returns
// ErrInvalid if Q is neither a key nor a meter point, or if a filter is not valid.
func (c *Client) SearchRecords(ctx context.Context, by SearchRecordsQuery) (*SearchRecordsResponse, error) {
	query := url.Values{}
	setIf(query, "q", by.Q)
	setIf(query, "state", by.State)
	setIf(query, "legal-basis", by.LegalBasis)
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[SearchRecordsResponse](ctx, c, operation{
		name:    "search records",
		method:  http.MethodGet,
		path:    "/admin/records",
		query:   query,
		retries: 2,
	})
}

// ListAllWebhooks lists the webhooks of all accounts, oldest first, each with the DUID of its owner. Administrators
// may call it.
func (c *Client) ListAllWebhooks(ctx context.Context) (*ListWebhooksResponse, error) {
	return send[ListWebhooksResponse](ctx, c, operation{
		name:    "list all webhooks",
		method:  http.MethodGet,
		path:    "/admin/webhooks",
		retries: 2,
	})
}

// AuditQuery selects rows of the audit log. Every field may be empty.
type AuditQuery struct {
	AccountID string
	EventType string
	AK        string
	MPxN      string
	// Limit is the largest number of rows on a page, 1 to 500; 0 for 100. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
}

// ReadAudit reads the audit log, newest row first. Administrators may call it.
func (c *Client) ReadAudit(ctx context.Context, by AuditQuery) (*AuditResponse, error) {
	query := url.Values{}
	setIf(query, "account_id", by.AccountID)
	setIf(query, "event_type", by.EventType)
	setIf(query, "ak", by.AK)
	setIf(query, "mpxn", by.MPxN)
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[AuditResponse](ctx, c, operation{
		name:    "read audit log",
		method:  http.MethodGet,
		path:    "/admin/audit",
		query:   query,
		retries: 2,
	})
}
