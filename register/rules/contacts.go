package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"central.consent/dar/register/store"
)

// contactReader reads what the rule of standing needs, from the store or in a transaction.
type contactReader interface {
	tenancyReader

	ListContacts(ctx context.Context, mpxn string) ([]store.Contact, error)
	FindFormerContact(ctx context.Context, mpxn, household string) (store.FormerContact, error)
	ListRecordHolders(ctx context.Context, mpxn string, now time.Time) ([]store.RecordHolder, error)
}

// home reads what is known of a meter point.
func (r *Rules) home(ctx context.Context, from contactReader, mpxn string) (home, error) {
	present, err := r.household(ctx, from, mpxn)
	if err != nil {
		return home{}, err
	}

	rows, err := from.ListContacts(ctx, mpxn)
	if err != nil {
		return home{}, err
	}

	h := home{now: r.Now(), present: present}
	for _, row := range rows {
		known, err := r.contactOf(row)
		if err != nil {
			return home{}, err
		}

		h.contacts = append(h.contacts, known)
	}

	if h.holders, err = from.ListRecordHolders(ctx, mpxn, h.now); err != nil {
		return home{}, err
	}

	h.formers = map[string]*store.FormerContact{}
	for _, side := range present.sides() {
		view := h
		view.present = side
		if len(view.standing()) > 0 {
			continue
		}

		if h.formers[side.since()], err = formerContact(ctx, from, mpxn, view); err != nil {
			return home{}, err
		}
	}
	h.former = h.formers[present.since()]

	return h, nil
}

// holdHome is home, and makes other transactions that decide about the meter point wait until this one ends.
func (r *Rules) holdHome(ctx context.Context, tx *store.Tx, mpxn string) (home, error) {
	if err := tx.HoldMeterPoint(ctx, mpxn); err != nil {
		return home{}, err
	}

	return r.home(ctx, tx, mpxn)
}

// formerContact returns the contact that stood last for a household in which none stands; nil if none has stood.
func formerContact(ctx context.Context, from contactReader, mpxn string, h home) (*store.FormerContact, error) {
	for _, c := range h.contacts {
		// Its Data User misbehaved: the standing itself has not ended.
		if c.State == store.ContactStands && c.OpenedAt != nil && h.livesHere(c) {
			former := &store.FormerContact{ID: c.ID}
			if c.AccountStoppedAt != nil {
				former.Until = *c.AccountStoppedAt
			}

			return former, nil
		}
	}

	former, err := from.FindFormerContact(ctx, mpxn, h.present.since())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}

	return &former, err
}

// contactOf returns what the rule of standing knows of a stored contact. Without the key that sealed its record, the
// contact is unreadable and counts: otherwise the next one would be first.
func (r *Rules) contactOf(row store.Contact) (contact, error) {
	known, err := r.openContact(row)
	if _, missing := errors.AsType[missingKeyError](err); missing {
		known = contact{Contact: row, unreadable: true}
		if row.CredentialID == nil {
			known.address = "unreadable " + row.ID
		}

		return known, nil
	}

	return known, err
}

// openContact opens what is sealed of a stored contact.
func (r *Rules) openContact(row store.Contact) (contact, error) {
	known := contact{Contact: row}
	if row.CredentialID == nil {
		address, err := r.addressOf(row)
		if err != nil {
			return contact{}, err
		}

		known.address = address
	}

	if row.RecordDetail == nil {
		return known, nil
	}

	detail, err := r.detailOf(row.IR, row.OwnKey, row.RecordKeyID, row.RecordDetail)
	if err != nil {
		return contact{}, err
	}
	if detail.Verification != nil {
		known.outcome = detail.Verification.Outcome
	}

	return known, nil
}

// addressOf returns the address of a contact in its normal form.
func (r *Rules) addressOf(row store.Contact) (string, error) {
	keyID := row.RecordKeyID
	sealed := row.RecordEmail
	if row.SealedEmail != nil {
		keyID = row.KeyID
		sealed = row.SealedEmail
	}

	address, err := r.keys.openRecord(row.IR, row.OwnKey, keyID, sealed, placeOfEmail(row.IR))
	if err != nil {
		return "", fmt.Errorf("open the address of a contact: %w", err)
	}

	return normalEmail(string(address)), nil
}

