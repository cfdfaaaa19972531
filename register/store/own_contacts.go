package store

import (
	"context"
	"time"
)

// VisitSecret is the kind of the ticket with which the browser of a confirmed customer opens the page of their own
// contacts.
const VisitSecret Secret = "visit_hash"

// BeginVisit gives the browser of a challenge a ticket to the page of the customer's own contacts.
func (t *Tx) BeginVisit(ctx context.Context, challenge string, hash []byte, until time.Time) error {
	_, err := t.exec(ctx, "begin a visit",
		`UPDATE reidentifications SET visit_hash = ?, visit_until = ? WHERE challenge = ?`,
		hash, Millis(until), challenge)

	return err
}

// FindVisit finds the challenge of a ticket to the page of the customer's own contacts; ErrNotFound, also if the visit
// or the contact that confirmed it has ended.
func (r reader) FindVisit(ctx context.Context, hash []byte, now time.Time) (Reidentification, error) {
	return r.findChallenge(ctx, VisitSecret, hash, `visit_until > ? AND declined_at IS NULL`, Millis(now))
}

// EndVisit takes back both tickets of a visit: to the page of the customer's own contacts, and to enrol a passkey.
func (t *Tx) EndVisit(ctx context.Context, hash []byte) error {
	_, err := t.exec(ctx, "end a visit", `UPDATE reidentifications SET visit_hash = NULL, visit_until = NULL,
		enrol_hash = NULL WHERE visit_hash = ?`, hash)

	return err
}

// AskAfterPasskey records that the passkey was shown of the identity record and the contact that a challenge names now,
// which needs a completion code, and that the customer is asked something before the browser goes back with one. The
// passkey page is used up. It returns false if the challenge is not open or was softly declined.
func (t *Tx) AskAfterPasskey(ctx context.Context, challenge Reidentification, until, now time.Time) (bool, error) {
	return t.execOne(ctx, "ask after a passkey", `UPDATE reidentifications
		SET session_hash = NULL, ir = ?, contact = ?, confirm_by = ?
		WHERE challenge = ? AND soft_declined_at IS NULL AND `+openChallenge,
		append([]any{challenge.IR, challenge.Contact, Millis(until), challenge.Challenge}, openArgs(now)...)...)
}

// ReturnFromVisit gives the browser of a visit a completion code for its challenge, in place of an earlier one. It
// returns false if the visit has ended, or if the challenge is confirmed or cannot be confirmed any more.
func (t *Tx) ReturnFromVisit(ctx context.Context, visitHash, completionHash []byte, now time.Time) (bool, error) {
	args := []any{Millis(now), completionHash, visitHash, Millis(now)}

	return t.execOne(ctx, "return from a visit", `UPDATE reidentifications SET asserted_at = ?, completion_hash = ?
		WHERE visit_hash = ? AND visit_until > ? AND confirmed_at IS NULL AND declined_at IS NULL
		AND soft_declined_at IS NULL AND `+ofPresentOccupant, append(args, presentArgs(now)...)...)
}

// SetRemoval records that a contact is to be removed at a time, at the request of another one. It returns false if a
// removal has been asked for already, or if the contact has ended.
func (t *Tx) SetRemoval(ctx context.Context, contact, by string, at time.Time) (bool, error) {
	return t.execOne(ctx, "set the removal of a contact", `UPDATE contacts SET removal_at = ?, removal_by = ?
		WHERE contact = ? AND removal_at IS NULL AND ended_at IS NULL`, Millis(at), by, contact)
}

// EraseEmail erases the address of an identity record after its contact has ended.
func (t *Tx) EraseEmail(ctx context.Context, ir string) error {
	_, err := t.exec(ctx, "erase the address of an identity record",
		`UPDATE identity_records SET sealed_email = NULL, email_mac = NULL WHERE ir = ?`, ir)

	return err
}

// ListRemovalsDue lists the contacts that are to be removed by now, the longest due first.
func (r reader) ListRemovalsDue(ctx context.Context, now time.Time, limit int) ([]DueContact, error) {
	return queryRows[DueContact](ctx, r.db, "list due removals", `SELECT contact, mpxn FROM contacts
		WHERE removal_at IS NOT NULL AND removal_at <= ? ORDER BY removal_at, contact LIMIT ?`, Millis(now), limit)
}
