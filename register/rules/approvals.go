package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	// approvalLife is how long a request waits, and how long its approval can be used, from the request on.
	approvalLife = 24 * time.Hour
	// openApprovals is how many requests of one administrator may be open.
	openApprovals = 20
)

// What waits for a second administrator.
const (
	actionCreateAccount     = string(registerclient.ActionCreateAccount)
	actionReactivateAccount = string(registerclient.ActionReactivateAccount)
	actionReadRecords       = string(registerclient.ActionReadRecords)
	actionReadAudit         = string(registerclient.ActionReadAudit)
)

var patternApproval = regexp.MustCompile(`^apr_[0-9a-f]{24}$`)

// askedApproval is what an administrator's request needs an approval for.
type askedApproval struct {
	request    *AdministratorRequest
	action     string
	parameters string
	// after and next are where a page of a list begins, and where the one after it does.
	after, next string
}

// approvalFor returns what a request needs an approval for. The parameters hold no secret.
func approvalFor(request *AdministratorRequest, action string, parameters any) askedApproval {
	text, err := json.Marshal(parameters)
	if err != nil {
		panic(fmt.Sprintf("parameters of %s: %v", action, err)) // they hold strings and lists
	}

	return askedApproval{request: request, action: action, parameters: string(text)}
}

// positionText returns a position as an approval keeps it; empty for none.
func positionText(p *store.Position) string {
	if p == nil {
		return ""
	}

	return fmt.Sprint(p.At.Time().UnixMilli(), " ", p.Seq, " ", p.Key)
}

// askApproval stores that a request waits for a second administrator, unless the same request waits already. It returns
// the refusal that names the approval.
func (r *Rules) askApproval(ctx context.Context, asked askedApproval) error {
	now := r.Now()
	by := asked.request.AccountID
	open, err := r.store.ListOpenApprovals(ctx, by, now)
	if err != nil {
		return err
	}

	for _, waiting := range open {
		if waiting.Action == asked.action && waiting.Parameters == asked.parameters {
			return needsApproval(waiting.ID)
		}
	}
	if len(open) >= openApprovals {
		return conflict("Too many requests of this administrator wait for an approval or for their use.")
	}

	row := store.Approval{
		ID:          NewID("apr"),
		Action:      asked.action,
		Parameters:  asked.parameters,
		Reason:      asked.request.Reason,
		RequestedBy: by,
		RequestedAt: store.Millis(now),
		ExpiresAt:   store.Millis(now.Add(approvalLife)),
	}
	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		tx.Audit(r.approvalEvent(ctx, by, auditApprovalRequested, row))

		return tx.InsertApproval(ctx, row)
	})
	if err != nil {
		return err
	}

	return needsApproval(row.ID)
}

// needsApproval returns the refusal of a request that waits for a second administrator. id is empty if it did not ask.
func needsApproval(id string) *Error {
	message := "This needs the approval of a second administrator."
	if id != "" {
		message = "This waits for a second administrator. Once " + id + " is approved, send the request again " +
			"with the header " + HeaderApproval + ": " + id + "."
	}

	return &Error{Kind: KindForbidden, Code: CodeApproval, Message: message, Approval: id}
}

// useApproval uses the approval that a request carries. It returns an *Error of KindForbidden if there is none that
// allows it.
func (r *Rules) useApproval(ctx context.Context, tx *store.Tx, asked askedApproval) error {
	request := asked.request
	if request.ApprovalID == "" {
		return needsApproval("")
	}

	used, err := tx.UseApproval(ctx, store.ApprovalUse{
		ID:          request.ApprovalID,
		RequestedBy: request.AccountID,
		Action:      asked.action,
		Parameters:  asked.parameters,
		After:       asked.after,
		Next:        asked.next,
	}, r.Now())
	if err != nil {
		return err
	}

	row, err := tx.FindApproval(ctx, request.ApprovalID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if !used {
		return r.refuseUse(asked, row)
	}

	tx.Audit(r.approvalEvent(ctx, request.AccountID, auditApprovalUsed, row))

	return nil
}

// refuseUse returns why an approval does not allow a request. Another administrator's is as one that does not exist.
func (r *Rules) refuseUse(asked askedApproval, row store.Approval) *Error {
	message := "does not allow this any more: the administrator who approved it is no longer one."
	switch state := r.approvalState(row); {
	case row.RequestedBy != asked.request.AccountID:
		message = "is not an approval of this administrator."
	case row.Action != asked.action || row.Parameters != asked.parameters:
		message = "is the approval of another request."
	case state == registerclient.ApprovalUsed:
		message = "was used already."
	case state != registerclient.ApprovalApproved:
		message = "does not allow this: it is " + string(state) + "."
	}

	return &Error{Kind: KindForbidden, Code: CodeApproval, Field: HeaderApproval, Message: message}
}

// ListApprovals returns a page of what waits or waited for a second administrator, the newest first, the position after
// it, and how many there are.
func (r *Rules) ListApprovals(
	ctx context.Context, page store.Page,
) (approvals []registerclient.Approval, next *store.Position, total store.Total, err error) {
	rows, total, err := r.store.ListApprovals(ctx, page)
	if err != nil {
		return nil, nil, total, err
	}

	rows, next = cutPage(rows, page, func(row store.Approval) store.Position {
		return store.Position{At: row.RequestedAt, Seq: row.Seq}
	})
	approvals = make([]registerclient.Approval, len(rows))
	for i, row := range rows {
		if approvals[i], err = r.approvalOf(row); err != nil {
			return nil, nil, total, err
		}
	}

	return approvals, next, total, nil
}

// Verdict is a decision about a request that waits for a second administrator.
type Verdict struct{ stored, event string }

// The verdicts.
var (
	Approve = Verdict{store.Approved, auditApprovalApproved}
	Refuse  = Verdict{store.Refused, auditApprovalRefused}
)

// DecideApproval is an administrator's verdict. It returns an *Error of KindNotFound if there is no such request, of
// KindForbidden if it is the administrator's own, and of KindConflict if it was decided already or has expired.
func (r *Rules) DecideApproval(
	ctx context.Context, tx *store.Tx, verdict Verdict, id, administrator string,
) (registerclient.Approval, error) {
	decided, err := tx.DecideApproval(ctx, id, verdict.stored, administrator, r.Now())
	if err != nil {
		return registerclient.Approval{}, err
	}

	row, err := tx.FindApproval(ctx, id)
	if err != nil {
		return registerclient.Approval{}, orRefusal(err, noApproval())
	}
	if !decided && row.RequestedBy == administrator {
		return registerclient.Approval{}, &Error{
			Kind:    KindForbidden,
			Code:    CodeApproval,
			Message: "An administrator cannot decide about its own request.",
		}
	}
	if !decided {
		return registerclient.Approval{}, r.refuseVerdict(row)
	}

	tx.Audit(r.approvalEvent(ctx, administrator, verdict.event, row))

	return r.approvalOf(row)
}

// DecideApprovalOnHost is DecideApproval for the register's own command, in a transaction of its own. It approves only
// if fewer than two administrators are active.
func (r *Rules) DecideApprovalOnHost(
	ctx context.Context, verdict Verdict, id string,
) (approval registerclient.Approval, err error) {
	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		decided, err := tx.DecideApprovalOnHost(ctx, id, verdict.stored, r.Now())
		if err != nil {
			return err
		}

		row, err := tx.FindApproval(ctx, id)
		if err != nil {
			return orRefusal(err, noApproval())
		}
		if !decided && r.approvalState(row) == registerclient.ApprovalWaiting {
			return conflict("There is a second administrator, who can approve it: " +
				"this command approves only if there is none.")
		}
		if !decided {
			return r.refuseVerdict(row)
		}

		tx.Audit(r.approvalEvent(ctx, "", verdict.event, row))
		approval, err = r.approvalOf(row)

		return err
	})

	return approval, err
}

