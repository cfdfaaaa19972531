package register

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// schemaVersion is of the access record's shape.
const schemaVersion = "1.0"

// createAccessRecord is POST /access-records.
func (s *Register) createAccessRecord(c echo.Context) error {
	in := unreadAccessRecord()
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

	account := caller(c)
	ak := newID("ak")
	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		mpxn, ir, err := s.linkedIdentity(ctx, tx, &in, account.AccountID)
		if err != nil {
			return answer{}, err
		}

		row, err := rowOf(
			in,
			store.AccessRecord{AK: ak, MPxN: mpxn, AccountID: account.AccountID, IR: ir, CreatedAt: store.Millis(now)},
		)
		if err != nil {
			return answer{}, err
		}
		if err := tx.InsertAccessRecord(ctx, row); err != nil {
			return answer{}, err
		}
		if err := leavesRoom(ctx, tx, row); err != nil {
			return answer{}, err
		}
		if account.OrganisationReference != nil && row.State == string(registerclient.StateActive) {
			if err := tx.SupersedeDiscoveredAccess(ctx, mpxn, *account.OrganisationReference, ak); err != nil {
				return answer{}, err
			}
		}

		tx.Audit(s.event(account.AccountID, auditRecordCreated, mpxn, ak, nil))
		return answer{http.StatusCreated, basePath + "/access-records/" + ak, registerclient.RegisterAccessResponse{
			Response: s.metadata(c), AccessToken: registerclient.AccessToken{Key: ak, Expiry: in.AccessEvent.Expiry},
		}}, nil
	})
}

// replaceAccessRecord is PUT /access-records/{ak}: the owner replaces an active record whole, under the same key.
func (s *Register) replaceAccessRecord(c echo.Context) error {
	in := unreadAccessRecord()
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	now := s.now()
	account := caller(c).AccountID
	ctx := c.Request().Context()
	ak := c.Param("ak")
	if err := checkReplacement(&in, now); err != nil {
		return err
	}

	unknown := notFound("There is no such access record.")
	if !patternKey.MatchString(ak) {
		return unknown
	}

	err := s.store.Transact(ctx, func(tx *store.Tx) error {
		old, err := tx.FindAccessRecord(ctx, ak)
		if err != nil {
			return missing(err, unknown)
		}
		if old.AccountID != account {
			return unknown
		}

		ir := old.IR
		if ref := in.RecordMetadata.IdentityRecordRef; ref != nil {
			mpxn, _, err := s.linkedIdentity(ctx, tx, &in, account)
			if err != nil {
				return err
			}
			if mpxn != old.MPxN {
				return invalid("record-metadata.identity-record-ref", "is for another meter point.")
			}

			ir = *ref
		}

		row, err := rowOf(in, store.AccessRecord{AK: ak, MPxN: old.MPxN, AccountID: account, IR: ir})
		if err != nil {
			return err
		}
		if row.Amendments, err = s.amended(ctx, tx, row, now); err != nil {
			return missing(err, unknown)
		}

		done, err := tx.ReplaceAccessRecord(ctx, row, now)
		if err != nil {
			return err
		}
		if !done {
			return &Error{
				Kind:    Conflict,
				Code:    codeConflict,
				Message: "This access record is not active: it stays as it ended.",
			}
		}
		if err := leavesRoom(ctx, tx, row); err != nil {
			return err
		}

		tx.Audit(
			s.event(
				account,
				auditRecordUpdated,
				old.MPxN,
				ak,
				map[string]any{"changed": changed(old.Record, row.Record)},
			),
		)
		return nil
	})
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.RegisterAccessResponse{
		Response: s.metadata(c), AccessToken: registerclient.AccessToken{Key: ak, Expiry: in.AccessEvent.Expiry},
	})
}

// mostAtMeter is how many bytes the records of one account at one meter point hold at most. A portal reads the whole list at
// once: an account could otherwise make it too long to be read, and nobody's access could be stopped.
const mostAtMeter = 2 << 20

func noRoom() *Error {
	return &Error{
		Kind: Conflict,
		Code: codeConflict,
		Message: fmt.Sprintf(
			"This account's records at this meter point would hold more than %d MiB.",
			mostAtMeter>>20,
		),
	}
}

