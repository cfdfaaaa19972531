package store

import (
	"context"
	"time"
)

// Erasure is an identity record that was anonymised. The list of erasures is append-only: it is replayed on a database
// that was restored from a backup.
type Erasure struct {
	IR       string `db:"ir"`
	ErasedAt Millis `db:"erased_at"`
}

// ListErasures lists erasures since a time in the order of their time and key, beginning after the one given; the zero
// value is before the first.
func (r reader) ListErasures(ctx context.Context, since time.Time, after Erasure, limit int) ([]Erasure, error) {
	return queryRows[Erasure](ctx, r.db, "list erasures",
		`SELECT ir, erased_at FROM erasures WHERE erased_at >= ? AND (erased_at, ir) > (?, ?)
		ORDER BY erased_at, ir LIMIT ?`, Millis(since), after.ErasedAt, after.IR, limit)
}

// CountErasures counts the erasures.
func (r reader) CountErasures(ctx context.Context) (int, error) {
	return queryRow[int](ctx, r.db, "count erasures", `SELECT COUNT(*) FROM erasures`)
}

// FindIdentityRecord finds an identity record of any account; ErrNotFound.
func (r reader) FindIdentityRecord(ctx context.Context, ir string) (IdentityRecord, error) {
	return r.findIdentityRecord(ctx, `ir = ?`, ir)
}

// HasActiveRecord reports whether an active access record of its own account rests on an identity record.
func (r reader) HasActiveRecord(ctx context.Context, ir string, now time.Time) (bool, error) {
	return queryRow[bool](ctx, r.db, "find an active access record of an identity record",
		`SELECT EXISTS (SELECT 1 FROM access_records r JOIN identity_records i ON i.ir = r.ir
		WHERE r.ir = ? AND r.account_id = i.account_id AND `+activeRecord+`)`, ir, Millis(now))
}

// Erase erases the personal data of an identity record for good: its values, its look-up hash and the key that sealed
// them, its passkeys, the letters to it and about it that wait, and the answers that were kept for requests about it.
// It ends its challenges, and adds it to the list of erasures. It returns false if the record was anonymised before.
// The transaction must hold the record.
func (t *Tx) Erase(ctx context.Context, ir string, at time.Time) (bool, error) {
	erased, err := t.execOne(ctx, "anonymise identity record", `UPDATE identity_records SET mpxn = NULL,
		move_in_date = NULL, former_move_ins = NULL, expressed_by = NULL, sealed_email = NULL, email_mac = NULL,
		sealed_detail = NULL, anonymised_at = ? WHERE ir = ? AND anonymised_at IS NULL`, Millis(at), ir)
	if err != nil || !erased {
		return false, err
	}

	for _, step := range erasureOf(ir, Millis(at)) {
		if _, err := t.exec(ctx, step.action, step.query, step.args...); err != nil {
			return false, err
		}
	}

	return true, nil
}

const (
	contactsOfRecord   = `(SELECT contact FROM contacts WHERE ir = ?)`
	challengesOfRecord = `(SELECT token_hash FROM reidentifications WHERE ir = ?)`
	recordsOfRecord    = `(SELECT ak FROM access_records WHERE ir = ? OR first_ir = ?)`
)

// erasureStep is one statement of an erasure.
type erasureStep struct {
	action, query string
	args          []any
}

// erasureOf returns the statements that erase what hangs on an identity record, and list the erasure.
func erasureOf(ir string, at Millis) []erasureStep {
	none := []byte{}

	return []erasureStep{
		{"destroy the key of an identity record", `DELETE FROM identity_keys WHERE ir = ?`, []any{ir}},
		{"delete passkeys", `DELETE FROM credentials WHERE ir = ?`, []any{ir}},
		{"delete the letters to an identity record", `DELETE FROM outbox WHERE ir = ?`, []any{ir}},
		{"delete the letters to and about contacts", `DELETE FROM outbox WHERE kind = 'mail' AND id IN
			(SELECT job FROM contact_letters WHERE contact IN ` + contactsOfRecord + `
				OR recipient IN ` + contactsOfRecord + `)`, []any{ir, ir}},
		{"close the letters to and about contacts", `UPDATE contact_letters SET open_until = ?, code = ''
			WHERE answered_at IS NULL
				AND (contact IN ` + contactsOfRecord + ` OR recipient IN ` + contactsOfRecord + `)`,
			[]any{at, ir, ir}},
		{"erase the addresses of contacts", `UPDATE contacts SET sealed_email = NULL, email_mac = NULL
			WHERE ir = ? AND sealed_email IS NOT NULL`, []any{ir}},
		{"delete passkey ceremonies", `DELETE FROM passkey_ceremonies WHERE token_hash IN ` + challengesOfRecord,
			[]any{ir}},
		{"end the challenges of an identity record", `UPDATE reidentifications SET declined_at = ?
			WHERE ir = ? AND declined_at IS NULL AND consumed_at IS NULL`, []any{at, ir}},
		{"erase what challenges hold", `UPDATE reidentifications SET sealed_token = NULL, match_code = NULL,
			link_hash = NULL, session_hash = NULL, enrol_hash = NULL, completion_hash = NULL, visit_hash = NULL,
			visit_until = NULL WHERE ir = ?`, []any{ir}},
		{"erase the answers about an identity record", `UPDATE idempotency_keys
			SET request_hash = ?, sealed_answer = ? WHERE ir = ?`, []any{none, none, ir}},
		{"erase the hashes of imported lines",
			`UPDATE imports SET line_hash = ? WHERE ak IN ` + recordsOfRecord, []any{none, ir, ir}},
		{"list an erasure", insertErasure, []any{ir, at}},
	}
}

const insertErasure = `INSERT INTO erasures (ir, erased_at) VALUES (?, ?) ON CONFLICT (ir) DO NOTHING`

// ListErasure adds an erasure to the list, of a record that may not be here.
func (t *Tx) ListErasure(ctx context.Context, e Erasure) error {
	_, err := t.exec(ctx, "list an erasure", insertErasure, e.IR, e.ErasedAt)

	return err
}
