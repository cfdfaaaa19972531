package registerclient

import (
	"context"
	"net/http"
	"net/url"
)

const (
	headerReason   = "X-DAR-Reason"
	headerApproval = "X-DAR-Approval"
)

type reasonKey struct{}

// WithReason makes administrators' calls with this context send reason as X-DAR-Reason. A register that is strict
// demands one before it shows the data of a household or of a person, and keeps it in its audit log.
func WithReason(ctx context.Context, reason string) context.Context {
	return context.WithValue(ctx, reasonKey{}, reason)
}

type approvalKey struct{}

// WithApproval makes administrators' calls with this context send the key of an approval as X-DAR-Approval. It is in
// Error.Approval of the call that was refused.
func WithApproval(ctx context.Context, approval string) context.Context {
	return context.WithValue(ctx, approvalKey{}, approval)
}

// setAdministrator sets the headers of an administrator's call.
func setAdministrator(ctx context.Context, header http.Header) {
	if reason, _ := ctx.Value(reasonKey{}).(string); reason != "" {
		header.Set(headerReason, reason)
	}
	if approval, _ := ctx.Value(approvalKey{}).(string); approval != "" {
		header.Set(headerApproval, approval)
	}
}

// ListApprovalsQuery selects a page of the approvals.
type ListApprovalsQuery struct {
	// Limit is the largest number of rows on a page, 1 to 500; 0 for 100. Cursor is the NextCursor of the page before.
	Limit  int
	Cursor string
}

// ListApprovals lists what waits or waited for a second administrator, newest first. Administrators may call it.
func (c *Client) ListApprovals(ctx context.Context, by ListApprovalsQuery) (*ListApprovalsResponse, error) {
	query := url.Values{}
	setLimit(query, by.Limit)
	setIf(query, "cursor", by.Cursor)

	return send[ListApprovalsResponse](ctx, c, operation{
		name:    "list approvals",
		method:  http.MethodGet,
		path:    "/admin/approvals",
		query:   query,
		retries: 2,
	})
}

// Approve approves the request of another administrator, who then repeats it WithApproval. Administrators may call it.
// It returns ErrNotFound if there is no such request, ErrForbidden if it is the caller's own, and ErrConflict if it was
// decided already or has expired.
func (c *Client) Approve(ctx context.Context, approval string) (*ApprovalResponse, error) {
	return c.decideApproval(ctx, approval, "approve")
}

// RefuseApproval refuses the request of another administrator, as Approve approves it.
func (c *Client) RefuseApproval(ctx context.Context, approval string) (*ApprovalResponse, error) {
	return c.decideApproval(ctx, approval, "refuse")
}

func (c *Client) decideApproval(ctx context.Context, approval, verdict string) (*ApprovalResponse, error) {
	return send[ApprovalResponse](ctx, c, operation{
		name:   verdict + " approval",
		method: http.MethodPost,
		path:   "/admin/approvals/" + segment(approval) + "/" + verdict,
	})
}
