package rules

import (
	"context"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// What a replacement may change (docs/decisions.md, Additions to the published shapes).

// maxReplacementsPerDay is how often an access record may be replaced in a day of UTC.
const maxReplacementsPerDay = 10

// ReplaceAccess replaces an active access record of an account as a whole, under the same key. It returns Errors if the
// new record is wrong, and an *Error of KindNotFound if the account has no such record, of KindUnprocessable if the new
// record changes what stays or a name in it is refused, of KindTooMany if the record was replaced too often today, of
// KindConflict if it is not active.
func (r *Rules) ReplaceAccess(
	ctx context.Context, accountID, ak string, in registerclient.AccessRecord,
) (registerclient.AccessToken, error) {
	now := r.Now()
	if err := checkReplacement(&in, now); err != nil {
		return registerclient.AccessToken{}, err
	}

	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		old, err := findOwnRecord(ctx, tx, accountID, ak)
		if err != nil {
			return err
		}

		held, err := tx.HoldAccessRecord(ctx, old.AccessRecord)
		if err != nil {
			return orRefusal(err, noAccessRecord())
		}
		if err := checkWhatStays(in, old, held, now); err != nil {
			return err
		}
		if err := checkNames(ctx, tx, accountID, in); err != nil {
			return err
		}

		row, err := accessRecordRow(in, store.AccessRecord{AK: ak, MPxN: old.MPxN, AccountID: accountID, IR: held.IR})
		if err != nil {
			return err
		}

		return r.replaceRow(ctx, tx, old, held, row, now)
	})

	return registerclient.AccessToken{Key: ak, Expiry: in.AccessEvent.Expiry}, err
}

// checkWhatStays returns Errors if a replacement changes what takes a new record: the identity record, consent as the
// ground, or the begin to an earlier one. held is the record as it was locked.
func checkWhatStays(
	in registerclient.AccessRecord, old store.ListedRecord, held store.AccessRecord, now time.Time,
) error {
	before, err := decodeAccessRecord(held.Record)
	if err != nil {
		return err
	}

	var mistakes Errors
	// The owner of a record that was registered by token does not see its identity record, and cannot name it.
	ref := in.RecordMetadata.IdentityRecordRef
	ownIdentity := old.IdentityAccountID == old.AccountID
	if ref != nil && (*ref != held.IR || !ownIdentity) {
		mistakes = append(mistakes, unchangeable(fieldIdentityRef,
			"stays: another identity record takes a new access record."))
	}

	if before.Processing.LegalBasis.Consent() && !in.Processing.LegalBasis.Consent() {
		mistakes = append(mistakes, unchangeable("processing.legal-basis",
			"stays consent: another legal basis takes a new access record."))
	}

	// A time in the future, from before such times were refused, may be corrected.
	began := before.AccessEvent.RegisteredAt
	if in.AccessEvent.RegisteredAt.Before(began) && !began.After(now.Add(maxClockLead)) {
		mistakes = append(mistakes, unchangeable("access-event.registered-at",
			"may move forward, to a renewal, and never back."))
	}

	if len(mistakes) == 0 {
		return nil
	}

	return mistakes
}

func unchangeable(field, message string) *Error {
	return &Error{Kind: KindUnprocessable, Code: CodeValidation, Field: field, Message: message}
}

// replaceRow stores the row that replaces an access record, with the amendment that it makes. held is the record as it
// was locked.
func (r *Rules) replaceRow(
	ctx context.Context, tx *store.Tx, old store.ListedRecord, held, row store.AccessRecord, now time.Time,
) (err error) {
	var change *contentChange
	if row.Amendments, change, err = amendmentsAfter(held, row.Record, now); err != nil {
		return err
	}

	first, err := firstRegisteredAt(old)
	if err != nil {
		return err
	}
	row.FirstRegisteredAt = new(store.Millis(first))

	replaced, err := tx.ReplaceAccessRecord(ctx, row, now)
	if err != nil {
		return err
	}
	if !replaced {
		return conflict("This access record is not active and cannot be replaced.")
	}
	if err := limitReplacements(ctx, tx, row.AK, now); err != nil {
		return err
	}
	if err := checkRecordBytes(ctx, tx, row); err != nil {
		return err
	}
	if err := limitOrganisations(change); err != nil {
		return err
	}
	if err := r.noteAmendment(ctx, tx, row, change); err != nil {
		return err
	}

	tx.Audit(r.auditEvent(row.AccountID, auditRecordUpdated, row.MPxN, row.AK, map[string]any{
		"changed": changedMembers(held.Record, row.Record),
	}))

	return nil
}

// limitReplacements counts a replacement of a record towards the limit of its day. It counts in the transaction that
// replaces, so that a replacement that is refused does not count. Each day has a bucket of its own, whose window is as
// long as the day: nothing leaves it before the day is over.
func limitReplacements(ctx context.Context, tx *store.Tx, ak string, now time.Time) error {
	wait, err := tx.CountTowards(ctx, store.Limit{
		Bucket: "replace " + ak + " " + now.Format(time.DateOnly),
		Most:   maxReplacementsPerDay,
		Within: 24 * time.Hour,
	}, now)
	if err != nil || wait == 0 {
		return err
	}

	tomorrow := now.Truncate(24*time.Hour).AddDate(0, 0, 1)

	return tooMany("This access record has been replaced 10 times today. Please wait until midnight UTC.",
		tomorrow.Sub(now))
}
