package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// identityAt returns a request for an identity record without an address at a meter point.
func identityAt(mpxn string) registerclient.CreateIdentityRecordRequest {
	return registertest.IdentityRecord(mpxn, "")
}

// A failed verification ends the standing of every contact of the record and what they confirmed, until the person is
// verified after all (docs/decisions.md, Which person, 4).
func TestVerificationChanges(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.clock.Add(time.Second)
		h.addPasskey(t, h.ir)
		pending, _ := h.askByLink(t, false)
		if got := standingsOf(h.patchOutcome(t, "failed")); got !=
			"provisional verification-failed, provisional verification-failed" {
			t.Errorf("failed: %q", got)
		}

		h.expectStatus(t, "failed", pending, "expired")
		h.expectMethods(t, "failed", "")
		record := h.patchOutcome(t, "verified")
		if got := standingsOf(record); got != "stands first, provisional new" {
			t.Errorf("verified after all: %q", got)
		}
		if v := record.PrincipalVerification; v.Method != "gov-id-check" || v.Reference != "" {
			t.Errorf("the verification reads %+v", v)
		}
		if record.PIIPrincipal.Address.Postcode != "M14 5RT" {
			t.Errorf("the address reads %+v", record.PIIPrincipal.Address)
		}
		h.expectMethods(t, "verified after all", byLink)
	})
}

// A move-in date that takes a contact out of the household ends its standing. One that brings it back does not make it
// first again.
func TestMoveInDateChanges(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		if got := standingsOf(h.patchMoveIn(t, "2021-01-01")); got != "stands first" {
			t.Errorf("another day of the same household: %q", got)
		}

		pending, _ := h.askByLink(t, false)
		if got := standingsOf(h.patchMoveIn(t, "2026-07-01")); got != "provisional move-in-to-come" {
			t.Errorf("a day to come: %q", got)
		}
		h.expectStatus(t, "a day to come", pending, "expired")
		h.expectMethods(t, "a day to come", "unoccupied")

		if got := standingsOf(h.patchMoveIn(t, "2022-06-30")); got != "provisional new" {
			t.Errorf("back again: %q", got)
		}
		h.expectMethods(t, "back again", "")
		if record := h.patchMoveIn(t, "2022-06-30"); record.PIIPrincipal.MoveInDate != "2022-06-30" {
			t.Errorf("the date reads %s", record.PIIPrincipal.MoveInDate)
		}
		h.expectAudited(t, "identity-record.updated", 4)
	})
}

// A contact is judged when its move-in date comes: one with a changed date is not first.
func TestMoveInDateComes(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.patchMoveIn(t, "2026-07-01")
		h.patchMoveIn(t, "2026-06-15")
		h.clock.Set(time.Date(2026, time.June, 14, 23, 30, 0, 0, time.UTC)) // June 15 in London
		must(h.EndWaits(t.Context()))(t)
		h.expectStandings(t, "the day has come", "provisional new")
	})
}

// The change of a move-in date moves no access record to an earlier household, which hides ended ones
// (docs/decisions.md, Which person).
func TestMoveInDateHidesNoAccess(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		shop := h.account(t, "shop", registerclient.RoleDataUser)
		theirs := h.lives(t, shop, "", "2026-05-20")
		ak := h.access(t, shop, theirs, registerclient.BasisContract)
		h.tenancyChange(t, meterPoint, "2026-05-20")
		h.clock.Add(time.Minute)

		in := registerclient.UpdateIdentityRecordRequest{
			PIIPrincipal: &registerclient.PIIPrincipalChange{MoveInDate: "2020-01-01"},
		}
		must(h.UpdateIdentityRecord(t.Context(), "shop", theirs, in))(t)
		must(h.RevokeOwn(t.Context(), "shop", ak, nil))(t)

		occupant := h.lives(t, h.owner, newEmail, "2026-05-20")
		token := h.token(t, h.portal, meterPoint, occupant, nil)
		list := must(h.ReadWithToken(t.Context(), "portal", meterPoint, rules.RecordFilter{}, token))(t).Records
		if len(list) != 1 || list[0].AK != ak {
			t.Errorf("the household sees %+v, want %s", list, ak)
		}
	})
}
