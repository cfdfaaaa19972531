package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// AccessRecord is one organisation's claim to read a meter point. Record is the document as it was
// submitted; the other columns are what the rules and the queries need of it.
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
	// Amendments is a JSON list of what it said before each replacement, the oldest first.
	Amendments []byte `db:"amendments"`
}

const recordColumns = `ak, mpxn, account_id, ir, state, legal_basis, expiry, record, created_at, revoked_at, revoked_by, revoke_reason`

// ListedRecord is an access record with what else a list says of it.
type ListedRecord struct {
	AccessRecord
	// DUID and DataUserName are the owner's.
	DUID         string `db:"duid"`
	DataUserName string `db:"display_name"`
	// IdentityAccountID is who holds the identity record that the access record is linked to.
	IdentityAccountID string `db:"identity_account_id"`
	// MoveInDate is of that identity record; nil once it is anonymised.
	MoveInDate *string `db:"move_in_date"`
}

const (
	listedColumns = `r.ak, r.mpxn, r.account_id, r.ir, r.state, r.legal_basis, r.expiry, r.record, r.created_at,
	r.revoked_at, r.revoked_by, r.revoke_reason, r.amendments, a.duid, a.display_name, i.account_id AS identity_account_id, i.move_in_date`
	listedTables  = `access_records r JOIN accounts a ON a.account_id = r.account_id JOIN identity_records i ON i.ir = r.ir`
	listedRecords = `SELECT ` + listedColumns + ` FROM ` + listedTables + ` `
)

// InsertAccessRecord adds an access record.
func (t *Tx) InsertAccessRecord(ctx context.Context, r AccessRecord) error {
	_, err := t.exec(
		ctx,
		`INSERT INTO access_records (`+recordColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.AK,
		r.MPxN,
		r.AccountID,
		r.IR,
		r.State,
		r.LegalBasis,
		r.Expiry,
		string(r.Record),
		r.CreatedAt,
		r.RevokedAt,
		r.RevokedBy,
		r.RevokeReason,
	)
	if err != nil {
		return fmt.Errorf("insert access record: %w", err)
	}

	return nil
}

// FindAccessRecord finds one access record by its key; ErrNotFound.
func (s *Store) FindAccessRecord(ctx context.Context, ak string) (ListedRecord, error) {
	return findAccessRecord(ctx, s.read, ak)
}

// FindAccessRecord is the same within the transaction.
func (t *Tx) FindAccessRecord(ctx context.Context, ak string) (ListedRecord, error) {
	return findAccessRecord(ctx, t.tx, ak)
}

func findAccessRecord(ctx context.Context, q queryer, ak string) (ListedRecord, error) {
	record, err := one[ListedRecord](ctx, q, listedRecords+`WHERE r.ak = ?`, ak)
	if err != nil {
		return ListedRecord{}, fmt.Errorf("find access record: %w", err)
	}
	return record, nil
}

// HoldAccessRecord reads a record, and keeps everybody else from changing it until the transaction ends; ErrNotFound.
func (t *Tx) HoldAccessRecord(ctx context.Context, r AccessRecord) (AccessRecord, error) {
	held, err := one[AccessRecord](
		ctx,
		t.tx,
		`SELECT `+recordColumns+`, amendments FROM access_records WHERE mpxn = ? AND ak = ?`+t.lock(),
		r.MPxN,
		r.AK,
	)
	if err != nil {
		return AccessRecord{}, fmt.Errorf("hold access record: %w", err)
	}
	return held, nil
}

// ListAccessRecords lists every access record of a meter point, newest first. Where it is called in the
// transaction that spends a token, a list that fails does not spend it.
func (t *Tx) ListAccessRecords(ctx context.Context, mpxn string) ([]ListedRecord, error) {
	records, err := all[ListedRecord](
		ctx,
		t.tx,
		listedRecords+`WHERE r.mpxn = ? ORDER BY r.created_at DESC, r.ak`,
		mpxn,
	)
	if err != nil {
		return nil, fmt.Errorf("list access records of meter point: %w", err)
	}
	return records, nil
}

// RecordFilter narrows a list of access records; empty members narrow nothing. Now decides what has expired.
type RecordFilter struct {
	AccountID, MPxN, AK, State, LegalBasis string
	Now                                    time.Time
}

