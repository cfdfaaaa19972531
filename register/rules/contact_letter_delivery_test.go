package rules_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The ends of a letter's job.
var (
	accepted = rules.JobEnd{Outcome: store.OutcomeDelivered}
	refused  = rules.JobEnd{
		Outcome: store.OutcomeUndelivered, LastError: "the mail server replied 550 5.1.1", Refused: true,
	}
	givenUp = rules.JobEnd{Outcome: store.OutcomeUndelivered, LastError: "the mail server replied 451"}
)

// endMail ends the jobs of all letters that are due in one way, all at the same time, and returns the letters.
func (h *house) endMail(t testing.TB, end rules.JobEnd) []rules.QueuedLetter {
	t.Helper()
	var ending sync.WaitGroup
	var letters []rules.QueuedLetter
	for _, job := range h.jobs(t) {
		var letter rules.QueuedLetter
		if err := json.Unmarshal(must(h.OpenJob(t.Context(), job))(t), &letter); err != nil {
			t.Fatal(err)
		}

		letters = append(letters, letter)
		ending.Go(func() {
			if err := h.EndJob(t.Context(), job, end); err != nil {
				t.Error(err)
			}
		})
	}
	ending.Wait()

	return letters
}

// The wait of a contact begins when every letter of the first round has arrived, or was refused for good.
func TestContactIsToldWhenItsLettersEnded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end     rules.JobEnd
		told    bool
		bounced bool
	}{
		"accepted": {accepted, true, false},
		"refused":  {refused, true, true},
		"given up": {givenUp, false, false},
	} {
		eachHouse(t, func(t *testing.T, h *house) {
			h.livesToo(t, "partner", partnerEmail)
			h.clock.Add(day)
			ir := h.lives(t, h.account(t, "third", registerclient.RoleDataUser), "third@example.com", "2022-06-30")
			must(h.WriteContactLetters(t.Context()))(t)
			h.clock.Add(time.Hour)
			if h.contactOf(t, ir).ToldAt != nil {
				t.Fatal("told before the mail server has the letters")
			}

			if letters := h.endMail(t, test.end); len(letters) != 2 {
				t.Fatalf("%d letters, want two", len(letters))
			}

			c := h.contactOf(t, ir)
			if told := c.ToldAt != nil && c.ToldAt.Time().Equal(h.Now()); told != test.told {
				t.Errorf("%s: told at %v", name, c.ToldAt)
			}
			if bounced := h.contactOf(t, h.ir).BouncedAt != nil; bounced != test.bounced {
				t.Errorf("%s: the standing address bounced: %t", name, bounced)
			}
		})
	}
}

// A letter that is still underway holds up the wait.
func TestContactIsNotToldHalf(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.livesToo(t, "partner", partnerEmail)
	h.clock.Add(day)
	ir := h.lives(t, h.account(t, "third", registerclient.RoleDataUser), "third@example.com", "2022-06-30")
	must(h.WriteContactLetters(t.Context()))(t)

	for i, job := range h.jobs(t) {
		if err := h.EndJob(t.Context(), job, accepted); err != nil {
			t.Fatal(err)
		}
		if told := h.contactOf(t, ir).ToldAt != nil; told != (i == 1) {
			t.Errorf("told after %d of 2 letters: %t", i+1, told)
		}
	}
}

// A letter that was given up is sent the next day: the same letter, with the same code. It is the letter of that day.
func TestGivenUpLetterGoesTheNextDay(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.account(t, "other", registerclient.RoleDataUser)
		ir := h.lives(t, other, partnerEmail, "2022-06-30")
		must(h.WriteContactLetters(t.Context()))(t)
		first := h.endMail(t, givenUp)[0]
		second := h.lives(t, other, "second@example.com", "2022-06-30")

		h.clock.Add(day - time.Second)
		if letters := h.letters(t); len(letters) > 0 {
			t.Fatal("the letter was sent before its day")
		}

		h.clock.Add(time.Second)
		letters := h.contactLetters(t)
		if len(letters) != 1 || letters[0].Message.Text != first.Message.Text {
			t.Fatalf("%d letters, want the same one", len(letters))
		}
		if h.contactOf(t, ir).ToldAt == nil || h.contactOf(t, second).Letters != 0 {
			t.Error("the letter of the day is another one")
		}
		if err := h.answer(t, letters[0], false); err != nil {
			t.Error(err)
		}
	})
}

