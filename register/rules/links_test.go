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

// otherCode returns a code that is not this one.
func otherCode(code string) string {
	if code == "2222" {
		return "3333"
	}

	return "2222"
}

// say confirms the challenge of a link with a typed code.
func (h *house) say(t testing.TB, secret, code string, byHand bool) error {
	t.Helper()
	opened, err := h.Open(t.Context(), store.LinkSecret, secret)
	if err != nil {
		return err
	}

	_, err = h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{Code: code, ByHand: byHand})

	return err
}

// A challenge with a match code is confirmed by it, however the browser behaves. What is not a code is no attempt.
func TestMatchCodeConfirms(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		for _, byHand := range []bool{true, false} {
			started, secret := h.askByLink(t, true)
			code := started.MatchCode
			for _, test := range []struct {
				name, code string
				want       error
				status     string
			}{
				{"none", "", rules.ErrCodeMissing, "pending"},
				{"malformed", "I0O1", rules.ErrCodeMalformed, "pending"},
				{"malformed again", code + "2", rules.ErrCodeMalformed, "pending"},
				{"malformed a third time", "?", rules.ErrCodeMalformed, "pending"},
				{"wrong", otherCode(code), rules.ErrCodeWrong, "pending"},
				{"wrong again", otherCode(code), rules.ErrCodeWrong, "pending"},
				{"right", code[:2] + " " + code[2:], nil, "confirmed"},
				{"right again", code, rules.ErrEnded, "confirmed"},
			} {
				if err := h.say(t, secret, test.code, byHand); !errors.Is(err, test.want) {
					t.Errorf("%s: got %v, want %v", test.name, err, test.want)
				}
				h.expectStatus(t, test.name, started, test.status)
			}
		}

		h.expectAudited(t, "reidentification.wrong-code", 4)
		h.expectAudited(t, "reidentification.confirmed", 2)
	})
}

// The third wrong code ends the challenge, also for a page that was opened before.
func TestThirdWrongCodeEndsTheChallenge(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		started, secret := h.askByLink(t, true)
		opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)
		for range 4 {
			wrong := rules.LinkConfirmation{Code: otherCode(started.MatchCode), ByHand: true}
			if _, err := h.ConfirmByLink(t.Context(), opened, wrong); !errors.Is(err, rules.ErrCodeWrong) {
				t.Errorf("wrong: %v", err)
			}
		}

		right := rules.LinkConfirmation{Code: started.MatchCode, ByHand: true}
		if _, err := h.ConfirmByLink(t.Context(), opened, right); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("right, too late: %v", err)
		}

		h.expectStatus(t, "three wrong codes", started, "expired wrong-code")
		h.expectAudited(t, "reidentification.wrong-code", 3)
	})
}

// Without a match code the press of a person is enough. A browser that does not say who pressed needs the code that the
// page shows.
func TestShownCodeConfirms(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	byPress, pressed := h.askByLink(t, false)
	if err := h.say(t, pressed, "", true); err != nil {
		t.Errorf("pressed by a person: %v", err)
	}

	h.expectStatus(t, "pressed by a person", byPress, "confirmed")

	started, secret := h.askByLink(t, false)
	code := rules.ShownCode(secret, h.stored(t, h.portal, started))
	for _, test := range []struct {
		name, code string
		want       error
		status     string
	}{
		{"pressed by a script", "", rules.ErrCodeMissing, "pending"},
		{"wrong", otherCode(code), rules.ErrCodeWrong, "pending"},
		{"shown", code, nil, "confirmed"},
	} {
		if err := h.say(t, secret, test.code, false); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		h.expectStatus(t, test.name, started, test.status)
	}
}

// The decline of a browser that does not say who pressed counts until the right code is typed. A press alone does not
// take it back, not even on a page that was opened before.
func TestSoftDecline(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		for _, matchCode := range []bool{false, true} {
			started, secret := h.askByLink(t, matchCode)
			opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)
			for range 2 {
				if err := h.Decline(t.Context(), opened.Found, false); err != nil {
					t.Fatal(err)
				}
			}
			h.expectStatus(t, "softly declined", started, "expired declined")

			code := started.MatchCode
			want := rules.ErrCodeMissing
			if !matchCode {
				code = rules.ShownCode(secret, opened.Found)
				want = rules.ErrEnded
			}

			press := rules.LinkConfirmation{ByHand: true}
			if _, err := h.ConfirmByLink(t.Context(), opened, press); !errors.Is(err, want) {
				t.Errorf("pressed on the page from before: got %v, want %v", err, want)
			}
			if err := h.say(t, secret, "", true); !errors.Is(err, rules.ErrCodeMissing) {
				t.Errorf("pressed: %v", err)
			}
			h.expectStatus(t, "pressed", started, "expired declined")

			if err := h.say(t, secret, code, true); err != nil {
				t.Errorf("typed: %v", err)
			}
			h.expectStatus(t, "typed", started, "confirmed")
		}

		h.expectAudited(t, "reidentification.declined", 2)
	})
}

