package rules

import (
	"context"
	"errors"
	"slices"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
)

// RemovalWait is how long a contact has to object to its removal (docs/decisions.md, Which person, 7).
const RemovalWait = 7 * 24 * time.Hour

const (
	// removalsPerDay is how many removals can be asked for at a meter point a day: each makes a letter.
	removalsPerDay = 5
	// removalBatch is how many removals one call of EndRemovals ends.
	removalBatch = 500
)

// ErrAskedBefore reports a removal that was asked for a short time ago: an address does not get one letter after the
// other.
var ErrAskedBefore = errors.New("the removal was asked for a short time ago")

// Removal is how a visitor can remove a contact, and part of the text keys of the page.
type Removal string

const (
	// RemovalNone means that the contact does not stand, or that its removal has been asked for.
	RemovalNone Removal = "none"
	// RemovalNow means that the contact is the visitor, or was enrolled by it.
	RemovalNow Removal = "now"
	// RemovalLater means that the contact is written to before.
	RemovalLater Removal = "later"
	// RemovalUntold means that there is no address to write to. The Data User of the passkey can remove it.
	RemovalUntold Removal = "untold"
)

// removal returns how a visitor can remove a contact.
func (h home) removal(visitor, c contact) Removal {
	switch {
	case c.State != store.ContactStands:
		return RemovalNone
	case visitor.owns(c):
		return RemovalNow
	case c.RemovalAt != nil:
		return RemovalNone
	case len(h.toldOfRemoval(visitor, c)) == 0:
		return RemovalUntold
	default:
		return RemovalLater
	}
}

// owns reports whether a visitor removes a contact at once: itself, the same address on another identity record, and
// the passkeys that it enrolled. Those are the passkeys of its own record that were made in a confirmed visit since it
// stands; the address that replaces another one does not own what the other one enrolled.
func (visitor contact) owns(c contact) bool {
	if c.ID == visitor.ID || c.address != "" && c.address == visitor.address {
		return true
	}

	enrolled := c.Why == whyVisit || c.Why == whyMigrated

	return c.isPasskey() && !visitor.isPasskey() && c.IR == visitor.IR && enrolled &&
		!c.CreatedAt.Time().Before(visitor.Since.Time())
}

// toldOfRemoval returns the addresses that are written to before a visitor removes a contact: the contact itself. For
// a passkey it is the address of its identity record. If that is the visitor's, or if there is none, it is every other
// standing address too.
func (h home) toldOfRemoval(visitor, c contact) []contact {
	if !c.isPasskey() {
		return []contact{c}
	}

	var own []contact
	var others []contact
	for _, address := range h.standing() {
		switch {
		case address.isPasskey():
		case address.IR == c.IR:
			own = append(own, address)
		case address.address != visitor.address:
			others = append(others, address)
		}
	}

	if len(own) > 0 && own[0].address != visitor.address {
		return own
	}

	return inMailOrder(append(own, others...))
}

// RemoveOwnContact removes a contact at once if it is the visitor or the visitor's own. It writes to every other one,
// and removes it after seven days unless one objects. removed is true if the contact has gone; it is false, and
// nothing changes, if the page that the visitor saw is not right any more. It returns ErrAskedBefore if the removal
// was asked for a short time ago.
func (r *Rules) RemoveOwnContact(ctx context.Context, visit Visit, contactID string) (removed bool, err error) {
	err = r.changeContact(ctx, visit, contactID, func(tx *store.Tx, h home, visitor, c contact) error {
		switch h.removal(visitor, c) {
		case RemovalNow:
			removed = true

			return r.removeContact(ctx, tx, h, c)
		case RemovalLater:
			return r.askRemoval(ctx, tx, h, visitor, c)
		default:
			return nil
		}
	})

	return removed, err
}

// askRemoval sets the removal of a contact, and writes to those who can object.
func (r *Rules) askRemoval(ctx context.Context, tx *store.Tx, h home, visitor, c contact) error {
	for _, limit := range []store.Limit{
		{Bucket: "removal " + c.ID, Most: 1, Within: RemovalWait},
		{Bucket: "removals " + c.MPxN, Most: removalsPerDay, Within: 24 * time.Hour},
	} {
		wait, err := tx.CountTowards(ctx, limit, r.clock())
		if err != nil {
			return err
		}
		if wait > 0 {
			return ErrAskedBefore
		}
	}

	at := h.now.Add(RemovalWait)
	set, err := tx.SetRemoval(ctx, c.ID, visitor.ID, at)
	if err != nil || !set {
		return err
	}

	r.auditRemoval(tx, c, auditRemovalAsked, map[string]any{"by-contact": visitor.ID})

	return r.writeRemoval(ctx, tx, h.toldOfRemoval(visitor, c), c, at)
}

