package register

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
	"github.com/labstack/echo/v4"
)

// schemaVersion is of the access record's shape.
const schemaVersion = "1.0"

// createAccessRecord is POST /access-records.
func (s *Register) createAccessRecord(c echo.Context) error {
	var in registerclient.AccessRecord
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	now := s.now()
	if err := checkAccessRecord(&in, now); err != nil {
		return err
	}
	account, ctx, ak := caller(c), c.Request().Context(), newID("ak")
	err := s.store.Transact(ctx, func(tx *store.Tx) error {
		mpxn, ir, err := s.linkedIdentity(ctx, tx, &in, account.AccountID)
		if err != nil {
			return err
		}
		row, err := rowOf(in, store.AccessRecord{AK: ak, MPxN: mpxn, AccountID: account.AccountID, IR: ir, CreatedAt: store.Millis(now)})
		if err != nil {
			return err
		}
		if err := tx.InsertAccessRecord(ctx, row); err != nil {
			return err
		}
		if account.OrganisationReference == nil || row.State != string(registerclient.StateActive) {
			return nil
		}
		return tx.SupersedeDiscoveredAccess(ctx, mpxn, *account.OrganisationReference, ak)
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, basePath+"/access-records/"+ak)
	return c.JSON(http.StatusCreated, registerclient.RegisterAccessResponse{
		Response:    s.metadata(c),
		AccessToken: registerclient.AccessToken{Key: ak, Expiry: in.AccessEvent.Expiry},
	})
}

// linkedIdentity finds the identity record that a new access record rests on: the caller's own, or the one
// that a confirmed re-identification token stands for, which is spent.
func (s *Register) linkedIdentity(ctx context.Context, tx *store.Tx, in *registerclient.AccessRecord, accountID string) (mpxn, ir string, err error) {
	if in.ReidentificationToken == nil {
		ref := *in.RecordMetadata.IdentityRecordRef
		identity, err := tx.FindIdentityRecord(ctx, ref)
		refused := &Error{Kind: Forbidden, Code: codeRole, Field: "record-metadata.identity-record-ref", Message: "is not an identity record of this account."}
		if err != nil {
			return "", "", missing(err, refused)
		}
		if identity.AccountID != accountID {
			return "", "", refused
		}
		if identity.MPxN == nil {
			return "", "", &Error{Kind: Conflict, Code: codeConflict, Field: refused.Field, Message: "has been anonymised."}
		}
		return *identity.MPxN, ref, nil
	}
	token, now := *in.ReidentificationToken, s.now()
	found, err := tx.FindReidentification(ctx, hashToken(token), accountID)
	if err != nil {
		return "", "", missing(err, &Error{Kind: NotFound, Code: codeNotFound, Field: "reidentification-token", Message: "is unknown."})
	}
	spent, err := tx.ConsumeReidentification(ctx, hashToken(token), accountID, found.MPxN, now.Add(-tokenLife), now)
	if err != nil {
		return "", "", err
	}
	if !spent {
		err := s.tokenFault(ctx, tx, token, accountID, found.MPxN)
		// Published: what a portal is refused with 403 on reading, a Data User is told as 422 here.
		if refused, ok := err.(*Error); ok && refused.Kind == Forbidden {
			refused.Kind, refused.Code = Unprocessable, codeState
		}
		return "", "", err
	}
	return found.MPxN, found.IR, nil
}

// rowOf fills in what is kept of an access record.
func rowOf(in registerclient.AccessRecord, row store.AccessRecord) (store.AccessRecord, error) {
	in.ReidentificationToken = nil
	in.RecordMetadata.RecordIdentifier, in.RecordMetadata.CreatedAt, in.RecordMetadata.IdentityRecordRef = "", nil, nil
	in.AccessEvent.RevokedAt = nil
	in.Processing.Jurisdiction = "GB"
	document, err := json.Marshal(in)
	if err != nil {
		return store.AccessRecord{}, fmt.Errorf("write an access record: %w", err)
	}
	row.State, row.LegalBasis = string(in.AccessEvent.State), string(in.Processing.LegalBasis)
	row.Expiry, row.Record = store.OptionalMillis(in.AccessEvent.Expiry), document
	if in.AccessEvent.State == registerclient.StateRevoked {
		by := string(registerclient.RevokedByOrganisation)
		row.RevokedAt, row.RevokedBy = &row.CreatedAt, &by
	}
	return row, nil
}

// stateOf is a record's state at a moment: past its expiry it reads as expired, swept or not
// (docs/decisions.md, Expiry).
func stateOf(row store.AccessRecord, now time.Time) registerclient.AccessState {
	if row.State == string(registerclient.StateActive) && row.Expiry != nil && !now.Before(row.Expiry.Time()) {
		return registerclient.StateExpired
	}
	return registerclient.AccessState(row.State)
}

// document is an access record as its reader gets it; only the owner of the linked identity record is told
// its key.
func document(row store.ListedRecord, reader string, now time.Time) (registerclient.AccessRecord, error) {
	var record registerclient.AccessRecord
	if err := json.Unmarshal(row.Record, &record); err != nil {
		return registerclient.AccessRecord{}, fmt.Errorf("read an access record: %w", err)
	}
	created := row.CreatedAt.Time()
	record.RecordMetadata.RecordIdentifier, record.RecordMetadata.CreatedAt = row.AK, &created
	if reader == row.AccountID && reader == row.IdentityAccountID {
		record.RecordMetadata.IdentityRecordRef = &row.IR
	}
	record.AccessEvent.State = stateOf(row.AccessRecord, now)
	record.AccessEvent.RevokedAt = store.OptionalTime(row.RevokedAt)
	return record, nil
}

// verifyAccessRecord is GET /access-records/{ak}: for whoever holds the key, without anything personal.
func (s *Register) verifyAccessRecord(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}
	unknown := notFound("There is no such access record.")
	if !patternKey.MatchString(c.Param("ak")) {
		return unknown
	}
	row, err := s.store.FindAccessRecord(c.Request().Context(), c.Param("ak"))
	if err != nil {
		return missing(err, unknown)
	}
	record, err := document(row, "", s.now())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, registerclient.VerifyAccessResponse{Response: s.metadata(c), AccessRecord: record, DUID: row.DUID})
}

