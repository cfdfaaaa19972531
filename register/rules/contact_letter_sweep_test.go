package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const day = 24 * time.Hour

// Letters about a new address are written on days 0, 10 and 20, and never again. The later ones are reminders.
func TestDaysOfLetters(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2022-06-30")
		began := h.Now()
		for _, step := range []struct {
			after     time.Duration
			letters   int
			reminders bool
		}{
			{0, 1, false},
			{time.Minute, 0, false},
			{10*day - time.Second, 0, false},
			{10 * day, 1, true},
			{11 * day, 0, false},
			{20*day - time.Second, 0, false},
			{20 * day, 1, true},
			{30 * day, 0, false},
			{59 * day, 0, false},
		} {
			h.clock.Set(began.Add(step.after))
			letters := h.contactLetters(t)
			if len(letters) != step.letters {
				t.Fatalf("after %v: %d letters, want %d", step.after, len(letters), step.letters)
			}
			for _, letter := range letters {
				if strings.HasPrefix(letter.Message.Subject, "Reminder: ") != step.reminders {
					t.Errorf("after %v: the subject is %q", step.after, letter.Message.Subject)
				}
			}
		}
	})
}

// The letter says when the new address can confirm if nobody objects, if time alone is enough for that.
func TestLetterSaysWhatWaitingBrings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(h *house)
		want    string
	}{
		"30 days": {func(*house) {}, "it can open your list from 1 July 2026."},
		"the standing address's Data User has an active record": {
			func(h *house) { h.access(t, h.owner, h.ir, registerclient.BasisConsent) },
			"If nobody answers, it cannot open your list.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, registertest.SQLite)
			test.prepare(h)
			h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2022-06-30")
			letter := h.contactLetters(t)[0]
			if words := strings.Join(strings.Fields(letter.Message.Text), " "); !strings.Contains(words, test.want) {
				t.Errorf("it does not say %q: %s", test.want, words)
			}
		})
	}
}

// As many new addresses as an account may have at one meter point are one letter a day. Another account's address does
// not wait behind them.
func TestFloodOfContacts(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		flooder := h.account(t, "flooder", registerclient.RoleDataUser)
		for i := range 20 {
			h.lives(t, flooder, fmt.Sprintf("planted%d@example.com", i), "2022-06-30")
		}
		h.lives(t, h.account(t, "honest", registerclient.RoleDataUser), partnerEmail, "2022-06-30")

		var askedHonest []int
		for n := range 25 {
			var letters []rules.QueuedLetter
			for range 4 {
				letters = append(letters, h.contactLetters(t)...)
				h.clock.Add(6 * time.Hour)
			}
			if len(letters) != 1 || letters[0].To != customerEmail {
				t.Fatalf("day %d: %d letters, want one", n, len(letters))
			}
			if strings.Contains(letters[0].Message.Text, "p*****r@example.com") {
				askedHonest = append(askedHonest, n)
			}
		}

		if len(askedHonest) != 3 || askedHonest[0] > 1 {
			t.Errorf("the honest address was asked about on the days %v", askedHonest)
		}
	})
}

// One account writes one series of letters about one address in 90 days.
func TestOneSeriesForAnAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	other := h.account(t, "other", registerclient.RoleDataUser)
	h.lives(t, other, partnerEmail, "2022-06-30")
	h.lives(t, other, partnerEmail, "2022-06-30")
	h.clock.Add(time.Minute) // of accounts that nothing was written about, the one that came first is
	h.lives(t, h.account(t, "third", registerclient.RoleDataUser), partnerEmail, "2022-06-30")

	began := h.Now()
	written := map[string][]int{}
	for n := range 120 {
		h.clock.Set(began.Add(time.Duration(n) * day))
		for _, letter := range h.contactLetters(t) {
			org, _, _ := strings.Cut(letter.Message.Text[strings.Index(letter.Message.Text, "Example "):], " says")
			written[org] = append(written[org], n)
		}
	}

	if want := []int{0, 10, 20, 90, 100, 110}; !slices.Equal(written["Example other"], want) {
		t.Errorf("letters of the account on the days %v, want %v", written["Example other"], want)
	}
	if want := []int{1, 11, 21}; !slices.Equal(written["Example third"], want) {
		t.Errorf("letters of another account on the days %v, want %v", written["Example third"], want)
	}
}