// leavesRoom refuses a record that has just been written, where it is too much for its meter point.
func leavesRoom(ctx context.Context, tx *store.Tx, row store.AccessRecord) error {
	sizes, err := tx.SumRecordSizes(ctx, row.AccountID, []string{row.MPxN})
	if err == nil && sizes[row.MPxN] > mostAtMeter {
		err = noRoom()
	}
	return err
}

// mostAmendments bounds what is kept of a record's past: what it said at first, and the newest. So however often it is
// replaced, the customer is told of whatever it lets its owner see more than at first.
const mostAmendments = 50

// amended is a record's past with what it says now added, where the row that replaces it tells the customer anything else.
func (s *Register) amended(ctx context.Context, tx *store.Tx, row store.AccessRecord, now time.Time) ([]byte, error) {
	held, err := tx.HoldAccessRecord(ctx, row)
	if err != nil {
		return nil, err
	}

	var past []registerclient.Amendment
	if err := json.Unmarshal(held.Amendments, &past); err != nil {
		return nil, fmt.Errorf("read the amendments of an access record: %w", err)
	}

	before, err := termsOf(held.Record, now)
	if err != nil {
		return nil, err
	}

	after, err := termsOf(row.Record, now)
	if err != nil {
		return nil, err
	}
	if reflect.DeepEqual(before, after) {
		return held.Amendments, nil
	}

	past = append(past, before)
	if len(past) > mostAmendments {
		past = slices.Delete(past, 1, 1+len(past)-mostAmendments)
	}

	return json.Marshal(past)
}

// termsOf is what a record tells the customer of who, why, what and until when, as it is kept once it is amended.
func termsOf(document []byte, amended time.Time) (registerclient.Amendment, error) {
	var record registerclient.AccessRecord
	if err := json.Unmarshal(document, &record); err != nil {
		return registerclient.Amendment{}, fmt.Errorf("read an access record: %w", err)
	}

	terms := registerclient.Amendment{
		AmendedAt:          amended,
		LeadControllerName: record.RecordMetadata.ControllerArrangement.Lead().Name,
		LegalBasis:         record.Processing.LegalBasis,
		Purpose:            record.Processing.Purpose,
		DataTypes:          slices.Sorted(slices.Values(record.Processing.DataTypes)),
	}
	if record.AccessEvent.Expiry != nil {
		expiry := record.AccessEvent.Expiry.UTC()
		terms.Expiry = &expiry
	}

	return terms, nil
}

// changed names the parts in which two documents differ, for the audit log: which, and never what they hold.
func changed(before, after []byte) []string {
	var a, b map[string]map[string]any
	if json.Unmarshal(before, &a) != nil || json.Unmarshal(after, &b) != nil {
		return []string{"all"}
	}

	names := []string{}
	for part := range b {
		for name := range b[part] {
			if !reflect.DeepEqual(a[part][name], b[part][name]) {
				names = append(names, part+"."+name)
			}
		}

		for name := range a[part] {
			if _, kept := b[part][name]; !kept {
				names = append(names, part+"."+name)
			}
		}
	}

	slices.Sort(names)
	return names
}