// filter is what a list of access records is narrowed to; empty members narrow nothing.
type filter struct {
	state registerclient.AccessState
	basis registerclient.LegalBasis
}

func readFilter(c echo.Context) (filter, error) {
	f := filter{registerclient.AccessState(c.QueryParam("state")), registerclient.LegalBasis(c.QueryParam("legal-basis"))}
	var k checks
	if c.QueryParams().Has("state") {
		oneOf(&k, "state", f.state, registerclient.StateActive, registerclient.StateExpired, registerclient.StateRevoked, registerclient.StateDiscovered)
	}
	wrongState := len(k.wrong)
	if c.QueryParams().Has("legal-basis") {
		oneOf(&k, "legal-basis", f.basis, allLegalBases...)
	}
	for i, wrong := range k.wrong {
		wrong.Code = codeLegalBasis
		if i < wrongState {
			wrong.Code = codeState
		}
	}
	return f, k.err()
}

func (f filter) lets(state registerclient.AccessState, basis registerclient.LegalBasis) bool {
	return (f.state == "" || f.state == state) && (f.basis == "" || f.basis == basis)
}

// listAccessRecords is GET /meter-points/{mpxn}/access-records. A Data User sees its own records; a portal
// sees all, once for each confirmation by the customer (docs/decisions.md, Scope of every read).
func (s *Register) listAccessRecords(c echo.Context) error {
	if err := knownQuery(c, "state", "legal-basis", "reidentification-token"); err != nil {
		return err
	}
	mpxn, err := meterPoint("mpxn", c.Param("mpxn"))
	if err != nil {
		return err
	}
	narrow, err := readFilter(c)
	if err != nil {
		return err
	}
	list := s.readWithToken
	if caller(c).Role == string(registerclient.RoleDataUser) {
		list = s.readOwn
	}
	records, err := list(c, mpxn, narrow)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, registerclient.ListAccessRecordsResponse{Response: s.metadata(c), MPxN: mpxn, AccessRecords: records})
}

func (s *Register) readOwn(c echo.Context, mpxn string, narrow filter) ([]registerclient.AccessRecordSummary, error) {
	account := caller(c)
	rows, err := s.store.ListOwnAccessRecords(c.Request().Context(), account.AccountID, mpxn)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, &Error{Kind: Forbidden, Code: codeRefused, Message: "This account has no access record for this meter point."}
	}
	return summaries(rows, nil, narrow, account.AccountID, s.now())
}

// readWithToken spends the token and reads in one transaction: a reading that fails leaves it unspent.
func (s *Register) readWithToken(c echo.Context, mpxn string, narrow filter) (records []registerclient.AccessRecordSummary, err error) {
	token := c.QueryParam("reidentification-token")
	if token == "" {
		return nil, &Error{Kind: Forbidden, Code: codeRefused, Field: "reidentification-token", Message: "is required: the customer has to confirm first."}
	}
	account, ctx, now := caller(c).AccountID, c.Request().Context(), s.now()
	err = s.store.Transact(ctx, func(tx *store.Tx) error {
		spent, err := tx.ConsumeReidentification(ctx, hashToken(token), account, mpxn, now.Add(-tokenLife), now)
		if err != nil {
			return err
		}
		if !spent {
			return s.tokenFault(ctx, tx, token, account, mpxn)
		}
		rows, err := tx.ListAccessRecords(ctx, mpxn)
		if err != nil {
			return err
		}
		seen, err := tx.ListDiscoveredAccess(ctx, mpxn)
		if err != nil {
			return err
		}
		if records, err = summaries(rows, seen, narrow, account, now); err != nil {
			return err
		}
		aks := make([]string, len(records))
		for i, record := range records {
			aks[i] = record.AK
		}
		return tx.InsertReading(ctx, hashToken(token), aks)
	})
	return records, err
}

