package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// confirm confirms a challenge by its mailed link, as a person in a browser that says so.
func (h *house) confirm(t testing.TB, secret, code string) {
	t.Helper()
	opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)
	must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{Code: code, ByHand: true}))(t)
}

// A challenge is pending for the life of its method (docs/decisions.md, Token times).
func TestChallengeLife(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.addPasskey(t, h.ir)
		for method, life := range map[registerclient.Method]time.Duration{
			registerclient.MethodMagicLink:       15 * time.Minute,
			registerclient.MethodPasskeyAssert:   5 * time.Minute,
			registerclient.MethodPasskeyRegister: 15 * time.Minute,
		} {
			started := h.ask(t, registerclient.ReidentifyRequest{Method: method})
			h.clock.Add(life - time.Second)
			h.expectStatus(t, string(method)+" at the end", started, "pending")
			h.clock.Add(time.Second)
			h.expectStatus(t, string(method)+" afterwards", started, "expired")
		}
	})
}

// A confirmed token is valid until an hour after it was issued, however late it was confirmed.
func TestConfirmedTokenLife(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		started, secret := h.askByLink(t, false)
		h.clock.Add(14 * time.Minute)
		h.confirm(t, secret, "")
		status := must(h.ChallengeStatus(t.Context(), "portal", started.TokenRef()))(t)
		if status.Status != registerclient.StatusConfirmed || status.Method != registerclient.MethodMagicLink ||
			!status.ConfirmedAt.Equal(h.Now()) {
			t.Errorf("confirmed: %+v", status)
		}

		h.clock.Set(today.Add(time.Hour - time.Second))
		h.expectStatus(t, "at the end", started, "confirmed")
		h.clock.Add(time.Second)
		h.expectStatus(t, "afterwards", started, "expired")
	})
}

// A token ends with the identity record: when it is anonymised, when its people have moved out, and while it is pending
// also when its Data User is suspended. The account that asked is told no reason.
func TestOutlivedChallenge(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name               string
		end                func(t *testing.T, h *house)
		pending, confirmed string
	}{
		{"anonymised", func(t *testing.T, h *house) {
			must(h.AnonymiseIdentityRecord(t.Context(), "owner", h.ir))(t)
		}, "expired", "expired"},
		{"moved out", func(t *testing.T, h *house) {
			h.tenancyChange(t, meterPoint, "2026-06-01")
		}, "expired", "expired"},
		{"moving out tomorrow", func(t *testing.T, h *house) {
			h.tenancyChange(t, meterPoint, "2026-06-02")
		}, "pending", "confirmed"},
		{"suspended", func(t *testing.T, h *house) { h.setStatus(t, rules.Suspend, "owner") }, "expired", "confirmed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachHouse(t, func(t *testing.T, h *house) {
				pending, _ := h.askByLink(t, false)
				confirmed, secret := h.askByLink(t, false)
				h.confirm(t, secret, "")
				test.end(t, h)
				h.expectStatus(t, "pending", pending, test.pending)
				h.expectStatus(t, "confirmed", confirmed, test.confirmed)
			})
		})
	}
}

// A token is read by the account that started its challenge. To others it does not exist, and neither does it beside
// another identity record.
func TestStatusOfAnotherAccount(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		second := h.lives(t, h.owner, "", "2024-01-01")
		token := must(h.reidentifyOwn(t, h.owner, h.ir, registerclient.ReidentifyOwnRequest{
			Method: registerclient.MethodMagicLink,
		}))(t).TokenRef()
		for _, test := range []struct{ name, account, token, want string }{
			{"own", "owner", token, ""},
			{"another account's", "portal", token, "not found NOT001"},
			{"unknown", "owner", "mlr_0123456789abcdef01234567", "not found NOT001"},
		} {
			_, err := h.ChallengeStatus(t.Context(), test.account, test.token)
			expectRefusal(t, test.name, err, test.want)
		}
		for _, test := range []struct{ name, account, ir, token, want string }{
			{"own", "owner", h.ir, token, ""},
			{"another record", "owner", second, token, "not found NOT001"},
			{"another account", "portal", h.ir, token, "not found NOT001"},
			{"unknown token", "owner", h.ir, "mlr_0123456789abcdef01234567", "not found NOT001"},
		} {
			_, err := h.OwnChallengeStatus(t.Context(), test.account, test.ir, test.token)
			expectRefusal(t, "by a record: "+test.name, err, test.want)
		}
	})
}

