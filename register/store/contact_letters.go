package store

import (
	"context"
	"time"
)

// The kinds of letters that can be answered.
const (
	LetterAddition = "addition"
	LetterRemoval  = "removal"
	LetterReading  = "reading"
	LetterTenancy  = "tenancy"
)

// MaxWrongLetterCodes is how many wrong codes end a letter. A letter is open for weeks, and whoever reads it has its
// code, so it allows more slips than a challenge.
const MaxWrongLetterCodes = 3 * MaxWrongCodes

// ContactLetter is a letter to an address that can be answered by its link and by its code.
type ContactLetter struct {
	Letter string `db:"letter"`
	// SecretHash is of the secret in the link.
	SecretHash []byte `db:"secret_hash"`
	Code       string `db:"code"`
	WrongCodes int    `db:"wrong_codes"`
	Kind       string `db:"kind"`
	MPxN       string `db:"mpxn"`
	// Contact is what the letter is about; nil for a change of tenancy.
	Contact *string `db:"contact"`
	// Recipient is the contact whose address the letter was written to.
	Recipient string `db:"recipient"`
	// AccountID is the account that added the contact, or that read the list; nil for other letters.
	AccountID *string `db:"account_id"`
	// Challenge is the challenge of a reading, COT the report of a change of tenancy.
	Challenge *string `db:"challenge"`
	COT       *string `db:"cot"`
	// Round counts the letters about an addition: 1 for the first one to each address.
	Round int `db:"round"`
	// Job is the id of the letter's job in the outbox.
	Job       string `db:"job"`
	WrittenAt Millis `db:"written_at"`
	// AcceptedAt is when the mail server accepted the letter, RefusedAt when it refused it for good.
	AcceptedAt *Millis `db:"accepted_at"`
	RefusedAt  *Millis `db:"refused_at"`
	AnsweredAt *Millis `db:"answered_at"`
	// Answer is "yes" or "no"; nil if there is none.
	Answer    *string `db:"answer"`
	OpenUntil Millis  `db:"open_until"`
}

const (
	contactLetterColumns = `letter, secret_hash, code, wrong_codes, kind, mpxn, contact, recipient, account_id,
		challenge, cot, round, job, written_at, accepted_at, refused_at, answered_at, answer, open_until`

	// openLetter is true of a letter that can be answered at a moment. openLetterArgs returns its arguments.
	openLetter = `answered_at IS NULL AND wrong_codes < ? AND open_until > ?`
)

func openLetterArgs(now time.Time) []any { return []any{MaxWrongLetterCodes, Millis(now)} }

// InsertContactLetter adds a letter.
func (t *Tx) InsertContactLetter(ctx context.Context, l ContactLetter) error {
	return t.insert(ctx, "insert a letter about a contact", `INSERT INTO contact_letters (`+contactLetterColumns+`)
		VALUES (:letter, :secret_hash, :code, :wrong_codes, :kind, :mpxn, :contact, :recipient, :account_id, :challenge,
		:cot, :round, :job, :written_at, :accepted_at, :refused_at, :answered_at, :answer, :open_until)`, l)
}

// FindOpenLetter finds a letter that can be answered by the hash of its secret; ErrNotFound.
func (r reader) FindOpenLetter(ctx context.Context, secretHash []byte, now time.Time) (ContactLetter, error) {
	return queryRow[ContactLetter](ctx, r.db, "find an open letter",
		`SELECT `+contactLetterColumns+` FROM contact_letters WHERE secret_hash = ? AND `+openLetter,
		append([]any{secretHash}, openLetterArgs(now)...)...)
}

// FindLetterByJob finds a letter by the id of its job; ErrNotFound.
func (r reader) FindLetterByJob(ctx context.Context, job string) (ContactLetter, error) {
	return queryRow[ContactLetter](ctx, r.db, "find a letter by its job",
		`SELECT `+contactLetterColumns+` FROM contact_letters WHERE job = ?`, job)
}

// CountWrongLetterCode counts a wrong code of a letter. It returns false if the letter is not open.
func (t *Tx) CountWrongLetterCode(ctx context.Context, letter string, now time.Time) (bool, error) {
	return t.execOne(ctx, "count a wrong code of a letter",
		`UPDATE contact_letters SET wrong_codes = wrong_codes + 1 WHERE letter = ? AND `+openLetter,
		append([]any{letter}, openLetterArgs(now)...)...)
}

// AnswerLetter records the answer to a letter. It is single use: of any number of callers, exactly one gets true.
func (t *Tx) AnswerLetter(ctx context.Context, letter, answer string, now time.Time) (bool, error) {
	return t.execOne(ctx, "answer a letter",
		`UPDATE contact_letters SET answered_at = ?, answer = ? WHERE letter = ? AND `+openLetter,
		append([]any{Millis(now), answer, letter}, openLetterArgs(now)...)...)
}