// summaries is the list as it is answered: active records on consent first, then other active ones,
// discovered, expired, revoked.
func summaries(rows []store.ListedRecord, seen []store.DiscoveredAccess, narrow filter, reader string, now time.Time) ([]registerclient.AccessRecordSummary, error) {
	list := []registerclient.AccessRecordSummary{}
	for _, row := range rows {
		state, basis := stateOf(row.AccessRecord, now), registerclient.LegalBasis(row.LegalBasis)
		if !narrow.lets(state, basis) {
			continue
		}
		record, err := document(row, reader, now)
		if err != nil {
			return nil, err
		}
		arrangement := record.RecordMetadata.ControllerArrangement
		count := len(arrangement.Controllers)
		summary := registerclient.AccessRecordSummary{
			AK: row.AK, LeadControllerName: &arrangement.Lead().Name, ArrangementType: &arrangement.ArrangementType, ControllerCount: &count,
			RecordMetadata: &record.RecordMetadata, LegalBasis: &basis, Purpose: &record.Processing.Purpose, DataTypes: record.Processing.DataTypes,
			State: state, Expiry: record.AccessEvent.Expiry, RegisteredAt: &record.AccessEvent.RegisteredAt,
			RevokedAt: record.AccessEvent.RevokedAt, Notice: record.Notice, DataUserName: &row.DataUserName,
		}
		if row.RevokedBy != nil {
			by := registerclient.RevokedBy(*row.RevokedBy)
			summary.RevokedBy = &by
		}
		list = append(list, summary)
	}
	for _, d := range seen {
		if !narrow.lets(registerclient.StateDiscovered, "") {
			continue
		}
		types := make([]registerclient.DataType, len(d.DataTypes.V))
		for i, t := range d.DataTypes.V {
			types[i] = registerclient.DataType(t)
		}
		list = append(list, registerclient.AccessRecordSummary{
			AK: d.AK, State: registerclient.StateDiscovered, DataTypes: types,
			DiscoveredAccess: &registerclient.DiscoveredAccess{
				MPxN: d.MPxN, OrganisationName: d.OrganisationName, OrganisationReference: d.OrganisationReference,
				FirstSeen: registerclient.Date(d.FirstSeen), LastSeen: registerclient.Date(d.LastSeen),
				DataTypesObserved: types, SourceReference: d.SourceReference,
			},
		})
	}
	slices.SortStableFunc(list, func(a, b registerclient.AccessRecordSummary) int { return rank(a) - rank(b) })
	return list, nil
}

func rank(r registerclient.AccessRecordSummary) int {
	switch r.State {
	case registerclient.StateActive:
		if r.LegalBasis.Consent() {
			return 0
		}
		return 1
	case registerclient.StateDiscovered:
		return 2
	case registerclient.StateExpired:
		return 3
	}
	return 4
}

var allLegalBases = []registerclient.LegalBasis{
	registerclient.BasisConsent, registerclient.BasisExplicitConsent, registerclient.BasisLegitimateInterests,
	registerclient.BasisPublicTask, registerclient.BasisLegalObligation, registerclient.BasisContract,
}

var allReasons = []registerclient.RevokeReason{
	registerclient.ReasonCustomerRequest, registerclient.ReasonContractEnded, registerclient.ReasonLIALapsed,
	registerclient.ReasonStatutoryAuthorityLapsed, registerclient.ReasonDataNoLongerRequired, registerclient.ReasonOther,
}

