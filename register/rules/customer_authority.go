package rules

import (
	"context"
	"errors"

	"central.consent/dar/register/store"
)

// fieldToken is the member and the query parameter that hold a re-identification token.
const fieldToken = "reidentification-token"

// forbiddenToken returns the refusal of a token that the customer gave no such authority.
func forbiddenToken(message string) *Error {
	return &Error{Kind: KindForbidden, Code: CodeMeterPointRefused, Field: fieldToken, Message: message}
}

// tokenRefusal returns why a token could not be consumed for a meter point. An unknown token, one of another account
// and one for another meter point get the same refusal.
func (r *Rules) tokenRefusal(ctx context.Context, tx *store.Tx, token, accountID, mpxn string) error {
	unknown := forbiddenToken("does not open this meter point.")
	found, err := tx.FindReidentification(ctx, HashToken(token), accountID)
	if err != nil {
		return orRefusal(err, unknown)
	}

	switch {
	case found.MPxN != mpxn:
		return unknown
	case found.DeclinedAt != nil || found.ConfirmedAt == nil:
		return forbiddenToken("has not been confirmed by the customer.")
	case !r.isFresh(found):
		return forbiddenToken("was issued more than an hour ago.")
	case found.ConsumedAt != nil:
		return &Error{
			Kind:    KindConflict,
			Code:    CodeConflict,
			Field:   fieldToken,
			Message: "has been used: each reading needs a new confirmation.",
		}
	}

	return unknown
}

// consumeToken consumes a confirmed re-identification token of an account. It returns the meter point of the token and
// the identity record that the access record rests on: the one of the token if it is the account's own, which it locks
// so that it is not anonymised in the meantime, and otherwise a new reference.
func (r *Rules) consumeToken(
	ctx context.Context, tx *store.Tx, token, accountID string,
) (mpxn, ir string, err error) {
	found, err := tx.FindReidentification(ctx, HashToken(token), accountID)
	if err != nil {
		return "", "", orRefusal(err, &Error{
			Kind: KindNotFound, Code: CodeNotFound, Field: fieldToken, Message: "is unknown.",
		})
	}

	confirmed, err := tx.HoldIdentityRecord(ctx, found.IR)
	if err != nil {
		return "", "", err
	}

	now := r.Now()
	consumed, err := tx.ConsumeReidentification(
		ctx, found.TokenHash, accountID, found.MPxN, now.Add(-tokenLife), now,
	)
	if err != nil {
		return "", "", err
	}
	if consumed {
		ir, err = r.ownRecordOf(ctx, tx, confirmed, accountID)

		return found.MPxN, ir, err
	}

	err = r.tokenRefusal(ctx, tx, token, accountID, found.MPxN)
	// The published API sends 403 for a reading and 422 for a registration.
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Kind == KindForbidden {
		refusal.Kind = KindUnprocessable
		refusal.Code = CodeTokenUnusable
	}

	return "", "", err
}

// ownRecordOf returns the key of an identity record of an account for the customer who confirmed a token: the one that
// confirmed, or a reference to the household if that is another account's. A reference holds the meter point and the
// move-in date, by which the register tells households apart, and nothing else of the person: the account never had it.
func (r *Rules) ownRecordOf(
	ctx context.Context, tx *store.Tx, confirmed store.IdentityRecord, accountID string,
) (ir string, err error) {
	if confirmed.AccountID == accountID {
		return confirmed.IR, nil
	}

	reference := store.IdentityRecord{
		IR:         NewID("ir"),
		AccountID:  accountID,
		MPxN:       confirmed.MPxN,
		MoveInDate: confirmed.MoveInDate,
		KeyID:      r.keys.sealer().id,
		CreatedAt:  store.Millis(r.Now()),
		ByToken:    true,
	}
	event := r.auditEvent(accountID, auditIdentityCreated, *reference.MPxN, "", map[string]any{
		"ir": reference.IR, "by-token": true,
	})
	tx.Audit(event)

	return reference.IR, tx.InsertIdentityRecord(ctx, reference)
}

// referenceConflict refuses what a reference cannot do, because it holds no person's data and has no contact.
func referenceConflict() *Error {
	return conflict("This identity record is only the reference of an access record that was registered by token.")
}

// authority is an access record that a customer lets a portal act on.
type authority struct {
	record store.ListedRecord
	// tokenHash is the hash of the token by which the customer said so.
	tokenHash []byte
	// readAt is when a reading consumed the token; nil if none did.
	readAt *store.Millis
}

// authorityOver returns the access record that a customer's token lets an account act on. The account started the
// token, the customer confirmed it less than an hour ago for the record's meter point, and still lives there. The
// token has authority over the records that a reading with it shows, and once it was consumed by a reading over the
// records of that reading only (docs/decisions.md, Withdrawal). The error is refused if the token has no authority over
// the record, and sighting if the record was discovered by the DCC.
func (r *Rules) authorityOver(
	ctx context.Context, tx *store.Tx, accountID, ak, token string, refused, sighting *Error,
) (authority, error) {
	if token == "" || !patternKey.MatchString(ak) {
		return authority{}, refused
	}

	grant, err := tx.FindReidentification(ctx, HashToken(token), accountID)
	if err != nil {
		return authority{}, orRefusal(err, refused)
	}

	valid, err := r.isValidFor(ctx, tx, grant, ak)
	if err != nil {
		return authority{}, err
	}
	if !valid {
		return authority{}, refused
	}

	record, err := tx.FindAccessRecord(ctx, ak)
	if err != nil && grant.ConsumedAt != nil {
		return authority{}, orRefusal(err, sighting) // the reading showed it, so the DCC discovered it
	}
	if err != nil {
		return authority{}, orRefusal(err, refused)
	}
	if record.MPxN != grant.MPxN {
		return authority{}, refused
	}

	present, err := r.householdOf(ctx, tx, grant)
	if err != nil {
		return authority{}, err
	}

	shown, err := present.showsToCustomer(grant, record)
	if err != nil {
		return authority{}, err
	}
	if !shown {
		return authority{}, refused
	}

	return authority{record: record, tokenHash: grant.TokenHash, readAt: grant.ConsumedAt}, nil
}

// isValidFor reports whether a token carries the authority of a present customer, and, if it was consumed by a reading,
// whether the reading showed this access record.
func (r *Rules) isValidFor(ctx context.Context, tx *store.Tx, grant store.Reidentification, ak string) (bool, error) {
	confirmed := grant.ConfirmedAt != nil && grant.DeclinedAt == nil
	if !confirmed || !r.isFresh(grant) {
		return false, nil
	}

	outlived, err := r.isOutlived(ctx, tx, grant)
	if err != nil || outlived {
		return false, err
	}

	if grant.ConsumedAt == nil {
		limited, err := r.isLimitedNow(ctx, tx, grant)

		return err == nil && !limited, err
	}

	return tx.HasReading(ctx, grant.TokenHash, ak)
}

// isFresh reports whether a token was issued less than an hour ago.
func (r *Rules) isFresh(grant store.Reidentification) bool {
	return r.Now().Before(grant.IssuedAt.Time().Add(tokenLife))
}