// An account that erases an address and gives it again, or changes two in turn, begins three series in 90 days:
// nothing tells that the addresses are the same.
func TestSeriesOfErasedAddresses(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(t testing.TB, h *house, n int){
		"erased": func(t testing.TB, h *house, _ int) {
			h.lives(t, h.owner, partnerEmail, "2022-06-30")
		},
		"changed": func(t testing.TB, h *house, n int) {
			h.patchEmail(t, fmt.Sprintf("planted%d@example.com", n%2))
		},
	} {
		h := newHouse(t, registertest.SQLite)
		began := h.Now()
		var written []int
		days := 60
		if name == "erased" {
			days = 30 // an account may erase no more in 90 days and create another
		}

		for n := range days {
			h.clock.Set(began.Add(time.Duration(n) * day))
			give(t, h, n)
			for range h.contactLetters(t) {
				written = append(written, n)
			}
			if name == "erased" {
				h.eraseAll(t, h.owner, partnerEmail)
			}
		}

		if want := []int{0, 1, 2}; !slices.Equal(written, want) {
			t.Errorf("%s: letters on the days %v, want %v", name, written, want)
		}
	}
}

// eraseAll erases the identity records of an account with an address.
func (h *house) eraseAll(t testing.TB, account store.Account, email string) {
	t.Helper()
	found := must(h.LookUpIdentityRecords(t.Context(), account.AccountID, rules.IdentityQuery{Email: &email}))(t)
	for _, record := range found {
		h.anonymise(t, account, record.IR)
	}
}

// An account that gives one address for many meter points causes twenty letters a day to it. The others are written on
// the days after, and another account's letter does not wait behind them.
func TestFloodOfMeterPoints(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	flooder := h.account(t, "flooder", registerclient.RoleDataUser)
	for n := range 50 {
		mpxn := fmt.Sprintf("%07d", 1000001+n)
		must(h.createIdentity(t, flooder, registertest.IdentityRecord(mpxn, customerEmail)))(t)
		must(h.createIdentity(t, flooder, registertest.IdentityRecord(mpxn, "planted@example.com")))(t)
	}
	h.clock.Add(time.Minute)
	h.lives(t, h.account(t, "honest", registerclient.RoleDataUser), partnerEmail, "2022-06-30")

	var written []int
	for range 4 {
		written = append(written, len(h.contactLetters(t)))
		h.clock.Add(day)
	}
	if want := []int{21, 20, 10, 0}; !slices.Equal(written, want) {
		t.Errorf("letters a day: %v, want %v", written, want)
	}
}

// beProvisionalAgain gives a provisional contact another standing of the same kind, about which letters are due.
func (h *house) beProvisionalAgain(t testing.TB, ir string) {
	t.Helper()
	now := store.Millis(h.Now())
	h.change(t, func(tx *store.Tx) error {
		c := h.contactOf(t, ir)
		next := c.Standing
		next.Since = now
		if begun, err := tx.SetStanding(t.Context(), c, c.Household, next); err != nil || !begun {
			return fmt.Errorf("the standing has begun: %t (%w)", begun, err)
		}

		return tx.SetWait(t.Context(), c.ID, &now, nil, c.CheckAt)
	})
}

// A contact that becomes provisional once more gets a series of its own, however many letters there were before.
func TestSeriesStartsAgain(t *testing.T) {
	t.Parallel()
	for _, before := range []int{1, 3} {
		h := newHouse(t, registertest.SQLite)
		ir := h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2022-06-30")
		for range before {
			h.contactLetters(t)
			h.clock.Add(10 * day)
		}

		h.beProvisionalAgain(t, ir)
		var subjects []string
		for range 5 {
			for _, letter := range h.contactLetters(t) {
				english, _, _ := strings.Cut(letter.Message.Subject, " / ")
				subjects = append(subjects, english)
			}
			h.clock.Add(10 * day)
		}

		question := "Is this new email address yours?"
		if want := []string{question, "Reminder: " + question, "Reminder: " + question}; !slices.Equal(subjects, want) {
			t.Errorf("after %d letters: %q", before, subjects)
		}
	}
}