// The decline of a person is final, and so is a confirmation.
func TestFinalDecline(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		declined, secret := h.askByLink(t, true)
		opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)
		if err := h.Decline(t.Context(), opened.Found, true); err != nil {
			t.Fatal(err)
		}

		right := rules.LinkConfirmation{Code: declined.MatchCode, ByHand: true}
		if _, err := h.ConfirmByLink(t.Context(), opened, right); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("confirmed after the decline: %v", err)
		}
		h.expectStatus(t, "declined", declined, "expired declined")

		confirmed, secret := h.askByLink(t, false)
		opened = must(h.Open(t.Context(), store.LinkSecret, secret))(t)
		h.confirm(t, secret, "")
		for _, final := range []bool{true, false} {
			if err := h.Decline(t.Context(), opened.Found, final); err != nil {
				t.Error(err)
			}
			h.expectStatus(t, "declined after the confirmation", confirmed, "confirmed")
		}

		h.expectAudited(t, "reidentification.declined", 1)
	})
}

// A secret opens its own kind of page while the challenge lasts. A secret that opens nothing gets the same error for
// every cause.
func TestOpen(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, secret := h.askByLink(t, false)
		opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)
		if opened.Account.AccountID != "portal" || opened.Found.MPxN != meterPoint || opened.Secret != secret {
			t.Errorf("opened %+v", opened)
		}

		expectEnded := func(name string, kind store.Secret, secret string) {
			t.Helper()
			if _, err := h.Open(t.Context(), kind, secret); !errors.Is(err, rules.ErrEnded) {
				t.Errorf("%s: %v", name, err)
			}
		}
		expectEnded("another kind", store.SessionSecret, secret)
		expectEnded("unknown", store.LinkSecret, rules.NewSecret())
		expectEnded("none", store.LinkSecret, "")

		h.setStatus(t, rules.Suspend, "portal")
		expectEnded("the account that asks is suspended", store.LinkSecret, secret)
		h.setStatus(t, rules.Reactivate, "portal")
		h.setStatus(t, rules.Suspend, "owner")
		expectEnded("the account of the record is suspended", store.LinkSecret, secret)
		h.setStatus(t, rules.Reactivate, "owner")

		h.clock.Add(15*time.Minute - time.Second)
		must(h.Open(t.Context(), store.LinkSecret, secret))(t)
		h.clock.Add(time.Second)
		expectEnded("expired", store.LinkSecret, secret)
	})
}

// The browser that followed a link may enrol a passkey for ten minutes, while its customer lives there.
func TestOpenTicket(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, secret := h.askByLink(t, false)
		opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)
		ticket := must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)

		h.clock.Add(10*time.Minute - time.Second)
		if found := must(h.OpenTicket(t.Context(), ticket))(t); found.Account.AccountID != "portal" {
			t.Errorf("opened %+v", found)
		}

		_, err := h.OpenTicket(t.Context(), rules.NewSecret())
		if !errors.Is(err, rules.ErrEnded) {
			t.Errorf("unknown: %v", err)
		}

		h.setStatus(t, rules.Suspend, "owner")
		if _, err := h.OpenTicket(t.Context(), ticket); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("the account of the record is suspended: %v", err)
		}

		h.setStatus(t, rules.Reactivate, "owner")
		h.clock.Add(time.Second)
		if _, err := h.OpenTicket(t.Context(), ticket); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("after ten minutes: %v", err)
		}
	})
}

// Of several browsers with the same link one confirms.
func TestLinkConfirmsOnce(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, secret := h.askByLink(t, false)
		opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)
		errs := make(chan error)
		for range 4 {
			go func() {
				_, err := h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true})
				errs <- err
			}()
		}

		confirmed := 0
		for range 4 {
			if err := <-errs; err == nil {
				confirmed++
			} else if !errors.Is(err, rules.ErrEnded) {
				t.Error(err)
			}
		}
		if confirmed != 1 {
			t.Errorf("%d browsers confirmed", confirmed)
		}
	})
}

// A link to enrol a passkey confirms its challenge too: the mailbox is the proof.
func TestEnrolmentLinkConfirms(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	started := h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyRegister})
	h.confirm(t, linkSecret(t, h.letters(t)[0]), "")
	h.expectStatus(t, "confirmed", started, "confirmed")
}
