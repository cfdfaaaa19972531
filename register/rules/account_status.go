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
// KindNotFound if there is no such account, and of KindConflict if it is terminated.
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

	if changed {
		detail := map[string]any{"account-id": accountID}
		if change.cause {
			detail["cause"] = *account.StatusCause
		}

		tx.Audit(r.auditEvent(by, change.event, "", "", detail))
		if err := tx.RevokeBearerTokens(ctx, accountID); err != nil {
			return registerclient.Account{}, err
		}
	}

	return AccountOf(account), nil
}

func noAccount() *Error { return NotFound("There is no such account.") }
