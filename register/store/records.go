package store

import (
	"context"
	"strings"
	"time"
)

// AccessRecord is an organisation's claim to read a meter point. Record is the document as it was submitted; the
// other columns are what the rules and the queries need of it.
type AccessRecord struct {
	AK           string  `db:"ak"`
	MPxN         string  `db:"mpxn"`
	AccountID    string  `db:"account_id"`
	IR           string  `db:"ir"`
	State        string  `db:"state"`
	LegalBasis   string  `db:"legal_basis"`
	Expiry       *Millis `db:"expiry"`
	Record       []byte  `db:"record"`
	CreatedAt    Millis  `db:"created_at"`
	RevokedAt    *Millis `db:"revoked_at"`
	RevokedBy    *string `db:"revoked_by"`
	RevokeReason *string `db:"revoke_reason"`
	// ControllerReference is the owner's own reference for the record; nil if it has none.
	ControllerReference *string `db:"controller_reference"`
	// FirstRegisteredAt is the registered-at of the first registration; nil if the record was never replaced, because
	// the document then has it.
	FirstRegisteredAt *Millis `db:"first_registered_at"`
	// EndedAtRegistration says that the record was not active any more when it was registered.
	EndedAtRegistration bool `db:"ended_at_registration"`
	// StoppedBefore is when a customer last stopped access of the account at the meter point before the registration;
	// nil without such a stop.
	StoppedBefore *Millis `db:"stopped_before"`
	// Amendments is a JSON list of what the record said before each replacement, oldest first.
	Amendments []byte `db:"amendments"`
	// ChangedAt is when the record was registered, replaced or ended, whichever came last.
	ChangedAt Millis `db:"changed_at"`
	// Seq tells the order in which the records of one second were registered. ChangedAt and Seq are set when the
	// record is listed.
	Seq int64 `db:"seq"`
}

const recordColumns = `ak, mpxn, account_id, ir, state, legal_basis, expiry, record, created_at, revoked_at,
	revoked_by, revoke_reason, ended_at_registration, controller_reference`

// values returns what recordColumns hold, in that order.
func (r AccessRecord) values() []any {
	return []any{
		r.AK, r.MPxN, r.AccountID, r.IR, r.State, r.LegalBasis, r.Expiry, string(r.Record), r.CreatedAt,
		r.RevokedAt, r.RevokedBy, r.RevokeReason, r.EndedAtRegistration, r.ControllerReference,
	}
}

// The states of an access record. Expiry changes no row: use AccessRecord.StateAt for the state at a moment.
const (
	StateActive  = "ACTIVE"
	StateExpired = "EXPIRED"
	StateRevoked = "REVOKED"
)

// StateAt returns the state of the record at a moment. From its expiry on, an active record counts as expired.
func (r AccessRecord) StateAt(now time.Time) string {
	if r.State == StateActive && r.Expiry != nil && !now.Before(r.Expiry.Time()) {
		return StateExpired
	}

	return r.State
}

// ActiveAt reports whether the record is active at a moment.
func (r AccessRecord) ActiveAt(now time.Time) bool { return r.StateAt(now) == StateActive }

const (
	// activeRecord is AccessRecord.ActiveAt in SQL. Its argument is the moment.
	activeRecord = `state = 'ACTIVE' AND (expiry IS NULL OR expiry > ?)`
	// expiredRecord selects the records that are expired at a moment, its argument.
	expiredRecord = `(state = 'EXPIRED' OR state = 'ACTIVE' AND expiry <= ?)`
	// consentRecord selects the records that are based on consent.
	consentRecord = `legal_basis IN ('uk-consent', 'uk-explicit-consent')`
)

