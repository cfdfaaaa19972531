package store

import (
	"context"
	"time"
)

// The kinds of alarms.
const (
	AlarmObjections    = "objections"
	AlarmFirstContacts = "first-contacts"
)

// Alarm is something about an account that an administrator should look into. An account has at most one of each kind
// and day.
type Alarm struct {
	ID        string `db:"alarm"`
	AccountID string `db:"account_id"`
	Kind      string `db:"kind"`
	// Day is a day in London.
	Day      string `db:"day"`
	RaisedAt Millis `db:"raised_at"`
	// Seq is set when the alarm is read.
	Seq int64 `db:"seq"`
}

const alarmColumns = `alarm, account_id, kind, day, raised_at`

// InsertAlarm adds an alarm. It returns false if the account has one of this kind and day already.
func (t *Tx) InsertAlarm(ctx context.Context, a Alarm) (bool, error) {
	return t.execOne(ctx, "insert an alarm", `INSERT INTO alarms (`+alarmColumns+`) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (account_id, kind, day) DO NOTHING`, a.ID, a.AccountID, a.Kind, a.Day, a.RaisedAt)
}

// DeleteOldAlarms deletes the alarms that were raised before a time.
func (t *Tx) DeleteOldAlarms(ctx context.Context, before time.Time) error {
	_, err := t.exec(ctx, "delete old alarms", `DELETE FROM alarms WHERE raised_at < ?`, Millis(before))

	return err
}

// ListAlarms lists a page of the alarms, newest first, and returns how many there are.
func (r reader) ListAlarms(ctx context.Context, page Page) ([]Alarm, Total, error) {
	alarms := list{columns: alarmColumns + `, seq`, from: `alarms`, at: "raised_at", seq: "seq"}

	return queryPage[Alarm](ctx, r.db, alarms, conditions{}, page)
}

// CountAlarms returns how many alarms of each kind are kept.
func (r reader) CountAlarms(ctx context.Context) (map[string]int, error) {
	rows, err := queryRows[struct {
		Kind  string `db:"kind"`
		Count int    `db:"count"`
	}](ctx, r.db, "count alarms", `SELECT kind, COUNT(*) AS count FROM alarms GROUP BY kind`)
	if err != nil {
		return nil, err
	}

	counts := map[string]int{}
	for _, row := range rows {
		counts[row.Kind] = row.Count
	}

	return counts, nil
}

// Objections is how many letters about the contacts of an account were answered with "not me".
type Objections struct {
	AccountID string `db:"account_id"`
	Count     int    `db:"count"`
}

// withoutAlarm is true of an account a that has no alarm of a kind and day, the arguments.
const withoutAlarm = `NOT EXISTS (SELECT 1 FROM alarms m
	WHERE m.account_id = a.account_id AND m.kind = ? AND m.day = ?)`

// ListObjections lists the accounts with more than a number of objections since a moment, and without an alarm of the
// day.
func (r reader) ListObjections(ctx context.Context, since time.Time, more int, day string) ([]Objections, error) {
	return queryRows[Objections](ctx, r.db, "list objections", `SELECT a.account_id, COUNT(*) AS count
		FROM contact_letters l JOIN contacts c ON c.contact = l.contact JOIN accounts a ON a.account_id = c.account_id
		WHERE l.kind = 'addition' AND l.answer = 'no' AND l.answered_at > ? AND `+withoutAlarm+`
		GROUP BY a.account_id HAVING COUNT(*) > ?`, Millis(since), AlarmObjections, day, more)
}

// CountAdditions counts the letters about new contacts of an account that were written since a moment, as far as most.
func (r reader) CountAdditions(ctx context.Context, accountID string, since time.Time, most int) (int, error) {
	return queryRow[int](ctx, r.db, "count letters about new contacts", `SELECT COUNT(*) FROM (
		SELECT 1 FROM contact_letters WHERE kind = 'addition' AND account_id = ? AND written_at > ? LIMIT ?) letters`,
		accountID, Millis(since), most)
}

// ListFirstAccounts lists the accounts with more than a number of contacts that became the first at a meter point
// since a moment, and that have no alarm of the day.
func (r reader) ListFirstAccounts(ctx context.Context, since time.Time, more int, day string) ([]string, error) {
	return queryRows[string](ctx, r.db, "list accounts with first contacts", `SELECT a.account_id FROM accounts a
		WHERE a.role = 'data_user' AND `+withoutAlarm+` AND (SELECT COUNT(*) FROM (
			SELECT 1 FROM standings s WHERE s.account_id = a.account_id AND s.since >= ? LIMIT ?) firsts) > ?
		ORDER BY a.account_id`, AlarmFirstContacts, day, Millis(since), more+1, more)
}
