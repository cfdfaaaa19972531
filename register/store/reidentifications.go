package store

import (
	"context"
	"time"
)

// Reidentification is a challenge to a customer to confirm who they are. Challenge is its public name, which gives no
// authority. Of each secret the row stores the hash.
type Reidentification struct {
	Challenge string `db:"challenge"`
	// TokenHash is of the token-ref, which the account that asks holds.
	TokenHash []byte `db:"token_hash"`
	// LinkHash is of the secret in the mailed link, SessionHash of the passkey page's; nil if there is no such secret.
	LinkHash    []byte `db:"link_hash"`
	SessionHash []byte `db:"session_hash"`
	// EnrolHash is of the ticket that lets the browser of a customer who followed a link enrol a passkey.
	EnrolHash []byte `db:"enrol_hash"`
	// CompletionHash is of the code that the browser takes from the passkey page back to the page it came from.
	CompletionHash []byte `db:"completion_hash"`
	AccountID      string `db:"account_id"`
	MPxN           string `db:"mpxn"`
	IR             string `db:"ir"`
	Method         string `db:"method"`
	// Contact is the contact that the challenge goes to, or whose passkey confirmed it; nil if neither is known.
	Contact *string `db:"contact"`
	// ContactEnded says that the challenge ended because its contact stands no more; nobody declined it.
	ContactEnded bool `db:"contact_ended"`
	// OwnRecord says that only the person of the record IR can confirm, because its own Data User asks.
	OwnRecord   bool    `db:"own_record"`
	RedirectURL *string `db:"redirect_url"`
	MatchCode   *string `db:"match_code"`
	WrongCodes  int     `db:"wrong_codes"`
	// Language is "en", "cy" or empty.
	Language string `db:"language"`
	// StartedFrom is the browser in which the challenge was started, as the account says; empty if it did not.
	StartedFrom string `db:"started_from"`
	KeyID       string `db:"key_id"`
	// SealedToken is the token-ref, if the customer takes it back; nil otherwise.
	SealedToken []byte `db:"sealed_token"`
	IssuedAt    Millis `db:"issued_at"`
	ConfirmBy   Millis `db:"confirm_by"`
	// AssertedAt is when a passkey was shown, if a completion code is needed to confirm.
	AssertedAt  *Millis `db:"asserted_at"`
	ConfirmedAt *Millis `db:"confirmed_at"`
	DeclinedAt  *Millis `db:"declined_at"`
	// SoftDeclinedAt is when a browser that does not say who pressed the button declined. The right code, typed
	// afterwards, clears it.
	SoftDeclinedAt *Millis `db:"soft_declined_at"`
	ConsumedAt     *Millis `db:"consumed_at"`
	// VisitUntil is when the ticket to the page of the customer's own contacts ends; nil if there is none.
	VisitUntil *Millis `db:"visit_until"`
}

const reidentificationColumns = `challenge, token_hash, link_hash, session_hash, enrol_hash, completion_hash,
	account_id, mpxn, ir, contact, contact_ended, method, own_record, redirect_url, match_code, wrong_codes, language,
	started_from, key_id, sealed_token, issued_at, confirm_by, asserted_at, confirmed_at, declined_at, soft_declined_at,
	consumed_at, visit_until`

// keepReidentifications is how long after its issue a token can still be told from an unknown one.
const keepReidentifications = 24 * time.Hour

// MaxWrongCodes is how many wrong match codes end a challenge (docs/decisions.md, Match code).
const MaxWrongCodes = 3

// EndedByWrongCodes reports whether too many wrong match codes ended the challenge.
func (r Reidentification) EndedByWrongCodes() bool {
	return r.DeclinedAt != nil && r.WrongCodes >= MaxWrongCodes
}

const (
	// ofEarlierOccupant is true if the identity record of a challenge is an earlier occupant's on a date in London,
	// the argument. An anonymised record has no move-in date, so any change of tenancy that is in no dispute makes it
	// an earlier occupant's.
	ofEarlierOccupant = `EXISTS (SELECT 1 FROM tenancy_changes c, identity_records i
		WHERE c.mpxn = reidentifications.mpxn AND i.ir = reidentifications.ir AND ` + dividesOccupants + `
		AND COALESCE(c.move_in_from, c.effective_date) > COALESCE(i.move_in_date, ''))`

	// ofAnonymisedRecord is true if the identity record of a challenge has been anonymised.
	ofAnonymisedRecord = `EXISTS (SELECT 1 FROM identity_records i
		WHERE i.ir = reidentifications.ir AND i.anonymised_at IS NOT NULL)`

	// ofAnsweringRecord is true if the identity record of a challenge can answer on a date in London, the argument.
	ofAnsweringRecord = `EXISTS (SELECT 1 FROM identity_records WHERE identity_records.ir = reidentifications.ir
		AND ` + canAnswer + `)`

	// ofPresentOccupant is true if the identity record of a challenge can answer and belongs to the present occupant.
	// presentArgs returns its arguments.
	ofPresentOccupant = `NOT ` + ofEarlierOccupant + ` AND ` + ofAnsweringRecord

	// openChallenge is true of a challenge that can be confirmed at a moment. openArgs returns its arguments.
	openChallenge = `confirmed_at IS NULL AND declined_at IS NULL AND asserted_at IS NULL AND confirm_by > ?
		AND ` + ofPresentOccupant
)