// ListedRecord is an access record with what lists show of its owner and of its identity record.
type ListedRecord struct {
	AccessRecord

	// DUID, DataUserName and DataUserStatus are the owner's.
	DUID           string `db:"duid"`
	DataUserName   string `db:"display_name"`
	DataUserStatus string `db:"data_user_status"`
	// OrganisationReference is the owner's Smart Energy Code reference; nil if it has none.
	OrganisationReference *string `db:"organisation_reference"`
	// IdentityAccountID is the account that owns the linked identity record.
	IdentityAccountID string `db:"identity_account_id"`
	// MoveInDate is that of the identity record with which the access record was first registered; nil once that
	// identity record is anonymised.
	MoveInDate *string `db:"move_in_date"`
	// FormerMoveIns are the dates that it had before, oldest first; nil if there are none.
	FormerMoveIns *JSON[[]FormerMoveIn] `db:"former_move_ins"`
}

// listedRecords are the columns of ListedRecord, newest access record first.
var listedRecords = list{
	columns: `r.ak, r.mpxn, r.account_id, r.ir, r.state, r.legal_basis, r.expiry, r.record, r.created_at,
		r.revoked_at, r.revoked_by, r.revoke_reason, r.first_registered_at, r.ended_at_registration,
		r.stopped_before, r.amendments, r.controller_reference, r.changed_at, r.seq,
		a.duid, a.display_name, a.status AS data_user_status, a.organisation_reference,
		i.account_id AS identity_account_id,
		(SELECT f.move_in_date FROM identity_records f WHERE f.ir = COALESCE(r.first_ir, r.ir)) AS move_in_date,
		(SELECT f.former_move_ins FROM identity_records f WHERE f.ir = COALESCE(r.first_ir, r.ir)) AS former_move_ins`,
	counted: `access_records r`,
	from:    `access_records r JOIN accounts a ON a.account_id = r.account_id JOIN identity_records i ON i.ir = r.ir`,
	at:      `r.created_at`,
	seq:     `r.seq`,
}

// lastStop is AccessRecord.StoppedBefore in SQL. Its arguments are the meter point and the account.
const lastStop = `(SELECT MAX(revoked_at) FROM access_records
	WHERE mpxn = ? AND account_id = ? AND revoked_by = 'customer')`

// InsertAccessRecord adds an access record. It looks up r.StoppedBefore itself.
func (t *Tx) InsertAccessRecord(ctx context.Context, r AccessRecord) error {
	return t.insertAccessRecords(ctx, "insert access record", []AccessRecord{r})
}

func (t *Tx) insertAccessRecords(ctx context.Context, action string, records []AccessRecord) error {
	if len(records) == 0 {
		return nil
	}

	var args []any
	for _, record := range records {
		args = append(args, record.values()...)
		args = append(args, record.MPxN, record.AccountID, record.CreatedAt)
	}

	values := strings.Repeat("?, ", len(AccessRecord{}.values())) + lastStop + ", ?"
	rows := strings.Repeat(", ("+values+")", len(records))
	_, err := t.exec(ctx, action,
		`INSERT INTO access_records (`+recordColumns+`, stopped_before, changed_at) VALUES `+rows[2:], args...)

	return err
}

// FindAccessRecord finds an access record by its key; ErrNotFound.
func (r reader) FindAccessRecord(ctx context.Context, ak string) (ListedRecord, error) {
	return queryRow[ListedRecord](ctx, r.db, "find access record",
		`SELECT `+listedRecords.columns+` FROM `+listedRecords.from+` WHERE r.ak = ?`, ak)
}

// HoldAccessRecord reads a record by its meter point and key, and locks it until the transaction ends; ErrNotFound.
func (t *Tx) HoldAccessRecord(ctx context.Context, r AccessRecord) (AccessRecord, error) {
	return queryRow[AccessRecord](ctx, t.db, "hold access record",
		`SELECT `+recordColumns+`, amendments FROM access_records WHERE mpxn = ? AND ak = ?`+t.forUpdate(),
		r.MPxN, r.AK)
}

