package rules

import (
	"context"
	"crypto/subtle"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The reasons with which a challenge can be expired before its time.
const (
	reasonDeclined  = "declined"
	reasonWrongCode = "wrong-code"
)

// ChallengeStatus returns the state of a challenge that the account started. It returns an *Error of KindNotFound if
// the token is unknown or another account's (docs/decisions.md, Scope of every read).
func (r *Rules) ChallengeStatus(
	ctx context.Context, accountID, tokenRef string,
) (registerclient.ReidentifyStatusResponse, error) {
	found, err := r.store.FindReidentification(ctx, HashToken(tokenRef), accountID)
	if err != nil {
		return registerclient.ReidentifyStatusResponse{}, orRefusal(err, noChallenge())
	}

	return r.statusOf(ctx, r.store, found)
}

func noChallenge() *Error { return NotFound("There is no such re-identification.") }

// OwnChallengeStatus returns the state of a challenge that the account started on an identity record of its own.
func (r *Rules) OwnChallengeStatus(
	ctx context.Context, accountID, ir, tokenRef string,
) (registerclient.ReidentifyStatusResponse, error) {
	record, err := r.store.FindOwnIdentityRecord(ctx, accountID, ir)
	if err != nil {
		return registerclient.ReidentifyStatusResponse{}, orRefusal(err, noIdentityRecord())
	}

	unknown := NotFound("There is no such re-identification of this record.")
	found, err := r.store.FindReidentification(ctx, HashToken(tokenRef), accountID)
	if err != nil {
		return registerclient.ReidentifyStatusResponse{}, orRefusal(err, unknown)
	}
	if found.IR != record.IR {
		return registerclient.ReidentifyStatusResponse{}, unknown
	}

	return r.statusOf(ctx, r.store, found)
}

// outlivedReader reads what has happened to the identity record of a challenge, from the store or in a transaction.
type outlivedReader interface {
	FindOutlived(ctx context.Context, hash []byte, now time.Time) (store.Outlived, error)
}

// statusOf returns the state of a challenge. It is expired if its identity record can no longer confirm at the meter
// point.
func (r *Rules) statusOf(
	ctx context.Context, from outlivedReader, found store.Reidentification,
) (registerclient.ReidentifyStatusResponse, error) {
	now := r.Now()
	outlived, err := from.FindOutlived(ctx, found.TokenHash, now)
	if err != nil {
		return registerclient.ReidentifyStatusResponse{}, err
	}

	status := registerclient.ReidentifyStatusResponse{
		Method: registerclient.Method(found.Method),
		Status: registerclient.StatusExpired,
	}
	switch {
	case outlived.Anonymised || outlived.EarlierOccupant || found.ContactEnded:
	case outlived.CannotAnswer && found.ConfirmedAt == nil:
	case found.SoftDeclinedAt != nil:
		status.Reason = reasonDeclined
	case found.EndedByWrongCodes():
		status.Reason = reasonWrongCode
	case found.DeclinedAt != nil:
		status.Reason = reasonDeclined
	case found.ConfirmedAt != nil && now.Before(found.IssuedAt.Time().Add(tokenLife)):
		status.Status = registerclient.StatusConfirmed
		status.ConfirmedAt = optionalWireTime(found.ConfirmedAt)
	case found.ConfirmedAt == nil && now.Before(confirmableUntil(found)):
		status.Status = registerclient.StatusPending
	}

	return status, nil
}

// confirmableUntil returns until when an unconfirmed challenge can be confirmed: by its own life, or once a passkey was
// shown by the time that the browser has to return.
func confirmableUntil(found store.Reidentification) time.Time {
	if found.AssertedAt != nil {
		return found.AssertedAt.Time().Add(returnLife)
	}

	return found.ConfirmBy.Time()
}

// CheckCompletion returns Errors if a request to complete a challenge is wrong.
func CheckCompletion(in registerclient.CompleteReidentificationRequest) error {
	var k Checks
	k.required("completion-code", in.CompletionCode, 100)

	return k.Err()
}

// CompleteChallenge confirms a challenge for which a passkey was shown, with the code that the browser brought back. It
// is idempotent. It returns an *Error of KindNotFound if the token is unknown, and of KindUnprocessable if the code is
// wrong or came too late.
func (r *Rules) CompleteChallenge(
	ctx context.Context, tx *store.Tx, accountID, tokenRef, completionCode string,
) (registerclient.ReidentifyStatusResponse, error) {
	token := HashToken(tokenRef)
	found, err := tx.FindReidentification(ctx, token, accountID)
	if err != nil {
		return registerclient.ReidentifyStatusResponse{}, orRefusal(err, noChallenge())
	}

	// The meter point is held before the challenge, as a decision about the contact does.
	if err := tx.HoldMeterPoint(ctx, found.MPxN); err != nil {
		return registerclient.ReidentifyStatusResponse{}, err
	}

	now := r.Now()
	code := HashToken(completionCode)
	completed, err := tx.CompleteReidentification(ctx, token, accountID, code, now.Add(-returnLife), now)
	if err != nil {
		return registerclient.ReidentifyStatusResponse{}, err
	}

	repeated := found.ConfirmedAt != nil && subtle.ConstantTimeCompare(found.CompletionHash, code) == 1
	if !completed && !repeated {
		return registerclient.ReidentifyStatusResponse{}, &Error{
			Kind:    KindUnprocessable,
			Code:    CodeTokenUnusable,
			Field:   "completion-code",
			Message: "does not complete this challenge.",
		}
	}

	at := optionalWireTime(found.ConfirmedAt)
	if completed {
		at = &now
		tx.Audit(r.auditEvent(accountID, auditReidentifyConfirmed, found.MPxN, "", map[string]any{
			"method": found.Method,
		}))
		if err := r.recordConfirmation(ctx, tx, found); err != nil {
			return registerclient.ReidentifyStatusResponse{}, err
		}
	}

	return registerclient.ReidentifyStatusResponse{
		Method:      registerclient.Method(found.Method),
		Status:      registerclient.StatusConfirmed,
		ConfirmedAt: at,
	}, nil
}
