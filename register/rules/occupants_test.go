package rules_test

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// expectMethods compares the methods by which the occupant can confirm, after "unoccupied" if no record is
// held.
func (h *house) expectMethods(t testing.TB, name, want string) {
	t.Helper()
	exists, methods, err := h.AvailableMethods(t.Context(), meterPoint)
	if err != nil {
		t.Fatal(err)
	}

	names := make([]string, len(methods))
	for i, method := range methods {
		names[i] = string(method)
	}

	got := strings.Join(names, " ")
	if !exists {
		got = strings.TrimSpace("unoccupied " + got)
	}
	if got != want {
		t.Errorf("%s: methods %q, want %q", name, got, want)
	}
}

const (
	byLink    = "magic-link passkey-register"
	byPasskey = "passkey-assert"
)

// The methods are the union over the records of every Data User (docs/decisions.md, Which person).
func TestMethodsAreTheUnionOfAllRecords(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.expectMethods(t, "one address", byLink)
		other := h.account(t, "other", registerclient.RoleDataUser)
		theirs := h.lives(t, other, "", "2024-01-01")
		h.expectMethods(t, "a record without an address", byLink)
		h.addPasskey(t, theirs)
		h.expectMethods(t, "a passkey on the other record", byPasskey+" "+byLink)
		must(h.AnonymiseIdentityRecord(t.Context(), "owner", h.ir))(t)
		h.expectMethods(t, "the address is erased", byPasskey)
		must(h.AnonymiseIdentityRecord(t.Context(), "other", theirs))(t)
		h.expectMethods(t, "all are erased", "unoccupied")
	})
}

// A record confirms from its move-in date in London.
func TestOccupantFromMoveInDate(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		next := h.lives(t, h.owner, "", "2026-06-02")
		h.addPasskey(t, next)
		h.clock.Set(time.Date(2026, time.June, 1, 22, 59, 59, 0, time.UTC))
		h.expectMethods(t, "the day before", byLink)
		h.clock.Add(time.Second) // midnight in London
		h.expectMethods(t, "on the day", byPasskey+" "+byLink)
	})
}

// A change of tenancy ends what earlier occupants can confirm, from its day on.
func TestEarlierOccupantConfirmsNothing(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.tenancyChange(t, meterPoint, "2022-06-30")
		h.expectMethods(t, "their own move", byLink)
		h.tenancyChange(t, meterPoint, "2026-06-02")
		h.expectMethods(t, "a move to come", byLink)
		h.clock.Add(24 * time.Hour)
		h.expectMethods(t, "the move", "unoccupied")
		h.lives(t, h.owner, customerEmail, "2026-05-02")
		h.expectMethods(t, "who moved in 31 days before", "unoccupied")
		h.lives(t, h.owner, customerEmail, "2026-05-03")
		h.expectMethods(t, "who moved in 30 days before", byLink)
		h.addPasskey(t, h.lives(t, h.owner, "", "2026-06-02"))
		h.expectMethods(t, "those who moved in", byPasskey+" "+byLink)
	})
}

// The records of a suspended or terminated Data User confirm nothing.
func TestRecordsOfInactiveAccountsConfirmNothing(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.setStatus(t, rules.Suspend, "owner")
		h.expectMethods(t, "suspended", "unoccupied")
		h.setStatus(t, rules.Reactivate, "owner")
		h.expectMethods(t, "reactivated", byLink)
		h.setStatus(t, rules.Terminate, "owner")
		h.expectMethods(t, "terminated", "unoccupied")
	})
}

// Mail goes to the longest standing address until another one has confirmed, whatever their move-in dates are. A start
// may ask for the other address.
func TestMailGoesToTheStandingAddress(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.clock.Add(time.Minute)
		h.lives(t, h.owner, "stranger@example.com", "2026-05-01")
		h.stand(t, h.lives(t, h.owner, "partner@example.com", "2019-01-01"))

		ask := func(name string, other bool, to, masked string) {
			t.Helper()
			h.clock.Add(time.Hour)
			started := h.ask(t, registerclient.ReidentifyRequest{
				Method: registerclient.MethodMagicLink, OtherAddress: other,
			})
			letters := h.letters(t)
			if got := letters[0].To; got != to {
				t.Errorf("%s: mail goes to %s, want %s", name, got, to)
			}
			if got := started.MagicLink.OtherAddress; got == nil || *got != masked {
				t.Errorf("%s: the other address is %v, want %s", name, got, masked)
			}

			opened := must(h.Open(t.Context(), store.LinkSecret, linkSecret(t, letters[0])))(t)
			must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)
		}
		ask("nobody has confirmed", false, customerEmail, "p*****r@example.com")
		ask("the other one is asked for", true, "partner@example.com", "c*****r@example.com")
		ask("the other one has confirmed last", false, "partner@example.com", "c*****r@example.com")
	})
}