// ListAccessRecords lists every access record of a meter point, newest first. Call it in the transaction that consumes
// the token, so that a list that fails does not consume it.
func (r reader) ListAccessRecords(ctx context.Context, mpxn string) ([]ListedRecord, error) {
	return queryRows[ListedRecord](ctx, r.db, "list access records of meter point",
		`SELECT `+listedRecords.columns+` FROM `+listedRecords.from+` WHERE r.mpxn = ?
		ORDER BY r.created_at DESC, r.seq DESC`, mpxn)
}

// ListRecordsOfOrganisation lists the access records of a meter point whose owners have this Smart Energy Code
// reference, newest first.
func (r reader) ListRecordsOfOrganisation(
	ctx context.Context,
	mpxn, organisationReference string,
) ([]ListedRecord, error) {
	return queryRows[ListedRecord](ctx, r.db, "list access records of organisation",
		`SELECT `+listedRecords.columns+` FROM `+listedRecords.from+`
		WHERE r.mpxn = ? AND a.organisation_reference = ? ORDER BY r.created_at DESC, r.seq DESC`,
		mpxn, organisationReference)
}

// RecordFilter narrows a list of access records. Empty fields match everything. Now decides which records are expired.
type RecordFilter struct {
	AccountID, MPxN, AK, State, LegalBasis, ControllerReference string
	Now                                                         time.Time
	// ChangedSince is nil for records whenever they changed.
	ChangedSince *time.Time
}

// ListRecords lists a page of access records, and returns the number of records that match the filter. The newest
// comes first; with ChangedSince the one whose last change is the oldest.
func (r reader) ListRecords(ctx context.Context, f RecordFilter, page Page) ([]ListedRecord, Total, error) {
	account := "r.account_id"
	if f.MPxN != "" && f.ChangedSince != nil {
		account += " || ''" // no index of the account: it has more rows than the meter point
	}

	var where conditions
	where.equal(account, f.AccountID)
	where.equal("r.mpxn", f.MPxN)
	where.equal("r.ak", f.AK)
	where.equal("r.legal_basis", f.LegalBasis)
	where.equal("r.controller_reference", f.ControllerReference)
	switch f.State {
	case StateActive:
		where.and(activeRecord, Millis(f.Now))
	case StateExpired:
		where.and(expiredRecord, Millis(f.Now))
	default:
		where.equal("r.state", f.State)
	}

	if f.ChangedSince == nil {
		return queryPage[ListedRecord](ctx, r.db, listedRecords, where, page)
	}

	where.and("r.changed_at >= ?", Millis(*f.ChangedSince))
	changed := listedRecords
	changed.at = "r.changed_at"
	page.Oldest = true

	return queryPage[ListedRecord](ctx, r.db, changed, where, page)
}

// HasAccessRecord reports whether an account has registered anything on a meter point.
func (r reader) HasAccessRecord(ctx context.Context, accountID, mpxn string) (bool, error) {
	return queryRow[bool](ctx, r.db, "find own access records of meter point",
		`SELECT COUNT(*) > 0 FROM access_records WHERE mpxn = ? AND account_id = ?`, mpxn, accountID)
}

// ActiveRecord is an active access record and its owner.
type ActiveRecord struct {
	AK        string `db:"ak"`
	AccountID string `db:"account_id"`
	DUID      string `db:"duid"`
}

// ListActiveRecords lists the active access records of a meter point, sorted by owner.
func (r reader) ListActiveRecords(ctx context.Context, mpxn string, now time.Time) ([]ActiveRecord, error) {
	return queryRows[ActiveRecord](ctx, r.db, "list active access records",
		`SELECT r.ak, r.account_id, a.duid FROM access_records r
		JOIN accounts a ON a.account_id = r.account_id WHERE r.mpxn = ? AND `+activeRecord+`
		ORDER BY r.account_id, r.created_at, r.seq`, mpxn, Millis(now))
}

