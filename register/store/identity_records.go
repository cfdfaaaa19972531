package store

import (
	"context"
	"time"
)

// IdentityRecord is a Data User's record of the occupant of a meter point. Personal data is sealed, and null once the
// record is anonymised.
type IdentityRecord struct {
	IR           string  `db:"ir"`
	AccountID    string  `db:"account_id"`
	MPxN         *string `db:"mpxn"`
	MoveInDate   *string `db:"move_in_date"`
	ExpressedBy  *string `db:"expressed_by"`
	KeyID        string  `db:"key_id"`
	SealedEmail  []byte  `db:"sealed_email"`
	EmailMAC     []byte  `db:"email_mac"`
	SealedDetail []byte  `db:"sealed_detail"`
	CreatedAt    Millis  `db:"created_at"`
	AnonymisedAt *Millis `db:"anonymised_at"`
	// MovedByPatch is true if the move-in date is another one than at the creation of the record.
	MovedByPatch bool `db:"moved_by_patch"`
	// FormerMoveIns are the move-in dates that the record had before, oldest first; nil if it has had one only.
	FormerMoveIns *JSON[[]FormerMoveIn] `db:"former_move_ins"`
	// ByToken is true if the record is the reference of an access record that was registered by token: it holds no
	// person's data, has no contact, and answers nobody.
	ByToken bool `db:"by_token"`

	// OwnKey seals the personal data. Without one, the key does that KeyID names; the hash of the address always has
	// that key.
	OwnKey
}

// FormerMoveIn is a move-in date that an identity record had until it was changed.
type FormerMoveIn struct {
	Date  string    `json:"date"`
	Until time.Time `json:"until"`
}

const identityColumns = `ir, account_id, mpxn, move_in_date, expressed_by, key_id, sealed_email, email_mac,
	sealed_detail, created_at, anonymised_at, moved_by_patch, former_move_ins, by_token`

// ownKeyColumns are the columns of OwnKey, beside those of an identity record.
const ownKeyColumns = `(SELECT k.key_id FROM identity_keys k WHERE k.ir = identity_records.ir) AS wrap_key_id,
	(SELECT k.wrapped_key FROM identity_keys k WHERE k.ir = identity_records.ir) AS wrapped_key`

// values returns what identityColumns hold, in that order.
func (i IdentityRecord) values() []any {
	return []any{
		i.IR, i.AccountID, i.MPxN, i.MoveInDate, i.ExpressedBy, i.KeyID, i.SealedEmail, i.EmailMAC,
		i.SealedDetail, i.CreatedAt, i.AnonymisedAt, i.MovedByPatch, i.FormerMoveIns, i.ByToken,
	}
}

// InsertIdentityRecord adds an identity record, with its email address in the present form.
func (t *Tx) InsertIdentityRecord(ctx context.Context, i IdentityRecord) error {
	return t.insertIdentityRecords(ctx, "insert identity record", []IdentityRecord{i})
}

func (t *Tx) insertIdentityRecords(ctx context.Context, action string, records []IdentityRecord) error {
	if len(records) == 0 {
		return nil
	}

	var args []any
	for _, record := range records {
		args = append(args, record.values()...)
		args = append(args, emailForm)
	}

	_, err := t.exec(ctx, action, `INSERT INTO identity_records (`+identityColumns+`, email_form) VALUES `+
		placeholders(len(records), len(args)/len(records)), args...)
	if err != nil {
		return err
	}

	return t.insertOwnKeys(ctx, records)
}

// HoldIdentityRecord finds an identity record by its key and locks it until the transaction ends; ErrNotFound. What
// the transaction links to it is therefore not linked to a record that is being anonymised.
func (t *Tx) HoldIdentityRecord(ctx context.Context, ir string) (IdentityRecord, error) {
	return t.findIdentityRecord(ctx, `ir = ?`+t.forUpdate(), ir)
}

// FindOwnIdentityRecord finds an identity record of this account; ErrNotFound, also if it belongs to another account.
func (r reader) FindOwnIdentityRecord(ctx context.Context, accountID, ir string) (IdentityRecord, error) {
	return r.findIdentityRecord(ctx, `ir = ? AND account_id = ?`, ir, accountID)
}

// HoldOwnIdentityRecord is FindOwnIdentityRecord, and locks the record until the transaction ends.
func (t *Tx) HoldOwnIdentityRecord(ctx context.Context, accountID, ir string) (IdentityRecord, error) {
	return t.findIdentityRecord(ctx, `ir = ? AND account_id = ?`+t.forUpdate(), ir, accountID)
}

