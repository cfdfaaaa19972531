package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// passDays lets days pass as the worker does: it writes and delivers letters and ends waits, once a day.
func (h *house) passDays(t testing.TB, days int) {
	t.Helper()
	for range days {
		h.clock.Add(24 * time.Hour)
		h.contactLetters(t)
		must(h.EndWaits(t.Context()))(t)
	}
}

// confirmsByLink lets the customer confirm a challenge of the portal by a mailed link.
func (h *house) confirmsByLink(t testing.TB) {
	t.Helper()
	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	opened := must(h.Open(t.Context(), store.LinkSecret, linkSecret(t, h.letters(t)[0])))(t)
	must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)
}

// A customer who changed the supplier and the mailbox gets in after 30 days: the former supplier's record has ended,
// the letters were not answered. While that record is active, time alone brings nothing.
func TestNewSuppliersAddressStandsAfterThirtyDays(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ak := h.access(t, h.owner, h.ir, registerclient.BasisContract)
		h.confirmsByLink(t)
		next := h.asking(t, "next_supplier", registerclient.RoleDataUser)
		ir := h.lives(t, next, partnerEmail, "2022-06-30")
		h.contactLetters(t)
		h.passDays(t, 60)
		h.expectStanding(t, ir, "provisional new")

		must(h.RevokeOwn(t.Context(), "owner", ak, nil))(t)
		h.passDays(t, 29)
		h.expectStanding(t, ir, "provisional new")
		h.passDays(t, 2)
		h.expectStanding(t, ir, "stands waited")
	})
}

// A Data User that erases the only contact locks nobody out: the next one stands after 30 days, and after 7 if its
// account has verified the customer and holds an active access record. Nobody becomes first by an erasure.
func TestErasedContactLocksNobodyOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		verified bool
		days     int
	}{
		"not verified": {false, 30},
		"verified":     {true, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachHouse(t, func(t *testing.T, h *house) {
				h.confirmsByLink(t)
				h.anonymise(t, h.owner, h.ir)
				next := h.asking(t, "next_supplier", registerclient.RoleDataUser)
				in := identityOf(partnerEmail, test.verified)
				ir := must(h.createIdentity(t, next, in))(t).IR
				h.access(t, next, ir, registerclient.BasisContract)
				h.expectMethods(t, "at once", "")
				h.passDays(t, test.days-1)
				h.expectMethods(t, "a day before", "")
				h.passDays(t, 1)
				h.expectMethods(t, "on the day", byLink)
				h.expectStanding(t, ir, "stands waited")
			})
		})
	}
}

// A contact that never opened anything is none that has stood: after its erasure the next one is first.
func TestUnusedContactIsForgotten(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.anonymise(t, h.owner, h.ir)
		ir := h.lives(t, h.asking(t, "next_supplier", registerclient.RoleDataUser), partnerEmail, "2022-06-30")
		h.expectStanding(t, ir, "stands first")
	})
}

// identityOf returns a request for an identity record of a person with an address.
func identityOf(email string, verified bool) registerclient.CreateIdentityRecordRequest {
	in := registertest.IdentityRecord(meterPoint, email)
	in.PrincipalVerification.Outcome = "partial"
	if verified {
		in.PrincipalVerification.Outcome = "verified"
	}

	return in
}
