package register

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// identityDetail is what an identity record holds of a person beside the e-mail address, sealed as JSON.
type identityDetail struct {
	Address      *registerclient.UKAddress             `json:"address,omitempty"`
	Verification *registerclient.PrincipalVerification `json:"verification,omitempty"`
}

// moveInAhead is how many days ahead, in London, a move-in date may lie.
const moveInAhead = 90

// The places that sealed values belong to, so that one cannot be read in another's.
func placeOfEmail(ir string) string  { return "identity_records.sealed_email " + ir }
func placeOfDetail(ir string) string { return "identity_records.sealed_detail " + ir }

// createIdentityRecord is POST /identity-records.
func (s *Register) createIdentityRecord(c echo.Context) error {
	var in registerclient.CreateIdentityRecordRequest
	if err := knownQuery(c); err != nil {
		return err
	}
	if err := decode(c, &in); err != nil {
		return err
	}

	account := caller(c)
	mpxn, err := s.checkIdentityRecord(&in, account)
	if err != nil {
		return err
	}

	record, err := s.sealIdentityRecord(in, mpxn, account.AccountID)
	if err != nil {
		return err
	}

	return s.post(c, func(ctx context.Context, tx *store.Tx) (answer, error) {
		body := registerclient.CreateIdentityRecordResponse{Response: s.metadata(c), IR: record.IR}
		if err := tx.InsertIdentityRecord(ctx, record); err != nil {
			return answer{}, err
		}

		if in.InitiatePasskeyRegistration {
			started, err := s.start(ctx, tx, Challenge{
				Account:   account,
				MPxN:      mpxn,
				Method:    registerclient.MethodPasskeyRegister,
				Record:    record,
				Own:       true,
				ReturnURL: in.PasskeyReturnURL,
			})
			if err != nil {
				return answer{}, err
			}

			body.PasskeyRegistrationRedirect = started.Passkey
		}

		tx.Audit(s.identityEvent(record, auditIdentityCreated))
		return answer{http.StatusCreated, basePath + "/identity-records/" + record.IR, body}, nil
	})
}

func (s *Register) checkIdentityRecord(
	in *registerclient.CreateIdentityRecordRequest,
	account store.Account,
) (mpxn string, err error) {
	var k checks
	mpxn, err = meterPoint("pii-principal.mpxn", in.PIIPrincipal.MPxN)
	if err != nil {
		k.wrong = append(k.wrong, refusals(err)...)
	}

	today := store.LondonDay(s.now(), 0)
	moveIn := string(in.PIIPrincipal.MoveInDate)
	k.date("pii-principal.move-in-date", in.PIIPrincipal.MoveInDate)
	if _, err := time.Parse(time.DateOnly, moveIn); err == nil && moveIn > store.LondonDay(s.now(), moveInAhead) {
		k.add("pii-principal.move-in-date", fmt.Sprintf("must be at most %d days ahead.", moveInAhead))
	}

	k.address("pii-principal.address", in.PIIPrincipal.Address)
	oneOf(&k, "expressed-by", in.ExpressedBy, "data-subject", "authorised-representative")
	if v := in.PrincipalVerification; v != nil {
		const field = "principal-verification."
		k.required(field+"method", v.Method, 100)
		k.instant(field+"verified-at", v.VerifiedAt)
		oneOf(&k, field+"outcome", v.Outcome, "verified", "failed", "partial")
		k.text(field+"reference", v.Reference, 255)
		k.text(field+"submitted", v.Submitted, 255)
		k.text(field+"verified-against", v.VerifiedAgainst, 255)
	}

	if in.Email != nil {
		k.email("email", *in.Email)
	}

	if in.InitiatePasskeyRegistration {
		if moveIn > today {
			k.add("initiate-passkey-registration", "is not accepted before the move-in date.")
		}

		switch {
		case in.PasskeyReturnURL == nil:
			k.add("passkey-return-url", "is required where initiate-passkey-registration is true.")
		case !slices.Contains(account.ReturnURLs.V, *in.PasskeyReturnURL):
			k.add("passkey-return-url", "is not one of the account's registered return URLs.")
		}
	}

	return mpxn, k.err()
}

