package store

import (
	"context"
	"slices"
	"time"
)

// The states of a contact.
const (
	ContactStands      = "stands"
	ContactProvisional = "provisional"
	ContactSetAside    = "set-aside"
)

// standsFirst is why a contact stands that was the first of its household.
const standsFirst = "first"

// Contact is an e-mail address or a passkey on an identity record, with its present standing (docs/decisions.md, Which
// person).
type Contact struct {
	ID        string `db:"contact"`
	IR        string `db:"ir"`
	AccountID string `db:"account_id"`
	MPxN      string `db:"mpxn"`
	// CredentialID is nil if the contact is an address.
	CredentialID *string `db:"credential_id"`
	// Replaces is the contact whose address this one replaces once it stands; nil if it replaces none.
	Replaces *string `db:"replaces"`
	// SealedEmail and EmailMAC are set while a replacement does not stand. KeyID is the key of the hash, and of the
	// address if the identity record has no key of its own yet.
	KeyID       string `db:"key_id"`
	SealedEmail []byte `db:"sealed_email"`
	EmailMAC    []byte `db:"email_mac"`
	Imported    bool   `db:"imported"`
	CreatedAt   Millis `db:"created_at"`
	// OpenedAt is when the contact first confirmed a challenge of anybody, ConfirmedAt when it last did.
	OpenedAt    *Millis `db:"opened_at"`
	ConfirmedAt *Millis `db:"confirmed_at"`
	// BouncedAt is when the mail server last refused the address for good.
	BouncedAt *Millis `db:"bounced_at"`
	// ToldAt is when the standing addresses had been told of the contact.
	ToldAt *Millis `db:"told_at"`
	// Letters is how many rounds of letters were written, LetterDueAt when the next one is due.
	Letters     int     `db:"letters"`
	LetterDueAt *Millis `db:"letter_due_at"`
	// CheckAt is when the wait of the contact is looked at.
	CheckAt *Millis `db:"check_at"`
	// RemovalAt is when the contact is removed at the request of the contact RemovalBy, unless somebody objects.
	RemovalAt *Millis `db:"removal_at"`
	RemovalBy *string `db:"removal_by"`

	Standing

	// Record is what the rule needs to know of the identity record.
	MoveInDate   string `db:"move_in_date"`
	MovedByPatch bool   `db:"moved_by_patch"`
	RegisteredAt Millis `db:"registered_at"`
	RecordKeyID  string `db:"record_key_id"`
	// OwnKey is the key of the identity record, which seals its address, its detail and SealedEmail.
	OwnKey
	RecordEmail      []byte  `db:"record_email"`
	RecordDetail     []byte  `db:"record_detail"`
	AccountStatus    string  `db:"account_status"`
	AccountCause     *string `db:"account_cause"`
	AccountStoppedAt *Millis `db:"account_stopped_at"`
	// PasskeyUsedAt is when the passkey was last used, PasskeyName the device that it is on; nil for an address.
	PasskeyUsedAt *Millis `db:"passkey_used_at"`
	PasskeyName   *string `db:"passkey_name"`
}

// Standing is what a contact is or was at one time.
type Standing struct {
	State string `db:"state"`
	Since Millis `db:"since"`
	Why   string `db:"why"`
	// Household is the first day of the household in which the standing began; empty without a change of tenancy.
	Household string `db:"household"`
	// RestsOn is the account of the first contact on whose word the standing rests; nil if it rests on none, or is that
	// of the first one itself.
	RestsOn *string `db:"rests_on"`
}

const (
	contactColumns = `contact, ir, account_id, mpxn, credential_id, replaces, key_id, sealed_email, email_mac, imported,
		created_at, check_at, letter_due_at, told_at`

	// liveContacts finds the contacts that have not ended, with what Contact holds. Conditions follow.
	liveContacts = `SELECT c.contact, c.ir, c.account_id, c.mpxn, c.credential_id, c.replaces, c.key_id,
		c.sealed_email, c.email_mac, c.imported, c.created_at, c.opened_at, c.confirmed_at, c.bounced_at, c.told_at,
		c.letters, c.letter_due_at, c.check_at, c.removal_at, c.removal_by, s.state, s.since, s.why, s.household,
		s.rests_on, i.move_in_date, i.moved_by_patch, i.created_at AS registered_at, i.key_id AS record_key_id,
		ik.key_id AS wrap_key_id, ik.wrapped_key,
		i.sealed_email AS record_email, i.sealed_detail AS record_detail, a.status AS account_status,
		a.status_cause AS account_cause, a.suspended_at AS account_stopped_at,
		COALESCE(p.used_at, p.registered_at) AS passkey_used_at, p.name AS passkey_name
		FROM contacts c
		JOIN standings s ON s.contact = c.contact AND s.until IS NULL
		JOIN identity_records i ON i.ir = c.ir
		LEFT JOIN identity_keys ik ON ik.ir = c.ir
		JOIN accounts a ON a.account_id = c.account_id
		LEFT JOIN credentials p ON p.credential_id = c.credential_id
		WHERE c.ended_at IS NULL AND i.anonymised_at IS NULL`
)

