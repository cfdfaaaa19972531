package rules_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const partnerEmail = "partner@example.com"

// A second address is provisional. The standing address is asked about it, in both languages, with the masked address
// and the name of the Data User; the new address gets no letter.
func TestStandingAddressIsAskedAboutANewOne(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		other := h.account(t, "other", registerclient.RoleDataUser)
		ir := h.lives(t, other, partnerEmail, "2022-06-30")
		h.expectStanding(t, ir, "provisional new")

		letters := h.contactLetters(t)
		if len(letters) != 1 || letters[0].To != customerEmail {
			t.Fatalf("the letters are %v", letters)
		}
		for _, want := range []string{"Example other", "p*****r@example.com", "Mae Example other yn dweud", "901"} {
			if !strings.Contains(letters[0].Message.Text, want) {
				t.Errorf("the letter does not say %q:\n%s", want, letters[0].Message.Text)
			}
		}
		if strings.Contains(letters[0].Message.Text, partnerEmail) {
			t.Error("the letter has the whole new address")
		}

		secret, code := replyTo(t, letters[0])
		opened := must(h.OpenLetter(t.Context(), secret))(t)
		if opened.Kind != rules.LetterAddition || opened.Org != "Example other" || opened.Passkey ||
			opened.Address != "p*****r@example.com" || opened.TriesLeft != store.MaxWrongLetterCodes {
			t.Errorf("opened as %+v", opened)
		}

		stored := h.count(t, `contact_letters WHERE code = '`+code+`'`)
		if stored != 1 || h.count(t, `contact_letters WHERE secret_hash = '`+secret+`'`) != 0 {
			t.Error("the letter is not stored with the hash of its secret")
		}
	})
}

// Yes makes the new address stand, and "this is not me" sets it aside. The letter is single use.
func TestAnswerToAnAddition(t *testing.T) {
	t.Parallel()
	for yes, want := range map[bool]string{true: "stands said-yes", false: "set-aside not-me"} {
		eachHouse(t, func(t *testing.T, h *house) {
			other := h.account(t, "other", registerclient.RoleDataUser)
			ir := h.lives(t, other, partnerEmail, "2022-06-30")
			letter := h.contactLetters(t)[0]
			if err := h.answer(t, letter, yes); err != nil {
				t.Fatal(err)
			}

			h.expectStanding(t, ir, want)
			h.expectAudited(t, "contact-letter.answered", 1)
			for _, again := range []bool{true, false} {
				if err := h.answer(t, letter, again); !errors.Is(err, rules.ErrEnded) {
					t.Errorf("answered again: %v", err)
				}
			}

			h.expectStanding(t, ir, want)
			if letters := h.contactLetters(t); len(letters) > 0 {
				t.Errorf("more letters: %v", letters)
			}
		})
	}
}

// Of two standing addresses that answer at once, one is heard.
func TestConcurrentAnswers(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.livesToo(t, "partner", partnerEmail)
		h.clock.Add(24 * time.Hour)
		ir := h.lives(t, h.account(t, "third", registerclient.RoleDataUser), "third@example.com", "2022-06-30")
		letters := h.contactLetters(t)
		if len(letters) != 2 {
			t.Fatalf("%d letters, want one to each standing address", len(letters))
		}

		var answering sync.WaitGroup
		failures := make([]error, len(letters))
		for i, letter := range letters {
			answering.Go(func() { failures[i] = h.answer(t, letter, i == 0) })
		}
		answering.Wait()

		heard := -1
		for i, err := range failures {
			switch {
			case err == nil && heard < 0:
				heard = i
			case !errors.Is(err, rules.ErrEnded):
				t.Errorf("letter %d: %v", i, err)
			}
		}

		want := map[int]string{0: "stands said-yes", 1: "set-aside not-me"}[heard]
		h.expectStanding(t, ir, want)
	})
}

// Text that is no code is not counted. Nine wrong codes end the letter, and the right one comes too late then.
func TestWrongCodesOfALetter(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		ir := h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2022-06-30")
		letter := h.contactLetters(t)[0]
		secret, code := replyTo(t, letter)
		wrong := "2222"
		if code == wrong {
			wrong = "3333"
		}

		answer := func(typed string) error {
			return h.AnswerLetter(t.Context(), secret, rules.LetterAnswer{Yes: true, Code: typed})
		}
		for range 20 {
			if err := answer(""); !errors.Is(err, rules.ErrCodeMissing) {
				t.Fatalf("no code: %v", err)
			}
			if err := answer("I0O1"); !errors.Is(err, rules.ErrCodeMalformed) {
				t.Fatalf("no code: %v", err)
			}
		}

		for i := range store.MaxWrongLetterCodes {
			if left := must(h.OpenLetter(t.Context(), secret))(t).TriesLeft; left != store.MaxWrongLetterCodes-i {
				t.Errorf("%d tries left after %d wrong codes", left, i)
			}
			if err := answer(wrong); !errors.Is(err, rules.ErrCodeWrong) {
				t.Fatalf("wrong code %d: %v", i, err)
			}
		}

		if err := answer(code); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("the right code after too many wrong ones: %v", err)
		}

		h.expectStanding(t, ir, "provisional new")
		h.expectAudited(t, "contact-letter.wrong-code", store.MaxWrongLetterCodes)
	})
}