// detailOf opens the detail of an identity record.
func (r *Rules) detailOf(ir string, own store.OwnKey, keyID string, sealed []byte) (identityDetail, error) {
	text, err := r.keys.openRecord(ir, own, keyID, sealed, placeOfDetail(ir))
	if err != nil {
		return identityDetail{}, fmt.Errorf("open an identity record: %w", err)
	}

	var detail identityDetail
	if err := json.Unmarshal(text, &detail); err != nil {
		return identityDetail{}, fmt.Errorf("decode the detail of an identity record: %w", err)
	}

	return detail, nil
}

// contactOfRecord returns a new contact of an identity record, without a standing. credential is its passkey; nil for
// the address of the record.
func (r *Rules) contactOfRecord(record store.IdentityRecord, credential *store.Credential) (contact, error) {
	row := store.Contact{
		ID:            NewID("cnt"),
		IR:            record.IR,
		AccountID:     record.AccountID,
		MPxN:          *record.MPxN,
		KeyID:         record.KeyID,
		CreatedAt:     store.Millis(r.Now()),
		MoveInDate:    *record.MoveInDate,
		MovedByPatch:  record.MovedByPatch,
		RegisteredAt:  record.CreatedAt,
		RecordKeyID:   record.KeyID,
		OwnKey:        record.OwnKey,
		RecordEmail:   record.SealedEmail,
		RecordDetail:  record.SealedDetail,
		AccountStatus: accountActive,
	}
	if credential != nil {
		row.CredentialID = &credential.CredentialID
		row.PasskeyName = &credential.Name
		row.PasskeyUsedAt = &credential.RegisteredAt
	}

	return r.contactOf(row)
}

// addContact decides about a new contact, stores it and returns it with its standing. by is the contact that confirmed
// the visit in which a passkey was made; nil if none did. The transaction must hold the meter point.
func (r *Rules) addContact(
	ctx context.Context, tx *store.Tx, h home, added contact, by *contact,
) (contact, error) {
	if by != nil {
		added = added.restingOn(*by)
	}

	return r.addContactAs(ctx, tx, h, added, h.arrive(added, by))
}

// addContactAs is addContact with the verdict of the caller.
func (r *Rules) addContactAs(
	ctx context.Context, tx *store.Tx, h home, added contact, v verdict,
) (contact, error) {
	decided := h.begin(added, v)
	if err := tx.InsertContacts(ctx, []store.Contact{decided.Contact}); err != nil {
		return contact{}, err
	}

	r.auditStanding(tx, decided, decided.AccountID)

	return decided, r.announceContact(ctx, tx, h, decided)
}

// begin returns a contact with the standing that a verdict gives it, and its wait.
func (h home) begin(c contact, v verdict) contact {
	c.Standing = store.Standing{
		State: v.state, Since: store.Millis(h.now), Why: v.why, Household: h.householdOf(c), RestsOn: h.restsOn(c, v),
	}
	c.LetterDueAt = nil
	c.ToldAt = nil
	c.CheckAt = nil
	if v.state != store.ContactProvisional {
		return c
	}

	switch v.why {
	case whyToCome:
		c.CheckAt = new(store.Millis(store.LondonMidnight(c.MoveInDate)))
	case whyFailed, whyEarlierOccupant, whyTie:
		// Another report, a verification or an administrator ends these.
	default:
		if len(h.toTell(c)) > 0 {
			c.LetterDueAt = new(store.Millis(h.now))
		} else {
			c.ToldAt = new(store.Millis(h.now))
		}
		c.CheckAt = new(h.nextCheck(c))
	}

	return c
}

// setStanding gives a contact the standing of a verdict, in the transaction that holds the meter point. A contact that
// stands no more ends what it confirmed; an address that begins to stand takes the place of the one that it replaces,
// and makes its other records stand. by is the account or "customer" that decided; empty if time did.
func (r *Rules) setStanding(ctx context.Context, tx *store.Tx, h home, c contact, v verdict, by string) error {
	return r.replaceStanding(ctx, tx, h, c, h.householdOf(c), v, by)
}