// refuseVerdict returns why there can be no verdict about a request.
func (r *Rules) refuseVerdict(row store.Approval) *Error {
	state := r.approvalState(row)
	if state == registerclient.ApprovalWaiting {
		return &Error{
			Kind: KindForbidden, Code: CodeApproval, Message: "This account is not an active administrator.",
		}
	}

	return conflict("This request was decided already, or has expired: it is " + string(state) + ".")
}

// CheckApprovalKey returns an *Error of KindNotFound if no approval can have this key.
func CheckApprovalKey(id string) error {
	if !patternApproval.MatchString(id) {
		return noApproval()
	}

	return nil
}

func noApproval() *Error { return NotFound("There is no such request for an approval.") }

// approvalState returns what can become of a request now.
func (r *Rules) approvalState(row store.Approval) registerclient.ApprovalState {
	switch {
	case row.UsedAt != nil:
		return registerclient.ApprovalUsed
	case row.Verdict == store.Refused:
		return registerclient.ApprovalRefused
	case !row.ExpiresAt.Time().After(r.Now()):
		return registerclient.ApprovalExpired
	case row.Verdict == store.Approved:
		return registerclient.ApprovalApproved
	}

	return registerclient.ApprovalWaiting
}

// approvalOf returns a request as the API shows it. Of a meter point and of an access key it shows the end alone.
func (r *Rules) approvalOf(row store.Approval) (registerclient.Approval, error) {
	approval := registerclient.Approval{
		Approval:    row.ID,
		Action:      registerclient.ApprovalAction(row.Action),
		State:       r.approvalState(row),
		Reason:      row.Reason,
		RequestedBy: row.RequestedBy,
		RequestedAt: row.RequestedAt.Time(),
		ExpiresAt:   row.ExpiresAt.Time(),
		DecidedAt:   store.OptionalTime(row.DecidedAt),
		UsedAt:      store.OptionalTime(row.UsedAt),
	}
	if row.DecidedBy != "" {
		approval.DecidedBy = &row.DecidedBy
	}
	if err := json.Unmarshal([]byte(row.Parameters), &approval.Parameters); err != nil {
		return registerclient.Approval{}, fmt.Errorf("decode the parameters of an approval: %w", err)
	}

	for _, name := range []string{"mpxn", "ak"} {
		if text, ok := approval.Parameters[name].(string); ok && len(text) > 3 {
			approval.Parameters[name] = "..." + text[len(text)-3:]
		}
	}

	return approval, nil
}

// approvalEvent returns a row of the audit log about a request that needs an approval.
func (r *Rules) approvalEvent(ctx context.Context, by, event string, row store.Approval) store.AuditEvent {
	detail := withReason(ctx, map[string]any{
		"approval": row.ID, "action": row.Action, "requested-by": row.RequestedBy,
	})

	var named struct {
		AccountID string `json:"account-id"`
		MPxN      string `json:"mpxn"`
		AK        string `json:"ak"`
	}
	_ = json.Unmarshal([]byte(row.Parameters), &named) // parameters without these members name nothing
	if named.AccountID != "" {
		detail["account-id"] = named.AccountID
	}

	return r.auditEvent(by, event, named.MPxN, named.AK, detail)
}
