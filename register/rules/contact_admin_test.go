package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// An administrator sees the contacts of every Data User, masked. The reading is audited.
func TestListContacts(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.clock.Add(time.Second)
		passkey := h.addPasskey(t, h.ir)
		h.clock.Add(time.Second)
		ir := h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2022-06-30")
		h.contactLetters(t)

		list := must(h.ListContacts(t.Context(), "admin", meterPoint))(t)
		if len(list) != 3 {
			t.Fatalf("%d contacts, want 3", len(list))
		}

		first := list[0]
		if *first.Address != "c*****r@example.com" || first.Standing != "stands" || first.Why != "first" ||
			first.AccountID != "owner" || first.IR != h.ir || first.MPxN != meterPoint || first.ToldAt != nil {
			t.Errorf("the address: %+v", first)
		}

		second := list[1]
		if *second.PasskeyName != "A phone" || second.Address != nil || *second.CredentialID != passkey.CredentialID ||
			second.Kind != "passkey" {
			t.Errorf("the passkey: %+v", second)
		}

		third := list[2]
		if *third.Address != "p*****r@example.com" || third.Standing != "provisional" || third.IR != ir ||
			third.Letters != 1 || !third.ToldAt.Equal(h.Now()) || third.MayStandAt != nil {
			t.Errorf("the address that waits: %+v", third)
		}

		h.expectAudited(t, "administrator.looked", 1)
	})
}

// A contact that is set aside answers only its own Data User, until it is restored.
func TestSetAsideAndRestore(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		pending, _ := h.askByLink(t, false)
		contact := h.contactOf(t, h.ir).ID
		decided := h.decide(t, rules.SetAside, contact)
		if decided.Standing != "set-aside" || decided.Why != "administrator" {
			t.Errorf("set aside: %+v", decided)
		}

		h.expectMethods(t, "set aside", "")
		h.expectStatus(t, "set aside", pending, "expired")
		_, err := h.reidentifyOwn(t, h.owner, h.ir, registerclient.ReidentifyOwnRequest{
			Method: registerclient.MethodMagicLink,
		})
		if err != nil {
			t.Errorf("by its own Data User: %v", err)
		}

		_, err = h.tryDecide(t, rules.SetAside, contact)
		expectRefusal(t, "set aside twice", err, "conflict CON001")
		if decided := h.decide(t, rules.Restore, contact); decided.Standing != "stands" {
			t.Errorf("restored: %+v", decided)
		}

		h.expectMethods(t, "restored", byLink)
		_, err = h.tryDecide(t, rules.Restore, contact)
		expectRefusal(t, "restored twice", err, "conflict CON001")
		_, err = h.tryDecide(t, rules.Restore, "cnt_0123456789abcdef01234567")
		expectRefusal(t, "unknown", err, "not found NOT001")
		h.expectAudited(t, "contact.set-aside", 1)
		h.expectAudited(t, "contact.restored", 1)
	})
}

// A provisional contact is restored too, and ends its wait. A contact of a person who cannot speak for the household
// is not.
func TestRestoreOthers(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.account(t, "other", registerclient.RoleDataUser)
		waiting := h.lives(t, other, partnerEmail, "2022-06-30")
		if decided := h.decide(t, rules.Restore, h.contactOf(t, waiting).ID); decided.Standing != "stands" {
			t.Errorf("a provisional one: %+v", decided)
		}

		h.clock.Add(90 * day)
		must(h.EndWaits(t.Context()))(t)
		h.expectStanding(t, waiting, "stands administrator")

		toCome := h.lives(t, other, thirdEmail, "2026-09-30")
		_, err := h.tryDecide(t, rules.Restore, h.contactOf(t, toCome).ID)
		expectRefusal(t, "a person to come", err, "conflict CON001")

		h.patchOutcome(t, "failed")
		_, err = h.tryDecide(t, rules.Restore, h.contactOf(t, h.ir).ID)
		expectRefusal(t, "a failed verification", err, "conflict CON001")

		h.patchOutcome(t, "verified")
		h.tenancyChange(t, meterPoint, "2026-08-01")
		_, err = h.tryDecide(t, rules.Restore, h.contactOf(t, h.ir).ID)
		expectRefusal(t, "an earlier occupant", err, "conflict CON001")
	})
}

// The reason must be one line of 1 to 500 characters, and the key that of a contact.
func TestCheckContactDecision(t *testing.T) {
	t.Parallel()
	const contact = "cnt_0123456789abcdef01234567"
	long := string(make([]rune, 501))
	for _, test := range []struct{ name, contact, reason, want string }{
		{"good", contact, "Tenancy agreement shown.", ""},
		{"no reason", contact, "", "invalid VAL001 reason"},
		{"blank", contact, "  ", "invalid VAL001 reason"},
		{"two lines", contact, "a\nb", "invalid VAL001 reason"},
		{"too long", contact, long, "invalid VAL001 reason reason"},
		{"no key", "contact", "a", "not found NOT001"},
	} {
		expectRefusal(t, test.name, rules.CheckContactDecision(test.contact, test.reason), test.want)
	}
}

// Of two households that claim a meter point after a change of tenancy, the administrator's choice stands. The other
// one waits as any new contact does.
func TestRestoreOneOfTwoHouseholds(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		a := h.lives(t, h.account(t, "one", registerclient.RoleDataUser), "a@example.com", "2026-05-20")
		b := h.lives(t, h.account(t, "two", registerclient.RoleDataUser), "b@example.com", "2026-05-20")
		h.tenancyChange(t, meterPoint, "2026-05-20")
		h.expectStanding(t, a, "provisional two-households")
		h.expectStanding(t, b, "provisional two-households")
		h.letters(t)

		h.decide(t, rules.Restore, h.contactOf(t, b).ID)
		h.expectStanding(t, a, "provisional new")
		h.expectStanding(t, b, "stands administrator")
		if letters := h.contactLetters(t); len(letters) != 1 || letters[0].To != "b@example.com" {
			t.Errorf("letters about the other one: %+v", letters)
		}
	})
}

// The contacts of a supplier that fails go on answering, those of one that misbehaves do not, but for one that an
// administrator restores (docs/decisions.md, Which person, 4).
func TestContactsOfAStoppedAccount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cause   registerclient.StatusCause
		methods string
	}{
		"failure":    {registerclient.CauseFailure, byLink},
		"misconduct": {registerclient.CauseMisconduct, "unoccupied"},
		"not given":  {"", "unoccupied"},
	} {
		for _, change := range []rules.StatusChange{rules.Suspend, rules.Terminate} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				eachHouse(t, func(t *testing.T, h *house) {
					h.change(t, func(tx *store.Tx) error {
						_, err := h.ChangeStatus(t.Context(), tx, change, "owner", test.cause, "admin")

						return err
					})
					h.expectMethods(t, "stopped", test.methods)
					must(h.EndWaits(t.Context()))(t)
					h.expectMethods(t, "after a sweep", test.methods)
					if test.methods == byLink {
						return
					}

					list := must(h.ListContacts(t.Context(), "admin", meterPoint))(t)
					if list[0].Standing != "provisional" || list[0].Why != "account-misconduct" {
						t.Errorf("the administrator sees %+v", list[0])
					}

					h.decide(t, rules.Restore, list[0].Contact)
					h.expectMethods(t, "restored", byLink)
				})
			})
		}
	}
}
