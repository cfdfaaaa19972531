package rules

import (
	"context"
	"maps"
	"time"

	"central.consent/dar/register/store"
)

// What an administrator may be shown without a second one (docs/decisions.md, Accounts and administrators).
const (
	recordsUnapproved = 500
	recordsWindow     = 24 * time.Hour
)

// The names of the headers of an administrator's request.
const (
	HeaderReason   = "X-DAR-Reason"
	HeaderApproval = "X-DAR-Approval"
)

// AdministratorRequest is who an administrator's request comes from, and why. Rules that show something to an
// administrator find it in their context.
type AdministratorRequest struct {
	AccountID string
	// Reason goes to the audit log; it may be empty.
	Reason string
	// ApprovalID is the approval that the request carries; empty if it carries none.
	ApprovalID string
	// At is what a reading shows, as the audit log names it.
	At string

	audited bool
}

type administratorKey struct{}

// WithAdministrator returns a context that carries an administrator's request.
func WithAdministrator(ctx context.Context, request *AdministratorRequest) context.Context {
	return context.WithValue(ctx, administratorKey{}, request)
}

// administratorOf returns the administrator's request that a context carries; an empty one if it carries none.
func administratorOf(ctx context.Context) *AdministratorRequest {
	request, ok := ctx.Value(administratorKey{}).(*AdministratorRequest)
	if !ok {
		return &AdministratorRequest{}
	}

	return request
}

// CheckAdministratorRequest returns Errors that name the header at fault. What shows the data of a household or of a
// person needs a reason, unless the register is relaxed.
func (r *Rules) CheckAdministratorRequest(request *AdministratorRequest, personal bool) error {
	var k Checks
	if personal && !r.relaxed {
		k.required(HeaderReason, request.Reason, longestReason)
	} else {
		k.text(HeaderReason, request.Reason, longestReason)
	}
	if request.ApprovalID != "" {
		k.pattern(HeaderApproval, request.ApprovalID, patternApproval, "is not the key of an approval.")
	}

	return k.Err()
}

// lookEvent returns the row of the audit log for what an administrator is shown.
func (r *Rules) lookEvent(ctx context.Context, administrator, mpxn, ak string, detail map[string]any) store.AuditEvent {
	return r.auditEvent(administrator, auditAdministratorLooked, mpxn, ak, withReason(ctx, detail))
}

// withReason adds the reason of the administrator's request to the detail of a row of the audit log, unless the detail
// has one of its own.
func withReason(ctx context.Context, detail map[string]any) map[string]any {
	reason := administratorOf(ctx).Reason
	if _, given := detail["reason"]; reason != "" && !given {
		detail["reason"] = reason
	}

	return detail
}

// AuditLook adds a row to the audit log for a reading of the administrator whose request ctx carries, unless the
// reading has added one itself.
func (r *Rules) AuditLook(ctx context.Context) error {
	request := administratorOf(ctx)
	if request.audited {
		return nil
	}

	return r.auditLook(ctx, r.lookEvent(ctx, request.AccountID, "", "", map[string]any{"at": request.At}))
}

// auditLook appends the rows of an administrator's reading. The response waits for it: what cannot be audited is not
// shown.
func (r *Rules) auditLook(ctx context.Context, events ...store.AuditEvent) error {
	if err := r.recordAudit(ctx, events...); err != nil {
		return err
	}

	administratorOf(ctx).audited = true

	return nil
}

// shownRecords are access records on a page that an administrator reads.
type shownRecords struct {
	action     string
	parameters map[string]string
	aks        []string
	// looks are what the households can read of it.
	looks []store.Look
	// after is where the page begins, and next where the one after it does; nil if there is none.
	after, next *store.Position
}

// auditRecords is auditLook for a reading of access records. More of them in a day than an administrator may be shown
// need an approval.
func (r *Rules) auditRecords(ctx context.Context, shown shownRecords, events []store.AuditEvent) error {
	request := administratorOf(ctx)
	if r.relaxed || request.AccountID == "" {
		if err := r.recordLooks(ctx, shown.looks, events...); err != nil {
			return err
		}

		request.audited = true

		return nil
	}

	maps.DeleteFunc(shown.parameters, func(_, value string) bool { return value == "" })
	asked := approvalFor(request, shown.action, shown.parameters)
	asked.after = positionText(shown.after)
	asked.next = positionText(shown.next)
	enough := true
	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		tx.Audit(events...)
		if err := tx.InsertLooks(ctx, shown.looks); err != nil {
			return err
		}
		if request.ApprovalID != "" {
			return r.useApproval(ctx, tx, asked)
		}

		now := r.Now()
		count, err := tx.NoteReads(ctx, request.AccountID, shown.aks, now, now.Add(-recordsWindow))
		if err == nil && count > recordsUnapproved {
			enough = false
			err = needsApproval("")
		}

		return err
	})
	if !enough {
		return r.askApproval(ctx, asked)
	}
	if err != nil {
		return err
	}

	request.audited = true

	return nil
}
