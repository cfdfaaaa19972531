package store

import (
	"context"
	"fmt"
	"time"
)

// Reidentification is one challenge to a customer. Challenge is its name, which gives no authority; of each secret it
// holds the hash.
type Reidentification struct {
	Challenge string `db:"challenge"`
	// TokenHash is of the token-ref, which the account that asks holds.
	TokenHash []byte `db:"token_hash"`
	// LinkHash is of the mailed link's secret, SessionHash of the passkey page's; nil where there is no such thing.
	LinkHash    []byte `db:"link_hash"`
	SessionHash []byte `db:"session_hash"`
	// EnrolHash is of the ticket with which the browser of a customer who followed a link may enrol a passkey.
	EnrolHash []byte `db:"enrol_hash"`
	// CompletionHash is of the code that a browser takes from the passkey back to where it started.
	CompletionHash []byte `db:"completion_hash"`
	AccountID      string `db:"account_id"`
	MPxN           string `db:"mpxn"`
	IR             string `db:"ir"`
	Method         string `db:"method"`
	// OwnRecord says that only the record IR can answer, for its own Data User asks.
	OwnRecord   bool    `db:"own_record"`
	RedirectURL *string `db:"redirect_url"`
	MatchCode   *string `db:"match_code"`
	WrongCodes  int     `db:"wrong_codes"`
	// Language is "en", "cy" or empty.
	Language string `db:"language"`
	KeyID    string `db:"key_id"`
	// SealedToken is the token-ref where the customer takes it back; nil otherwise.
	SealedToken []byte `db:"sealed_token"`
	IssuedAt    Millis `db:"issued_at"`
	ConfirmBy   Millis `db:"confirm_by"`
	// AssertedAt is when a passkey was shown, where the completion code has yet to come back.
	AssertedAt  *Millis `db:"asserted_at"`
	ConfirmedAt *Millis `db:"confirmed_at"`
	DeclinedAt  *Millis `db:"declined_at"`
	// SoftDeclinedAt is when a browser that does not say who pressed the button declined. The right code, typed
	// afterwards, clears it.
	SoftDeclinedAt *Millis `db:"soft_declined_at"`
	ConsumedAt     *Millis `db:"consumed_at"`
}

const reidentificationColumns = `challenge, token_hash, link_hash, session_hash, enrol_hash, completion_hash, account_id, mpxn, ir, method,
	own_record, redirect_url, match_code, wrong_codes, language, key_id, sealed_token, issued_at, confirm_by, asserted_at, confirmed_at, declined_at,
	soft_declined_at, consumed_at`

// keepReidentifications is how long after its issue a token can still be told apart from an unknown one.
const keepReidentifications = 24 * time.Hour

// InsertReidentification records a challenge, and forgets those that ended a day ago.
func (t *Tx) InsertReidentification(ctx context.Context, r Reidentification) error {
	_, err := t.exec(
		ctx,
		`DELETE FROM reidentifications WHERE issued_at < ?`,
		Millis(r.IssuedAt.Time().Add(-keepReidentifications)),
	)
	if err != nil {
		return fmt.Errorf("forget old re-identifications: %w", err)
	}

	err = t.insert(
		ctx,
		`INSERT INTO reidentifications (`+reidentificationColumns+`) VALUES (:challenge, :token_hash, :link_hash,
		:session_hash, :enrol_hash, :completion_hash, :account_id, :mpxn, :ir, :method, :own_record, :redirect_url, :match_code, :wrong_codes, :language,
		:key_id, :sealed_token, :issued_at, :confirm_by, :asserted_at, :confirmed_at, :declined_at,
		:soft_declined_at, :consumed_at)`,
		r,
	)
	if err != nil {
		return fmt.Errorf("insert re-identification: %w", err)
	}

	return nil
}

// FindReidentification finds a challenge that this account started; ErrNotFound, also where another did.
func (s *Store) FindReidentification(ctx context.Context, hash []byte, accountID string) (Reidentification, error) {
	return findReidentification(ctx, s.read, hash, accountID)
}

// FindReidentification is the same within the transaction.
func (t *Tx) FindReidentification(ctx context.Context, hash []byte, accountID string) (Reidentification, error) {
	return findReidentification(ctx, t.tx, hash, accountID)
}

