package rules_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// readBy confirms a challenge of the portal by the link to the address that mail goes to, or to the other one, and
// reads the list. It returns the token.
func (h *house) readBy(t testing.TB, other bool) string {
	t.Helper()
	h.letters(t)
	started := h.ask(t, registerclient.ReidentifyRequest{
		Method: registerclient.MethodMagicLink, OtherAddress: other,
	})
	opened := must(h.Open(t.Context(), store.LinkSecret, linkSecret(t, h.letters(t)[0])))(t)
	must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)
	must(h.ReadWithToken(t.Context(), h.portal.AccountID, meterPoint, rules.RecordFilter{}, started.TokenRef()))(t)

	return started.TokenRef()
}

// A reading that a new contact confirmed is told to the other standing address. "This wasn't me" ends what the reading
// allows.
func TestReadingByANewContactIsTold(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ak := h.access(t, h.owner, h.ir, registerclient.BasisConsent)
		h.clock.Add(91 * day)
		h.livesToo(t, "partner", partnerEmail)

		token := h.readBy(t, true)
		letters := h.letters(t)
		if len(letters) != 1 || letters[0].To != customerEmail {
			t.Fatalf("the letters are %v", letters)
		}
		if text := letters[0].Message.Text; !strings.Contains(text, "Example portal showed the list") {
			t.Errorf("the letter says %s", text)
		}

		secret, _ := replyTo(t, letters[0])
		opened := must(h.OpenLetter(t.Context(), secret))(t)
		if opened.Kind != rules.LetterReading || opened.Org != "Example portal" || !opened.At.Equal(h.Now()) {
			t.Errorf("opened as %+v", opened)
		}
		if err := h.answer(t, letters[0], true); err == nil || errors.Is(err, rules.ErrEnded) {
			t.Errorf("yes to a reading: %v", err)
		}
		if err := h.answer(t, letters[0], false); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Withdraw(t.Context(), h.portal.AccountID, ak, rules.Withdrawal{Token: token}); err == nil {
			t.Error("the reading still allows a withdrawal")
		}
	})
}

// Readings are told at most once a day for each operator, and not at all once the contact has stood for 90 days. A
// contact that has stood for long tells nobody.
func TestReadingsThatAreNotTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.access(t, h.owner, h.ir, registerclient.BasisConsent)
	h.clock.Add(91 * day)
	h.livesToo(t, "partner", partnerEmail)
	began := h.Now()

	for _, step := range []struct {
		name    string
		after   time.Duration
		other   bool
		letters int
	}{
		{"the old contact", 0, false, 0},
		{"the new contact", time.Hour, true, 1},
		{"the new contact again", 2 * time.Hour, false, 0},
		{"the new contact a day later", 25*time.Hour + time.Minute, false, 1},
		{"the new contact after 90 days", 90 * day, false, 0},
	} {
		h.clock.Set(began.Add(step.after))
		h.readBy(t, step.other)
		if letters := h.letters(t); len(letters) != step.letters {
			t.Errorf("%s: %d letters, want %d", step.name, len(letters), step.letters)
		}
	}
}