// revokeAccessRecord is DELETE /access-records/{ak}: by the owner, or by a portal on a customer's word.
func (s *Register) revokeAccessRecord(c echo.Context) error {
	if err := knownQuery(c, "reason", "reidentification-token"); err != nil {
		return err
	}
	var reason *string
	if c.QueryParams().Has("reason") {
		given := c.QueryParam("reason")
		var k checks
		oneOf(&k, "reason", registerclient.RevokeReason(given), allReasons...)
		if err := k.err(); err != nil {
			return err
		}
		reason = &given
	}
	ctx, ak, account := c.Request().Context(), c.Param("ak"), caller(c)
	var revokedAt time.Time
	err := s.store.Transact(ctx, func(tx *store.Tx) (err error) {
		if account.Role == string(registerclient.RoleDataUser) {
			revokedAt, err = s.revokeOwn(ctx, tx, account.AccountID, ak, reason)
		} else {
			revokedAt, err = s.withdraw(ctx, tx, account.AccountID, ak, c.QueryParam("reidentification-token"), reason)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, registerclient.RevokeAccessResponse{Response: s.metadata(c), AK: ak, RevokedAt: revokedAt})
}

func (s *Register) revokeOwn(ctx context.Context, tx *store.Tx, accountID, ak string, reason *string) (time.Time, error) {
	now, gone := s.now(), notFound("There is no such access record, or it has been revoked.")
	if !patternKey.MatchString(ak) {
		return time.Time{}, gone
	}
	record, err := tx.FindAccessRecord(ctx, ak)
	if err != nil {
		return time.Time{}, missing(err, gone)
	}
	done, err := tx.RevokeOwn(ctx, accountID, record.AccessRecord, store.Revocation{At: now, By: string(registerclient.RevokedByOrganisation), Reason: reason})
	if err != nil || done {
		return now, err
	}
	if record.AccountID == accountID && stateOf(record.AccessRecord, now) == registerclient.StateExpired {
		return time.Time{}, &Error{Kind: Conflict, Code: codeConflict, Message: "This access record has expired: nothing is left to revoke."}
	}
	return time.Time{}, gone
}

// withdraw takes back a permission on the customer's word, which the token carries: one that this account
// started, that the customer confirmed, for the record's meter point, less than an hour old. Once it has been
// spent on a reading it reaches the records of that reading alone (docs/decisions.md, Withdrawal).
func (s *Register) withdraw(ctx context.Context, tx *store.Tx, accountID, ak, token string, reason *string) (time.Time, error) {
	now := s.now()
	refused := &Error{Kind: Forbidden, Code: codeRefused, Field: "reidentification-token", Message: "does not let this account end this access record."}
	if token == "" || !patternKey.MatchString(ak) {
		return time.Time{}, refused
	}
	grant, err := tx.FindReidentification(ctx, hashToken(token), accountID)
	if err != nil {
		return time.Time{}, missing(err, refused)
	}
	if grant.ConfirmedAt == nil || grant.DeclinedAt != nil || !now.Before(grant.IssuedAt.Time().Add(tokenLife)) {
		return time.Time{}, refused
	}
	if grant.ConsumedAt != nil {
		if read, err := tx.WasRead(ctx, grant.TokenHash, ak); err != nil || !read {
			return time.Time{}, errOr(err, refused)
		}
	}
	record, err := tx.FindAccessRecord(ctx, ak)
	if err != nil {
		if grant.ConsumedAt != nil { // it was read, so it is one that the DCC discovered
			return time.Time{}, missing(err, notConsent())
		}
		return time.Time{}, missing(err, refused)
	}
	if record.MPxN != grant.MPxN {
		return time.Time{}, refused
	}
	done, err := tx.RevokeConsent(ctx, record.AccessRecord, store.Revocation{At: now, By: string(registerclient.RevokedByCustomer), Reason: reason})
	if err != nil || done {
		return now, err
	}
	return s.notWithdrawn(ctx, tx, ak, now)
}

// notWithdrawn says why an access record could not be withdrawn, or when it was before: a second withdrawal
// answers as the first did.
func (s *Register) notWithdrawn(ctx context.Context, tx *store.Tx, ak string, now time.Time) (time.Time, error) {
	record, err := tx.FindAccessRecord(ctx, ak) // again: another withdrawal may have come between
	if err != nil {
		return time.Time{}, err
	}
	switch state := stateOf(record.AccessRecord, now); {
	case state == registerclient.StateRevoked && record.RevokedBy != nil && *record.RevokedBy == string(registerclient.RevokedByCustomer):
		return record.RevokedAt.Time(), nil
	case !registerclient.LegalBasis(record.LegalBasis).Consent():
		return time.Time{}, notConsent()
	case state == registerclient.StateExpired:
		return time.Time{}, &Error{Kind: Conflict, Code: codeConflict, Message: "This access record has expired: nothing is left to withdraw."}
	}
	return time.Time{}, &Error{Kind: Conflict, Code: codeConflict, Message: "The organisation has ended this access itself."}
}

func notConsent() *Error {
	return &Error{Kind: Unprocessable, Code: codeValidation, Message: "This access does not rest on the customer's consent: it cannot be withdrawn here."}
}

func errOr(err error, refused *Error) error {
	if err != nil {
		return err
	}
	return refused
}