func findReidentification(ctx context.Context, q queryer, hash []byte, accountID string) (Reidentification, error) {
	found, err := one[Reidentification](ctx, q, `SELECT `+reidentificationColumns+` FROM reidentifications
		WHERE token_hash = ? AND account_id = ?`, hash, accountID)
	if err != nil {
		return Reidentification{}, fmt.Errorf("find re-identification: %w", err)
	}

	return found, nil
}

// Secret is which of a challenge's secrets a browser holds.
type Secret string

const (
	LinkSecret    Secret = "link_hash"
	SessionSecret Secret = "session_hash"
	EnrolSecret   Secret = "enrol_hash"
)

// FindOpenChallenge finds a challenge by a secret that a browser holds, while it can still be confirmed; ErrNotFound, in
// the same time, where there is none such, and where it was confirmed, declined or has run out. A challenge that was
// only softly declined is open.
func (s *Store) FindOpenChallenge(
	ctx context.Context,
	secret Secret,
	hash []byte,
	now time.Time,
) (Reidentification, error) {
	return findChallenge(ctx, s.read, secret, hash, open, openAt(now)...)
}

// FindOpenChallenge is the same within the transaction, until whose end the challenge stays as it is.
func (t *Tx) HoldOpenChallenge(
	ctx context.Context,
	secret Secret,
	hash []byte,
	now time.Time,
) (Reidentification, error) {
	return findChallenge(ctx, t.tx, secret, hash, open+t.lock(), openAt(now)...)
}

// FindEnrolment finds the challenge whose browser holds this ticket to enrol a passkey, confirmed after confirmedAfter by
// somebody who still lives there; ErrNotFound.
func (s *Store) FindEnrolment(
	ctx context.Context,
	hash []byte,
	confirmedAfter, now time.Time,
) (Reidentification, error) {
	return findChallenge(
		ctx,
		s.read,
		EnrolSecret,
		hash,
		`confirmed_at > ? AND `+outlives,
		Millis(confirmedAfter),
		day(now),
		LondonDay(now, 0),
	)
}

func findChallenge(
	ctx context.Context,
	q queryer,
	secret Secret,
	hash []byte,
	where string,
	args ...any,
) (Reidentification, error) {
	found, err := one[Reidentification](
		ctx,
		q,
		`SELECT `+reidentificationColumns+` FROM reidentifications WHERE `+string(secret)+` = ? AND `+where,
		append([]any{hash}, args...)...)
	if err != nil {
		return Reidentification{}, fmt.Errorf("find a challenge by its %s: %w", secret, err)
	}

	return found, nil
}

// ofAnsweringRecord is true of a challenge whose identity record can answer, on a day in London.
const ofAnsweringRecord = `EXISTS (SELECT 1 FROM identity_records WHERE identity_records.ir = reidentifications.ir
	AND ` + canAnswer + `)`

// outlives is true of a challenge whose identity record still stands for the people at its meter point, on a day and the
// same day in London.
const outlives = `NOT ` + ofEarlierOccupant + ` AND ` + ofAnsweringRecord

// open is true of a challenge that can still be confirmed at a moment, given with its days by openAt.
const open = `confirmed_at IS NULL AND declined_at IS NULL AND asserted_at IS NULL AND confirm_by > ? AND ` + outlives

// openAt are the arguments of open.
func openAt(now time.Time) []any { return []any{Millis(now), day(now), LondonDay(now, 0)} }

// LinkAnswer is the customer's yes on the page behind a mailed link.
type LinkAnswer struct {
	LinkHash []byte
	// Code is the typed match code; empty if none was asked for.
	Code string
	// TypedShown says that the code that the page itself shows was typed, and is right.
	TypedShown bool
	// EnrolHash is of the ticket that the browser gets for the yes.
	EnrolHash []byte
}