// linkedIdentity finds the identity record that a new access record rests on: the caller's own, or the one
// that a confirmed re-identification token stands for, which is spent.
func (s *Register) linkedIdentity(
	ctx context.Context,
	tx *store.Tx,
	in *registerclient.AccessRecord,
	accountID string,
) (mpxn, ir string, err error) {
	if in.ReidentificationToken == nil {
		ref := *in.RecordMetadata.IdentityRecordRef
		identity, err := tx.HoldIdentityRecord(ctx, ref)
		refused := &Error{
			Kind:    Forbidden,
			Code:    codeRole,
			Field:   "record-metadata.identity-record-ref",
			Message: "is not an identity record of this account.",
		}
		if err != nil {
			return "", "", missing(err, refused)
		}
		if identity.AccountID != accountID {
			return "", "", refused
		}
		if identity.MPxN == nil {
			return "", "", &Error{
				Kind:    Conflict,
				Code:    codeConflict,
				Field:   refused.Field,
				Message: "has been anonymised.",
			}
		}

		return *identity.MPxN, ref, nil
	}

	token, now := *in.ReidentificationToken, s.now()
	found, err := tx.FindReidentification(ctx, hashToken(token), accountID)
	if err != nil {
		return "", "", missing(
			err,
			&Error{Kind: NotFound, Code: codeNotFound, Field: "reidentification-token", Message: "is unknown."},
		)
	}
	// Held until the end, so that what is made does not rest on a record that is being anonymised.
	if _, err := tx.HoldIdentityRecord(ctx, found.IR); err != nil {
		return "", "", err
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
	if errors.Is(err, store.ErrNotFound) {
		return s.verifyDiscovered(c, unknown)
	}
	if err != nil {
		return err
	}

	record, err := document(row, "", s.now())
	if err != nil {
		return err
	}

	return c.JSON(
		http.StatusOK,
		registerclient.VerifyAccessResponse{Response: s.metadata(c), AccessRecord: record, DUID: row.DUID},
	)
}

// verifyDiscovered answers for the key of what the DCC discovered: that nothing may be released on it.
func (s *Register) verifyDiscovered(c echo.Context, unknown *Error) error {
	seen, err := s.store.FindDiscoveredAccess(c.Request().Context(), c.Param("ak"))
	if err != nil {
		return missing(err, unknown)
	}

	return c.JSON(http.StatusOK, map[string]any{
		"response": s.metadata(c),
		"access-record": map[string]any{
			"record-metadata": map[string]any{
				"schema-version": schemaVersion, "record-identifier": seen.AK, "created-at": seen.CreatedAt.Time(),
				"controller-arrangement": nil, "identity-record-ref": nil,
			},
			"notice":     nil,
			"processing": nil,
			"access-event": map[string]any{
				"state":         registerclient.StateDiscovered,
				"registered-at": nil,
				"expiry":        nil,
			},
		},
		"duid": nil,
	})
}

// filter is what a list of access records is narrowed to; empty members narrow nothing.
type filter struct {
	state registerclient.AccessState
	basis registerclient.LegalBasis
}

func readFilter(c echo.Context) (filter, error) {
	f := filter{
		registerclient.AccessState(c.QueryParam("state")),
		registerclient.LegalBasis(c.QueryParam("legal-basis")),
	}
	var k checks
	if c.QueryParams().Has("state") {
		oneOf(
			&k,
			"state",
			f.state,
			registerclient.StateActive,
			registerclient.StateExpired,
			registerclient.StateRevoked,
			registerclient.StateDiscovered,
		)
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
	if err := knownQuery(c, "state", "legal-basis", "reidentification-token", "limit", "cursor"); err != nil {
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

	answer := registerclient.ListAccessRecordsResponse{Response: s.metadata(c), MPxN: mpxn}
	if caller(c).Role == string(registerclient.RoleDataUser) {
		err = s.readOwn(c, mpxn, narrow, &answer)
	} else {
		answer.AccessRecords, err = s.readWithToken(c, mpxn, narrow)
	}

	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, answer)
}

// readOwn reads a page of what the calling Data User has registered on a meter point.
func (s *Register) readOwn(
	c echo.Context,
	mpxn string,
	narrow filter,
	answer *registerclient.ListAccessRecordsResponse,
) error {
	if c.QueryParams().Has("reidentification-token") {
		return notADataUsers()
	}

	page, err := readPage(c, 200)
	if err != nil {
		return err
	}

	account, ctx, now := caller(c).AccountID, c.Request().Context(), s.now()
	if any, err := s.store.HasAccessRecord(ctx, account, mpxn); err != nil || !any {
		return errOr(
			err,
			&Error{
				Kind:    Forbidden,
				Code:    codeRefused,
				Message: "This account has no access record for this meter point.",
			},
		)
	}

	rows, _, err := s.store.ListRecords(ctx, narrow.of(account, mpxn, now), page)
	if err != nil {
		return err
	}

	rows, answer.NextCursor = nextCursor(rows, page, placeOfRecord)
	if answer.AccessRecords, err = summaries(rows, nil, filter{}, account, now); err != nil {
		return err
	}

	return s.audit(ctx, s.event(account, auditRecordsRead, mpxn, "", map[string]any{"records": len(rows)}))
}

// notADataUsers refuses a customer's word where it would change nothing, so that nobody thinks it did.
func notADataUsers() *Error {
	return invalid("reidentification-token", "is for portals: a Data User's own records need none.")
}

// of is the filter as the store takes it.
func (f filter) of(accountID, mpxn string, now time.Time) store.RecordFilter {
	return store.RecordFilter{
		AccountID:  accountID,
		MPxN:       mpxn,
		State:      string(f.state),
		LegalBasis: string(f.basis),
		Now:        now,
	}
}

func placeOfRecord(row store.ListedRecord) (store.Millis, string) { return row.CreatedAt, row.AK }

// listOwnRecords is GET /records: everything that the calling Data User has registered, the newest first.
func (s *Register) listOwnRecords(c echo.Context) error {
	if err := knownQuery(c, "state", "legal-basis", "limit", "cursor"); err != nil {
		return err
	}

	narrow, err := readFilter(c)
	if err != nil {
		return err
	}
	if narrow.state == registerclient.StateDiscovered {
		return &Error{
			Kind:    Invalid,
			Code:    codeState,
			Field:   "state",
			Message: "must be one of ACTIVE, EXPIRED, REVOKED: nobody registers what is discovered.",
		}
	}

	page, err := readPage(c, 200)
	if err != nil {
		return err
	}

	account, ctx, now := caller(c).AccountID, c.Request().Context(), s.now()
	rows, total, err := s.store.ListRecords(ctx, narrow.of(account, "", now), page)
	if err != nil {
		return err
	}

	answer := registerclient.ListRecordsResponse{
		Response: s.metadata(c),
		Records:  []registerclient.OwnRecord{},
		Total:    total,
	}
	rows, answer.NextCursor = nextCursor(rows, page, placeOfRecord)
	looked := map[string]bool{}
	var events []store.AuditEvent
	for _, row := range rows {
		summary, err := summaryOf(row, account, now)
		if err != nil {
			return err
		}

		answer.Records = append(answer.Records, registerclient.OwnRecord{
			AccessRecordSummary: summary, MPxN: row.MPxN, DUID: row.DUID, CreatedAt: row.CreatedAt.Time(),
		})
		if !looked[row.MPxN] {
			looked[row.MPxN] = true
			events = append(events, s.event(account, auditRecordsRead, row.MPxN, "", nil))
		}
	}

	if err := s.audit(ctx, events...); err != nil {
		return err
	}

	return c.JSON(http.StatusOK, answer)
}

// readWithToken spends the token and reads in one transaction: a reading that fails leaves it unspent.
func (s *Register) readWithToken(
	c echo.Context,
	mpxn string,
	narrow filter,
) (records []registerclient.AccessRecordSummary, err error) {
	for _, name := range []string{"limit", "cursor"} {
		if c.QueryParams().Has(name) {
			return nil, invalid(name, "is for Data Users: a portal reads everything at once, for the token is spent.")
		}
	}

	token := c.QueryParam("reidentification-token")
	if token == "" {
		return nil, &Error{
			Kind:    Forbidden,
			Code:    codeRefused,
			Field:   "reidentification-token",
			Message: "is required: the customer has to confirm first.",
		}
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

		since, err := tx.TenancySince(ctx, mpxn, now)
		if err != nil {
			return err
		}

		rows, earlier, err := ofOccupant(rows, since, now)
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
			if records[i].EarlierOccupant = earlier[record.AK]; earlier[record.AK] {
				records[i].Amendments = slices.DeleteFunc(record.Amendments, func(a registerclient.Amendment) bool {
					return a.AmendedAt.UTC().Format(time.DateOnly) < since
				})
			}
		}

		tx.Audit(s.event(account, auditRecordsRead, mpxn, "", map[string]any{"records": len(records)}))
		return tx.InsertReading(ctx, hashToken(token), aks)
	})
	return records, err
}

