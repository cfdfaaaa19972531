package rules

import (
	"cmp"
	"context"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The states of an account.
const (
	accountActive     = "active"
	accountSuspended  = "suspended"
	accountTerminated = "terminated"
)

// StatusChange is one change of an account's status by an administrator.
type StatusChange struct {
	event string
	// cause is true if the change has a cause.
	cause bool
	apply func(ctx context.Context, r *Rules, tx *store.Tx, accountID, cause string) (changed bool, err error)
}

// The changes of an account's status. A suspension can be lifted; a termination is permanent.
var (
	Suspend = StatusChange{auditAccountSuspended, true, func(
		ctx context.Context, r *Rules, tx *store.Tx, accountID, cause string,
	) (bool, error) {
		return tx.SuspendAccount(ctx, accountID, cmp.Or(cause, string(registerclient.CauseMisconduct)), r.Now())
	}}
	Reactivate = StatusChange{auditAccountReactivated, false, func(
		ctx context.Context, _ *Rules, tx *store.Tx, accountID, _ string,
	) (bool, error) {
		return tx.ReactivateAccount(ctx, accountID)
	}}
	Terminate = StatusChange{auditAccountTerminated, true, func(
		ctx context.Context, r *Rules, tx *store.Tx, accountID, cause string,
	) (bool, error) {
		return tx.TerminateAccount(ctx, accountID, cause, r.Now())
	}}
)

// roleAdministrator is the role of an administrator.
const roleAdministrator = string(registerclient.RoleAdmin)

// CheckStatusChange refuses a change before a transaction begins: an account that cannot exist (KindNotFound), and an
// administrator's own account (KindConflict), so that one administrator always remains.
func (r *Rules) CheckStatusChange(change StatusChange, accountID, by string) error {
	if !patternAccount.MatchString(accountID) {
		return noAccount()
	}
	if accountID == by && change.event != auditAccountReactivated {
		return conflict("An administrator cannot suspend or terminate its own account.")
	}

	return nil
}

// CheckStatusCause returns Errors if there is no such cause. An empty one is none, which is misconduct.
func CheckStatusCause(cause registerclient.StatusCause) error {
	var k Checks
	if cause != "" {
		OneOf(&k, "cause", cause, registerclient.CauseFailure, registerclient.CauseMisconduct)
	}

	return k.Err()
}

// ChangeStatus changes the status of an account and revokes its bearer tokens. An account that has the status already
// keeps it, with its cause. cause decides whether the contacts of the account's customers go on standing; an empty one
// is misconduct, and for the termination of a suspended account the cause of its suspension. It returns an *Error of
// KindNotFound if there is no such account, of KindConflict if it is terminated, and of KindForbidden if a second
// administrator has not approved that an administrator is let in again.
func (r *Rules) ChangeStatus(
	ctx context.Context, tx *store.Tx, change StatusChange, accountID string, cause registerclient.StatusCause,
	by string,
) (registerclient.Account, error) {
	changed, err := change.apply(ctx, r, tx, accountID, string(cause))
	if err != nil {
		return registerclient.Account{}, err
	}

	account, err := tx.FindAccount(ctx, accountID)
	if err != nil {
		return registerclient.Account{}, orRefusal(err, noAccount())
	}
	if !changed && account.Status == accountTerminated && change.event != auditAccountTerminated {
		return registerclient.Account{}, conflict("This account is terminated, which is permanent.")
	}

	if changed && by != "" && !r.relaxed && change.opens(account) {
		if err := r.useApproval(ctx, tx, reactivation(administratorOf(ctx), accountID)); err != nil {
			return registerclient.Account{}, err
		}
	}

	if changed {
		detail := map[string]any{"account-id": accountID}
		if change.cause {
			detail["cause"] = *account.StatusCause
		}

		tx.Audit(r.auditEvent(by, change.event, "", "", withReason(ctx, detail)))
		if err := tx.RevokeBearerTokens(ctx, accountID); err != nil {
			return registerclient.Account{}, err
		}
	}

	return AccountOf(account), nil
}

// ChangeStatusOnHost is ChangeStatus for the register's own command, in a transaction of its own. No approval is
// needed. It returns Errors too if there is no such cause.
func (r *Rules) ChangeStatusOnHost(
	ctx context.Context, change StatusChange, accountID string, cause registerclient.StatusCause,
) (account registerclient.Account, err error) {
	if err := CheckStatusCause(cause); err != nil {
		return registerclient.Account{}, err
	}
	if err := r.CheckStatusChange(change, accountID, ""); err != nil {
		return registerclient.Account{}, err
	}

	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		account, err = r.ChangeStatus(ctx, tx, change, accountID, cause, "")

		return err
	})

	return account, err
}

// opens reports whether a change lets an administrator in.
func (c StatusChange) opens(account store.Account) bool {
	return c.event == auditAccountReactivated && account.Role == roleAdministrator
}

// reactivation returns what the reactivation of an administrator's account needs an approval for.
func reactivation(request *AdministratorRequest, accountID string) askedApproval {
	return approvalFor(request, actionReactivateAccount, map[string]string{"account-id": accountID})
}

// AskToReactivate returns the refusal of a request to reactivate an administrator's account that carries no approval,
// and stores that it waits for one.
func (r *Rules) AskToReactivate(ctx context.Context, accountID string) error {
	request := administratorOf(ctx)
	if r.relaxed || request.ApprovalID != "" {
		return nil
	}

	account, err := r.store.FindAccount(ctx, accountID)
	if err != nil {
		return orRefusal(err, noAccount())
	}
	if !Reactivate.opens(account) || account.Status != accountSuspended {
		return nil
	}

	return r.askApproval(ctx, reactivation(request, accountID))
}

func noAccount() *Error { return NotFound("There is no such account.") }
