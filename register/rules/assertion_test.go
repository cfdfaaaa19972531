package rules_test

import (
	"errors"
	"testing"
	"time"

	"central.consent/dar/register/passkey"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// A shown passkey confirms the challenge. Without a return address the customer stays.
func TestAssertion(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := h.enrol(t)
		d.credential.Counter = 7
		started, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
		result := must(h.showPasskey(t, permission, d, ""))(t)
		if result.ReturnTo != "" {
			t.Errorf("the browser goes to %s", result.ReturnTo)
		}

		h.expectStatus(t, "shown", started, "confirmed")
		stored := must(h.ListStandingPasskeys(t.Context(), meterPoint))(t)[0]
		if stored.SignCount != 7 || stored.UsedAt == nil || !stored.UsedAt.Time().Equal(today) {
			t.Errorf("the passkey is stored as %+v", stored)
		}

		h.expectAudited(t, "credential.used", 1)
		h.expectAudited(t, "reidentification.confirmed", 2)
	})
}

// The browser takes the token back to the account that asked. With a match code it also takes a completion code,
// without which the challenge stays pending.
func TestAssertionReturns(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	d := h.enrol(t)
	for _, matchCode := range []bool{false, true} {
		started, permission := h.askToShow(t, registerclient.ReidentifyRequest{
			PasskeyReturnURL: new(returnURL), MatchCode: matchCode,
		})
		d.credential.Counter++
		result := must(h.showPasskey(t, permission, d, ""))(t)
		query := queryOf(t, result.ReturnTo)
		if query.Get("dar-passkey-token") != started.TokenRef() || query.Get("shop") != "1" ||
			query.Has("dar-completion-code") != matchCode {
			t.Errorf("the browser goes to %s", result.ReturnTo)
		}
		if !matchCode {
			h.expectStatus(t, "without a code", started, "confirmed")
			continue
		}

		h.expectStatus(t, "before the code comes back", started, "pending")
		must(h.complete(t, "portal", started.TokenRef(), query.Get("dar-completion-code")))(t)
		h.expectStatus(t, "after the code came back", started, "confirmed")
	}
}

// A code that is wrong at the end of the ceremony is counted and confirms nothing, though the passkey is right.
func TestAssertionWithWrongCode(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := h.enrol(t)
		started, permission := h.askToShow(t, registerclient.ReidentifyRequest{MatchCode: true})
		for _, test := range []struct {
			name, code string
			want       error
			left       int
		}{
			{"none", "", rules.ErrCodeMissing, 3},
			{"malformed", "I0O1", rules.ErrCodeMalformed, 3},
			{"wrong", otherCode(started.MatchCode), rules.ErrCodeWrong, 2},
		} {
			options := must(h.BeginAssertion(t.Context(), permission, started.MatchCode))(t)
			_, err := h.FinishAssertion(t.Context(), permission, test.code, d.shows(t, options))
			left := must(h.AttemptsLeft(t.Context(), permission))(t)
			if !errors.Is(err, test.want) || left != test.left {
				t.Errorf("%s: %v and %d attempts left, want %v and %d", test.name, err, left, test.want, test.left)
			}
			h.expectStatus(t, test.name, started, "pending")
		}

		must(h.showPasskey(t, permission, d, started.MatchCode))(t)
		h.expectStatus(t, "right", started, "confirmed")
	})
}

// A counter that does not go up shows that a copy of the passkey exists: it is forgotten, and the customer is told. A
// device that does not count is accepted.
func TestCopiedPasskeyIsForgotten(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := h.enrol(t)
		for _, test := range []struct {
			name    string
			counter uint32
			refused bool
		}{
			{"does not count", 0, false},
			{"counts", 5, false},
			{"stands still", 5, true},
			{"is forgotten", 6, true},
		} {
			h.addPasskey(t, h.ir) // so that a challenge can be started
			started, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
			d.credential.Counter = test.counter
			_, err := h.showPasskey(t, permission, d, "")
			want := "confirmed"
			if test.refused {
				want = "pending"
			}
			if errors.Is(err, passkey.ErrRefused) != test.refused || err != nil && !test.refused {
				t.Errorf("%s: %v", test.name, err)
			}
			h.expectStatus(t, test.name, started, want)
		}

		if to := h.recipients(t); to != customerEmail {
			t.Errorf("letters went to %q", to)
		}

		h.expectAudited(t, "credential.removed", 1)
		h.expectAudited(t, "credential.used", 2)
	})
}

// A passkey confirms while its person lives at the meter point, also if they move out during the ceremony. The passkey
// of another occupant confirms as well, but not if the owner of a record asks by it.
func TestWhosePasskeyConfirms(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.asking(t, "other", registerclient.RoleDataUser)
		theirs := h.lives(t, other, "", "2024-01-01")
		h.addPasskey(t, theirs)
		h.clock.Add(time.Minute)
		d := h.enrol(t)

		started, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
		if row := h.stored(t, h.portal, started); row.IR != theirs {
			t.Fatalf("the record of the longest standing passkey is not asked: %+v", row)
		}
		must(h.showPasskey(t, permission, d, ""))(t)
		if row := h.stored(t, h.portal, started); row.IR != h.ir || row.Contact == nil {
			t.Errorf("the token is not of the record whose passkey was shown: %+v", row)
		}

		own := must(h.reidentifyOwn(t, other, theirs, registerclient.ReidentifyOwnRequest{
			Method: registerclient.MethodPasskeyAssert,
		}))(t)
		permission = must(h.PermitAssertion(t.Context(), sessionOf(t, own)))(t)
		if _, err := h.showPasskey(t, permission, d, ""); !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("by the record of another: %v", err)
		}

		_, permission = h.askToShow(t, registerclient.ReidentifyRequest{})
		response := d.shows(t, must(h.BeginAssertion(t.Context(), permission, ""))(t))
		h.tenancyChange(t, meterPoint, "2023-01-01")
		_, err := h.FinishAssertion(t.Context(), permission, "", response)
		if !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("moved out meanwhile: %v", err)
		}

		h.expectAudited(t, "credential.used", 1)
	})
}

// A challenge that was declined during the ceremony is not confirmed.
func TestAssertionAfterDecline(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := h.enrol(t)
		started, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
		response := d.shows(t, must(h.BeginAssertion(t.Context(), permission, ""))(t))
		if err := h.Decline(t.Context(), permission.Found, true); err != nil {
			t.Fatal(err)
		}

		_, err := h.FinishAssertion(t.Context(), permission, "", response)
		if !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("declined: %v", err)
		}

		h.expectStatus(t, "declined", started, "expired declined")
		h.expectAudited(t, "credential.used", 0)
	})
}
