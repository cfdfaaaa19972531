package rules_test

import (
	"slices"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// Every occupant is told of a change of passkeys: each address once, in any case. The passkey of an earlier occupant is
// told to that occupant only. A person who cannot confirm gets no letter.
func TestPasskeyLetters(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.account(t, "other", registerclient.RoleDataUser)
		h.lives(t, other, "Customer@EXAMPLE.com", "2022-06-30")
		h.stand(t, h.lives(t, other, "partner@example.com", "2023-01-01"))
		h.lives(t, other, "stranger@example.com", "2023-01-01") // does not stand
		h.lives(t, other, "", "2023-01-01")
		next := h.lives(t, h.owner, "next@example.com", "2026-06-02")
		expect := func(name string, ir string, want ...string) {
			t.Helper()
			passkey := h.addPasskey(t, ir)
			if err := h.RemovePasskey(t.Context(), "owner", ir, passkey.CredentialID); err != nil {
				t.Fatal(err)
			}

			got := strings.Fields(strings.ToLower(h.recipients(t)))
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: letters went to %q, want %q", name, got, want)
			}
		}
		expect("occupants", h.ir, customerEmail, "partner@example.com")
		expect("still to move in", next)
		h.setStatus(t, rules.Suspend, "other")
		expect("one account is suspended", h.ir, customerEmail)
		h.setStatus(t, rules.Reactivate, "other")

		h.tenancyChange(t, meterPoint, "2022-12-31")
		h.letters(t) // the question whether they still live there
		expect("an earlier occupant", h.ir, customerEmail)
	})
}

// The letter names the device and the meter point by its last digits, in the language of the challenge.
func TestPasskeyLetterText(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	started := h.ask(t, registerclient.ReidentifyRequest{
		Method: registerclient.MethodPasskeyRegister, Language: "cy",
	})
	opened := must(h.Open(t.Context(), store.LinkSecret, linkSecret(t, h.letters(t)[0])))(t)
	ticket := must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)
	permission := must(h.PermitEnrolment(t.Context(), sessionOf(t, started), ticket))(t)
	must(h.makePasskey(t, permission, newDevice(), ""))(t)

	letter := h.letters(t)[0].Message
	if letter.Language != "cy" || !strings.Contains(letter.Text, "A phone") ||
		!strings.Contains(letter.Text, "901") || strings.Contains(letter.Text, meterPoint) {
		t.Errorf("the letter in %q says %s", letter.Language, letter.Text)
	}
}
