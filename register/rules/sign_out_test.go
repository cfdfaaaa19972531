package rules_test

import (
	"errors"
	"testing"

	"central.consent/dar/register/passkey"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// signOut signs out of a challenge of an account.
func (h *house) signOut(t testing.TB, accountID, tokenRef string) error {
	t.Helper()

	return h.store.Transact(t.Context(), func(tx *store.Tx) error {
		_, err := h.SignOut(t.Context(), tx, accountID, tokenRef)

		return err
	})
}

// Signing out ends the ticket and the visit, also of a ceremony that has begun, and leaves the token as it is. It can
// be repeated, and is audited once.
func TestSignOutEndsTheTicket(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		started, secret := h.askByLink(t, false)
		opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)
		ticket := must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)
		permission := must(h.PermitEnrolment(t.Context(), "", ticket))(t)
		must(h.OpenVisit(t.Context(), ticket))(t)
		options := must(h.BeginEnrolment(t.Context(), permission, "", "Electricity meter"))(t)

		for range 2 {
			if err := h.signOut(t, h.portal.AccountID, started.TokenRef()); err != nil {
				t.Fatal(err)
			}
		}

		if _, err := h.PermitEnrolment(t.Context(), "", ticket); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("the ticket: %v", err)
		}
		if _, err := h.OpenVisit(t.Context(), ticket); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("the visit: %v", err)
		}
		_, err := h.FinishEnrolment(t.Context(), permission, "", newDevice().makes(t, options),
			func(passkey.Passkey) string { return "A phone" })
		if !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("the ceremony that had begun: %v", err)
		}

		h.expectStatus(t, "after signing out", started, "confirmed")
		h.expectAudited(t, "reidentification.signed-out", 1)
	})
}

// Signing out ends a challenge that nobody has confirmed: its link and its passkey page open nothing any more, and a
// passkey that was shown completes nothing.
func TestSignOutEndsAnOpenChallenge(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := h.enrol(t)
		mailed, secret := h.askByLink(t, false)
		shown, permission := h.askToShow(t, registerclient.ReidentifyRequest{
			MatchCode: true, PasskeyReturnURL: new(returnURL),
		})
		result := must(h.showPasskey(t, permission, d, ""))(t)
		code := queryOf(t, result.ReturnTo).Get("dar-completion-code")
		for _, started := range []registerclient.ReidentifyResponse{mailed, shown} {
			if err := h.signOut(t, h.portal.AccountID, started.TokenRef()); err != nil {
				t.Fatal(err)
			}

			h.expectStatus(t, string(started.Method), started, "expired")
		}

		if _, err := h.Open(t.Context(), store.LinkSecret, secret); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("the link: %v", err)
		}
		err := h.store.Transact(t.Context(), func(tx *store.Tx) error {
			_, err := h.CompleteChallenge(t.Context(), tx, h.portal.AccountID, shown.TokenRef(), code)

			return err
		})
		expectRefusal(t, "the completion code", err, "unprocessable VAL002 completion-code")
		if _, err := h.OpenVisit(t.Context(), result.Ticket); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("the visit: %v", err)
		}
	})
}

// Another account's token is as unknown as one that does not exist, and nothing ends.
func TestSignOutOfAnotherAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	started, _ := h.askByLink(t, false)
	for name, token := range map[string]string{
		"another's": started.TokenRef(), "unknown": rules.NewID("mlr"), "none": "",
	} {
		expectRefusal(t, name, h.signOut(t, h.owner.AccountID, token), "not found NOT001")
	}

	h.expectStatus(t, "after the attempts", started, "pending")
	h.expectAudited(t, "reidentification.signed-out", 0)
}
