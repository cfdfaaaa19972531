package store

import (
	"context"
	"time"
)

// The changes in this file move a challenge on: a customer confirms or declines it, and the account that asked spends
// its token. Each states in its WHERE clause what has to be true, and returns false if it is not.

// LinkAnswer is the customer's confirmation on the page behind a mailed link.
type LinkAnswer struct {
	LinkHash []byte
	// Code is the match code that was typed; empty if none was asked for.
	Code string
	// TypedShown says that the code that the page itself shows was typed, and is right.
	TypedShown bool
	// EnrolHash is the hash of the ticket with which the browser may enrol a passkey afterwards.
	EnrolHash []byte
}

// ConfirmByLink confirms an open challenge by its link, and by its match code if it has one. It returns false if there
// is no open challenge with this link, if the match code is wrong, or if the challenge was softly declined and no code
// was typed.
func (t *Tx) ConfirmByLink(ctx context.Context, answer LinkAnswer, now time.Time) (bool, error) {
	args := []any{Millis(now), answer.EnrolHash, answer.LinkHash, answer.Code, answer.TypedShown}

	return t.execOne(ctx, "confirm a challenge by its link", `UPDATE reidentifications
		SET confirmed_at = ?, enrol_hash = ?, soft_declined_at = NULL WHERE link_hash = ?
		AND (match_code = ? OR match_code IS NULL AND (soft_declined_at IS NULL OR ?)) AND `+openChallenge,
		append(args, openArgs(now)...)...)
}

// CountWrongCode counts a wrong code of an open challenge. The last one of MaxWrongCodes declines the challenge. It
// returns false if the challenge is not open.
func (t *Tx) CountWrongCode(ctx context.Context, challenge string, now time.Time) (bool, error) {
	return t.execOne(ctx, "count a wrong code", `UPDATE reidentifications SET wrong_codes = wrong_codes + 1,
		declined_at = CASE WHEN wrong_codes + 1 >= ? THEN ? ELSE declined_at END
		WHERE challenge = ? AND `+openChallenge,
		append([]any{MaxWrongCodes, Millis(now), challenge}, openArgs(now)...)...)
}

// Decline ends an open challenge after the customer said "this wasn't me". It returns false if the challenge is not
// open.
func (t *Tx) Decline(ctx context.Context, challenge string, now time.Time) (bool, error) {
	return t.execOne(ctx, "decline a challenge", `UPDATE reidentifications SET declined_at = ?
		WHERE challenge = ? AND `+openChallenge, append([]any{Millis(now), challenge}, openArgs(now)...)...)
}

// SoftDecline records that a browser that does not say who pressed the button declined an open challenge. It returns
// false if the challenge is not open or was softly declined before.
func (t *Tx) SoftDecline(ctx context.Context, challenge string, now time.Time) (bool, error) {
	return t.execOne(ctx, "softly decline a challenge", `UPDATE reidentifications SET soft_declined_at = ?
		WHERE challenge = ? AND soft_declined_at IS NULL AND `+openChallenge,
		append([]any{Millis(now), challenge}, openArgs(now)...)...)
}

// ConfirmByPasskey records that the customer of an open challenge has shown a passkey, of the identity record and the
// contact that the challenge names now, or has enrolled one. If completionHash
// is nil, the challenge is confirmed; otherwise only CompleteReidentification confirms it. It returns false if the
// challenge is not open or was softly declined.
func (t *Tx) ConfirmByPasskey(
	ctx context.Context,
	challenge Reidentification,
	completionHash []byte,
	now time.Time,
) (bool, error) {
	column := "confirmed_at"
	if completionHash != nil {
		column = "asserted_at"
	}

	return t.execOne(ctx, "confirm a challenge by a passkey", `UPDATE reidentifications
		SET `+column+` = ?, completion_hash = ?, ir = ?, contact = ?
		WHERE challenge = ? AND soft_declined_at IS NULL AND `+openChallenge,
		append([]any{Millis(now), completionHash, challenge.IR, challenge.Contact, challenge.Challenge},
			openArgs(now)...)...)
}

// CompleteReidentification confirms a challenge of an account by its completion code, if the passkey was shown after
// shownAfter. It returns false if there is no such challenge.
func (t *Tx) CompleteReidentification(
	ctx context.Context,
	tokenHash []byte,
	accountID string,
	completionHash []byte,
	shownAfter, now time.Time,
) (bool, error) {
	args := []any{Millis(now), tokenHash, accountID, completionHash, Millis(shownAfter)}

	return t.execOne(ctx, "complete a re-identification", `UPDATE reidentifications SET confirmed_at = ?
		WHERE token_hash = ? AND account_id = ? AND completion_hash = ? AND asserted_at > ?
		AND confirmed_at IS NULL AND declined_at IS NULL AND `+ofPresentOccupant,
		append(args, presentArgs(now)...)...)
}

// EndEnrolment takes back the ticket to enrol a passkey. It returns false if there is none any more.
func (t *Tx) EndEnrolment(ctx context.Context, challenge string) (bool, error) {
	return t.execOne(ctx, "end an enrolment", `UPDATE reidentifications SET enrol_hash = NULL
		WHERE challenge = ? AND enrol_hash IS NOT NULL AND declined_at IS NULL`, challenge)
}

// ConsumeReidentification spends a confirmed token of an account for a meter point. The token was issued after
// issuedAfter, and its customer still answers there. It is single use: of any number of callers, on any number of
// replicas, exactly one gets true.
func (t *Tx) ConsumeReidentification(
	ctx context.Context,
	hash []byte,
	accountID, mpxn string,
	issuedAfter, now time.Time,
) (bool, error) {
	return t.execOne(ctx, "consume a re-identification", `UPDATE reidentifications SET consumed_at = ?
		WHERE token_hash = ? AND account_id = ? AND mpxn = ?
		AND confirmed_at IS NOT NULL AND declined_at IS NULL AND consumed_at IS NULL AND issued_at > ?
		AND `+ofPresentOccupant,
		append([]any{Millis(now), hash, accountID, mpxn, Millis(issuedAfter)}, presentArgs(now)...)...)
}
