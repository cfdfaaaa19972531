package registerclient

import "time"

// ApprovalAction is what waits for a second administrator.
type ApprovalAction string

// The actions that wait for a second administrator.
const (
	ActionCreateAccount     ApprovalAction = "create-account"
	ActionReactivateAccount ApprovalAction = "reactivate-account"
	ActionReadRecords       ApprovalAction = "read-records"
	ActionReadAudit         ApprovalAction = "read-audit"
)

// ApprovalState is what can become of a request now.
type ApprovalState string

// The states of a request for an approval.
const (
	ApprovalWaiting  ApprovalState = "waiting"
	ApprovalApproved ApprovalState = "approved"
	ApprovalRefused  ApprovalState = "refused"
	ApprovalUsed     ApprovalState = "used"
	ApprovalExpired  ApprovalState = "expired"
)

// Approval is a request of an administrator that another one has to approve. It is an addition to the published API.
type Approval struct {
	Approval string         `json:"approval"`
	Action   ApprovalAction `json:"action"`
	// Parameters is what was asked. Of a meter point and of an access key it has only the end.
	Parameters  map[string]any `json:"parameters"`
	State       ApprovalState  `json:"state"`
	Reason      string         `json:"reason,omitzero"`
	RequestedBy string         `json:"requested-by"`
	RequestedAt time.Time      `json:"requested-at"`
	ExpiresAt   time.Time      `json:"expires-at"`
	// DecidedBy is nil before a decision, and for one of the command line on the register's host.
	DecidedBy *string    `json:"decided-by"`
	DecidedAt *time.Time `json:"decided-at"`
	UsedAt    *time.Time `json:"used-at"`
}

// ApprovalResponse is one approval.
type ApprovalResponse struct {
	Response ResponseMetadata `json:"response"`
	Approval Approval         `json:"approval"`
}

// ListApprovalsResponse is a page of the approvals, newest first.
type ListApprovalsResponse struct {
	Response  ResponseMetadata `json:"response"`
	Approvals []Approval       `json:"approvals"`
	// Total is exact up to 10,000; if there are more, it is 10,000 and TotalIsAtLeast is true.
	Total          int    `json:"total"`
	TotalIsAtLeast bool   `json:"total-is-at-least,omitzero"`
	NextCursor     string `json:"next-cursor,omitzero"`
}