// If the last standing address ends before a letter is written, nobody is told, and the wait begins.
func TestNobodyToTell(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	ir := h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2022-06-30")
	h.change(t, func(tx *store.Tx) error {
		return tx.ConfirmContact(t.Context(), h.contactOf(t, h.ir).ID, h.Now())
	})
	h.anonymise(t, h.owner, h.ir)
	h.clock.Add(time.Hour)

	if letters := h.contactLetters(t); len(letters) > 0 {
		t.Fatalf("letters to %s", letters[0].To)
	}
	c := h.contactOf(t, ir)
	if c.ToldAt == nil || !c.ToldAt.Time().Equal(h.Now()) || c.LetterDueAt != nil || c.Letters != 0 {
		t.Errorf("the contact is %+v", c)
	}
}

// Nobody is asked about the address of a suspended Data User; the letters go on when it is active again.
func TestNoLettersForSuspendedAccounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	other := h.account(t, "other", registerclient.RoleDataUser)
	h.lives(t, other, partnerEmail, "2022-06-30")
	h.setStatus(t, rules.Suspend, other.AccountID)
	if letters := h.contactLetters(t); len(letters) > 0 {
		t.Fatal("a letter was written")
	}

	h.setStatus(t, rules.Reactivate, other.AccountID)
	h.clock.Add(day)
	if letters := h.contactLetters(t); len(letters) != 1 {
		t.Errorf("%d letters, want one", len(letters))
	}
}

// importContacts imports an address of a new account at each of several meter points.
func (h *house) importContacts(t testing.TB, id string, mpxns []string) {
	t.Helper()
	account := h.account(t, id, registerclient.RoleDataUser)
	var lines strings.Builder
	for i, mpxn := range mpxns {
		lines.WriteString(lineOf(t, i, func(line *registerclient.ImportLine) {
			identity := registertest.IdentityRecord(mpxn, id+"@example.com")
			line.IdentityRecord = &identity
		}))
	}

	response := must(h.Import(t.Context(), account, strings.NewReader(lines.String()), nil))(t)
	if response.Imported != len(mpxns) {
		t.Fatalf("%d lines were imported, want %d: %v", response.Imported, len(mpxns), response.Errors)
	}
}

// Letters about imported contacts are paced: each minute has its share of the hour, once for all replicas, and the
// accounts take turns. Letters about other contacts are not.
func TestImportedContactsArePaced(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		var mpxns []string
		for i := range 10 {
			mpxn := fmt.Sprintf("99000000%05d", i)
			mpxns = append(mpxns, mpxn)
			must(h.createIdentity(t, h.owner, registertest.IdentityRecord(mpxn, customerEmail)))(t)
		}
		h.importContacts(t, "large", mpxns[:8])
		h.importContacts(t, "small", mpxns[8:])
		h.lives(t, h.account(t, "other", registerclient.RoleDataUser), partnerEmail, "2022-06-30")

		paced := h.with(func(o *rules.Options) { o.ContactLettersPerHour = 90 }) // one and two by turns
		var perMinute []int
		small := 0
		for minute := range 8 {
			letters := paced.contactLetters(t)
			if again := paced.contactLetters(t); len(again) > 0 {
				t.Errorf("minute %d: another replica wrote %d letters", minute, len(again))
			}

			imported := 0
			for _, letter := range letters {
				if !strings.Contains(letter.Message.Text, "Example other") {
					imported++
				}
				if minute < 2 && strings.Contains(letter.Message.Text, "Example small") {
					small++
				}
			}
			perMinute = append(perMinute, imported)
			if minute == 0 && len(letters)-imported != 1 {
				t.Error("the letter about the contact that was not imported waits")
			}

			h.clock.Add(time.Minute)
		}

		if want := []int{1, 2, 1, 2, 1, 2, 1, 0}; !slices.Equal(perMinute, want) {
			t.Errorf("letters in each minute: %v, want %v", perMinute, want)
		}
		if small == 0 {
			t.Error("the small account waits behind the large one")
		}
	})
}
