package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// What a planted first contact confirmed opens nothing after another Data User has registered access.
func TestFirstContactsTokenEndsWithItsLimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	started, secret := h.askByLink(t, false)
	h.confirm(t, secret, "")
	honest := h.asking(t, "honest", registerclient.RoleDataUser)
	ak := h.access(t, honest, h.lives(t, honest, partnerEmail, "2022-06-30"), registerclient.BasisConsent)

	token := started.MagicLink.TokenRef
	_, err := h.ReadWithToken(t.Context(), "portal", meterPoint, rules.RecordFilter{}, token)
	expectRefusal(t, "a reading", err, "forbidden AUTH004 reidentification-token")
	_, err = h.Withdraw(t.Context(), "portal", ak, rules.Withdrawal{Token: token})
	expectRefusal(t, "a withdrawal", err, "forbidden AUTH004 reidentification-token")

	h.access(t, h.owner, h.ir, registerclient.BasisConsent)
	must(h.ReadWithToken(t.Context(), "portal", meterPoint, rules.RecordFilter{}, token))(t)
}

// A token that was consumed before the limit tells no more who looked, because that would name the other Data User.
func TestFirstContactsConsumedTokenEndsToo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	started, secret := h.askByLink(t, false)
	h.confirm(t, secret, "")
	token := started.MagicLink.TokenRef
	query := rules.ReadingsQuery{AccountID: "portal", MPxN: meterPoint, Token: token}
	must(h.ReadWithToken(t.Context(), "portal", meterPoint, rules.RecordFilter{}, token))(t)
	if looks, _, err := h.ListReadings(t.Context(), query, store.Page{Limit: 1}); err != nil || len(looks) != 1 {
		t.Fatalf("before the limit: %d readings, %v", len(looks), err)
	}

	honest := h.asking(t, "honest", registerclient.RoleDataUser)
	h.access(t, honest, h.lives(t, honest, partnerEmail, "2022-06-30"), registerclient.BasisConsent)
	_, _, err := h.ListReadings(t.Context(), query, store.Page{Limit: 1})
	expectRefusal(t, "the readings", err, "forbidden AUTH004 reidentification-token")
}

// A Data User that plants the first contact at a meter point opens nothing there after another one has registered
// access, whichever second contact it lets stand by the word of the first one. Its own access record ends that.
func TestFirstContactLetsNoOtherOpenMore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		plant func(t testing.TB, h *house)
		opens string
	}{
		{"nothing more", func(testing.TB, *house) {}, byLink},
		{"the same address again", func(t testing.TB, h *house) {
			h.lives(t, h.owner, customerEmail, "2022-06-30")
		}, byLink},
		{"the same address, by an accomplice", func(t testing.TB, h *house) {
			h.lives(t, h.account(t, "accomplice", registerclient.RoleDataUser), customerEmail, "2022-06-30")
		}, byLink},
		{"a yes to another address", func(t testing.TB, h *house) {
			h.livesToo(t, "accomplice", "second@example.net")
		}, byLink},
		{"a yes in a visit", func(t testing.TB, h *house) {
			h.lives(t, h.owner, "second@example.net", "2022-06-30")
			visit := h.visit(t)
			second := h.own(t, visit, "s*****d@example.net")
			must(h.AnswerOwnContact(t.Context(), visit, second.ID, true))(t)
		}, byLink},
		{"an accomplice's address that waited", func(t testing.TB, h *house) {
			h.lives(t, h.account(t, "accomplice", registerclient.RoleDataUser), "second@example.net", "2022-06-30")
			h.lives(t, h.owner, "second@example.net", "2022-06-30")
			for _, c := range must(h.ListOwnContacts(t.Context(), h.visit(t)))(t) {
				if c.IsAsked {
					must(h.AnswerOwnContact(t.Context(), h.visit(t), c.ID, true))(t)
				}
			}
		}, byLink},
		{"a passkey", func(t testing.TB, h *house) { h.enrol(t) }, "passkey-assert " + byLink},
		{"another address in its place", func(t testing.TB, h *house) {
			h.patchEmail(t, "second@example.net")
			h.contactLetters(t)
			h.clock.Add(7 * day)
			must(h.EndWaits(t.Context()))(t)
			h.expectStanding(t, h.ir, "stands replaced")
		}, byLink},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, registertest.SQLite)
			test.plant(t, h)
			h.expectMethods(t, "before", test.opens)

			h.clock.Add(time.Minute)
			honest := h.asking(t, "honest", registerclient.RoleDataUser)
			ir := h.lives(t, honest, partnerEmail, "2022-06-30")
			h.access(t, honest, ir, registerclient.BasisConsent)
			h.expectMethods(t, "after another account registered access", "")

			h.decide(t, rules.Restore, h.contactOf(t, ir).ID)
			h.expectMethods(t, "after an administrator let its contact stand", byLink)
			for range 2 {
				h.letters(t)
				h.ask(t, registerclient.ReidentifyRequest{
					Method: registerclient.MethodMagicLink, OtherAddress: true,
				})
				if to := h.recipients(t); to != partnerEmail {
					t.Errorf("a link went to %q", to)
				}
			}

			h.access(t, h.owner, h.ir, registerclient.BasisConsent)
			h.expectMethods(t, "after its own access record", test.opens)
		})
	}
}