// EndLetterDelivery records that the mail server accepted a letter, or refused it for good.
func (t *Tx) EndLetterDelivery(ctx context.Context, letter string, refused bool, now time.Time) error {
	column := "accepted_at"
	if refused {
		column = "refused_at"
	}

	_, err := t.exec(ctx, "end the delivery of a letter",
		`UPDATE contact_letters SET `+column+` = ? WHERE letter = ? AND accepted_at IS NULL AND refused_at IS NULL`,
		Millis(now), letter)

	return err
}

// PostponeLetter records that a letter which could not be sent is queued again for a later time. It is open by so much
// longer.
func (t *Tx) PostponeLetter(ctx context.Context, letter string, at time.Time, longer time.Duration) error {
	_, err := t.exec(ctx, "postpone a letter",
		`UPDATE contact_letters SET written_at = ?, open_until = open_until + ? WHERE letter = ?`,
		Millis(at), longer.Milliseconds(), letter)

	return err
}

// removalLetters is true of the letters about the removal that a contact waits for, the argument.
const removalLetters = `kind = 'removal' AND contact = ? AND answered_at IS NULL
	AND open_until >= (SELECT removal_at FROM contacts WHERE contacts.contact = contact_letters.contact)`

// PostponeRemoval postpones the removal of a contact. Its letters can be answered by so much longer.
func (t *Tx) PostponeRemoval(ctx context.Context, contact string, longer time.Duration) error {
	_, err := t.exec(ctx, "postpone the letters about a removal",
		`UPDATE contact_letters SET open_until = open_until + ? WHERE `+removalLetters, longer.Milliseconds(), contact)
	if err != nil {
		return err
	}

	_, err = t.exec(ctx, "postpone the removal of a contact",
		`UPDATE contacts SET removal_at = removal_at + ? WHERE contact = ? AND removal_at IS NOT NULL`,
		longer.Milliseconds(), contact)

	return err
}

// FindRemoval finds when a contact is to be removed; ErrNotFound if it is not.
func (r reader) FindRemoval(ctx context.Context, contact string) (Millis, error) {
	return queryRow[Millis](ctx, r.db, "find the removal of a contact",
		`SELECT removal_at FROM contacts WHERE contact = ? AND removal_at IS NOT NULL`, contact)
}

// HasRemovalUnderway reports whether a letter about the removal that a contact waits for has neither been accepted nor
// refused for good.
func (r reader) HasRemovalUnderway(ctx context.Context, contact string) (bool, error) {
	return queryRow[bool](ctx, r.db, "find a letter about a removal underway", `SELECT COUNT(*) > 0
		FROM contact_letters WHERE accepted_at IS NULL AND refused_at IS NULL AND `+removalLetters, contact)
}

// DeleteOldLetters deletes the letters that were written before a time and can no longer be answered.
func (t *Tx) DeleteOldLetters(ctx context.Context, before, now time.Time) error {
	_, err := t.exec(ctx, "delete old letters",
		`DELETE FROM contact_letters WHERE written_at < ? AND NOT (`+openLetter+`)`,
		append([]any{Millis(before)}, openLetterArgs(now)...)...)

	return err
}

// HasLetterUnderway reports whether a letter of a round about a contact has neither been accepted nor refused for good.
func (r reader) HasLetterUnderway(ctx context.Context, contact string, round int) (bool, error) {
	return queryRow[bool](ctx, r.db, "find a letter underway", `SELECT COUNT(*) > 0 FROM contact_letters
		WHERE contact = ? AND kind = 'addition' AND round = ? AND accepted_at IS NULL AND refused_at IS NULL`,
		contact, round)
}

// ListLettersUnderwayTo lists the letters to the contacts of an identity record that have neither been accepted nor
// refused for good.
func (r reader) ListLettersUnderwayTo(ctx context.Context, ir string) ([]ContactLetter, error) {
	return queryRows[ContactLetter](ctx, r.db, "list the letters underway to an identity record",
		`SELECT `+contactLetterColumns+` FROM contact_letters WHERE recipient IN `+contactsOfRecord+`
		AND accepted_at IS NULL AND refused_at IS NULL ORDER BY letter`, ir)
}

// WrittenLetters is a round of letters about one contact.
type WrittenLetters struct {
	Contact   string `db:"contact"`
	AccountID string `db:"account_id"`
	Round     int    `db:"round"`
	WrittenAt Millis `db:"written_at"`
}

