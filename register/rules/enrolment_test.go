package rules_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/descope/virtualwebauthn"

	"central.consent/dar/register/passkey"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// timeoutOf returns how many milliseconds the options give the browser.
func timeoutOf(t testing.TB, options []byte) string {
	t.Helper()
	var in struct{ Timeout int }
	if err := json.Unmarshal(options, &in); err != nil {
		t.Fatal(err)
	}

	return fmt.Sprint(in.Timeout)
}

// A ticket enrols one passkey, under the record that was asked, and the customer is told.
func TestEnrolmentByTicket(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		permission := must(h.PermitEnrolment(t.Context(), "", h.ticket(t)))(t)
		result := must(h.makePasskey(t, permission, newDevice(), ""))(t)
		if result.ReturnTo != "" {
			t.Errorf("the browser goes to %s", result.ReturnTo)
		}

		stored := must(h.ListStandingPasskeys(t.Context(), meterPoint))(t)
		if len(stored) != 1 || stored[0].IR != h.ir || stored[0].Name != "A phone" || len(stored[0].UserHandle) != 32 ||
			!stored[0].RegisteredAt.Time().Equal(today) {
			t.Errorf("stored %+v", stored)
		}
		if to := h.recipients(t); to != customerEmail {
			t.Errorf("letters went to %q", to)
		}
		if _, err := h.makePasskey(t, permission, newDevice(), ""); !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("a second passkey by the same ticket: %v", err)
		}

		h.expectAudited(t, "credential.created", 1)
	})
}

// A Data User that has verified the customer sends the browser without a link: the new passkey confirms the challenge
// of that Data User, and nobody else's until it stands.
func TestEnrolmentByOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	started := must(h.reidentifyOwn(t, h.owner, h.ir, registerclient.ReidentifyOwnRequest{
		Method: registerclient.MethodPasskeyRegister, PasskeyReturnURL: new(returnURL),
	}))(t)
	permission := must(h.PermitEnrolment(t.Context(), sessionOf(t, started), ""))(t)
	d := newDevice()
	result := must(h.makePasskey(t, permission, d, ""))(t)
	if queryOf(t, result.ReturnTo).Get("dar-passkey-token") != started.TokenRef() {
		t.Errorf("the browser goes to %s", result.ReturnTo)
	}

	status := must(h.ChallengeStatus(t.Context(), "owner", started.TokenRef()))(t)
	if status.Status != registerclient.StatusConfirmed {
		t.Errorf("the challenge is %+v", status)
	}

	_, err := h.reidentify(t, h.portal, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyAssert})
	expectRefusal(t, "of a portal", err, "unprocessable VAL003 method")

	h.stand(t, h.ir)
	again, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
	must(h.showPasskey(t, permission, d, ""))(t)
	h.expectStatus(t, "the new passkey is shown", again, "confirmed")
}

// After a link to enrol a passkey the customer returns to the account that asked. After a link for another purpose
// they stay.
func TestTicketReturn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	for _, test := range []struct {
		in   registerclient.ReidentifyRequest
		want bool
	}{
		{registerclient.ReidentifyRequest{Method: "passkey-register", PasskeyReturnURL: new(returnURL)}, true},
		{registerclient.ReidentifyRequest{Method: "passkey-register"}, false},
		{registerclient.ReidentifyRequest{Method: "magic-link", RedirectURL: new(returnURL)}, false},
	} {
		started := h.ask(t, test.in)
		address := must(h.TicketReturn(h.stored(t, h.portal, started)))(t)
		want := ""
		if test.want {
			want = started.TokenRef()
		}
		if got := queryOf(t, address).Get("dar-passkey-token"); got != want || (address != "") != test.want {
			t.Errorf("%s: the browser goes to %q", test.in.Method, address)
		}
	}
}