func (r reader) findIdentityRecord(ctx context.Context, where string, args ...any) (IdentityRecord, error) {
	return queryRow[IdentityRecord](ctx, r.db, "find identity record",
		`SELECT `+identityColumns+`, `+ownKeyColumns+` FROM identity_records WHERE `+where, args...)
}

// HoldIdentityRecords finds identity records by their keys and locks them until the transaction ends.
func (t *Tx) HoldIdentityRecords(ctx context.Context, irs []string) (map[string]IdentityRecord, error) {
	held := map[string]IdentityRecord{}
	if len(irs) == 0 {
		return held, nil
	}

	rows, err := queryRowsIn[IdentityRecord](ctx, t.db, "hold identity records",
		`SELECT `+identityColumns+`, `+ownKeyColumns+` FROM identity_records WHERE ir IN (?) ORDER BY ir`+
			t.forUpdate(), irs)
	if err != nil {
		return nil, err
	}

	for _, row := range rows {
		held[row.IR] = row
	}

	return held, nil
}

// canAnswer is true of an identity record whose contacts can answer a challenge and get letters: it is not anonymised
// and no reference, its move-in date is not after a date in London, the argument, and its account is active, has failed
// without fault of its customers, or is one of which an administrator has restored this record's contact since
// (docs/decisions.md, Which person, 4).
const canAnswer = `(identity_records.anonymised_at IS NULL AND NOT identity_records.by_token
	AND identity_records.move_in_date <= ?
	AND EXISTS (SELECT 1 FROM accounts a WHERE a.account_id = identity_records.account_id
		AND (a.status = 'active' OR a.status_cause = 'failure' OR EXISTS (
			SELECT 1 FROM contacts k JOIN standings w ON w.contact = k.contact AND w.until IS NULL
			WHERE k.ir = identity_records.ir AND k.ended_at IS NULL AND w.state = 'stands'
			AND w.why = 'administrator' AND w.since >= a.suspended_at))))`

// CanAnswer reports whether an identity record can answer a challenge and gets letters, apart from changes of tenancy.
func (r reader) CanAnswer(ctx context.Context, ir string, now time.Time) (bool, error) {
	return queryRow[bool](ctx, r.db, "find whether an identity record can answer",
		`SELECT EXISTS (SELECT 1 FROM identity_records WHERE ir = ? AND `+canAnswer+`)`, ir, LondonDay(now, 0))
}

// HasOccupant reports whether an identity record is held of a person who lives at a meter point now: who moved in on
// the day since or later, up to today in London. An empty since sets no limit.
func (r reader) HasOccupant(ctx context.Context, mpxn, since string, now time.Time) (bool, error) {
	return queryRow[bool](ctx, r.db, "find whether a meter point has an occupant",
		`SELECT EXISTS (SELECT 1 FROM identity_records WHERE mpxn = ? AND move_in_date >= ? AND `+canAnswer+`)`,
		mpxn, since, LondonDay(now, 0))
}

// ListIdentityRecords lists an account's own identity records, oldest first: those of a meter point, unless mpxn is
// empty, and those with one of the hashes of an email address, unless there are none. The address may be one that
// waits to replace that of the record.
func (r reader) ListIdentityRecords(
	ctx context.Context,
	accountID, mpxn string,
	emailMACs [][]byte,
) ([]IdentityRecord, error) {
	var where conditions
	where.and("account_id = ?", accountID)
	where.equal("mpxn", mpxn)
	if len(emailMACs) > 0 {
		where.and(`ir IN (SELECT ir FROM identity_records WHERE email_mac IN (?) AND account_id = ?
			UNION ALL SELECT ir FROM contacts WHERE email_mac IN (?) AND account_id = ?)`,
			emailMACs, accountID, emailMACs, accountID)
	}

	return queryRowsIn[IdentityRecord](ctx, r.db, "list identity records of account",
		`SELECT `+identityColumns+`, `+ownKeyColumns+` FROM identity_records`+where.clause()+
			` ORDER BY created_at, ir`, where.args...)
}

// UpdateIdentityRecord sets the move-in dates and the sealed detail of an identity record, sealed with the key that
// the record has. It returns false if the record has another key by now or is anonymised.
func (t *Tx) UpdateIdentityRecord(ctx context.Context, i IdentityRecord) (bool, error) {
	return t.execOne(ctx, "update identity record", `UPDATE identity_records SET move_in_date = ?,
		moved_by_patch = ?, former_move_ins = ?, sealed_detail = ?
		WHERE ir = ? AND key_id = ? AND anonymised_at IS NULL`,
		i.MoveInDate, i.MovedByPatch, i.FormerMoveIns, i.SealedDetail, i.IR, i.KeyID)
}
