package rules

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// UpdateIdentityRecord changes an identity record of an account and returns it. What a change does to the standing of
// its contacts is decided in the same transaction (docs/decisions.md, Which person). It returns Errors if the change
// is wrong or empty, an *Error of KindNotFound if the account has no such record, of KindConflict if the record is
// anonymised, and of KindTooMany if its address was changed too often.
func (r *Rules) UpdateIdentityRecord(
	ctx context.Context, accountID, ir string, in registerclient.UpdateIdentityRecordRequest,
) (changed registerclient.IdentityRecord, err error) {
	if err := r.checkIdentityChange(in); err != nil {
		return changed, err
	}

	err = r.store.Transact(ctx, func(tx *store.Tx) error {
		h, record, err := r.holdOwnRecord(ctx, tx, accountID, ir)
		if err != nil {
			return err
		}
		if record.AnonymisedAt != nil {
			return conflict("This identity record is anonymised and can no longer be changed.")
		}

		if record.ByToken {
			return referenceConflict()
		}

		if h, record, err = r.withOwnKey(ctx, tx, h, record); err != nil {
			return err
		}

		key, err := r.keys.recordKey(record.IR, record.OwnKey, record.KeyID)
		if err != nil {
			return err
		}

		change := identityChange{rules: r, tx: tx, home: h, record: record, key: key, ring: r.keys.key(record.KeyID)}
		if err := change.apply(ctx, in); err != nil {
			return err
		}

		record, err = tx.FindOwnIdentityRecord(ctx, accountID, ir)
		if err != nil {
			return err
		}

		records, err := r.identityRecordsOf(ctx, tx, []store.IdentityRecord{record})
		if err != nil {
			return err
		}
		changed = records[0]

		return nil
	})

	return changed, err
}

// checkIdentityChange returns every mistake of a change of an identity record.
func (r *Rules) checkIdentityChange(in registerclient.UpdateIdentityRecordRequest) error {
	person := registerclient.PIIPrincipalChange{}
	if in.PIIPrincipal != nil {
		person = *in.PIIPrincipal
	}
	if in.Email == nil && in.PrincipalVerification == nil && person == (registerclient.PIIPrincipalChange{}) {
		return Errors{Invalid("", "The body must give email, principal-verification, or pii-principal with "+
			"move-in-date or address.")}
	}

	var k Checks
	if in.Email != nil {
		k.mailbox("email", *in.Email)
	}
	k.verification("principal-verification.", in.PrincipalVerification, r.Now())
	if person.MoveInDate != "" {
		k.moveInDate("pii-principal.move-in-date", person.MoveInDate, r.Now())
	}
	k.address("pii-principal.address", person.Address)

	return k.Err()
}

// identityChange is a change of one identity record, in the transaction that holds the record and its meter point.
type identityChange struct {
	rules  *Rules
	tx     *store.Tx
	home   home
	record store.IdentityRecord
	// key seals the record, and ring hashes its address for look-up.
	key  sealKey
	ring *masterKey
	// members are those that have changed, as the audit log names them.
	members []string
}

// apply makes the change: of the person first, so that the rule judges a new address with what is known of its person
// now.
func (c *identityChange) apply(ctx context.Context, in registerclient.UpdateIdentityRecordRequest) error {
	if err := c.changePerson(ctx, in); err != nil {
		return err
	}
	if in.Email != nil {
		if err := c.changeAddress(ctx, normalEmail(*in.Email)); err != nil {
			return err
		}
	}

	event := c.rules.auditEvent(c.record.AccountID, auditIdentityUpdated, *c.record.MPxN, "", map[string]any{
		"ir": c.record.IR, "changed": append([]string{}, c.members...),
	})
	c.tx.Audit(event)

	return nil
}

// changePerson stores what a change says of the person, and decides about the contacts of a changed person.
func (c *identityChange) changePerson(ctx context.Context, in registerclient.UpdateIdentityRecordRequest) error {
	former := c.record
	if err := c.changeDetail(in); err != nil {
		return err
	}
	if in.PIIPrincipal != nil && in.PIIPrincipal.MoveInDate != "" {
		c.changeMoveInDate(string(in.PIIPrincipal.MoveInDate))
	}
	if len(c.members) == 0 {
		return nil
	}

	updated, err := c.tx.UpdateIdentityRecord(ctx, c.record)
	if err != nil {
		return err
	}
	if !updated {
		return errors.New("update an identity record: its key has changed")
	}

	before := c.home
	if c.home, err = c.rules.home(ctx, c.tx, *c.record.MPxN); err != nil {
		return err
	}

	// Addresses come before passkeys: of the contacts of one person an address is first.
	contacts := slices.Clone(c.home.contacts)
	slices.SortStableFunc(contacts, func(a, b contact) int { return cmp.Compare(a.kind(), b.kind()) })
	for _, now := range contacts {
		was, ok := before.contact(now.ID)
		if now.IR != former.IR || !ok {
			continue
		}

		v, decided := c.home.reconsider(was, now)
		if !decided {
			continue
		}
		if err := c.rules.setStanding(ctx, c.tx, c.home, now, v, c.record.AccountID); err != nil {
			return err
		}
		// Each decision is about the home that the ones before it left.
		if c.home, err = c.rules.home(ctx, c.tx, *c.record.MPxN); err != nil {
			return err
		}
	}

	return nil
}