// A removal whose letter was given up waits a day longer.
func TestRemovalWaitsForItsLetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	_, ir := h.livesToo(t, "partner", partnerEmail)
	until := h.Now().Add(7 * day)
	h.askRemoval(t, ir, until)

	h.endMail(t, givenUp)
	if at := h.contactOf(t, ir).RemovalAt; at == nil || !at.Time().Equal(until.Add(day)) {
		t.Errorf("the removal is at %v, want a day after %v", at, until)
	}
}

// A link that the mail server refuses for good goes to the next standing address, which then confirms. The address that
// bounced comes last from then on, until it confirms again.
func TestBouncedLinkMovesOn(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, partner := h.livesToo(t, "partner", partnerEmail)
		h.letters(t)
		started := h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		first := h.endMail(t, refused)
		second := h.endMail(t, accepted)
		if len(first) != 1 || len(second) != 1 || first[0].To != customerEmail || second[0].To != partnerEmail {
			t.Fatalf("the link went to %v, then to %v", first, second)
		}
		if first[0].Message != second[0].Message {
			t.Error("the second letter is another one")
		}

		row := h.stored(t, h.portal, started)
		if row.IR != partner || row.Contact == nil || *row.Contact != h.contactOf(t, partner).ID {
			t.Errorf("the challenge goes to %s, %v", row.IR, row.Contact)
		}

		opened := must(h.Open(t.Context(), store.LinkSecret, linkSecret(t, second[0])))(t)
		must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)
		if h.contactOf(t, partner).ConfirmedAt == nil {
			t.Error("the second address has not confirmed")
		}
		h.expectAudited(t, "reidentification.redirected", 1)

		next := h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		if next.MagicLink.DispatchedTo != "p*****r@example.com" {
			t.Errorf("the next link goes to %s", next.MagicLink.DispatchedTo)
		}
	})
}

// A refused link goes nowhere else if no other address stands, if all have bounced, if the challenge has ended, or if
// the owner of the identity record asks.
func TestBouncedLinkStays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		two     bool
		own     bool
		prepare func(t *testing.T, h *house)
	}{
		"one address": {},
		"all have bounced": {two: true, prepare: func(t *testing.T, h *house) {
			h.change(t, func(tx *store.Tx) error {
				contacts := must(tx.ListContacts(t.Context(), meterPoint))(t)

				return tx.MarkBounced(t.Context(), contacts[len(contacts)-1].ID, h.Now())
			})
		}},
		"too late":       {two: true, prepare: func(_ *testing.T, h *house) { h.clock.Add(rules.LinkLife) }},
		"the owner asks": {two: true, own: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, registertest.SQLite)
			if test.two {
				h.livesToo(t, "partner", partnerEmail)
				h.letters(t)
			}
			if test.own {
				in := registerclient.ReidentifyOwnRequest{Method: registerclient.MethodMagicLink}
				must(h.reidentifyOwn(t, h.owner, h.ir, in))(t)
			} else {
				h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
			}
			if test.prepare != nil {
				test.prepare(t, h)
			}

			h.endMail(t, refused)
			if h.contactOf(t, h.ir).BouncedAt == nil {
				t.Error("the address is not marked")
			}
			if to := h.recipients(t); to != "" {
				t.Errorf("the link went to %s", to)
			}
		})
	}
}

// A link whose delivery only failed for now, or may have arrived, stays with its address.
func TestFailedLinkIsNoBounce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.livesToo(t, "partner", partnerEmail)
	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	h.endMail(t, givenUp)
	if to := h.recipients(t); strings.Contains(to, partnerEmail) || h.contactOf(t, h.ir).BouncedAt != nil {
		t.Errorf("the link went to %q", to)
	}
}