// HoldMeterPoint makes transactions that decide about the contacts of a meter point wait for each other until they
// end. On SQLite they do so anyway. A transaction that holds several meter points takes them in ascending order.
func (t *Tx) HoldMeterPoint(ctx context.Context, mpxn string) error {
	return t.HoldMeterPoints(ctx, []string{mpxn})
}

// HoldMeterPoints is HoldMeterPoint for several, which must be in ascending order.
func (t *Tx) HoldMeterPoints(ctx context.Context, mpxns []string) error {
	if !t.onPostgres() {
		return nil
	}

	for batch := range slices.Chunk(mpxns, rowsPerInsert) {
		args := make([]any, len(batch))
		for i, mpxn := range batch {
			args[i] = mpxn
		}

		_, err := t.exec(ctx, "hold meter points", `SELECT pg_advisory_xact_lock(hashtextextended(mpxn, 0))
			FROM (VALUES `+placeholders(len(batch), 1)+`) held (mpxn)`, args...)
		if err != nil {
			return err
		}
	}

	return nil
}

// ListSettledMeterPoints lists those of the meter points that have, or had, a contact or a change of tenancy.
func (r reader) ListSettledMeterPoints(ctx context.Context, mpxns []string) (map[string]bool, error) {
	settled := map[string]bool{}
	for batch := range slices.Chunk(mpxns, rowsPerInsert) {
		found, err := queryRowsIn[string](ctx, r.db, "list the meter points with contacts",
			`SELECT mpxn FROM contacts WHERE mpxn IN (?) UNION SELECT mpxn FROM tenancy_changes WHERE mpxn IN (?)`,
			batch, batch)
		if err != nil {
			return nil, err
		}

		for _, mpxn := range found {
			settled[mpxn] = true
		}
	}

	return settled, nil
}

// InsertContacts adds contacts with their first standing.
func (t *Tx) InsertContacts(ctx context.Context, contacts []Contact) error {
	if len(contacts) == 0 {
		return nil
	}

	var rows, standings []any
	for _, c := range contacts {
		rows = append(rows, c.ID, c.IR, c.AccountID, c.MPxN, c.CredentialID, c.Replaces, c.KeyID, c.SealedEmail,
			c.EmailMAC, c.Imported, c.CreatedAt, c.CheckAt, c.LetterDueAt, c.ToldAt)
		standings = append(standings, c.ID, c.State, c.Since, c.Why, c.Household, c.firstAccount(c.Why),
			c.RestsOn)
	}

	_, err := t.exec(ctx, "insert contacts", `INSERT INTO contacts (`+contactColumns+`) VALUES `+
		placeholders(len(contacts), len(rows)/len(contacts)), rows...)
	if err != nil {
		return err
	}

	_, err = t.exec(ctx, "insert standings", `INSERT INTO standings (contact, state, since, why, household,
		account_id, rests_on) VALUES `+placeholders(len(contacts), len(standings)/len(contacts)), standings...)

	return err
}

// firstAccount returns the account of a contact if a standing says that it is the first; nil otherwise. The account is
// stored beside such a standing, so that they can be counted by account and day.
func (c Contact) firstAccount(why string) *string {
	if why != standsFirst {
		return nil
	}

	return &c.AccountID
}

// ListContacts lists the contacts of a meter point, of all Data Users and households, the oldest first.
func (r reader) ListContacts(ctx context.Context, mpxn string) ([]Contact, error) {
	return queryRows[Contact](ctx, r.db, "list the contacts of a meter point",
		liveContacts+` AND c.mpxn = ? ORDER BY c.created_at, c.contact`, mpxn)
}