// shown starts a challenge for which a passkey was shown, and which waits for the code.
func (h *house) shown(t testing.TB, code string) registerclient.ReidentifyResponse {
	t.Helper()
	started := h.ask(t, registerclient.ReidentifyRequest{
		Method: registerclient.MethodPasskeyAssert, PasskeyReturnURL: new(returnURL), MatchCode: true,
	})
	row := h.stored(t, h.portal, started)
	h.change(t, func(tx *store.Tx) error {
		_, err := tx.ConfirmByPasskey(t.Context(), row, rules.HashToken(code), h.Now())

		return err
	})

	return started
}

// complete completes a challenge of an account with a code.
func (h *house) complete(
	t testing.TB, accountID, tokenRef, code string,
) (status registerclient.ReidentifyStatusResponse, err error) {
	t.Helper()
	err = h.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		status, err = h.CompleteChallenge(t.Context(), tx, accountID, tokenRef, code)

		return err
	})

	return status, err
}

// A shown passkey confirms once its browser has brought the code back to the account that asked. A repeated request
// returns the first confirmation.
func TestCompleteChallenge(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.addPasskey(t, h.ir)
		started := h.shown(t, "code")
		token := started.TokenRef()
		h.clock.Add(time.Minute - time.Second)
		h.expectStatus(t, "shown", started, "pending")
		for _, test := range []struct{ name, account, token, code, want string }{
			{"wrong code", "portal", token, "other", "unprocessable VAL002 completion-code"},
			{"another account", "owner", token, "code", "not found NOT001"},
			{"unknown token", "portal", "mlr_0123456789abcdef01234567", "code", "not found NOT001"},
			{"right", "portal", token, "code", ""},
			{"repeated", "portal", token, "code", ""},
			{"wrong code afterwards", "portal", token, "other", "unprocessable VAL002 completion-code"},
		} {
			status, err := h.complete(t, test.account, test.token, test.code)
			expectRefusal(t, test.name, err, test.want)
			if err == nil && (status.Status != registerclient.StatusConfirmed ||
				!status.ConfirmedAt.Equal(today.Add(time.Minute-time.Second))) {
				t.Errorf("%s: %+v", test.name, status)
			}
			h.clock.Add(100 * time.Millisecond)
		}

		h.expectStatus(t, "completed", started, "confirmed")
		h.expectAudited(t, "reidentification.confirmed", 1)
	})
}

// The code comes back within a minute, or never.
func TestCompleteChallengeTooLate(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.addPasskey(t, h.ir)
		started := h.shown(t, "code")
		h.clock.Add(time.Minute)
		_, err := h.complete(t, "portal", started.TokenRef(), "code")
		expectRefusal(t, "after a minute", err, "unprocessable VAL002 completion-code")
		h.expectStatus(t, "after a minute", started, "expired")

		link, _ := h.askByLink(t, true)
		_, err = h.complete(t, "portal", link.TokenRef(), "code")
		expectRefusal(t, "no passkey was shown", err, "unprocessable VAL002 completion-code")
	})
}

// A completion needs a code.
func TestCheckCompletion(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"code": "", " ": "invalid VAL001 completion-code"} {
		in := registerclient.CompleteReidentificationRequest{CompletionCode: code}
		expectRefusal(t, code, rules.CheckCompletion(in), want)
	}
}
