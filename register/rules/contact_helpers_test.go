package rules_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

var (
	mailedReply = regexp.MustCompile(regexp.QuoteMeta(pages.Letter) + `\?token=([A-Za-z0-9_-]+)`)
	mailedCode  = regexp.MustCompile(`(?m)^    ([2-9A-Z]{4})$`)
)

// replyTo returns the secret of the link in a letter that can be answered, and the code of the letter.
func replyTo(t testing.TB, letter rules.QueuedLetter) (secret, code string) {
	t.Helper()
	link := mailedReply.FindStringSubmatch(letter.Message.Text)
	typed := mailedCode.FindStringSubmatch(letter.Message.Text)
	if link == nil || typed == nil {
		t.Fatalf("no link or no code in %q", letter.Message.Text)
	}

	return link[1], typed[1]
}

// contactLetters writes the letters about contacts that are due, as the worker's sweep does, and returns them. The mail
// server has accepted them.
func (h *house) contactLetters(t testing.TB) []rules.QueuedLetter {
	t.Helper()
	must(h.WriteContactLetters(t.Context()))(t)

	return h.letters(t)
}

// answer answers a letter with its code.
func (h *house) answer(t testing.TB, letter rules.QueuedLetter, yes bool) error {
	t.Helper()
	secret, code := replyTo(t, letter)

	return h.AnswerLetter(t.Context(), secret, rules.LetterAnswer{Yes: yes, Code: code})
}

// contactOf returns the first contact of an identity record.
func (h *house) contactOf(t testing.TB, ir string) store.Contact {
	t.Helper()
	contacts := must(h.store.ListContactsOf(t.Context(), []string{ir}))(t)
	if len(contacts) == 0 {
		t.Fatalf("%s has no contact", ir)
	}

	return contacts[0]
}

// askRemoval asks, as the owner's customer, that the first contact of an identity record is removed at a time, and
// writes to it.
func (h *house) askRemoval(t testing.TB, ir string, at time.Time) {
	t.Helper()
	contact := h.contactOf(t, ir).ID
	by := h.contactOf(t, h.ir).ID
	h.change(t, func(tx *store.Tx) error {
		if set, err := tx.SetRemoval(t.Context(), contact, by, at); err != nil || !set {
			return fmt.Errorf("the removal is set: %t (%w)", set, err)
		}

		return h.WriteRemoval(t.Context(), tx, meterPoint, ir, at)
	})
}

// expectStanding compares the standing of the first contact of an identity record.
func (h *house) expectStanding(t testing.TB, ir, want string) {
	t.Helper()
	c := h.contactOf(t, ir)
	if got := c.State + " " + c.Why; got != want {
		t.Errorf("the contact is %q, want %q", got, want)
	}
}

// livesToo adds a Data User with an identity record of a person whose address stands because the customer said yes.
func (h *house) livesToo(t testing.TB, id, email string) (account store.Account, ir string) {
	t.Helper()
	h.clock.Add(time.Minute) // of two addresses that have not confirmed, mail goes to the one that stands longer
	account = h.account(t, id, registerclient.RoleDataUser)
	ir = h.lives(t, account, email, "2022-06-30")
	letters := h.contactLetters(t)
	if len(letters) == 0 {
		t.Fatal("nobody was asked about the new address")
	}
	if err := h.answer(t, letters[0], true); err != nil {
		t.Fatal(err)
	}

	return account, ir
}