// ConfirmByLink confirms an open challenge by its link. It returns false if there is no such challenge, it is no longer
// open, the match code is wrong, or the challenge was softly declined and no code was typed.
func (t *Tx) ConfirmByLink(ctx context.Context, yes LinkAnswer, now time.Time) (bool, error) {
	rows, err := t.exec(ctx, `UPDATE reidentifications SET confirmed_at = ?, enrol_hash = ?, soft_declined_at = NULL
		WHERE link_hash = ? AND (match_code = ? OR match_code IS NULL AND (soft_declined_at IS NULL OR ?)) AND `+open,
		append([]any{Millis(now), yes.EnrolHash, yes.LinkHash, yes.Code, yes.TypedShown}, openAt(now)...)...)
	if err != nil {
		return false, fmt.Errorf("confirm a challenge by its link: %w", err)
	}

	return rows == 1, nil
}

// MaxWrongCodes is how often a code may be typed wrong before the challenge ends (docs/decisions.md, Match code).
const MaxWrongCodes = 3

// CountWrongCode notes that the code of an open challenge was typed wrong, and ends the challenge at the third time. It
// returns false if the challenge is not open.
func (t *Tx) CountWrongCode(ctx context.Context, challenge string, now time.Time) (bool, error) {
	rows, err := t.exec(ctx, `UPDATE reidentifications SET wrong_codes = wrong_codes + 1,
		declined_at = CASE WHEN wrong_codes + 1 >= ? THEN ? ELSE declined_at END WHERE challenge = ? AND `+open,
		append([]any{MaxWrongCodes, Millis(now), challenge}, openAt(now)...)...)
	if err != nil {
		return false, fmt.Errorf("count a wrong code: %w", err)
	}

	return rows == 1, nil
}

// EndedByWrongCodes reports whether a challenge ended because its code was typed wrong too often.
func (r Reidentification) EndedByWrongCodes() bool {
	return r.DeclinedAt != nil && r.WrongCodes >= MaxWrongCodes
}

// Decline is the customer's "this wasn't me". It answers false where the challenge is not open.
func (t *Tx) Decline(ctx context.Context, challenge string, now time.Time) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE reidentifications SET declined_at = ? WHERE challenge = ? AND `+open,
		append([]any{Millis(now), challenge}, openAt(now)...)...,
	)
	if err != nil {
		return false, fmt.Errorf("decline a challenge: %w", err)
	}
	return rows == 1, nil
}

// SoftDecline notes that a browser that does not say who pressed the button declined an open challenge. It returns false
// if the challenge is not open or was softly declined before.
func (t *Tx) SoftDecline(ctx context.Context, challenge string, now time.Time) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE reidentifications SET soft_declined_at = ? WHERE challenge = ? AND soft_declined_at IS NULL AND `+open,
		append([]any{Millis(now), challenge}, openAt(now)...)...,
	)
	if err != nil {
		return false, fmt.Errorf("softly decline a challenge: %w", err)
	}

	return rows == 1, nil
}

// ConfirmByPasskey notes that the customer of an open challenge has shown a passkey, or enrolled one. Where completion is
// not nil, the challenge is confirmed only when the code of this hash comes back. It answers false where the challenge
// is not open.
func (t *Tx) ConfirmByPasskey(ctx context.Context, challenge string, completion []byte, now time.Time) (bool, error) {
	moment := "confirmed_at"
	if completion != nil {
		moment = "asserted_at"
	}

	rows, err := t.exec(
		ctx,
		`UPDATE reidentifications SET `+moment+` = ?, completion_hash = ? WHERE challenge = ? AND soft_declined_at IS NULL
		AND `+open,
		append([]any{Millis(now), completion, challenge}, openAt(now)...)...,
	)
	if err != nil {
		return false, fmt.Errorf("confirm a challenge by a passkey: %w", err)
	}

	return rows == 1, nil
}