// summaries is the list as it is answered: active records on consent first, then other active ones,
// discovered, expired, revoked.
func summaries(
	rows []store.ListedRecord,
	seen []store.DiscoveredAccess,
	narrow filter,
	reader string,
	now time.Time,
) ([]registerclient.AccessRecordSummary, error) {
	list := []registerclient.AccessRecordSummary{}
	for _, row := range rows {
		state := stateOf(row.AccessRecord, now)
		basis := registerclient.LegalBasis(row.LegalBasis)
		if !narrow.lets(state, basis) {
			continue
		}

		summary, err := summaryOf(row, reader, now)
		if err != nil {
			return nil, err
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

// summaryOf is one access record as a row of a list.
func summaryOf(row store.ListedRecord, reader string, now time.Time) (registerclient.AccessRecordSummary, error) {
	record, err := document(row, reader, now)
	if err != nil {
		return registerclient.AccessRecordSummary{}, err
	}

	arrangement := record.RecordMetadata.ControllerArrangement
	count := len(arrangement.Controllers)
	summary := registerclient.AccessRecordSummary{
		AK:                 row.AK,
		LeadControllerName: &arrangement.Lead().Name,
		ArrangementType:    &arrangement.ArrangementType,
		ControllerCount:    &count,
		RecordMetadata:     &record.RecordMetadata,
		LegalBasis:         &record.Processing.LegalBasis,
		Purpose:            &record.Processing.Purpose,
		DataTypes:          record.Processing.DataTypes,
		State:              record.AccessEvent.State,
		Expiry:             record.AccessEvent.Expiry,
		RegisteredAt:       &record.AccessEvent.RegisteredAt,
		RevokedAt:          record.AccessEvent.RevokedAt,
		Notice:             record.Notice,
		DataUserName:       &row.DataUserName,
	}
	if err := json.Unmarshal(row.Amendments, &summary.Amendments); err != nil {
		return registerclient.AccessRecordSummary{}, fmt.Errorf("read the amendments of an access record: %w", err)
	}
	if row.RevokedBy != nil {
		by := registerclient.RevokedBy(*row.RevokedBy)
		summary.RevokedBy = &by
	}

	return summary, nil
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
	registerclient.ReasonCustomerRequest,
	registerclient.ReasonContractEnded,
	registerclient.ReasonLIALapsed,
	registerclient.ReasonStatutoryAuthorityLapsed,
	registerclient.ReasonDataNoLongerRequired,
	registerclient.ReasonOther,
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

	ctx := c.Request().Context()
	ak := c.Param("ak")
	account := caller(c)
	var revokedAt time.Time
	err := s.store.Transact(ctx, func(tx *store.Tx) (err error) {
		if account.Role == string(registerclient.RoleDataUser) {
			if c.QueryParams().Has("reidentification-token") {
				return notADataUsers()
			}
			revokedAt, err = s.revokeOwn(ctx, tx, account.AccountID, ak, reason)
		} else {
			revokedAt, err = s.withdraw(ctx, tx, account.AccountID, ak, c.QueryParam("reidentification-token"), reason)
		}

		return err
	})
	if err != nil {
		return err
	}

	return c.JSON(
		http.StatusOK,
		registerclient.RevokeAccessResponse{Response: s.metadata(c), AK: ak, RevokedAt: revokedAt},
	)
}

func (s *Register) revokeOwn(
	ctx context.Context,
	tx *store.Tx,
	accountID, ak string,
	reason *string,
) (time.Time, error) {
	now := s.now()
	gone := notFound("There is no such access record, or it has been revoked.")
	if !patternKey.MatchString(ak) {
		return time.Time{}, gone
	}

	record, err := tx.FindAccessRecord(ctx, ak)
	if err != nil {
		return time.Time{}, missing(err, gone)
	}

	done, err := tx.RevokeOwn(
		ctx,
		accountID,
		record.AccessRecord,
		store.Revocation{At: now, By: string(registerclient.RevokedByOrganisation), Reason: reason},
	)
	if err != nil {
		return now, err
	}
	if done {
		return now, s.revoked(ctx, tx, accountID, record, now, reason, nil)
	}
	if record.AccountID == accountID && stateOf(record.AccessRecord, now) == registerclient.StateExpired {
		return time.Time{}, &Error{
			Kind:    Conflict,
			Code:    codeConflict,
			Message: "This access record has expired: nothing is left to revoke.",
		}
	}

	return time.Time{}, gone
}

// withdraw takes back a permission on the customer's word, which the token carries: one that this account
// started, that the customer confirmed, for the record's meter point, less than an hour old. Once it has been
// spent on a reading it reaches the records of that reading alone (docs/decisions.md, Withdrawal).
func (s *Register) withdraw(
	ctx context.Context,
	tx *store.Tx,
	accountID, ak, token string,
	reason *string,
) (time.Time, error) {
	refused := &Error{
		Kind:    Forbidden,
		Code:    codeRefused,
		Field:   "reidentification-token",
		Message: "does not let this account end this access record.",
	}
	record, hash, err := s.reached(ctx, tx, accountID, ak, token, refused, notConsent())
	if err != nil {
		return time.Time{}, err
	}

	now := s.now()
	done, err := tx.RevokeConsent(
		ctx,
		record.AccessRecord,
		store.Revocation{At: now, By: string(registerclient.RevokedByCustomer), Reason: reason},
	)
	if err != nil {
		return now, err
	}
	if done {
		return now, s.revoked(ctx, tx, accountID, record, now, reason, hash)
	}

	return s.notWithdrawn(ctx, tx, ak, now)
}

// reached is the access record that a customer's token lets a portal act on, and the token's hash. It is refused
// where the token does not reach so far, and discovered where the record is one that the DCC saw.
func (s *Register) reached(
	ctx context.Context,
	tx *store.Tx,
	accountID, ak, token string,
	refused, discovered *Error,
) (store.ListedRecord, []byte, error) {
	no := func(err error) (store.ListedRecord, []byte, error) { return store.ListedRecord{}, nil, err }
	if token == "" || !patternKey.MatchString(ak) {
		return no(refused)
	}

	grant, err := tx.FindReidentification(ctx, hashToken(token), accountID)
	if err != nil {
		return no(missing(err, refused))
	}
	if grant.ConfirmedAt == nil || grant.DeclinedAt != nil || !s.now().Before(grant.IssuedAt.Time().Add(tokenLife)) {
		return no(refused)
	}
	if gone, err := s.moved(ctx, tx, grant); err != nil || gone {
		return no(errOr(err, refused))
	}
	if grant.ConsumedAt != nil {
		if read, err := tx.HasReading(ctx, grant.TokenHash, ak); err != nil || !read {
			return no(errOr(err, refused))
		}
	}

	record, err := tx.FindAccessRecord(ctx, ak)
	if err != nil {
		if grant.ConsumedAt != nil { // it was read, so it is one that the DCC discovered
			return no(missing(err, discovered))
		}
		return no(missing(err, refused))
	}

	if record.MPxN != grant.MPxN {
		return no(refused)
	}

	return record, grant.TokenHash, nil
}

// revoked does what goes with the end of an access record: it is noted, with the hash of the token that carried the
// customer's authority where a portal ended it, and the owner of a consent is told.
func (s *Register) revoked(
	ctx context.Context,
	tx *store.Tx,
	accountID string,
	record store.ListedRecord,
	at time.Time,
	reason *string,
	token []byte,
) error {
	detail := map[string]any{}
	if token != nil {
		detail["token-sha256"] = hex.EncodeToString(token)
	}
	if reason != nil {
		detail["reason"] = *reason
	}

	tx.Audit(s.event(accountID, auditRecordRevoked, record.MPxN, record.AK, detail))
	return s.announceWithdrawal(ctx, tx, record, at, reason)
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
		return time.Time{}, &Error{
			Kind:    Conflict,
			Code:    codeConflict,
			Message: "This access record has expired: nothing is left to withdraw.",
		}
	}

	return time.Time{}, &Error{
		Kind:    Conflict,
		Code:    codeConflict,
		Message: "The organisation has ended this access itself.",
	}
}

func notConsent() *Error {
	return &Error{
		Kind:    Unprocessable,
		Code:    codeValidation,
		Message: "This access does not rest on the customer's consent: it cannot be withdrawn here.",
	}
}

func errOr(err error, refused *Error) error {
	if err != nil {
		return err
	}
	return refused
}