// ListWrittenAdditions lists the rounds of letters about additions at a meter point since a time.
func (r reader) ListWrittenAdditions(ctx context.Context, mpxn string, since time.Time) ([]WrittenLetters, error) {
	return queryRows[WrittenLetters](ctx, r.db, "list written letters",
		`SELECT contact, account_id, round, MAX(written_at) AS written_at FROM contact_letters
		WHERE mpxn = ? AND kind = 'addition' AND written_at >= ? GROUP BY contact, account_id, round
		ORDER BY contact, round`, mpxn, Millis(since))
}

// ListLetterAccounts lists the accounts of contacts about which a letter is due, imported ones or others. Each account
// is one look into an index.
func (r reader) ListLetterAccounts(ctx context.Context, imported bool, now time.Time) ([]string, error) {
	return queryRows[string](ctx, r.db, "list the accounts with due letters",
		`SELECT a.account_id FROM accounts a WHERE EXISTS (SELECT 1 FROM contacts c WHERE c.account_id = a.account_id
		AND c.imported = ? AND c.letter_due_at IS NOT NULL AND c.letter_due_at <= ?) ORDER BY a.account_id`,
		imported, Millis(now))
}

// ListLettersDue lists contacts of an account about which a letter is due, imported ones or others, the longest due
// first.
func (r reader) ListLettersDue(
	ctx context.Context, accountID string, imported bool, now time.Time, limit int,
) ([]DueContact, error) {
	return queryRows[DueContact](ctx, r.db, "list due letters", `SELECT contact, mpxn FROM contacts
		WHERE account_id = ? AND imported = ? AND letter_due_at IS NOT NULL AND letter_due_at <= ?
		ORDER BY letter_due_at, contact LIMIT ?`, accountID, imported, Millis(now), limit)
}

// SetLetters sets how many rounds of letters about a contact were written, and when the next one is due.
func (t *Tx) SetLetters(ctx context.Context, contact string, letters int, dueAt *Millis) error {
	_, err := t.exec(ctx, "set the letters of a contact",
		`UPDATE contacts SET letters = ?, letter_due_at = ? WHERE contact = ?`, letters, dueAt, contact)

	return err
}

// MarkBounced records that the mail server refused the address of a contact for good.
func (t *Tx) MarkBounced(ctx context.Context, contact string, now time.Time) error {
	_, err := t.exec(ctx, "mark a bounced address",
		`UPDATE contacts SET bounced_at = ? WHERE contact = ?`, Millis(now), contact)

	return err
}

// KeepContact ends the removal of a contact. It returns false if the contact is not about to be removed.
func (t *Tx) KeepContact(ctx context.Context, contact string) (bool, error) {
	return t.execOne(ctx, "keep a contact", `UPDATE contacts SET removal_at = NULL, removal_by = NULL
		WHERE contact = ? AND removal_at IS NOT NULL AND ended_at IS NULL`, contact)
}

// EndAuthority ends what a challenge confirmed: the authority to withdraw and the ticket to enrol a passkey.
func (t *Tx) EndAuthority(ctx context.Context, challenge string, now time.Time) error {
	_, err := t.exec(ctx, "end the authority of a challenge", `UPDATE reidentifications
		SET declined_at = ?, enrol_hash = NULL WHERE challenge = ? AND declined_at IS NULL`, Millis(now), challenge)

	return err
}

// FindChallenge finds a challenge by its public name; ErrNotFound.
func (r reader) FindChallenge(ctx context.Context, challenge string) (Reidentification, error) {
	return queryRow[Reidentification](ctx, r.db, "find a challenge",
		`SELECT `+reidentificationColumns+` FROM reidentifications WHERE challenge = ?`, challenge)
}

// RedirectChallenge makes an open challenge go to another contact. It returns false if the challenge is not open.
func (t *Tx) RedirectChallenge(ctx context.Context, challenge, contact, ir string, now time.Time) (bool, error) {
	return t.execOne(ctx, "send a challenge to another contact",
		`UPDATE reidentifications SET contact = ?, ir = ? WHERE challenge = ? AND `+openChallenge,
		append([]any{contact, ir, challenge}, openArgs(now)...)...)
}

// FindQuestionedReport finds a report of a change of tenancy that can still be disputed; ErrNotFound.
func (r reader) FindQuestionedReport(ctx context.Context, cot string) (TenancyChange, error) {
	return queryRow[TenancyChange](ctx, r.db, "find a report that can be disputed",
		`SELECT `+tenancyColumns+` FROM tenancy_changes
		WHERE cot = ? AND withdrawn_at IS NULL AND disputed_at IS NULL AND upheld_at IS NULL`, cot)
}
