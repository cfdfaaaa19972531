package rules

import (
	"context"
	"slices"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// NewIdentityRecord is an identity record that has been checked and sealed and not yet stored.
type NewIdentityRecord struct {
	row     store.IdentityRecord
	account store.Account
	// enrolTo is the return URL of the passkey registration that the request starts; nil if it starts none.
	enrolTo *string
	enrols  bool
}

// PrepareIdentityRecord checks a request for an identity record and seals its personal data. It returns Errors if the
// request is wrong.
func (r *Rules) PrepareIdentityRecord(
	in registerclient.CreateIdentityRecordRequest, account store.Account,
) (NewIdentityRecord, error) {
	mpxn, err := r.checkIdentityRecord(&in, account)
	if err != nil {
		return NewIdentityRecord{}, err
	}

	row, err := r.sealIdentityRecord(in, mpxn, account.AccountID)

	return NewIdentityRecord{
		row: row, account: account, enrols: in.InitiatePasskeyRegistration, enrolTo: in.PasskeyReturnURL,
	}, err
}

// CreateIdentityRecord stores a new identity record and starts the passkey registration that the request asks for. It
// returns an *Error of KindConflict if the account has too many at the meter point.
func (r *Rules) CreateIdentityRecord(
	ctx context.Context, tx *store.Tx, record NewIdentityRecord,
) (registerclient.CreateIdentityRecordResponse, error) {
	created := registerclient.CreateIdentityRecordResponse{IR: record.row.IR}
	h, err := r.holdHome(ctx, tx, *record.row.MPxN)
	if err != nil {
		return created, err
	}
	if err := r.checkIdentityBounds(ctx, tx, record.account.AccountID, *record.row.MPxN); err != nil {
		return created, err
	}
	if err := tx.InsertIdentityRecord(ctx, record.row); err != nil {
		return created, err
	}

	if record.row.SealedEmail != nil {
		address, err := r.contactOfRecord(record.row, nil)
		if err != nil {
			return created, err
		}
		if _, err := r.addContact(ctx, tx, h, address, nil); err != nil {
			return created, err
		}
	}

	if record.enrols {
		started, err := r.startChallenge(ctx, tx, Challenge{
			Account:   record.account,
			MPxN:      *record.row.MPxN,
			Method:    registerclient.MethodPasskeyRegister,
			IR:        record.row.IR,
			Own:       true,
			ReturnURL: record.enrolTo,
		})
		if err != nil {
			return created, err
		}

		created.PasskeyRegistrationRedirect = started.Passkey
	}

	tx.Audit(r.identityEvent(record.row, auditIdentityCreated))

	return created, nil
}

// IdentityQuery looks up identity records by meter point, e-mail address or both; a nil field does not narrow.
type IdentityQuery struct {
	MPxN, Email *string
}

// LookUpIdentityRecords returns the identity records of an account that match a query. The reading is audited. It
// returns Errors if the query is wrong or empty.
func (r *Rules) LookUpIdentityRecords(
	ctx context.Context, accountID string, query IdentityQuery,
) ([]registerclient.IdentityRecord, error) {
	if query.MPxN == nil && query.Email == nil {
		return nil, Errors{Invalid("mpxn", "Give mpxn, email or both.")}
	}

	var k Checks
	mpxn := ""
	if query.MPxN != nil {
		var err error
		mpxn, err = ParseMPxN("mpxn", *query.MPxN)
		k.Merge(err)
	}

	var macs [][]byte
	if query.Email != nil {
		k.email("email", *query.Email)
		macs = r.keys.macs(*query.Email)
	}
	if err := k.Err(); err != nil {
		return nil, err
	}

	rows, err := r.store.ListIdentityRecords(ctx, accountID, mpxn, macs)
	if err != nil {
		return nil, err
	}

	return r.readIdentityRecords(ctx, rows)
}

// ReadIdentityRecord returns an identity record of an account. The reading is audited. It returns an *Error of
// KindNotFound if the account has no such record.
func (r *Rules) ReadIdentityRecord(ctx context.Context, accountID, ir string) (registerclient.IdentityRecord, error) {
	row, err := r.store.FindOwnIdentityRecord(ctx, accountID, ir)
	if err != nil {
		return registerclient.IdentityRecord{}, orRefusal(err, noIdentityRecord())
	}

	records, err := r.readIdentityRecords(ctx, []store.IdentityRecord{row})
	if err != nil {
		return registerclient.IdentityRecord{}, err
	}

	return records[0], nil
}

// noIdentityRecord is the refusal for a record that does not exist and for one of another account.
func noIdentityRecord() *Error { return NotFound("This account has no such identity record.") }

// RemovePasskey removes a passkey from an identity record of an account, and writes to the occupants. It returns an
// *Error of KindNotFound if the account has no such record or the record has no such passkey.
func (r *Rules) RemovePasskey(ctx context.Context, accountID, ir, credentialID string) error {
	return r.store.Transact(ctx, func(tx *store.Tx) error {
		h, record, err := r.holdOwnRecord(ctx, tx, accountID, ir)
		if err != nil {
			return err
		}

		passkeys, err := tx.ListCredentials(ctx, []string{ir})
		if err != nil {
			return err
		}

		unknown := NotFound("This identity record has no such passkey.")
		i := slices.IndexFunc(passkeys, func(p store.Credential) bool { return p.CredentialID == credentialID })
		if i < 0 {
			return unknown
		}

		deleted, err := r.deletePasskey(ctx, tx, h, passkeys[i], accountID)
		if err != nil {
			return err
		}
		if !deleted {
			return unknown
		}

		tx.Audit(r.identityEvent(record, auditCredentialRemoved))

		return r.queuePasskeyLetters(
			ctx,
			tx,
			h,
			record,
			passkeys[i],
			h.passkeyStands(credentialID),
			"",
			mail.PasskeyRemoved,
		)
	})
}

// holdOwnRecord returns an identity record of an account and the home that it belongs to, which the transaction holds.
// The home of an anonymised record is empty. It returns an *Error of KindNotFound if the account has no such record.
func (r *Rules) holdOwnRecord(
	ctx context.Context, tx *store.Tx, accountID, ir string,
) (home, store.IdentityRecord, error) {
	// The meter point is held before the record, as every other transaction does.
	record, err := tx.FindOwnIdentityRecord(ctx, accountID, ir)
	if err != nil {
		return home{}, record, orRefusal(err, noIdentityRecord())
	}

	var h home
	if record.MPxN != nil {
		if h, err = r.holdHome(ctx, tx, *record.MPxN); err != nil {
			return home{}, record, err
		}
	}

	record, err = tx.HoldOwnIdentityRecord(ctx, accountID, ir)

	return h, record, orRefusal(err, noIdentityRecord())
}

// identityEvent is a row of the audit log about an identity record and its owner.
func (r *Rules) identityEvent(row store.IdentityRecord, eventType string) store.AuditEvent {
	mpxn := ""
	if row.MPxN != nil {
		mpxn = *row.MPxN
	}

	return r.auditEvent(row.AccountID, eventType, mpxn, "", map[string]any{"ir": row.IR})
}

// readIdentityRecords returns identity records as their owner sees them. Each is audited as read.
func (r *Rules) readIdentityRecords(
	ctx context.Context, rows []store.IdentityRecord,
) ([]registerclient.IdentityRecord, error) {
	records, err := r.identityRecordsOf(ctx, r.store, rows)
	if err != nil || len(rows) == 0 {
		return records, err
	}

	events := make([]store.AuditEvent, len(rows))
	for i, row := range rows {
		events[i] = r.identityEvent(row, auditIdentityRead)
	}

	return records, r.recordAudit(ctx, events...)
}

// identityRecordsOf returns identity records as their owner sees them.
func (r *Rules) identityRecordsOf(
	ctx context.Context, from occupantReader, rows []store.IdentityRecord,
) ([]registerclient.IdentityRecord, error) {
	passkeys, err := from.ListCredentials(ctx, keysOf(rows))
	if err != nil {
		return nil, err
	}

	standings, err := r.contactStandings(ctx, from, rows)
	if err != nil {
		return nil, err
	}

	records := make([]registerclient.IdentityRecord, len(rows))
	for i, row := range rows {
		if records[i], err = r.identityRecordOf(row, passkeys); err != nil {
			return nil, err
		}

		records[i].ContactStanding = append([]registerclient.ContactStanding{}, standings[row.IR]...)
	}

	return records, nil
}

func keysOf(rows []store.IdentityRecord) []string {
	keys := make([]string, len(rows))
	for i, row := range rows {
		keys[i] = row.IR
	}

	return keys
}

// identityRecordOf returns an identity record as its owner sees it, without the standing of its contacts.
func (r *Rules) identityRecordOf(
	row store.IdentityRecord, passkeys []store.Credential,
) (registerclient.IdentityRecord, error) {
	record := registerclient.IdentityRecord{
		IR:           row.IR,
		CreatedAt:    row.CreatedAt.Time(),
		ExpressedBy:  row.ExpressedBy,
		HasEmail:     row.SealedEmail != nil,
		Credentials:  []registerclient.PasskeyCredentialSummary{},
		AnonymisedAt: store.OptionalTime(row.AnonymisedAt),
	}
	// What a reference has of a person was given by another Data User.
	if row.MPxN != nil && !row.ByToken {
		record.PIIPrincipal = &registerclient.PIIPrincipal{
			MPxN: *row.MPxN, MoveInDate: registerclient.Date(*row.MoveInDate),
		}
	}

	if row.SealedDetail != nil {
		detail, err := r.detailOf(row.IR, row.OwnKey, row.KeyID, row.SealedDetail)
		if err != nil {
			return registerclient.IdentityRecord{}, err
		}

		record.PIIPrincipal.Address = detail.Address
		record.PrincipalVerification = detail.Verification
	}

	for _, passkey := range passkeys {
		if passkey.IR == row.IR {
			record.Credentials = append(record.Credentials, registerclient.PasskeyCredentialSummary{
				CredentialID: passkey.CredentialID,
				RegisteredAt: passkey.RegisteredAt.Time(),
				Transports:   passkey.Transports.V,
			})
		}
	}

	return record, nil
}