func (s *Register) sealIdentityRecord(
	in registerclient.CreateIdentityRecordRequest,
	mpxn, accountID string,
) (store.IdentityRecord, error) {
	key := s.keys.sealer()
	moveIn := string(in.PIIPrincipal.MoveInDate)
	record := store.IdentityRecord{
		IR: newID("ir"), AccountID: accountID, MPxN: &mpxn, MoveInDate: &moveIn, ExpressedBy: &in.ExpressedBy,
		KeyID: key.id, CreatedAt: store.Millis(s.now()),
	}
	if in.Email != nil {
		record.SealedEmail = key.sealed([]byte(*in.Email), placeOfEmail(record.IR))
		record.EmailMAC = key.mac(*in.Email)
	}

	if in.PIIPrincipal.Address != nil || in.PrincipalVerification != nil {
		detail, err := json.Marshal(identityDetail{in.PIIPrincipal.Address, in.PrincipalVerification})
		if err != nil {
			return store.IdentityRecord{}, fmt.Errorf("write the detail of an identity record: %w", err)
		}
		record.SealedDetail = key.sealed(detail, placeOfDetail(record.IR))
	}

	return record, nil
}

// lookUpIdentityRecords is GET /identity-records: the caller's own, by meter point, e-mail or both.
func (s *Register) lookUpIdentityRecords(c echo.Context) error {
	if err := knownQuery(c, "mpxn", "email"); err != nil {
		return err
	}

	mpxn := c.QueryParam("mpxn")
	email := c.QueryParam("email")
	byMeterPoint := c.QueryParams().Has("mpxn")
	byEmail := c.QueryParams().Has("email")
	if !byMeterPoint && !byEmail {
		return Errors{invalid("mpxn", "or email is required.")}
	}

	var k checks
	var macs [][]byte
	if byMeterPoint {
		var err error
		if mpxn, err = meterPoint("mpxn", mpxn); err != nil {
			k.wrong = append(k.wrong, refusals(err)...)
		}
	}

	if byEmail {
		k.email("email", email)
		macs = s.keys.macs(email)
	}
	if err := k.err(); err != nil {
		return err
	}

	ctx := c.Request().Context()
	rows, err := s.store.ListIdentityRecords(ctx, caller(c).AccountID, mpxn, macs)
	if err != nil {
		return err
	}

	records, err := s.readIdentityRecords(ctx, rows)
	if err != nil {
		return err
	}

	return c.JSON(
		http.StatusOK,
		registerclient.LookupIdentityRecordsResponse{Response: s.metadata(c), IdentityRecords: records},
	)
}

// readIdentityRecord is GET /identity-records/{ir}.
func (s *Register) readIdentityRecord(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	ctx := c.Request().Context()
	row, err := s.store.FindOwnIdentityRecord(ctx, caller(c).AccountID, c.Param("ir"))
	if err != nil {
		return missing(err, noIdentityRecord())
	}

	records, err := s.readIdentityRecords(ctx, []store.IdentityRecord{row})
	if err != nil {
		return err
	}

	return c.JSON(
		http.StatusOK,
		registerclient.IdentityRecordResponse{Response: s.metadata(c), IdentityRecord: records[0]},
	)
}

// noIdentityRecord is the answer where there is no such record, and where it is another's.
func noIdentityRecord() *Error { return notFound("This account has no such identity record.") }

// anonymiseIdentityRecord is DELETE /identity-records/{ir}: what is personal goes, for good. A second time answers as
// the first.
func (s *Register) anonymiseIdentityRecord(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	account, ctx, ir, now := caller(c).AccountID, c.Request().Context(), c.Param("ir"), s.now()
	var since time.Time
	err := s.store.Transact(ctx, func(tx *store.Tx) error {
		record, err := tx.FindOwnIdentityRecord(ctx, account, ir)
		if err != nil {
			return missing(err, noIdentityRecord())
		}
		if record.AnonymisedAt != nil {
			since = record.AnonymisedAt.Time()
			return nil
		}

		done, err := tx.Anonymise(ctx, ir, now)
		if err != nil {
			return err
		}
		if !done {
			return &Error{
				Kind:    Conflict,
				Code:    codeConflict,
				Message: "An access record that rests on this identity record is active: it has to be revoked first.",
			}
		}

		since = now
		tx.Audit(s.identityEvent(record, auditIdentityAnonymised))
		return nil
	})
	if err != nil {
		return err
	}

	return c.JSON(
		http.StatusOK,
		registerclient.AnonymiseIdentityRecordResponse{Response: s.metadata(c), IR: ir, AnonymisedAt: since},
	)
}

