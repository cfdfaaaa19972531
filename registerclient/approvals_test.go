package registerclient

import (
	"context"
	"errors"
	"net/http"
	"testing"
)

const testApproval = "apr_0123456789abcdef01234567"

func TestApprovalOperations(t *testing.T) {
	t.Parallel()
	testOperations(t, []operationTest{
		{
			name: "list approvals",
			call: func(ctx context.Context, c *Client) (any, error) {
				return c.ListApprovals(ctx, ListApprovalsQuery{7, "a-b"})
			},
			method:   "GET",
			target:   "/v1/admin/approvals?cursor=a-b&limit=7",
			response: "list-approvals.json",
		},
		{
			name:     "approve",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.Approve(ctx, testApproval) },
			method:   "POST",
			target:   "/v1/admin/approvals/" + testApproval + "/approve",
			response: "approve.json",
		},
		{
			name:     "refuse approval",
			call:     func(ctx context.Context, c *Client) (any, error) { return c.RefuseApproval(ctx, testApproval) },
			method:   "POST",
			target:   "/v1/admin/approvals/" + testApproval + "/refuse",
			response: "refuse-approval.json",
		},
	})
}

// The reason and the approval of a context go with administrators' calls alone, and a refusal names the approval that
// the request waits for.
func TestReasonAndApproval(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-DAR-Approval", testApproval)
		w.WriteHeader(http.StatusForbidden)
	})
	c := f.client(t)
	ctx := WithApproval(WithReason(t.Context(), "Complaint 7"), testApproval)
	_, err := c.ReadAudit(ctx, AuditQuery{})
	if refused, ok := errors.AsType[*Error](err); !ok || refused.Approval != testApproval {
		t.Errorf("got %v", err)
	}
	_, _ = c.ReadSelf(ctx)

	for i, want := range []string{"Complaint 7", ""} {
		header := f.requests[i].header
		if header.Get("X-DAR-Reason") != want || (header.Get("X-DAR-Approval") == testApproval) != (want != "") {
			t.Errorf("request %d: %v", i, header)
		}
	}
}