// All passkeys of an occupant belong to one user, and a device that holds one is not asked for another. A passkey that
// is enrolled already is refused.
func TestEnrolmentOfAnotherDevice(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	first := h.enrol(t)
	permission := must(h.PermitEnrolment(t.Context(), "", h.ticket(t)))(t)
	options := must(h.BeginEnrolment(t.Context(), permission, "", "Electricity meter"))(t)
	parsed := must(virtualwebauthn.ParseAttestationOptions(string(options)))(t)
	if !first.credential.IsExcludedForAttestation(*parsed) ||
		parsed.UserID != string(first.authenticator.Options.UserHandle) {
		t.Errorf("the second device gets %s", options)
	}
	if _, err := h.makePasskey(t, permission, first, ""); !errors.Is(err, passkey.ErrRefused) {
		t.Errorf("the first device again: %v", err)
	}

	second := newDevice()
	must(h.makePasskey(t, permission, second, ""))(t)
	for _, d := range []*device{first, second} {
		started, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
		must(h.showPasskey(t, permission, d, ""))(t)
		h.expectStatus(t, "shown", started, "confirmed")
	}
}

// A person who moves out during the ceremony enrols nothing.
func TestEnrolmentAfterMove(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		permission := must(h.PermitEnrolment(t.Context(), "", h.ticket(t)))(t)
		options := must(h.BeginEnrolment(t.Context(), permission, "", "Electricity meter"))(t)
		h.tenancyChange(t, meterPoint, "2026-06-01")
		h.letters(t) // the question whether the person still lives there
		_, err := h.FinishEnrolment(t.Context(), permission, "", newDevice().makes(t, options),
			func(passkey.Passkey) string { return "A phone" })
		if !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("moved out: %v", err)
		}

		h.expectAudited(t, "credential.created", 0)
		if to := h.recipients(t); to != "" {
			t.Errorf("letters went to %q", to)
		}
	})
}

// A code that is wrong at the end of the ceremony is counted, and no passkey is stored.
func TestEnrolmentWithWrongCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	started := must(h.reidentifyOwn(t, h.owner, h.ir, registerclient.ReidentifyOwnRequest{
		Method: registerclient.MethodPasskeyRegister, MatchCode: true,
	}))(t)
	permission := must(h.PermitEnrolment(t.Context(), sessionOf(t, started), ""))(t)
	options := must(h.BeginEnrolment(t.Context(), permission, started.MatchCode, "Electricity meter"))(t)
	_, err := h.FinishEnrolment(
		t.Context(),
		permission,
		otherCode(started.MatchCode),
		newDevice().makes(t, options),
		func(passkey.Passkey) string { return "A phone" },
	)
	left := must(h.AttemptsLeft(t.Context(), permission))(t)
	if err == nil || left != 2 {
		t.Errorf("wrong: %v and %d attempts left", err, left)
	}
	if stored := must(h.ListStandingPasskeys(t.Context(), meterPoint))(t); len(stored) != 0 {
		t.Errorf("stored %+v", stored)
	}

	must(h.makePasskey(t, permission, newDevice(), started.MatchCode))(t)
}

// A Data User that starts an enrolment by a record of its own is told of no passkey that the customer has: neither its
// id, which the options would exclude, nor its user handle nor its name. It is not told either once it has confirmed by
// an address of its own choice.
func TestEnrolmentOfADataUserTellsNothing(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		theirs := h.enrol(t)
		expectNothing := func(name string, permission rules.Permission) {
			t.Helper()
			if told := must(h.ListPasskeys(t.Context(), permission))(t); len(told) != 0 {
				t.Errorf("%s: the page lists %+v", name, told)
			}

			options := must(h.BeginEnrolment(t.Context(), permission, "", "Electricity meter"))(t)
			parsed := must(virtualwebauthn.ParseAttestationOptions(string(options)))(t)
			handle := string(theirs.authenticator.Options.UserHandle)
			if len(parsed.ExcludeCredentials) != 0 || parsed.UserID == handle {
				t.Errorf("%s: the browser gets %s", name, options)
			}
		}

		session := must(h.reidentifyOwn(t, h.owner, h.ir, registerclient.ReidentifyOwnRequest{
			Method: registerclient.MethodPasskeyRegister,
		}))(t)
		expectNothing("session", must(h.PermitEnrolment(t.Context(), sessionOf(t, session), ""))(t))

		h.letters(t)
		must(h.reidentifyOwn(t, h.owner, h.ir, registerclient.ReidentifyOwnRequest{
			Method: registerclient.MethodMagicLink,
		}))(t)
		opened := must(h.Open(t.Context(), store.LinkSecret, linkSecret(t, h.letters(t)[0])))(t)
		ticket := must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)
		expectNothing("own link", must(h.PermitEnrolment(t.Context(), "", ticket))(t))
	})
}
