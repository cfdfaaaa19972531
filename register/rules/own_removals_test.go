package rules_test

import (
	"errors"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// remove removes a contact by its name in the list of a visit, and reports whether it has gone.
func (h *house) remove(t testing.TB, visit rules.Visit, name string) bool {
	t.Helper()

	return must(h.RemoveOwnContact(t.Context(), visit, h.own(t, visit, name).ID))(t)
}

// partnerStands adds an address to which the first one says yes, and returns its visit.
func (h *house) partnerStands(t testing.TB) (partner rules.Visit) {
	t.Helper()
	other := h.asking(t, "other", registerclient.RoleDataUser)
	ir := h.lives(t, other, partnerEmail, "2023-01-01")
	visit := h.visit(t)
	must(h.AnswerOwnContact(t.Context(), visit, h.own(t, visit, "p*****r@example.com").ID, true))(t)
	partner = must(h.OpenVisit(t.Context(), h.ownTicket(t, other, ir)))(t)

	return partner
}

// endRemovals ends the removals that are due, and returns how many.
func (h *house) endRemovals(t testing.TB) int {
	t.Helper()

	return must(h.EndRemovals(t.Context()))(t)
}

// An address removes itself at once: its text and its hash are erased, and what it confirmed ends. If it was the last
// contact, no one can confirm.
func TestRemoveVisitor(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		started, secret := h.askByLink(t, false)
		h.confirm(t, secret, "")
		visit := h.visit(t)
		if !h.own(t, visit, "c*****r@example.com").IsLast {
			t.Error("the only contact is not listed as the last one")
		}
		if !h.remove(t, visit, "c*****r@example.com") {
			t.Error("the address was not removed at once")
		}

		h.expectEnded(t, "of a removed contact", visit.Secret)
		h.expectStatus(t, "confirmed before", started, "expired")
		h.expectMethods(t, "removed", "")
		record := must(h.ReadIdentityRecord(t.Context(), "owner", h.ir))(t)
		if record.HasEmail {
			t.Error("the identity record has the address still")
		}

		stored := must(h.store.FindOwnIdentityRecord(t.Context(), "owner", h.ir))(t)
		if stored.SealedEmail != nil || stored.EmailMAC != nil {
			t.Errorf("the identity record is stored as %+v", stored)
		}
		h.expectAudited(t, "contact.ended", 1)

		// It is not first again.
		h.lives(t, h.owner, customerEmail, "2022-06-30")
		h.expectMethods(t, "registered again", "")
	})
}

// The same address on another identity record is the visitor too.
func TestRemoveSameAddress(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.asking(t, "other", registerclient.RoleDataUser)
		h.lives(t, other, customerEmail, "2022-06-30")
		visit := h.visit(t)
		contacts := must(h.ListOwnContacts(t.Context(), visit))(t)
		if !must(h.RemoveOwnContact(t.Context(), visit, contacts[1].ID))(t) {
			t.Error("the address on the other record was not removed at once")
		}

		h.expectListed(t, "one left", visit, "c*****r@example.com works now")
		h.expectMethods(t, "one left", byLink)
		h.remove(t, visit, "c*****r@example.com")
		h.expectEnded(t, "of a removed contact", visit.Secret)
		h.expectMethods(t, "none left", "")
	})
}

// A contact removes the passkeys that it enrolled at once, and every address is told.
func TestRemoveOwnPasskeys(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.enrol(t)
		visit := h.visit(t)
		h.letters(t)
		if !h.remove(t, visit, "A phone") {
			t.Error("the passkey was not removed at once")
		}
		if got := h.recipients(t); got != customerEmail {
			t.Errorf("letters went to %q, want %q", got, customerEmail)
		}
		h.expectListed(t, "removed", visit, "c*****r@example.com works now")
		h.expectAudited(t, "credential.removed", 1)
		h.expectMethods(t, "removed", byLink)
	})
}