// ListContactsOf lists the contacts of identity records, the oldest first.
func (r reader) ListContactsOf(ctx context.Context, irs []string) ([]Contact, error) {
	if len(irs) == 0 {
		return nil, nil
	}

	return queryRowsIn[Contact](ctx, r.db, "list the contacts of identity records",
		liveContacts+` AND c.ir IN (?) ORDER BY c.created_at, c.contact`, irs)
}

// FindContact finds a contact by its key; ErrNotFound, also if it has ended.
func (r reader) FindContact(ctx context.Context, contact string) (Contact, error) {
	return queryRow[Contact](ctx, r.db, "find a contact", liveContacts+` AND c.contact = ?`, contact)
}

// FormerContact is a contact that stood for a household, opened something and stands no more.
type FormerContact struct {
	ID string `db:"contact"`
	// EndedWhy is nil if the contact has not ended: something else keeps it from standing.
	EndedWhy *string `db:"ended_why"`
	// Until is when it stopped standing.
	Until Millis `db:"until"`
}

// FindFormerContact finds the contact whose standing for a household ended last, of those that opened something;
// ErrNotFound. The household is named by its first day.
func (r reader) FindFormerContact(ctx context.Context, mpxn, household string) (FormerContact, error) {
	return queryRow[FormerContact](ctx, r.db, "find the last contact that stood",
		`SELECT c.contact, c.ended_why, s.until FROM contacts c JOIN standings s ON s.contact = c.contact
		WHERE c.mpxn = ? AND c.opened_at IS NOT NULL AND s.state = 'stands' AND s.household = ?
		AND s.until IS NOT NULL ORDER BY s.until DESC, c.contact LIMIT 1`, mpxn, household)
}