// replaceStanding is setStanding, and says to which household the standing belonged that ends.
func (r *Rules) replaceStanding(
	ctx context.Context, tx *store.Tx, h home, c contact, household string, v verdict, by string,
) error {
	next := h.begin(c, v)
	changed, err := tx.SetStanding(ctx, c.Contact, household, next.Standing)
	if err != nil || !changed {
		return err
	}
	if err := tx.SetWait(ctx, c.ID, next.LetterDueAt, next.ToldAt, next.CheckAt); err != nil {
		return err
	}

	r.auditStanding(tx, next, by)
	if v.state != store.ContactStands {
		if err := tx.EndChallengesOf(ctx, c.ID, false, h.now); err != nil {
			return err
		}

		return r.announceWaiting(ctx, tx, h, c, nil)
	}

	if c.SealedEmail != nil {
		if err := r.takeReplacement(ctx, tx, h, c); err != nil {
			return err
		}
	}

	return r.standWith(ctx, tx, h, next)
}

// standWith makes the other provisional records of an address stand that has begun to.
func (r *Rules) standWith(ctx context.Context, tx *store.Tx, h home, stands contact) error {
	h = h.sideOf(stands.MoveInDate)
	for _, other := range h.contacts {
		same := other.ID != stands.ID && other.address != "" && other.address == stands.address
		if !same || other.State != store.ContactProvisional || !h.canStand(other) || !h.canStand(stands) {
			continue
		}
		if stands.Replaces != nil && other.ID == *stands.Replaces {
			continue
		}

		v := verdict{store.ContactStands, whySameAddress}
		other = other.restingOn(stands)
		err := r.replaceStanding(ctx, tx, h.without(stands.ID), other, other.Household, v, "")
		if err != nil {
			return err
		}
	}

	return nil
}

// contact returns the contact with this key.
func (h home) contact(id string) (contact, bool) {
	i := slices.IndexFunc(h.contacts, func(c contact) bool { return c.ID == id })
	if i < 0 {
		return contact{}, false
	}

	return h.contacts[i], true
}

// without returns the home without a contact.
func (h home) without(id string) home {
	h.contacts = slices.DeleteFunc(slices.Clone(h.contacts), func(c contact) bool { return c.ID == id })

	return h
}

// takeReplacement makes the address of a contact that of its identity record, and erases the one that it replaces.
func (r *Rules) takeReplacement(ctx context.Context, tx *store.Tx, h home, c contact) error {
	ring := r.keys.key(c.RecordKeyID)
	if ring == nil {
		return missingKeyError(c.RecordKeyID)
	}

	key, err := r.keys.recordKey(c.IR, c.OwnKey, c.RecordKeyID)
	if err != nil {
		return err
	}

	taken, err := tx.TakeReplacement(
		ctx, c.Contact, key.sealed([]byte(c.address), placeOfEmail(c.IR)), ring.mac(c.address),
	)
	if err != nil {
		return err
	}
	if !taken {
		return errors.New("take over the address of a contact: the identity record has changed")
	}

	for _, former := range h.contacts {
		if c.Replaces != nil && former.ID == *c.Replaces {
			return r.endContact(ctx, tx, h, former, endedReplaced, "")
		}
	}

	return nil
}

// endContact ends a contact for good, with everything that it confirmed. by is the account or "customer" that decided;
// empty if time did.
func (r *Rules) endContact(ctx context.Context, tx *store.Tx, h home, c contact, why, by string) error {
	ended, err := tx.EndContact(ctx, c.ID, why, h.householdOf(c), h.now)
	if err != nil || !ended {
		return err
	}

	tx.Audit(r.auditEvent(by, auditContactEnded, c.MPxN, "", map[string]any{
		"contact": c.ID, "ir": c.IR, "why": why,
	}))
	if err := tx.EndChallengesOf(ctx, c.ID, true, h.now); err != nil {
		return err
	}

	return r.announceWaiting(ctx, tx, h, c, &why)
}

// auditStanding records the standing of a contact.
func (r *Rules) auditStanding(tx *store.Tx, c contact, by string) {
	tx.Audit(r.auditEvent(by, auditContactStanding, c.MPxN, "", map[string]any{
		"contact": c.ID, "ir": c.IR, "standing": c.State, "why": c.Why,
	}))
}