// KeepOwnContact ends a removal that was asked for.
func (r *Rules) KeepOwnContact(ctx context.Context, visit Visit, contactID string) error {
	return r.changeContact(ctx, visit, contactID, func(tx *store.Tx, _ home, visitor, c contact) error {
		kept, err := tx.KeepContact(ctx, c.ID)
		if kept {
			r.auditRemoval(tx, c, auditRemovalEnded, map[string]any{"by-contact": visitor.ID})
		}

		return err
	})
}

// removeContact removes a contact for good: a passkey with its public key, an address with its sealed text and its
// hash on the identity record.
func (r *Rules) removeContact(ctx context.Context, tx *store.Tx, h home, c contact) error {
	// The identity record is held before the challenges that end, as the use of a token does.
	record, err := tx.HoldIdentityRecord(ctx, c.IR)
	if err != nil {
		return err
	}
	if c.isPasskey() {
		return r.removePasskey(ctx, tx, h, record, c)
	}
	if err := r.endContact(ctx, tx, h, c, endedRemoved, byCustomer); err != nil {
		return err
	}

	return tx.EraseEmail(ctx, c.IR)
}

// removePasskey deletes the passkey of a contact, and writes to the standing addresses.
func (r *Rules) removePasskey(
	ctx context.Context, tx *store.Tx, h home, record store.IdentityRecord, c contact,
) error {
	passkeys, err := tx.ListCredentials(ctx, []string{c.IR})
	if err != nil {
		return err
	}

	i := slices.IndexFunc(passkeys, func(p store.Credential) bool { return p.CredentialID == *c.CredentialID })
	if i < 0 {
		return r.endContact(ctx, tx, h, c, endedRemoved, byCustomer)
	}
	if _, err := r.deletePasskey(ctx, tx, h, passkeys[i], byCustomer); err != nil {
		return err
	}

	r.auditRemoval(tx, c, auditCredentialRemoved, map[string]any{"credential": passkeys[i].CredentialID})

	return r.queuePasskeyLetters(ctx, tx, h, record, passkeys[i], true, "", mail.PasskeyRemoved)
}

// auditRemoval records what happens about the removal of a contact.
func (r *Rules) auditRemoval(tx *store.Tx, c contact, eventType string, detail map[string]any) {
	detail["contact"] = c.ID
	detail["ir"] = c.IR
	tx.Audit(r.auditEvent(byCustomer, eventType, c.MPxN, "", detail))
}

// EndRemovals removes the contacts that did not object within their time. It returns how many it looked at; the next
// call continues.
func (r *Rules) EndRemovals(ctx context.Context) (int, error) {
	due, err := r.store.ListRemovalsDue(ctx, r.Now(), removalBatch)
	if err != nil {
		return 0, err
	}

	return sweepDue(ctx, r, due, "remove a contact", r.endRemoval)
}

// endRemoval removes a contact, unless the one that asked for it does not stand any more: a stranger who was found out
// removes no other contact. While a letter about it is underway, the removal waits.
func (r *Rules) endRemoval(ctx context.Context, tx *store.Tx, due store.DueContact) error {
	h, err := r.holdHome(ctx, tx, due.MPxN)
	if err != nil {
		return err
	}

	c, ok := h.contact(due.ID)
	if ok && (c.RemovalAt == nil || c.RemovalAt.Time().After(h.now)) {
		return nil // an objection came in the meantime, or the letter was late
	}

	askedBy := contact{}
	if ok && c.RemovalBy != nil {
		askedBy, _ = h.contact(*c.RemovalBy)
		h = h.sideOf(c.MoveInDate)
	}

	if !ok || c.State != store.ContactStands || !h.livesHere(c) || !h.stands(askedBy) {
		_, err := tx.KeepContact(ctx, due.ID)

		return err
	}

	untold, err := tx.HasRemovalUnderway(ctx, due.ID)
	if err != nil {
		return err
	}
	if untold {
		return tx.PostponeRemoval(ctx, due.ID, letterDay)
	}

	return r.removeContact(ctx, tx, h, c)
}