// SumRecordSizes returns the bytes that an account's access records, with their amendments, take at each of these
// meter points.
func (r reader) SumRecordSizes(ctx context.Context, accountID string, mpxns []string) (map[string]int, error) {
	sizes := map[string]int{}
	if len(mpxns) == 0 {
		return sizes, nil
	}

	rows, err := queryRowsIn[struct {
		MPxN string `db:"mpxn"`
		Size int    `db:"size"`
	}](ctx, r.db, "measure access records",
		`SELECT mpxn, SUM(OCTET_LENGTH(record) + OCTET_LENGTH(amendments)) AS size FROM access_records
		WHERE account_id = ? AND mpxn IN (?) GROUP BY mpxn`, accountID, mpxns)
	if err != nil {
		return nil, err
	}

	for _, row := range rows {
		sizes[row.MPxN] = row.Size
	}

	return sizes, nil
}

// ReplaceAccessRecord replaces the content of an account's active record. Its key, its owner, its time of creation and
// what is kept of its first registration stay: r.FirstRegisteredAt must be the registered-at before the replacement,
// and counts at the first one only. It returns false if the record is not active.
func (t *Tx) ReplaceAccessRecord(ctx context.Context, r AccessRecord, now time.Time) (bool, error) {
	return t.execOne(ctx, "replace access record", `UPDATE access_records
		SET first_ir = COALESCE(first_ir, ir), first_registered_at = COALESCE(first_registered_at, ?),
		ir = ?, state = ?, legal_basis = ?, expiry = ?, record = ?, controller_reference = ?, amendments = ?,
		changed_at = ?
		WHERE ak = ? AND mpxn = ? AND account_id = ? AND `+activeRecord,
		r.FirstRegisteredAt, r.IR, r.State, r.LegalBasis, r.Expiry, string(r.Record), r.ControllerReference,
		string(r.Amendments), Millis(now), r.AK, r.MPxN, r.AccountID, Millis(now))
}

// Revocation says who ended a record, when and why.
type Revocation struct {
	At     time.Time
	By     string
	Reason *string
}

// RevokeOwn ends an account's own active record. It returns false if there is no such record.
func (t *Tx) RevokeOwn(ctx context.Context, accountID string, record AccessRecord, r Revocation) (bool, error) {
	return t.revoke(ctx, "revoke own access record", record, r, `account_id = ?`, accountID)
}

// RevokeConsent ends an active record that is based on consent. It returns false if there is no such record.
func (t *Tx) RevokeConsent(ctx context.Context, record AccessRecord, r Revocation) (bool, error) {
	return t.revoke(ctx, "revoke access record", record, r, consentRecord)
}

// RevokeReplaced ends a record that a replacement has made end, or rest on something else than consent. It returns
// false if the record was revoked.
func (t *Tx) RevokeReplaced(ctx context.Context, record AccessRecord, r Revocation) (bool, error) {
	return t.revokeWhere(ctx, "revoke replaced access record", record, r, `state = 'ACTIVE'`)
}

func (t *Tx) revoke(
	ctx context.Context,
	action string,
	record AccessRecord,
	r Revocation,
	where string,
	args ...any,
) (bool, error) {
	args = append([]any{Millis(r.At)}, args...)

	return t.revokeWhere(ctx, action, record, r, activeRecord+` AND `+where, args...)
}

func (t *Tx) revokeWhere(
	ctx context.Context,
	action string,
	record AccessRecord,
	r Revocation,
	where string,
	args ...any,
) (bool, error) {
	args = append([]any{Millis(r.At), r.By, r.Reason, Millis(r.At), record.AK, record.MPxN}, args...)

	return t.execOne(ctx, action, `UPDATE access_records
		SET state = 'REVOKED', revoked_at = ?, revoked_by = ?, revoke_reason = ?, changed_at = ?
		WHERE ak = ? AND mpxn = ? AND `+where, args...)
}