// ListRecords lists a page of access records, the newest first, and how many the filter lets through.
func (s *Store) ListRecords(ctx context.Context, f RecordFilter, page Page) ([]ListedRecord, int, error) {
	where := conditions{}
	where.equal("r.account_id", f.AccountID)
	where.equal("r.mpxn", f.MPxN)
	where.equal("r.ak", f.AK)
	where.equal("r.legal_basis", f.LegalBasis)
	switch now := Millis(f.Now); f.State {
	case "":
	case "ACTIVE":
		where.and("r.state = 'ACTIVE' AND (r.expiry IS NULL OR r.expiry > ?)", now)
	case "EXPIRED":
		where.and("(r.state = 'EXPIRED' OR r.state = 'ACTIVE' AND r.expiry <= ?)", now)
	default:
		where.equal("r.state", f.State)
	}

	return paged[ListedRecord](ctx, s, listedColumns, listedTables, where, page, "r.created_at", "r.ak")
}

// HasAccessRecord reports whether an account has registered anything on a meter point.
func (s *Store) HasAccessRecord(ctx context.Context, accountID, mpxn string) (bool, error) {
	count, err := one[int](
		ctx,
		s.read,
		`SELECT COUNT(*) FROM access_records WHERE mpxn = ? AND account_id = ?`,
		mpxn,
		accountID,
	)
	if err != nil {
		return false, fmt.Errorf("find own access records of meter point: %w", err)
	}
	return count > 0, nil
}

// SizesAt is how many bytes an account's access records hold at each of these meter points, with their amendments.
func (t *Tx) SumRecordSizes(ctx context.Context, accountID string, mpxns []string) (map[string]int, error) {
	sizes := map[string]int{}
	if len(mpxns) == 0 {
		return sizes, nil
	}

	query, args, err := sqlx.In(
		`SELECT mpxn, SUM(OCTET_LENGTH(record) + OCTET_LENGTH(amendments)) AS size FROM access_records
		WHERE account_id = ? AND mpxn IN (?) GROUP BY mpxn`,
		accountID,
		mpxns,
	)
	if err != nil {
		return nil, fmt.Errorf("measure access records: %w", err)
	}

	rows, err := all[struct {
		MPxN string `db:"mpxn"`
		Size int    `db:"size"`
	}](ctx, t.tx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("measure access records: %w", err)
	}
	for _, row := range rows {
		sizes[row.MPxN] = row.Size
	}

	return sizes, nil
}

// ReplaceAccessRecord replaces an account's active record; its key, its owner and the time of its creation stay. It
// answers false where it is not active.
func (t *Tx) ReplaceAccessRecord(ctx context.Context, r AccessRecord, now time.Time) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE access_records SET ir = ?, state = ?, legal_basis = ?, expiry = ?, record = ?, amendments = ?
		WHERE ak = ? AND mpxn = ? AND account_id = ? AND state = 'ACTIVE' AND (expiry IS NULL OR expiry > ?)`,
		r.IR,
		r.State,
		r.LegalBasis,
		r.Expiry,
		string(r.Record),
		string(r.Amendments),
		r.AK,
		r.MPxN,
		r.AccountID,
		Millis(now),
	)
	if err != nil {
		return false, fmt.Errorf("replace access record: %w", err)
	}

	return rows == 1, nil
}

// Revocation is who ended a record, when and why.
type Revocation struct {
	At     time.Time
	By     string
	Reason *string
}

const revokeActive = `UPDATE access_records SET state = 'REVOKED', revoked_at = ?, revoked_by = ?, revoke_reason = ?
	WHERE ak = ? AND mpxn = ? AND state = 'ACTIVE' AND (expiry IS NULL OR expiry > ?) AND `

// RevokeOwn ends an account's own active record; it answers false where there is no such record.
func (t *Tx) RevokeOwn(ctx context.Context, accountID string, record AccessRecord, r Revocation) (bool, error) {
	rows, err := t.exec(ctx, revokeActive+`account_id = ?`,
		Millis(r.At), r.By, r.Reason, record.AK, record.MPxN, Millis(r.At), accountID)
	if err != nil {
		return false, fmt.Errorf("revoke own access record: %w", err)
	}

	return rows == 1, nil
}

// RevokeConsent ends an active record that rests on consent; it answers false where there is no such record.
func (t *Tx) RevokeConsent(ctx context.Context, record AccessRecord, r Revocation) (bool, error) {
	rows, err := t.exec(ctx, revokeActive+`legal_basis IN ('uk-consent', 'uk-explicit-consent')`,
		Millis(r.At), r.By, r.Reason, record.AK, record.MPxN, Millis(r.At))
	if err != nil {
		return false, fmt.Errorf("revoke access record: %w", err)
	}

	return rows == 1, nil
}

// WasRead reports whether a token opened this access record.
func (t *Tx) HasReading(ctx context.Context, hash []byte, ak string) (bool, error) {
	count, err := one[int](ctx, t.tx, `SELECT COUNT(*) FROM readings WHERE token_hash = ? AND ak = ?`, hash, ak)
	if err != nil {
		return false, fmt.Errorf("find reading: %w", err)
	}
	return count > 0, nil
}