// Another contact is removed after seven days, during which it works.
func TestRemoveAnother(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.partnerStands(t)
		visit := h.visit(t)
		if h.remove(t, visit, "p*****r@example.com") {
			t.Error("another contact was removed at once")
		}
		h.letters(t)

		partner := h.own(t, visit, "p*****r@example.com")
		if partner.Removal != rules.RemovalNone || !partner.RemovalAt.Equal(today.Add(7*24*time.Hour)) {
			t.Errorf("the contact is listed as %+v", partner)
		}

		h.clock.Add(7*24*time.Hour - time.Second)
		if got := h.endRemovals(t); got != 0 {
			t.Errorf("%d removals before the end", got)
		}

		h.expectListed(t, "in the last second", h.visit(t),
			"c*****r@example.com works now, p*****r@example.com works none")
		h.clock.Add(time.Second)
		if got := h.endRemovals(t); got != 1 {
			t.Errorf("%d removals at the end, want 1", got)
		}
		h.expectListed(t, "removed", h.visit(t), "c*****r@example.com works now")
		h.expectAudited(t, "contact.removal-asked", 1)
		h.expectAudited(t, "contact.ended", 1)
	})
}

// An objection ends a removal. It cannot be asked for again within the seven days.
func TestKeepOwnContact(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		partner := h.partnerStands(t)
		visit := h.visit(t)
		id := h.own(t, visit, "p*****r@example.com").ID
		h.remove(t, visit, "p*****r@example.com")
		if err := h.KeepOwnContact(t.Context(), partner, id); err != nil {
			t.Fatal(err)
		}

		h.expectAudited(t, "contact.removal-ended", 1)
		if _, err := h.RemoveOwnContact(t.Context(), visit, id); !errors.Is(err, rules.ErrAskedBefore) {
			t.Errorf("asked again: %v", err)
		}

		h.clock.Add(7 * 24 * time.Hour)
		if got := h.endRemovals(t); got != 0 {
			t.Errorf("%d removals after an objection", got)
		}

		visit = h.visit(t)
		h.expectListed(t, "kept", visit, "c*****r@example.com works now, p*****r@example.com works later")
		h.remove(t, visit, "p*****r@example.com")
		h.expectAudited(t, "contact.removal-asked", 2)
	})
}

// Before a contact is removed that is not the visitor's, it gets a letter. A no with the code of the letter keeps it.
func TestRemovalIsToldFirst(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.partnerStands(t)
		visit := h.visit(t)
		h.letters(t)
		h.remove(t, visit, "p*****r@example.com")
		letters := h.letters(t)
		if len(letters) != 1 || letters[0].To != partnerEmail {
			t.Fatalf("%d letters, want one to %s", len(letters), partnerEmail)
		}

		h.clock.Add(7*24*time.Hour - time.Second)
		if err := h.answer(t, letters[0], false); err != nil {
			t.Fatal(err)
		}

		h.clock.Add(time.Second)
		if got := h.endRemovals(t); got != 0 {
			t.Errorf("%d removals after an objection", got)
		}
		h.expectListed(t, "kept", h.visit(t), "c*****r@example.com works now, p*****r@example.com works later")
	})
}

// While the letter has not reached its address, the contact is not removed. If the letter comes late, its reader has
// seven days from then.
func TestRemovalWaitsForALateLetter(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.partnerStands(t)
		visit := h.visit(t)
		h.letters(t)
		h.remove(t, visit, "p*****r@example.com")
		for range 9 {
			h.clock.Add(day)
			h.endRemovals(t)
		}

		letter := h.letters(t)[0]
		arrived := h.Now()
		h.endRemovals(t)
		h.expectAudited(t, "contact.ended", 0)

		h.clock.Set(arrived.Add(7*day - time.Second))
		h.endRemovals(t)
		secret, _ := replyTo(t, letter)
		must(h.OpenLetter(t.Context(), secret))(t)
		h.expectAudited(t, "contact.ended", 0)

		h.clock.Add(time.Second)
		h.endRemovals(t)
		h.expectAudited(t, "contact.ended", 1)
	})
}

