package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	newEmail   = "new.address@example.com"
	thirdEmail = "third@example.com"
)

// patch changes an identity record of the owner.
func (h *house) patch(t testing.TB, in registerclient.UpdateIdentityRecordRequest) registerclient.IdentityRecord {
	t.Helper()
	h.clock.Add(time.Second) // contacts are listed by age

	return must(h.UpdateIdentityRecord(t.Context(), "owner", h.ir, in))(t)
}

// patchEmail gives the record of the owner another address.
func (h *house) patchEmail(t testing.TB, email string) registerclient.IdentityRecord {
	t.Helper()

	return h.patch(t, registerclient.UpdateIdentityRecordRequest{Email: &email})
}

// patchOutcome says what came of the verification of the owner's customer.
func (h *house) patchOutcome(t testing.TB, outcome string) registerclient.IdentityRecord {
	t.Helper()

	return h.patch(t, registerclient.UpdateIdentityRecordRequest{
		PrincipalVerification: &registerclient.PrincipalVerification{
			Method: "gov-id-check", VerifiedAt: today, Outcome: outcome,
		},
	})
}

// patchMoveIn gives the record of the owner another move-in date.
func (h *house) patchMoveIn(t testing.TB, moveIn registerclient.Date) registerclient.IdentityRecord {
	t.Helper()

	return h.patch(t, registerclient.UpdateIdentityRecordRequest{
		PIIPrincipal: &registerclient.PIIPrincipalChange{MoveInDate: moveIn},
	})
}

// standingsOf returns the standings of a record's contacts, each as "state why", joined by commas.
func standingsOf(record registerclient.IdentityRecord) string {
	standings := make([]string, len(record.ContactStanding))
	for i, c := range record.ContactStanding {
		standings[i] = c.Standing + " " + c.Why
	}

	return strings.Join(standings, ", ")
}

// expectStandings compares the standings of the owner's record.
func (h *house) expectStandings(t testing.TB, name, want string) registerclient.IdentityRecord {
	t.Helper()
	record := must(h.ReadIdentityRecord(t.Context(), "owner", h.ir))(t)
	if got := standingsOf(record); got != want {
		t.Errorf("%s: the contacts are %q, want %q", name, got, want)
	}

	return record
}

// expectByEmail compares the addresses by which the owner finds its record.
func (h *house) expectByEmail(t testing.TB, name string, want map[string]bool) {
	t.Helper()
	for email, wanted := range want {
		found := must(h.LookUpIdentityRecords(t.Context(), "owner", rules.IdentityQuery{Email: &email}))(t)
		if (len(found) == 1) != wanted {
			t.Errorf("%s: %d records are found by %s", name, len(found), email)
		}
	}
}

// expectMailTo compares the address that a link of the portal goes to.
func (h *house) expectMailTo(t testing.TB, name, want string) {
	t.Helper()
	h.letters(t)
	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	if got := h.recipients(t); got != want {
		t.Errorf("%s: the link goes to %q, want %q", name, got, want)
	}
}

// Another address replaces the one that stands after seven days in which that one did not object. Until then the old
// one keeps its standing and its letters, and the record is found by both (docs/decisions.md, Which person, 2 and 3).
func TestAddressReplacesAnother(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		if got := standingsOf(h.patchEmail(t, newEmail)); got != "stands first, provisional new" {
			t.Fatalf("changed: %q", got)
		}
		if letters := h.contactLetters(t); len(letters) != 1 || letters[0].To != customerEmail {
			t.Fatalf("letters about the new address: %+v", letters)
		}

		h.expectMailTo(t, "changed", customerEmail)
		h.expectByEmail(t, "changed", map[string]bool{customerEmail: true, newEmail: true})
		began := h.Now()
		record := h.expectStandings(t, "told", "stands first, provisional new")
		if at := record.ContactStanding[1].MayStandAt; at == nil || !at.Equal(began.Add(7*day)) || !record.HasEmail {
			t.Errorf("the new address may stand at %v: %+v", at, record)
		}

		h.clock.Add(7*day - 1)
		must(h.EndWaits(t.Context()))(t)
		h.expectStandings(t, "a moment before", "stands first, provisional new")
		pending := h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})

		h.clock.Add(1)
		must(h.EndWaits(t.Context()))(t)
		h.expectStandings(t, "after seven days", "stands replaced")
		h.expectStatus(t, "of the old address", pending, "expired")
		h.expectMailTo(t, "after seven days", newEmail)
		h.expectByEmail(t, "after seven days", map[string]bool{customerEmail: false, newEmail: true})
		h.expectAudited(t, "identity-record.updated", 1)
	})
}

// The standing address decides about its replacement at once.
func TestAnswerAboutAReplacement(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		yes  bool
		want string
		mail string
	}{
		"yes":    {true, "stands said-yes", newEmail},
		"not me": {false, "stands first, set-aside not-me", customerEmail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachHouse(t, func(t *testing.T, h *house) {
				h.patchEmail(t, newEmail)
				if err := h.answer(t, h.contactLetters(t)[0], test.yes); err != nil {
					t.Fatal(err)
				}

				h.expectStandings(t, "answered", test.want)
				h.expectMailTo(t, "answered", test.mail)
				h.clock.Add(60 * day)
				must(h.EndWaits(t.Context()))(t)
				h.expectStandings(t, "later", test.want)
			})
		})
	}
}