// presentArgs returns the arguments of ofPresentOccupant.
func presentArgs(now time.Time) []any { return []any{LondonDay(now, 0), LondonDay(now, 0)} }

// openArgs returns the arguments of openChallenge.
func openArgs(now time.Time) []any { return append([]any{Millis(now)}, presentArgs(now)...) }

// InsertReidentification adds a challenge, and deletes those that were issued more than a day before it.
func (t *Tx) InsertReidentification(ctx context.Context, r Reidentification) error {
	_, err := t.exec(ctx, "delete old re-identifications", `DELETE FROM reidentifications WHERE issued_at < ?`,
		Millis(r.IssuedAt.Time().Add(-keepReidentifications)))
	if err != nil {
		return err
	}

	return t.insert(ctx, "insert re-identification", `INSERT INTO reidentifications (`+reidentificationColumns+`)
		VALUES (:challenge, :token_hash, :link_hash, :session_hash, :enrol_hash, :completion_hash, :account_id, :mpxn,
		:ir, :contact, :contact_ended, :method, :own_record, :redirect_url, :match_code, :wrong_codes, :language,
		:started_from, :key_id, :sealed_token, :issued_at, :confirm_by, :asserted_at, :confirmed_at, :declined_at,
		:soft_declined_at, :consumed_at, :visit_until)`, r)
}

// FindReidentification finds a challenge by its token-ref; ErrNotFound, also if another account started it.
func (r reader) FindReidentification(ctx context.Context, hash []byte, accountID string) (Reidentification, error) {
	return queryRow[Reidentification](ctx, r.db, "find re-identification",
		`SELECT `+reidentificationColumns+` FROM reidentifications WHERE token_hash = ? AND account_id = ?`,
		hash, accountID)
}

// Secret is the kind of secret by which a browser names a challenge.
type Secret string

// The secrets that a browser can hold.
const (
	LinkSecret    Secret = "link_hash"
	SessionSecret Secret = "session_hash"
	EnrolSecret   Secret = "enrol_hash"
)

// FindOpenChallenge finds a challenge that can still be confirmed by a secret of the browser; ErrNotFound, in the same
// time, if there is none or if it was confirmed, was declined or has expired. A challenge that was only softly declined
// is open.
func (s *Store) FindOpenChallenge(
	ctx context.Context,
	secret Secret,
	hash []byte,
	now time.Time,
) (Reidentification, error) {
	return s.findChallenge(ctx, secret, hash, openChallenge, openArgs(now)...)
}

// HoldOpenChallenge is FindOpenChallenge, and locks the challenge until the transaction ends.
func (t *Tx) HoldOpenChallenge(
	ctx context.Context,
	secret Secret,
	hash []byte,
	now time.Time,
) (Reidentification, error) {
	return t.findChallenge(ctx, secret, hash, openChallenge+t.forUpdate(), openArgs(now)...)
}

// FindEnrolment finds the challenge of a ticket to enrol a passkey, if it was confirmed after confirmedAfter by someone
// who still lives there, and what it confirmed has not been ended since; ErrNotFound.
func (r reader) FindEnrolment(
	ctx context.Context,
	hash []byte,
	confirmedAfter, now time.Time,
) (Reidentification, error) {
	return r.findChallenge(ctx, EnrolSecret, hash, `confirmed_at > ? AND declined_at IS NULL AND `+ofPresentOccupant,
		append([]any{Millis(confirmedAfter)}, presentArgs(now)...)...)
}

func (r reader) findChallenge(
	ctx context.Context,
	secret Secret,
	hash []byte,
	where string,
	args ...any,
) (Reidentification, error) {
	return queryRow[Reidentification](ctx, r.db, "find a challenge by its "+string(secret),
		`SELECT `+reidentificationColumns+` FROM reidentifications WHERE `+string(secret)+` = ? AND `+where,
		append([]any{hash}, args...)...)
}

// Outlived says why a token may have lost its effect without an action of its customer.
type Outlived struct {
	// Anonymised says that the identity record has been anonymised.
	Anonymised bool `db:"anonymised"`
	// EarlierOccupant says that the identity record is an earlier occupant's since a change of tenancy.
	EarlierOccupant bool `db:"earlier_occupant"`
	// CannotAnswer says that the identity record cannot answer, also because its account is no longer active.
	CannotAnswer bool `db:"cannot_answer"`
}

// FindOutlived returns what has happened to the identity record of a challenge; ErrNotFound.
func (r reader) FindOutlived(ctx context.Context, hash []byte, now time.Time) (Outlived, error) {
	return queryRow[Outlived](ctx, r.db, "find what a token has outlived",
		`SELECT `+ofEarlierOccupant+` AS earlier_occupant, `+ofAnonymisedRecord+` AS anonymised,
		NOT `+ofAnsweringRecord+` AS cannot_answer
		FROM reidentifications WHERE token_hash = ?`, LondonDay(now, 0), LondonDay(now, 0), hash)
}
