package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// jurisdiction is the country (ISO 3166-1 alpha-2) of every access record.
const jurisdiction = "GB"

// NewAccessRecord is an access record that has been checked and not yet stored.
type NewAccessRecord struct {
	in        registerclient.AccessRecord
	createdAt time.Time
}

// PrepareAccessRecord checks a new access record. It returns Errors if the record is wrong.
func (r *Rules) PrepareAccessRecord(in registerclient.AccessRecord) (NewAccessRecord, error) {
	now := r.Now()
	err := checkAccessRecord(&in, now)

	return NewAccessRecord{in: in, createdAt: now}, err
}

// RegisterAccess stores a new access record of an account. It consumes the re-identification token that the record
// names. It returns an *Error of KindForbidden, KindNotFound, KindConflict or KindUnprocessable if the record may not
// use the identity record or the token, and of KindConflict if the account has too many records at the meter point or
// they would hold too much. It returns Errors of KindUnprocessable if a name in the record is refused.
func (r *Rules) RegisterAccess(
	ctx context.Context, tx *store.Tx, account store.Account, record NewAccessRecord,
) (registerclient.AccessToken, error) {
	mpxn, ir, err := r.useIdentity(ctx, tx, record.in, account.AccountID)
	if err != nil {
		return registerclient.AccessToken{}, err
	}

	if err := checkNames(ctx, tx, account.AccountID, record.in); err != nil {
		return registerclient.AccessToken{}, err
	}

	row, err := accessRecordRow(record.in, store.AccessRecord{
		AK:        NewID("ak"),
		MPxN:      mpxn,
		AccountID: account.AccountID,
		IR:        ir,
		CreatedAt: store.Millis(record.createdAt),
	})
	if err != nil {
		return registerclient.AccessToken{}, err
	}

	if err := tx.HoldHolding(ctx, account.AccountID, mpxn); err != nil {
		return registerclient.AccessToken{}, err
	}
	if err := tx.InsertAccessRecord(ctx, row); err != nil {
		return registerclient.AccessToken{}, err
	}
	if err := checkRecordBounds(ctx, tx, row, record.createdAt); err != nil {
		return registerclient.AccessToken{}, err
	}
	if err := r.noteRestarts(ctx, tx, row); err != nil {
		return registerclient.AccessToken{}, err
	}

	tx.Audit(r.auditEvent(account.AccountID, auditRecordCreated, mpxn, row.AK, nil))

	return registerclient.AccessToken{Key: row.AK, Expiry: record.in.AccessEvent.Expiry}, nil
}

// useIdentity returns the identity record of a new access record, and its meter point: the caller's own identity
// record, or the one behind a confirmed re-identification token, which it consumes.
func (r *Rules) useIdentity(
	ctx context.Context, tx *store.Tx, in registerclient.AccessRecord, accountID string,
) (mpxn, ir string, err error) {
	if in.ReidentificationToken != nil {
		return r.consumeToken(ctx, tx, *in.ReidentificationToken, accountID)
	}

	ir = *in.RecordMetadata.IdentityRecordRef
	mpxn, err = ownMeterPoint(ctx, tx, ir, accountID)

	return mpxn, ir, err
}

// ownMeterPoint returns the meter point of an identity record of an account, and locks the record so that it is not
// anonymised in the meantime.
func ownMeterPoint(ctx context.Context, tx *store.Tx, ir, accountID string) (string, error) {
	identity, err := tx.HoldIdentityRecord(ctx, ir)
	if err != nil {
		return "", orRefusal(err, notOwnIdentity())
	}
	if identity.AccountID != accountID {
		return "", notOwnIdentity()
	}
	if identity.MPxN == nil {
		return "", anonymisedIdentity()
	}

	return *identity.MPxN, nil
}

func notOwnIdentity() *Error {
	return &Error{
		Kind:    KindForbidden,
		Code:    CodeRole,
		Field:   fieldIdentityRef,
		Message: "is not an identity record of this account.",
	}
}

func anonymisedIdentity() *Error {
	return &Error{Kind: KindConflict, Code: CodeConflict, Field: fieldIdentityRef, Message: "has been anonymised."}
}

// accessRecordRow returns the row that stores an access record: keys with the document and its columns filled in.
func accessRecordRow(in registerclient.AccessRecord, keys store.AccessRecord) (store.AccessRecord, error) {
	in.ReidentificationToken = nil
	in.RecordMetadata.RecordIdentifier = ""
	in.RecordMetadata.CreatedAt = nil
	in.RecordMetadata.IdentityRecordRef = nil
	in.AccessEvent.RevokedAt = nil
	in.Processing.Jurisdiction = jurisdiction
	document, err := json.Marshal(in)
	if err != nil {
		return store.AccessRecord{}, fmt.Errorf("encode an access record: %w", err)
	}

	row := keys
	row.State = string(in.AccessEvent.State)
	row.LegalBasis = string(in.Processing.LegalBasis)
	row.Expiry = store.OptionalMillis(in.AccessEvent.Expiry)
	row.Record = document
	row.ControllerReference = nil
	if reference := in.AccessEvent.ControllerReference; reference != "" {
		row.ControllerReference = &reference
	}
	row.EndedAtRegistration = !row.ActiveAt(row.CreatedAt.Time())
	if row.State == store.StateRevoked {
		by := string(registerclient.RevokedByOrganisation)
		row.RevokedAt = &row.CreatedAt
		row.RevokedBy = &by
	}

	return row, nil
}

// findOwnRecord returns an access record of an account, or an *Error of KindNotFound.
func findOwnRecord(ctx context.Context, tx *store.Tx, accountID, ak string) (store.ListedRecord, error) {
	if !patternKey.MatchString(ak) {
		return store.ListedRecord{}, noAccessRecord()
	}

	record, err := tx.FindAccessRecord(ctx, ak)
	if err != nil {
		return store.ListedRecord{}, orRefusal(err, noAccessRecord())
	}
	if record.AccountID != accountID {
		return store.ListedRecord{}, noAccessRecord()
	}

	return record, nil
}

func noAccessRecord() *Error { return NotFound("There is no such access record.") }