// The newest address in its normal form is no change. A third one ends the second, and the first one ends both others.
func TestSeveralReplacements(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		for _, step := range []struct {
			email   string
			want    string
			byEmail map[string]bool
		}{
			{"Customer@Example.COM", "stands first", map[string]bool{customerEmail: true}},
			{newEmail, "stands first, provisional new", map[string]bool{newEmail: true}},
			{"New.Address@example.com", "stands first, provisional new", map[string]bool{newEmail: true}},
			{thirdEmail, "stands first, provisional new", map[string]bool{newEmail: false, thirdEmail: true}},
			{customerEmail, "stands first", map[string]bool{thirdEmail: false, customerEmail: true}},
		} {
			if got := standingsOf(h.patchEmail(t, step.email)); got != step.want {
				t.Errorf("%s: %q, want %q", step.email, got, step.want)
			}

			h.expectByEmail(t, step.email, step.byEmail)
		}
	})
}

// A record without an address gets one, which is first if none stands. A replacement with an address that stands on
// another record takes over at once.
func TestAddressThatStandsAtOnce(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.account(t, "other", registerclient.RoleDataUser)
		empty := h.lives(t, other, "", "2022-06-30")
		in := registerclient.UpdateIdentityRecordRequest{Email: new(partnerEmail)}
		record := must(h.UpdateIdentityRecord(t.Context(), "other", empty, in))(t)
		if got := standingsOf(record); got != "provisional new" || !record.HasEmail {
			t.Errorf("beside another one: %q", got)
		}

		in.Email = new(customerEmail)
		record = must(h.UpdateIdentityRecord(t.Context(), "other", empty, in))(t)
		if got := standingsOf(record); got != "stands same-address" {
			t.Errorf("the address that stands: %q", got)
		}

		_, theirs := h.livesToo(t, "third", thirdEmail)
		if got := standingsOf(h.patchEmail(t, thirdEmail)); got != "stands same-address" {
			t.Errorf("a replacement that stands on %s: %q", theirs, got)
		}
		h.expectByEmail(t, "replaced", map[string]bool{customerEmail: false, thirdEmail: true})

		alone := must(h.createIdentity(t, h.owner, identityAt(otherMeterPoint)))(t).IR
		record = must(h.UpdateIdentityRecord(t.Context(), "owner", alone, in))(t)
		if got := standingsOf(record); got != "stands first" {
			t.Errorf("the first at another meter point: %q", got)
		}
	})
}

// An address that does not stand is replaced at once. A contact that was set aside comes back as no first one.
func TestReplaceAnAddressThatDoesNotStand(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.account(t, "other", registerclient.RoleDataUser)
		ir := h.lives(t, other, partnerEmail, "2022-06-30")
		in := registerclient.UpdateIdentityRecordRequest{Email: new(newEmail)}
		record := must(h.UpdateIdentityRecord(t.Context(), "other", ir, in))(t)
		if got := standingsOf(record); got != "provisional new" {
			t.Errorf("a provisional one: %q", got)
		}
		if letters := h.contactLetters(t); len(letters) != 1 || letters[0].To != customerEmail {
			t.Errorf("letters: %+v", letters)
		}

		// The owner's contact is alone, and has never opened anything.
		must(h.AnonymiseIdentityRecord(t.Context(), "other", ir))(t)
		h.decide(t, rules.SetAside, h.contactOf(t, h.ir).ID)
		if got := standingsOf(h.patchEmail(t, thirdEmail)); got != "provisional new" {
			t.Errorf("one that was set aside: %q", got)
		}
		h.expectMethods(t, "set aside and replaced", "")
	})
}

// A Data User can change an address ten times a day: it guesses no customer's address by whether its own one stands at
// once.
func TestAddressChangesAreLimited(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		change := func(n int) error {
			_, err := h.UpdateIdentityRecord(t.Context(), "owner", h.ir, registerclient.UpdateIdentityRecordRequest{
				Email: new(fmt.Sprintf("guess%d@example.com", n)),
			})

			return err
		}
		for n := range 10 {
			expectRefusal(t, fmt.Sprint(n), change(n), "")
		}

		expectRefusal(t, "the eleventh", change(10), "too many ERR000")
		expectRefusal(t, "the same again", change(9), "")
		h.patchOutcome(t, "partial")
		h.clock.Add(day)
		expectRefusal(t, "a day later", change(10), "")
	})
}

// decide makes an administrator's decision about a contact.
func (h *house) decide(t testing.TB, decision rules.ContactDecision, contactID string) registerclient.Contact {
	t.Helper()
	decided, err := h.tryDecide(t, decision, contactID)
	if err != nil {
		t.Fatal(err)
	}

	return decided
}

// tryDecide is decide for a decision that may be refused.
func (h *house) tryDecide(
	t testing.TB, decision rules.ContactDecision, contactID string,
) (decided registerclient.Contact, err error) {
	t.Helper()
	err = h.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		decided, err = h.DecideContact(t.Context(), tx, decision, "admin", contactID, "for a reason")

		return err
	})

	return decided, err
}
