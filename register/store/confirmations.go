package store

import (
	"context"
	"time"
)

// The changes in this file move a challenge on: a customer confirms or declines it, and the account that asked spends
// its token. Each states in its WHERE clause what has to be true, and returns false if it is not.

// ConfirmByLink confirms an open challenge by the secret of its mailed link, and by its match code if it has one. It
// stores the hash of the ticket with which the browser may enrol a passkey. It returns false if there is no open
// challenge with this link, or if the code is wrong.
func (t *Tx) ConfirmByLink(
	ctx context.Context,
	linkHash []byte,
	code string,
	enrolHash []byte,
	now time.Time,
) (bool, error) {
	return t.execOne(ctx, "confirm a challenge by its link", `UPDATE reidentifications
		SET confirmed_at = ?, enrol_hash = ?
		WHERE link_hash = ? AND (match_code IS NULL OR match_code = ?) AND `+openChallenge,
		Millis(now), enrolHash, linkHash, code, Millis(now), dateOf(now))
}

// CountWrongCode counts a wrong match code of an open challenge. The last one of MaxWrongCodes declines the challenge.
// It returns false if the challenge is not open.
func (t *Tx) CountWrongCode(ctx context.Context, challenge string, now time.Time) (bool, error) {
	return t.execOne(ctx, "count a wrong match code", `UPDATE reidentifications SET wrong_codes = wrong_codes + 1,
		declined_at = CASE WHEN wrong_codes + 1 >= ? THEN ? ELSE declined_at END
		WHERE challenge = ? AND match_code IS NOT NULL AND `+openChallenge,
		MaxWrongCodes, Millis(now), challenge, Millis(now), dateOf(now))
}

// Decline ends an open challenge after the customer said "this wasn't me". It returns false if the challenge is not
// open.
func (t *Tx) Decline(ctx context.Context, challenge string, now time.Time) (bool, error) {
	return t.execOne(ctx, "decline a challenge", `UPDATE reidentifications SET declined_at = ?
		WHERE challenge = ? AND `+openChallenge, Millis(now), challenge, Millis(now), dateOf(now))
}

// ConfirmByPasskey records that the customer of an open challenge has shown or enrolled a passkey. If completionHash
// is nil, the challenge is confirmed; otherwise only CompleteReidentification confirms it. It returns false if the
// challenge is not open.
func (t *Tx) ConfirmByPasskey(
	ctx context.Context,
	challenge string,
	completionHash []byte,
	now time.Time,
) (bool, error) {
	column := "confirmed_at"
	if completionHash != nil {
		column = "asserted_at"
	}

	return t.execOne(ctx, "confirm a challenge by a passkey", `UPDATE reidentifications
		SET `+column+` = ?, completion_hash = ? WHERE challenge = ? AND `+openChallenge,
		Millis(now), completionHash, challenge, Millis(now), dateOf(now))
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
	return t.execOne(ctx, "complete a re-identification", `UPDATE reidentifications SET confirmed_at = ?
		WHERE token_hash = ? AND account_id = ? AND completion_hash = ? AND asserted_at > ?
		AND confirmed_at IS NULL AND declined_at IS NULL AND NOT `+ofEarlierOccupant,
		Millis(now), tokenHash, accountID, completionHash, Millis(shownAfter), dateOf(now))
}

// EndEnrolment takes back the ticket to enrol a passkey. It returns false if there is none any more.
func (t *Tx) EndEnrolment(ctx context.Context, challenge string) (bool, error) {
	return t.execOne(ctx, "end an enrolment", `UPDATE reidentifications SET enrol_hash = NULL
		WHERE challenge = ? AND enrol_hash IS NOT NULL`, challenge)
}

// ConsumeReidentification spends a confirmed token of an account for a meter point. The token was issued after
// issuedAfter, and its customer still lives there. It is single use: of any number of callers, on any number of
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
		AND NOT `+ofEarlierOccupant,
		Millis(now), hash, accountID, mpxn, Millis(issuedAfter), dateOf(now))
}
