package store

import (
	"context"
	"time"
)

// The kinds of looks.
const (
	// LookCustomerList is a reading of the whole list with the token of a customer.
	LookCustomerList = "customer-list"
	// LookOwnRecords is a reading of its own records by a Data User.
	LookOwnRecords = "own-records"
	// LookAdministrator is a reading by an administrator of the register.
	LookAdministrator = "administrator"
)

// Look says that an account read access records of a meter point.
type Look struct {
	Look      int64  `db:"look"`
	MPxN      string `db:"mpxn"`
	Kind      string `db:"kind"`
	AccountID string `db:"account_id"`
	// IR is the identity record of the customer who confirmed; nil if none was asked.
	IR *string `db:"ir"`
	// Adviser is the name of the person at the account who looked; nil if the account gave none.
	Adviser *string `db:"adviser"`
	At      Millis  `db:"at"`
	// Day is a day in London. Of the looks of an account with a Day, one a meter point, kind and day is kept: the
	// latest. It is nil if each one counts.
	Day *string `db:"day"`
}

// ListedLook is a look with what a list shows of its reader.
type ListedLook struct {
	Look

	DisplayName string `db:"display_name"`
	// MoveInDate is that of the identity record IR; nil without one, and once that is anonymised.
	MoveInDate *string `db:"move_in_date"`
	// FormerMoveIns are the dates that it had before, oldest first; nil if there are none.
	FormerMoveIns *JSON[[]FormerMoveIn] `db:"former_move_ins"`
}

var listedLooks = list{
	columns: `l.look, l.mpxn, l.kind, l.account_id, l.ir, l.adviser, l.at, a.display_name, i.move_in_date,
		i.former_move_ins`,
	from: `looks l JOIN accounts a ON a.account_id = l.account_id LEFT JOIN identity_records i ON i.ir = l.ir`,
	at:   `l.at`,
	seq:  `l.look`,
}

// InsertLooks records looks.
func (t *Tx) InsertLooks(ctx context.Context, looks []Look) error {
	for len(looks) > 0 {
		batch := looks[:min(len(looks), rowsPerInsert)]
		looks = looks[len(batch):]

		var args []any
		for _, look := range batch {
			args = append(args, look.MPxN, look.Kind, look.AccountID, look.IR, look.Adviser, look.At, look.Day)
		}

		_, err := t.exec(ctx, "insert looks", `INSERT INTO looks (mpxn, kind, account_id, ir, adviser, at, day)
			VALUES `+placeholders(len(batch), len(args)/len(batch))+`
			ON CONFLICT (mpxn, account_id, kind, day) WHERE day IS NOT NULL DO UPDATE SET at = excluded.at`, args...)
		if err != nil {
			return err
		}
	}

	return nil
}

// ListLooks lists a page of the looks at a meter point that are no older than since, newest first. An empty kind means
// all.
func (r reader) ListLooks(ctx context.Context, mpxn, kind string, since time.Time, page Page) ([]ListedLook, error) {
	var where conditions
	where.and("l.mpxn = ? AND l.at >= ?", mpxn, Millis(since))
	where.equal("l.kind", kind)

	return queryRowsOfPage[ListedLook](ctx, r.db, listedLooks, where, page)
}

// DeleteOldLooks deletes the looks from before a time.
func (t *Tx) DeleteOldLooks(ctx context.Context, before time.Time) error {
	_, err := t.exec(ctx, "delete old looks", `DELETE FROM looks WHERE at < ?`, Millis(before))

	return err
}