// addNamedPasskey gives an identity record a passkey with this name, which stands although no visit made it.
func (h *house) addNamedPasskey(t testing.TB, ir, name string) {
	t.Helper()
	credential := store.Credential{
		CredentialID: rules.NewID("cred"),
		IR:           ir,
		WebAuthnID:   []byte(rules.NewID("id")),
		UserHandle:   []byte("handle " + ir),
		PublicKey:    []byte{},
		AAGUID:       []byte{},
		Name:         name,
		RegisteredAt: store.Millis(h.Now()),
	}
	h.change(t, func(tx *store.Tx) error { return registertest.InsertPasskey(t.Context(), tx, credential) })

	h.change(t, func(tx *store.Tx) error {
		contacts, err := tx.ListContactsOf(t.Context(), []string{ir})
		for _, c := range contacts {
			if c.CredentialID != nil && *c.CredentialID == credential.CredentialID {
				next := c.Standing
				next.Why = "first"
				_, err = tx.SetStanding(t.Context(), c, c.Household, next)
			}
		}

		return err
	})
}

// The address of a passkey's own record is told of its removal. If the visitor has that address, or if there is none,
// every other standing address is told too.
func TestWhoIsToldOfTheRemovalOfAPasskey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	partner := h.partnerStands(t)
	for _, test := range []struct{ name, device, recipients string }{
		{"another's", "Partner's phone", partnerEmail},
		{"planted on the visitor's record", "Planted phone", customerEmail + " " + partnerEmail},
		{"without an address", "Lost phone", partnerEmail},
	} {
		ir := h.ir
		switch test.device {
		case "Partner's phone":
			ir = partner.Found.IR
		case "Lost phone":
			ir = h.lives(t, h.owner, "", "2023-01-01")
		}

		h.addNamedPasskey(t, ir, test.device)
		visit := h.visit(t)
		h.letters(t)
		h.remove(t, visit, test.device)
		if got := h.recipients(t); got != test.recipients {
			t.Errorf("%s: letters went to %q, want %q", test.name, got, test.recipients)
		}
	}
}

// A contact that does not stand any more at the end of the seven days removes no other one.
func TestRemovalByAContactThatFell(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		partner := h.partnerStands(t)
		h.remove(t, partner, "c*****r@example.com")
		h.setStatus(t, rules.Suspend, "other")
		h.clock.Add(7 * 24 * time.Hour)
		if got := h.endRemovals(t); got != 1 {
			t.Errorf("%d removals at the end, want 1", got)
		}

		visit := h.visit(t)
		if c := h.own(t, visit, "c*****r@example.com"); c.RemovalAt != nil || c.Standing != rules.OwnWorks {
			t.Errorf("the contact is listed as %+v", c)
		}
		h.expectAudited(t, "contact.ended", 0)
	})
}

// A passkey is removed by another one only if there is an address to write to.
func TestRemovePasskeyWithoutAnAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.clock.Add(time.Second)
	d := h.enrol(t)
	h.clock.Add(time.Second)
	h.addPasskey(t, h.ir)
	h.clock.Add(time.Second)
	h.expectListed(t, "with an address", h.visitBy(t, d), "A phone works now, "+
		"c*****r@example.com works later, A phone works later")

	visit := h.visit(t)
	h.remove(t, visit, "c*****r@example.com")
	h.expectListed(t, "without an address", h.visitBy(t, d), "A phone works now, A phone works untold")
}

// Removals make letters, and are few.
func TestRemovalsAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	d := h.enrol(t)
	for range 6 {
		h.addPasskey(t, h.ir)
	}

	visit := h.visitBy(t, d)
	asked := 0
	var refused error
	for _, c := range must(h.ListOwnContacts(t.Context(), visit))(t) {
		if c.Removal != rules.RemovalLater {
			continue
		}
		if _, refused = h.RemoveOwnContact(t.Context(), visit, c.ID); refused == nil {
			asked++
		}
	}
	if asked != 5 || !errors.Is(refused, rules.ErrAskedBefore) {
		t.Errorf("%d removals are asked for on a day (%v), want 5", asked, refused)
	}
}
