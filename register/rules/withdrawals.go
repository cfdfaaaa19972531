package rules

import (
	"context"
	"encoding/hex"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// CheckRevokeReason returns Errors if the reason for the end of an access record is unknown; nil means no reason.
func CheckRevokeReason(reason *string) error {
	var k Checks
	if reason != nil {
		OneOf(&k, "reason", registerclient.RevokeReason(*reason),
			registerclient.ReasonCustomerRequest,
			registerclient.ReasonContractEnded,
			registerclient.ReasonLIALapsed,
			registerclient.ReasonStatutoryAuthorityLapsed,
			registerclient.ReasonDataNoLongerRequired,
			registerclient.ReasonOther)
	}

	return k.Err()
}

// RevokeOwn ends an active access record of an account and returns when it ended. It returns an *Error of KindNotFound
// if the account has no such record or revoked it before, of KindConflict if the record has expired.
func (r *Rules) RevokeOwn(ctx context.Context, accountID, ak string, reason *string) (time.Time, error) {
	none := NotFound("There is no such access record, or it has been revoked.")
	if !patternKey.MatchString(ak) {
		return time.Time{}, none
	}

	now := r.Now()
	revocation := store.Revocation{At: now, By: string(registerclient.RevokedByOrganisation), Reason: reason}
	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		record, err := tx.FindAccessRecord(ctx, ak)
		if err != nil {
			return orRefusal(err, none)
		}

		revoked, err := tx.RevokeOwn(ctx, accountID, record.AccessRecord, revocation)
		if err != nil {
			return err
		}
		if revoked {
			return r.recordRevocation(ctx, tx, accountID, record, revocationDetail{Revocation: revocation})
		}

		if record.AccountID == accountID && record.StateAt(now) == store.StateExpired {
			return conflict("This access record has expired and cannot be revoked.")
		}

		return none
	})

	return now, err
}

// Withdrawal is what a customer asks for through a portal.
type Withdrawal struct {
	// Token carries the customer's authority.
	Token string
	// Reason is nil if none was given.
	Reason *string
	// ErasureRequested says that the customer also asks the organisation to erase what it holds.
	ErasureRequested bool
}

// revocationDetail is what the audit log and the owner are told of the end of an access record.
type revocationDetail struct {
	store.Revocation

	// tokenHash is the hash of the token that carried the customer's authority; nil if the owner ended the record.
	tokenHash        []byte
	erasureRequested bool
}

// Withdraw ends an active consent by the authority of a customer, which the token carries (authorityOver), and
// returns when it ended. If the customer withdrew it before, it returns that time again and tells the owner nothing
// more. What the owner replaced since the customer read the record does not count against the customer. It returns
// an *Error of KindForbidden if the token has no authority over the record, of KindUnprocessable if the record does
// not rest on consent, of KindConflict if it has expired or the organisation ended it.
func (r *Rules) Withdraw(ctx context.Context, accountID, ak string, with Withdrawal) (time.Time, error) {
	endedAt := r.Now()
	revocation := store.Revocation{At: endedAt, By: string(registerclient.RevokedByCustomer), Reason: with.Reason}
	refused := forbiddenToken("does not let this account end this access record.")
	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		grant, err := r.authorityOver(ctx, tx, accountID, ak, with.Token, refused, notConsent())
		if err != nil {
			return err
		}

		revoked, err := tx.RevokeConsent(ctx, grant.record.AccessRecord, revocation)
		if err != nil {
			return err
		}
		if !revoked {
			revoked, err = withdrawAsRead(ctx, tx, &grant, revocation)
		}
		if err != nil {
			return err
		}
		if revoked {
			return r.recordRevocation(ctx, tx, accountID, grant.record, revocationDetail{
				Revocation:       revocation,
				tokenHash:        grant.tokenHash,
				erasureRequested: with.ErasureRequested,
			})
		}

		endedAt, err = withdrawnBefore(ctx, tx, ak, revocation.At)

		return err
	})

	return endedAt, err
}

// withdrawAsRead ends a record that the customer read as a consent which would still be active, and that cannot be
// withdrawn because its owner replaced it since. It returns false if there is no such record.
func withdrawAsRead(
	ctx context.Context, tx *store.Tx, grant *authority, revocation store.Revocation,
) (bool, error) {
	if grant.readAt == nil {
		return false, nil
	}

	held, err := tx.HoldAccessRecord(ctx, grant.record.AccessRecord)
	if err != nil {
		return false, err
	}

	read, err := termsAt(held, grant.readAt.Time())
	if err != nil || read.expiredAt(revocation.At) || !read.basis.Consent() {
		return false, err
	}

	grant.record.LegalBasis = string(read.basis) // the owner is told as of any consent

	return tx.RevokeReplaced(ctx, held, revocation)
}

// recordRevocation records the end of an access record in the audit log and tells the owner of a consent.
func (r *Rules) recordRevocation(
	ctx context.Context, tx *store.Tx, accountID string, record store.ListedRecord, revocation revocationDetail,
) error {
	detail := map[string]any{}
	if revocation.tokenHash != nil {
		detail["token-sha256"] = hex.EncodeToString(revocation.tokenHash)
		noteAdviser(ctx, detail)
	}
	if revocation.Reason != nil {
		detail["reason"] = *revocation.Reason
	}
	if revocation.erasureRequested {
		detail["erasure-requested"] = true
	}

	tx.Audit(r.auditEvent(accountID, auditRecordRevoked, record.MPxN, record.AK, detail))

	return r.announceWithdrawal(ctx, tx, record, revocation)
}

// withdrawnBefore returns when the customer withdrew an access record that could not be withdrawn now, or an *Error
// that says why it could not.
func withdrawnBefore(ctx context.Context, tx *store.Tx, ak string, now time.Time) (time.Time, error) {
	record, err := tx.FindAccessRecord(ctx, ak) // again: another withdrawal may have committed in between
	if err != nil {
		return time.Time{}, err
	}

	byCustomer := record.RevokedBy != nil && *record.RevokedBy == string(registerclient.RevokedByCustomer)
	switch state := record.StateAt(now); {
	case state == store.StateRevoked && byCustomer:
		return wireTime(*record.RevokedAt), nil
	case !registerclient.LegalBasis(record.LegalBasis).Consent():
		return time.Time{}, notConsent()
	case state == store.StateExpired:
		return time.Time{}, conflict("This access record has expired and cannot be withdrawn.")
	}

	return time.Time{}, conflict("The organisation has ended this access itself.")
}

func notConsent() *Error {
	return &Error{
		Kind:    KindUnprocessable,
		Code:    CodeValidation,
		Message: "This access does not rest on the customer's consent and cannot be withdrawn here.",
	}
}