// deletePasskeyCredential is DELETE /identity-records/{ir}/credentials/{credentialId}.
func (s *Register) deletePasskeyCredential(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}

	account := caller(c).AccountID
	ctx := c.Request().Context()
	ir := c.Param("ir")
	err := s.store.Transact(ctx, func(tx *store.Tx) error {
		record, err := tx.FindOwnIdentityRecord(ctx, account, ir)
		if err != nil {
			return missing(err, noIdentityRecord())
		}

		passkeys, err := tx.ListCredentials(ctx, []string{ir})
		if err != nil {
			return err
		}

		i := slices.IndexFunc(
			passkeys,
			func(p store.Credential) bool { return p.CredentialID == c.Param("credentialId") },
		)
		done := false
		if i >= 0 {
			if done, err = tx.DeleteCredential(ctx, ir, passkeys[i].CredentialID); err != nil {
				return err
			}
		}

		if !done {
			return notFound("This identity record has no such passkey.")
		}

		tx.Audit(s.identityEvent(record, auditCredentialRemoved))
		return s.tellOfPasskey(ctx, tx, record, passkeys[i], "", mail.PasskeyRemoved)
	})
	if err != nil {
		return err
	}

	return c.NoContent(http.StatusNoContent)
}

// readIdentityRecords is what a Data User reads of its own identity records; each is noted as read.
func (s *Register) readIdentityRecords(
	ctx context.Context,
	rows []store.IdentityRecord,
) ([]registerclient.IdentityRecord, error) {
	records, err := s.identityRecords(ctx, rows)
	if err != nil || len(rows) == 0 {
		return records, err
	}

	events := make([]store.AuditEvent, len(rows))
	for i, row := range rows {
		events[i] = s.identityEvent(row, auditIdentityRead)
	}

	return records, s.audit(ctx, events...)
}

// identityEvent is what the audit log is told of an identity record and its owner.
func (s *Register) identityEvent(row store.IdentityRecord, eventType string) store.AuditEvent {
	mpxn := ""
	if row.MPxN != nil {
		mpxn = *row.MPxN
	}
	return s.event(row.AccountID, eventType, mpxn, "", map[string]any{"ir": row.IR})
}