// CompleteReidentification confirms the challenge of a token and an account whose completion code has come back, as long
// as the passkey was shown after shownAfter. It answers false where there is none such.
func (t *Tx) CompleteReidentification(
	ctx context.Context,
	tokenHash []byte,
	accountID string,
	completion []byte,
	shownAfter, now time.Time,
) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE reidentifications SET confirmed_at = ? WHERE token_hash = ? AND account_id = ? AND completion_hash = ?
		AND asserted_at > ? AND confirmed_at IS NULL AND declined_at IS NULL AND `+outlives,
		Millis(now),
		tokenHash,
		accountID,
		completion,
		Millis(shownAfter),
		day(now),
		LondonDay(now, 0),
	)
	if err != nil {
		return false, fmt.Errorf("complete a re-identification: %w", err)
	}

	return rows == 1, nil
}

// EndEnrolment takes back the ticket to enrol a passkey. It answers false where it has been taken back.
func (t *Tx) EndEnrolment(ctx context.Context, challenge string) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE reidentifications SET enrol_hash = NULL WHERE challenge = ? AND enrol_hash IS NOT NULL`,
		challenge,
	)
	if err != nil {
		return false, fmt.Errorf("end an enrolment: %w", err)
	}
	return rows == 1, nil
}

// ofEarlierOccupant is true of a row of reidentifications whose identity record has become an earlier occupant's by a
// day. Of an anonymised record nobody knows since when its people lived there, so that any change ends it.
const ofEarlierOccupant = `EXISTS (SELECT 1 FROM tenancy_changes c, identity_records i WHERE c.mpxn = reidentifications.mpxn
	AND i.ir = reidentifications.ir AND c.withdrawn_at IS NULL AND c.effective_date <= ? AND c.effective_date > COALESCE(i.move_in_date, ''))`

// Outlived says why a token may have come to nothing without its customer's doing.
type Outlived struct {
	Anonymised      bool `db:"anonymised"`       // the identity record has been anonymised
	EarlierOccupant bool `db:"earlier_occupant"` // by a change of tenancy it is of an earlier occupant
	// CannotAnswer is true also if the account of the identity record is no longer active.
	CannotAnswer bool `db:"cannot_answer"`
}

// FindOutlived tells what has become of the identity record behind a challenge; ErrNotFound.
func (s *Store) FindOutlived(ctx context.Context, hash []byte, now time.Time) (Outlived, error) {
	return findOutlived(ctx, s.read, hash, now)
}

// FindOutlived is the same within the transaction.
func (t *Tx) FindOutlived(ctx context.Context, hash []byte, now time.Time) (Outlived, error) {
	return findOutlived(ctx, t.tx, hash, now)
}

func findOutlived(ctx context.Context, q queryer, hash []byte, now time.Time) (Outlived, error) {
	found, err := one[Outlived](ctx, q, `SELECT `+ofEarlierOccupant+` AS earlier_occupant,
		EXISTS (SELECT 1 FROM identity_records i WHERE i.ir = reidentifications.ir AND i.anonymised_at IS NOT NULL) AS anonymised,
		NOT `+ofAnsweringRecord+` AS cannot_answer
		FROM reidentifications WHERE token_hash = ?`, day(now), LondonDay(now, 0), hash)
	if err != nil {
		return Outlived{}, fmt.Errorf("find what a token has outlived: %w", err)
	}

	return found, nil
}

// ConsumeReidentification spends a confirmed token of this account for this meter point, issued after
// issuedAfter, whose customer still lives there. Of any number of callers, on any number of replicas, it answers true to one.
func (t *Tx) ConsumeReidentification(
	ctx context.Context,
	hash []byte,
	accountID, mpxn string,
	issuedAfter, now time.Time,
) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE reidentifications SET consumed_at = ? WHERE token_hash = ? AND account_id = ? AND mpxn = ?
		AND confirmed_at IS NOT NULL AND declined_at IS NULL AND consumed_at IS NULL AND issued_at > ?
		AND NOT `+ofEarlierOccupant,
		Millis(now),
		hash,
		accountID,
		mpxn,
		Millis(issuedAfter),
		day(now),
	)
	if err != nil {
		return false, fmt.Errorf("consume re-identification: %w", err)
	}

	return rows == 1, nil
}

// InsertReading records which access records a token opened.
func (t *Tx) InsertReading(ctx context.Context, hash []byte, aks []string) error {
	for _, ak := range aks {
		if _, err := t.exec(ctx, `INSERT INTO readings (token_hash, ak) VALUES (?, ?)`, hash, ak); err != nil {
			return fmt.Errorf("insert reading: %w", err)
		}
	}

	return nil
}