// changeDetail seals the address and the verification of the person again.
func (c *identityChange) changeDetail(in registerclient.UpdateIdentityRecordRequest) error {
	hasAddress := in.PIIPrincipal != nil && in.PIIPrincipal.Address != nil
	if !hasAddress && in.PrincipalVerification == nil {
		return nil
	}

	var detail identityDetail
	if c.record.SealedDetail != nil {
		var err error
		detail, err = c.rules.detailOf(c.record.IR, c.record.OwnKey, c.record.KeyID, c.record.SealedDetail)
		if err != nil {
			return err
		}
	}

	if hasAddress {
		detail.Address = in.PIIPrincipal.Address
		c.members = append(c.members, "pii-principal.address")
	}
	if in.PrincipalVerification != nil {
		detail.Verification = in.PrincipalVerification
		c.members = append(c.members, "principal-verification")
	}

	text, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("encode the detail of an identity record: %w", err)
	}
	c.record.SealedDetail = c.key.sealed(text, placeOfDetail(c.record.IR))

	return nil
}

// changeMoveInDate sets the move-in date, and keeps the former one: which household an access record belongs to is
// decided by the date that was on record then.
func (c *identityChange) changeMoveInDate(day string) {
	former := *c.record.MoveInDate
	if day == former {
		return
	}

	var dates []store.FormerMoveIn
	if c.record.FormerMoveIns != nil {
		dates = c.record.FormerMoveIns.V
	}
	dates = append(slices.Clone(dates), store.FormerMoveIn{Date: former, Until: c.rules.Now()})

	c.record.MoveInDate = &day
	c.record.MovedByPatch = true
	c.record.FormerMoveIns = &store.JSON[[]store.FormerMoveIn]{V: dates}
	c.members = append(c.members, "pii-principal.move-in-date")
}

// reconsider decides about a contact after a change of its person, from was to now. ok is false if its standing stays:
// that of a contact of the present household which stays in it, and that of one that was set aside.
func (h home) reconsider(was, now contact) (v verdict, ok bool) {
	failed := now.outcome == outcomeFailed && was.outcome != outcomeFailed
	recovered := was.outcome == outcomeFailed && now.outcome != outcomeFailed
	stays := h.livesHere(was) && h.livesHere(now) && h.householdOf(was) == h.householdOf(now)
	moved := was.MoveInDate != now.MoveInDate && !stays
	if now.State == store.ContactSetAside || !failed && !recovered && !moved {
		return verdict{}, false
	}

	v = h.without(now.ID).arrive(now, nil)
	if v.why == whyNew && (was.Why == whyTie || h.hasTie()) {
		v.why = whyTie // an administrator has yet to decide between two households
	}

	return v, true
}

// changeAddress gives the record another address. If its address stands, the new one waits to replace it; any other
// address is replaced at once.
func (c *identityChange) changeAddress(ctx context.Context, address string) error {
	current, waiting := c.addressContacts()
	newest := current
	if waiting != nil {
		newest = waiting
	}
	if newest != nil && newest.address == address {
		return nil
	}

	if err := c.rules.limitAddresses(ctx, c.tx, c.record.IR); err != nil {
		return err
	}

	c.members = append(c.members, "email")
	if waiting != nil {
		err := c.rules.endContact(ctx, c.tx, c.home, *waiting, endedReplaced, c.record.AccountID)
		if err != nil {
			return err
		}

		c.home = c.home.without(waiting.ID)
	}

	switch {
	case current != nil && current.address == address:
		return nil // the address that was to be replaced stays
	case current != nil && current.State == store.ContactStands:
		return c.addReplacement(ctx, *current, address)
	}

	return c.replaceAddress(ctx, current, address)
}

// addressContacts returns the contact of the record's address and the one that waits to replace it; nil if there is
// none.
func (c *identityChange) addressContacts() (current, waiting *contact) {
	for i, known := range c.home.contacts {
		switch {
		case known.IR != c.record.IR || known.isPasskey():
		case known.SealedEmail == nil:
			current = &c.home.contacts[i]
		default:
			waiting = &c.home.contacts[i]
		}
	}

	return current, waiting
}

// addReplacement adds an address that replaces the one of a contact as soon as it stands. Until then the contact keeps
// its standing, its address and its letters.
func (c *identityChange) addReplacement(ctx context.Context, former contact, address string) error {
	added, err := c.rules.contactOfRecord(c.record, nil)
	if err != nil {
		return err
	}

	added.address = address
	added.Replaces = &former.ID
	added.SealedEmail = c.key.sealed([]byte(address), placeOfEmail(c.record.IR))
	added.EmailMAC = c.ring.mac(address)
	added, err = c.rules.addContact(ctx, c.tx, c.home, added, nil)
	if err != nil || added.State != store.ContactStands {
		return err
	}

	return c.rules.takeReplacement(ctx, c.tx, c.home, added)
}

// replaceAddress makes an address that of the record at once, and ends the contact of the former one; nil if there is
// none. The address of a contact that was set aside comes back under no other name: the new one is never first.
func (c *identityChange) replaceAddress(ctx context.Context, former *contact, address string) error {
	if former != nil {
		err := c.rules.endContact(ctx, c.tx, c.home, *former, endedReplaced, c.record.AccountID)
		if err != nil {
			return err
		}
	}

	c.record.SealedEmail = c.key.sealed([]byte(address), placeOfEmail(c.record.IR))
	c.record.EmailMAC = c.ring.mac(address)
	set, err := c.tx.SetRecordEmail(ctx, c.record.IR, c.record.KeyID, c.record.SealedEmail, c.record.EmailMAC)
	if err != nil {
		return err
	}
	if !set {
		return errors.New("set the address of an identity record: its key has changed")
	}

	added, err := c.rules.contactOfRecord(c.record, nil)
	if err != nil {
		return err
	}

	h := c.home
	if former != nil {
		h = h.without(former.ID)
	}

	v := h.arrive(added, nil)
	if v.why == whyFirst && former != nil && former.State == store.ContactSetAside {
		v = verdict{store.ContactProvisional, whyNew}
	}
	_, err = c.rules.addContactAs(ctx, c.tx, h, added, v)

	return err
}