// identityRecords is what their own Data User reads of its identity records.
func (s *Register) identityRecords(
	ctx context.Context,
	rows []store.IdentityRecord,
) ([]registerclient.IdentityRecord, error) {
	passkeys, err := s.store.ListCredentials(ctx, keysOf(rows))
	if err != nil {
		return nil, err
	}

	records := make([]registerclient.IdentityRecord, len(rows))
	for i, row := range rows {
		record := registerclient.IdentityRecord{
			IR:           row.IR,
			CreatedAt:    row.CreatedAt.Time(),
			ExpressedBy:  row.ExpressedBy,
			HasEmail:     row.SealedEmail != nil,
			Credentials:  []registerclient.PasskeyCredentialSummary{},
			AnonymisedAt: store.OptionalTime(row.AnonymisedAt),
		}
		if row.MPxN != nil {
			record.PIIPrincipal = &registerclient.PIIPrincipal{
				MPxN:       *row.MPxN,
				MoveInDate: registerclient.Date(*row.MoveInDate),
			}
		}

		if row.SealedDetail != nil {
			text, err := s.keys.open(row.KeyID, row.SealedDetail, placeOfDetail(row.IR))
			if err != nil {
				return nil, fmt.Errorf("read an identity record: %w", err)
			}

			var detail identityDetail
			if err := json.Unmarshal(text, &detail); err != nil {
				return nil, fmt.Errorf("read the detail of an identity record: %w", err)
			}

			record.PIIPrincipal.Address, record.PrincipalVerification = detail.Address, detail.Verification
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

		records[i] = record
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

// identityRecordExists is GET /identity-records/exists.
func (s *Register) identityRecordExists(c echo.Context) error {
	if err := knownQuery(c, "mpxn"); err != nil {
		return err
	}

	mpxn, err := meterPoint("mpxn", c.QueryParam("mpxn"))
	if err != nil {
		return err
	}
	if err := s.limitAccount(c, "ask", askingsOfAccount, "This account has asked too often of late."); err != nil {
		return err
	}

	occupants, err := s.occupants(c.Request().Context(), s.store, mpxn)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.IdentityExistsResponse{
		Response: s.metadata(c), MPxN: mpxn, Exists: len(occupants.records) > 0, AvailableMethods: occupants.methods(),
	})
}

// occupants is everybody on record at one meter point who can be asked to confirm. Several Data Users may hold records
// of the same people: they count as one occupant. A record is left out if its person moved in before the latest change of
// tenancy, is still to move in, or if its Data User is suspended or terminated (docs/decisions.md, Which person).
type occupants struct {
	records  []store.IdentityRecord // latest move-in first, then newest
	passkeys []store.Credential
}

// occupantReader is the store, or a transaction, in which the records found stay as they are.
type occupantReader interface {
	TenancySince(ctx context.Context, mpxn string, now time.Time) (string, error)
	ListOccupants(ctx context.Context, mpxn, since string, now time.Time) ([]store.IdentityRecord, error)
	ListCredentials(ctx context.Context, irs []string) ([]store.Credential, error)
}

func (s *Register) occupants(ctx context.Context, from occupantReader, mpxn string) (occupants, error) {
	now := s.now()
	since, err := from.TenancySince(ctx, mpxn, now)
	if err != nil {
		return occupants{}, err
	}

	records, err := from.ListOccupants(ctx, mpxn, since, now)
	if err != nil {
		return occupants{}, err
	}

	passkeys, err := from.ListCredentials(ctx, keysOf(records))
	return occupants{records, passkeys}, err
}

// methods is the union over all records, the best first. A passkey can be enrolled only by whoever reads the
// mail of an address on record (docs/decisions.md, Enrolling a passkey).
func (o occupants) methods() []registerclient.Method {
	methods := []registerclient.Method{}
	if len(o.passkeys) > 0 {
		methods = append(methods, registerclient.MethodPasskeyAssert)
	}
	if o.mailed() != nil {
		methods = append(methods, registerclient.MethodMagicLink, registerclient.MethodPasskeyRegister)
	}

	return methods
}

// mailed is the record whose address gets the mail; nil where none has one.
func (o occupants) mailed() *store.IdentityRecord {
	for i, record := range o.records {
		if record.SealedEmail != nil {
			return &o.records[i]
		}
	}

	return nil
}

// answering is the record that a challenge by this method goes to, or a refusal.
func (o occupants) answering(method registerclient.Method) (*store.IdentityRecord, error) {
	if len(o.records) == 0 {
		return nil, notFound("No identity record is held for this meter point.")
	}

	if method == registerclient.MethodPasskeyAssert {
		for i, record := range o.records {
			if slices.ContainsFunc(o.passkeys, func(p store.Credential) bool { return p.IR == record.IR }) {
				return &o.records[i], nil
			}
		}

		return nil, &Error{
			Kind:    Unprocessable,
			Code:    codeLegalBasis,
			Field:   "method",
			Message: "No passkey is on record for this meter point.",
		}
	}

	if record := o.mailed(); record != nil {
		return record, nil
	}

	return nil, &Error{
		Kind:    Unprocessable,
		Code:    codeState,
		Field:   "method",
		Message: "No e-mail address is on record for this meter point.",
	}
}

// maskedEmail shows of an address its first and last letter and its domain: c*****r@example.com.
func maskedEmail(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			local := []rune(address[:i])
			return string(local[0]) + "*****" + string(local[len(local)-1]) + address[i:]
		}
	}

	return "*****"
}