// SetStanding ends the present standing of a contact, which was of a household, and begins another, of which no letter
// has been written yet. It returns false, and changes nothing, if the present standing is not the one that the caller
// read.
func (t *Tx) SetStanding(ctx context.Context, c Contact, household string, next Standing) (bool, error) {
	ended, err := t.execOne(ctx, "end a standing", `UPDATE standings SET until = ?, household = ?
		WHERE contact = ? AND until IS NULL AND state = ? AND since = ?`, next.Since, household, c.ID, c.State, c.Since)
	if err != nil || !ended {
		return false, err
	}

	_, err = t.exec(ctx, "begin a standing",
		`INSERT INTO standings (contact, state, since, why, household, account_id, rests_on)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.ID, next.State, next.Since, next.Why, next.Household, c.firstAccount(next.Why), next.RestsOn)
	if err != nil {
		return false, err
	}

	_, err = t.exec(ctx, "reset the letters of a contact", `UPDATE contacts SET letters = 0 WHERE contact = ?`, c.ID)

	return err == nil, err
}

// SetWait sets when the next letters about a contact are due, when its standing addresses had been told, and when its
// wait is looked at.
func (t *Tx) SetWait(ctx context.Context, contact string, letterDueAt, toldAt, checkAt *Millis) error {
	_, err := t.exec(ctx, "set the wait of a contact",
		`UPDATE contacts SET letter_due_at = ?, told_at = ?, check_at = ? WHERE contact = ?`,
		letterDueAt, toldAt, checkAt, contact)

	return err
}

// EndContact ends a contact: its standing, its own copy of an address and what waits for it. household is the first day
// of its household. It returns false if it has ended.
func (t *Tx) EndContact(ctx context.Context, contact, why, household string, now time.Time) (bool, error) {
	ended, err := t.execOne(ctx, "end a contact", `UPDATE contacts SET ended_at = ?, ended_why = ?, sealed_email = NULL,
		email_mac = NULL, letter_due_at = NULL, check_at = NULL, removal_at = NULL
		WHERE contact = ? AND ended_at IS NULL`, Millis(now), why, contact)
	if err != nil || !ended {
		return false, err
	}

	_, err = t.exec(ctx, "end the standing of a contact",
		`UPDATE standings SET until = ?, household = ? WHERE contact = ? AND until IS NULL`,
		Millis(now), household, contact)

	return err == nil, err
}

// TakeReplacement makes the address of a contact the address of its identity record, sealed with the record's key. It
// returns false if the contact has ended.
func (t *Tx) TakeReplacement(ctx context.Context, c Contact, sealedEmail, mac []byte) (bool, error) {
	taken, err := t.execOne(ctx, "take over an address", `UPDATE contacts SET sealed_email = NULL, email_mac = NULL,
		replaces = NULL WHERE contact = ? AND ended_at IS NULL AND sealed_email IS NOT NULL`, c.ID)
	if err != nil || !taken {
		return false, err
	}

	return t.SetRecordEmail(ctx, c.IR, c.RecordKeyID, sealedEmail, mac)
}

// SetRecordEmail sets the address of an identity record, sealed with the key that the record has. It returns false if
// the record has another key by now or is anonymised.
func (t *Tx) SetRecordEmail(ctx context.Context, ir, keyID string, sealedEmail, mac []byte) (bool, error) {
	return t.execOne(ctx, "set the address of an identity record",
		`UPDATE identity_records SET sealed_email = ?, email_mac = ?, email_form = ?
		WHERE ir = ? AND key_id = ? AND anonymised_at IS NULL`, sealedEmail, mac, emailForm, ir, keyID)
}

// ConfirmContact records that a contact has confirmed a challenge. The address works, whatever bounced before.
func (t *Tx) ConfirmContact(ctx context.Context, contact string, now time.Time) error {
	_, err := t.exec(ctx, "record a confirmation of a contact", `UPDATE contacts SET confirmed_at = ?,
		opened_at = COALESCE(opened_at, ?), bounced_at = NULL WHERE contact = ?`, Millis(now), Millis(now), contact)

	return err
}

// EndChallengesOf ends the open challenges of a contact, and the tokens and the authority to withdraw that it
// confirmed. Those that its own Data User started end only if withOwn is true.
func (t *Tx) EndChallengesOf(ctx context.Context, contact string, withOwn bool, now time.Time) error {
	_, err := t.exec(ctx, "end the challenges of a contact", `UPDATE reidentifications SET declined_at = ?,
		contact_ended = TRUE WHERE contact = ? AND declined_at IS NULL AND (NOT own_record OR ?)`,
		Millis(now), contact, withOwn)

	return err
}

// RecordHolder is an account that has registered access records at a meter point.
type RecordHolder struct {
	AccountID string `db:"account_id"`
	// KnowsCustomer is true if one of them rests on an identity record of its own, false if all were registered by a
	// token.
	KnowsCustomer bool `db:"knows_customer"`
	// FirstAt is when the first one came on the register that rests on an identity record of its own; nil if none does.
	FirstAt *Millis `db:"first_at"`
	// Active is true if one of them is active now.
	Active bool `db:"active"`
	// LastEndedAt is when the last of them ended; nil if none has.
	LastEndedAt *Millis `db:"last_ended_at"`
}

// knownCustomer is true of an access record on an identity record by which its account knows the customer.
const knownCustomer = `i.account_id = r.account_id AND NOT i.by_token`

// ListRecordHolders lists the accounts that have registered access records at a meter point.
func (r reader) ListRecordHolders(ctx context.Context, mpxn string, now time.Time) ([]RecordHolder, error) {
	return queryRows[RecordHolder](ctx, r.db, "list the accounts with access records at a meter point",
		`SELECT r.account_id, MAX(CASE WHEN `+knownCustomer+` THEN 1 ELSE 0 END) = 1 AS knows_customer,
		MIN(CASE WHEN `+knownCustomer+` THEN r.created_at END) AS first_at,
		MAX(CASE WHEN `+activeRecord+` THEN 1 ELSE 0 END) = 1 AS active,
		MAX(CASE WHEN revoked_at IS NOT NULL THEN revoked_at WHEN expiry <= ? THEN expiry END) AS last_ended_at
		FROM access_records r JOIN identity_records i ON i.ir = COALESCE(r.first_ir, r.ir)
		WHERE r.mpxn = ? GROUP BY r.account_id ORDER BY r.account_id`,
		Millis(now), Millis(now), mpxn)
}

// ListWaitsDue lists the meter points and contacts whose wait is to be looked at, the longest due first.
func (r reader) ListWaitsDue(ctx context.Context, now time.Time, limit int) ([]DueContact, error) {
	return queryRows[DueContact](ctx, r.db, "list due waits", `SELECT contact, mpxn FROM contacts
		WHERE check_at IS NOT NULL AND check_at <= ? ORDER BY check_at, contact LIMIT ?`, Millis(now), limit)
}

// DueContact is a contact for which something is due.
type DueContact struct {
	ID   string `db:"contact"`
	MPxN string `db:"mpxn"`
}