// A letter ends with its time, with the standing of its reader, and with its contact. An unknown secret looks the same.
func TestLetterEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, h *house, other store.Account, ir string){
		"too late": func(_ *testing.T, h *house, _ store.Account, _ string) { h.clock.Add(60 * day) },
		"the new contact is erased": func(t *testing.T, h *house, other store.Account, ir string) {
			h.anonymise(t, other, ir)
		},
		"the reader is erased": func(t *testing.T, h *house, _ store.Account, _ string) {
			h.anonymise(t, h.owner, h.ir)
		},
		"the reader's Data User misbehaved": func(t *testing.T, h *house, _ store.Account, _ string) {
			h.setStatus(t, rules.Suspend, h.owner.AccountID)
		},
		"the new contact's Data User misbehaved": func(t *testing.T, h *house, other store.Account, _ string) {
			h.setStatus(t, rules.Suspend, other.AccountID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, registertest.SQLite)
			other := h.account(t, "other", registerclient.RoleDataUser)
			ir := h.lives(t, other, partnerEmail, "2022-06-30")
			letter := h.contactLetters(t)[0]

			end(t, h, other, ir)
			if err := h.answer(t, letter, true); !errors.Is(err, rules.ErrEnded) {
				t.Errorf("answered: %v", err)
			}
		})
	}

	h := newHouse(t, registertest.SQLite)
	if _, err := h.OpenLetter(t.Context(), "unknown"); !errors.Is(err, rules.ErrEnded) {
		t.Errorf("an unknown letter: %v", err)
	}
}

// An address that was set aside, or whose Data User misbehaved, disputes no change of tenancy.
func TestTenancyLetterEndsWithItsReader(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, h *house){
		"set aside": func(t *testing.T, h *house) {
			h.decide(t, rules.SetAside, h.contactOf(t, h.ir).ID)
		},
		"its Data User misbehaved": func(t *testing.T, h *house) {
			h.setStatus(t, rules.Suspend, h.owner.AccountID)
		},
	} {
		h := newHouse(t, registertest.SQLite)
		h.tenancyChange(t, meterPoint, "2026-06-01")
		letter := h.letters(t)[0]
		end(t, h)
		if err := h.answer(t, letter, true); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// anonymise erases an identity record.
func (h *house) anonymise(t testing.TB, account store.Account, ir string) {
	t.Helper()
	must(h.AnonymiseIdentityRecord(t.Context(), account.AccountID, ir))(t)
}

// The letter about a removal keeps the contact; the one about a change of tenancy puts the report in dispute. Neither
// has the other answer.
func TestAnswersToOtherLetters(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		_, ir := h.livesToo(t, "partner", partnerEmail)
		until := h.Now().Add(7 * 24 * time.Hour)
		h.askRemoval(t, ir, until)

		letter := h.letters(t)[0]
		if letter.To != partnerEmail || !strings.Contains(letter.Message.Text, "remove it on 8 June 2026") {
			t.Errorf("to %s: %s", letter.To, letter.Message.Text)
		}
		if err := h.answer(t, letter, true); err == nil || errors.Is(err, rules.ErrEnded) {
			t.Errorf("yes to a removal: %v", err)
		}
		if err := h.answer(t, letter, false); err != nil {
			t.Fatal(err)
		}
		if h.contactOf(t, ir).RemovalAt != nil {
			t.Error("the contact is to be removed still")
		}

		h.tenancyChange(t, meterPoint, "2026-06-01")
		letters := h.letters(t)
		if len(letters) != 2 {
			t.Fatalf("%d letters, want two", len(letters))
		}
		if err := h.answer(t, letters[0], true); err != nil {
			t.Fatal(err)
		}
		if err := h.answer(t, letters[1], true); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("a second reply of the household: %v", err)
		}
		if h.count(t, `tenancy_changes WHERE disputed_at IS NOT NULL`) != 1 {
			t.Error("the report is not in dispute")
		}
	})
}

// A household that an administrator has to choose for is told, and has nothing to answer.
func TestTieLetters(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.change(t, func(tx *store.Tx) error { return h.WriteTenancyTies(t.Context(), tx, meterPoint) })
	letters := h.letters(t)
	if len(letters) != 1 || !strings.Contains(letters[0].Message.Text, "Ask Example owner") {
		t.Fatalf("the letters are %v", letters)
	}
	if mailedReply.MatchString(letters[0].Message.Text) || letters[0].Message.Language != "en, cy" {
		t.Errorf("%s: %s", letters[0].Message.Language, letters[0].Message.Text)
	}
}
