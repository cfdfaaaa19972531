package rules

import (
	"context"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// longestReason is how many characters the reason of an administrator has at most.
const longestReason = 500

// ListContacts returns to an administrator the contacts of a meter point, of all Data Users and households, the oldest
// first. The reading is audited.
func (r *Rules) ListContacts(ctx context.Context, administrator, mpxn string) ([]registerclient.Contact, error) {
	h, err := r.home(ctx, r.store, mpxn)
	if err != nil {
		return nil, err
	}

	contacts := make([]registerclient.Contact, len(h.contacts))
	for i, c := range h.contacts {
		contacts[i] = h.contactForAdministrator(c)
	}

	err = r.auditLook(ctx, r.lookEvent(ctx, administrator, mpxn, "", map[string]any{"at": "contacts"}))
	if err != nil {
		return nil, err
	}

	return contacts, nil
}

// contactForAdministrator returns a contact as an administrator sees it.
func (h home) contactForAdministrator(c contact) registerclient.Contact {
	shown := registerclient.Contact{
		ContactStanding: h.contactStanding(c),
		MPxN:            c.MPxN,
		AccountID:       c.AccountID,
		IR:              c.IR,
		Replaces:        c.Replaces,
		Letters:         c.Letters,
		ToldAt:          optionalWireTime(c.ToldAt),
	}
	if c.isPasskey() {
		shown.PasskeyName = c.PasskeyName
	} else {
		shown.Address = new(maskedEmail(c.address))
	}

	return shown
}

// ContactDecision is an administrator's decision about a contact.
type ContactDecision struct {
	event   string
	verdict verdict
	// refuse returns why the decision cannot be made; nil if it can.
	refuse func(h home, c contact) *Error
}

// The decisions about a contact.
var (
	// SetAside makes a contact answer only its own Data User until it is restored.
	SetAside = ContactDecision{
		event:   auditContactSetAside,
		verdict: verdict{store.ContactSetAside, whyAdministrator},
		refuse: func(_ home, c contact) *Error {
			if c.State == store.ContactSetAside {
				return conflict("This contact is set aside already.")
			}

			return nil
		},
	}
	// Restore makes a contact stand, a provisional one too.
	Restore = ContactDecision{
		event:   auditContactRestored,
		verdict: verdict{store.ContactStands, whyAdministrator},
		refuse:  refuseRestoring,
	}
)

// refuseRestoring returns why a contact cannot be restored; nil if it can.
func refuseRestoring(h home, c contact) *Error {
	switch {
	case h.stands(c):
		return conflict("This contact stands already.")
	case c.outcome == outcomeFailed:
		return conflict("The verification of this contact's person failed.")
	case h.present.hasMovedOut(c.MoveInDate):
		return conflict("This contact's person is an earlier occupant.")
	case !h.livesHere(c):
		return conflict("The move-in date of this contact's person is still to come.")
	}

	return nil
}

// CheckContactDecision refuses a decision before a transaction begins: it returns an *Error of KindNotFound if no
// contact can have this key, and Errors if the reason is wrong.
func CheckContactDecision(contactID, reason string) error {
	if !patternKey.MatchString(contactID) {
		return noContact()
	}

	var k Checks
	k.required("reason", reason, longestReason)

	return k.Err()
}

// DecideContact makes an administrator's decision about a contact and returns the contact. It returns an *Error of
// KindNotFound if there is no such contact, and of KindConflict if the decision cannot be made.
func (r *Rules) DecideContact(
	ctx context.Context, tx *store.Tx, decision ContactDecision, administrator, contactID, reason string,
) (registerclient.Contact, error) {
	// The meter point is held before the contact is read for the decision.
	row, err := tx.FindContact(ctx, contactID)
	if err != nil {
		return registerclient.Contact{}, orRefusal(err, noContact())
	}

	h, err := r.holdHome(ctx, tx, row.MPxN)
	if err != nil {
		return registerclient.Contact{}, err
	}

	c, ok := h.contact(contactID)
	if !ok {
		return registerclient.Contact{}, noContact()
	}
	if refusal := decision.refuse(h, c); refusal != nil {
		return registerclient.Contact{}, refusal
	}

	if err := r.setStanding(ctx, tx, h, c, decision.verdict, administrator); err != nil {
		return registerclient.Contact{}, err
	}

	tx.Audit(r.auditEvent(administrator, decision.event, c.MPxN, "", map[string]any{
		"contact": c.ID, "ir": c.IR, "reason": reason,
	}))
	if decision.verdict.state == store.ContactStands {
		if err := r.endTies(ctx, tx, c.MPxN, administrator); err != nil {
			return registerclient.Contact{}, err
		}
	}

	if h, err = r.home(ctx, tx, c.MPxN); err != nil {
		return registerclient.Contact{}, err
	}
	c, _ = h.contact(contactID)

	return h.contactForAdministrator(c), nil
}

// endTies makes the contacts ordinary new ones that waited for an administrator to decide between two households.
func (r *Rules) endTies(ctx context.Context, tx *store.Tx, mpxn, administrator string) error {
	h, err := r.home(ctx, tx, mpxn)
	if err != nil {
		return err
	}

	for _, c := range h.contacts {
		if c.Why != whyTie || c.State != store.ContactProvisional || !h.livesHere(c) {
			continue
		}

		err := r.setStanding(ctx, tx, h, c, verdict{store.ContactProvisional, whyNew}, administrator)
		if err != nil {
			return err
		}
	}

	return nil
}

func noContact() *Error { return NotFound("There is no such contact.") }
