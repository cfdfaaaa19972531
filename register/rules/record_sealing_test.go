package rules_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// firstKey is the key ring of a house.
var firstKey = "test:" + registertest.Key

// older makes the row of an identity record one that an older program wrote: the address is sealed as it was given and
// hashed in lower case.
func (h *house) older(t *testing.T, ir, email string) {
	t.Helper()
	ring := must(rules.NewKeyring(firstKey))(t)
	h.exec(t, `DELETE FROM identity_keys WHERE ir = ?`, ir)
	h.exec(t, `UPDATE identity_records SET email_form = 1, sealed_email = ?, email_mac = ?, sealed_detail = NULL
		WHERE ir = ?`,
		rules.SealForTest(ring, email, "identity_records.sealed_email "+ir), rules.FormerHashForTest(ring, email), ir)
}

// exec changes a row as no operation does.
func (h *house) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	result, err := h.db.Write.Exec(h.db.Write.Rebind(statement), args...)
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := result.RowsAffected(); err != nil || rows != 1 {
		t.Fatalf("%s changed %d rows (%v)", statement, rows, err)
	}
}

// formerRows returns how many identity records hold an address in a former form.
func (h *house) formerRows(t *testing.T) int {
	t.Helper()

	return len(must(h.store.ListFormer(t.Context(), store.SealedIdentityRecords, nil, 1000))(t))
}

// expectFound checks how many identity records of the owner have an address.
func (h *house) expectFound(t *testing.T, when, email string, want int) {
	t.Helper()
	query := rules.IdentityQuery{Email: &email}
	if found := must(h.LookUpIdentityRecords(t.Context(), "owner", query))(t); len(found) != want {
		t.Errorf("%s: %+q finds %d records, want %d", when, email, len(found), want)
	}
}

// Rows of an older program are found by every spelling of the address before and after they are brought to the normal
// form and get keys of their own. That changes neither their key nor what was anonymised, and an address that cannot
// be opened stops no other.
func TestSealRecords(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		const many = 120 // more than a batch
		for i := range many {
			email := fmt.Sprintf("other%d@example.com", i)
			person := registertest.IdentityRecord(fmt.Sprintf("98%011d", i), email)
			h.older(t, must(h.createIdentity(t, h.owner, person))(t).IR, strings.ToUpper(email))
		}

		kunde := h.lives(t, h.owner, "kunde@example.com", "2023-01-01")
		h.older(t, kunde, "Kunde@MÜNCHEN.example")
		lost := h.lives(t, h.owner, "lost@example.com", "2023-01-01")
		anonymised := h.lives(t, h.owner, "gone@example.com", "2023-01-01")
		h.older(t, anonymised, "gone@example.com")
		must(h.AnonymiseIdentityRecord(t.Context(), "owner", anonymised))(t)
		h.exec(t, `UPDATE identity_records SET email_form = 1, key_id = 'lost' WHERE ir = ?`, lost)

		expectFound := func(when string) {
			t.Helper()
			for _, email := range []string{
				"Kunde@MÜNCHEN.example", "kunde@xn--mnchen-3ya.example", "kunde@mu\u0308nchen.example",
				"other7@example.com", "OTHER119@example.com", customerEmail,
			} {
				h.expectFound(t, when, email, 1)
			}
		}
		expectFound("before")

		// The replica that does it seals with another key.
		normalising := h.with(func(o *rules.Options) {
			o.Keys = must(rules.NewKeyring(rules.GenerateKey("next") + "," + firstKey))(t)
		})
		done, err := normalising.SealRecords(t.Context())
		if done != many+1 || err == nil || !strings.Contains(err.Error(), `no key "lost"`) {
			t.Errorf("%d rows, want %d: %v", done, many+1, err)
		}
		if n := h.formerRows(t); n != 1 {
			t.Errorf("%d rows are in a former form, want 1", n)
		}

		expectFound("afterwards") // with the old key alone
		row := must(h.store.FindOwnIdentityRecord(t.Context(), "owner", anonymised))(t)
		if row.SealedEmail != nil || row.EmailMAC != nil {
			t.Errorf("an anonymised address came back: %+v", row)
		}

		if done, err = normalising.SealRecords(t.Context()); done != 0 || err == nil {
			t.Errorf("again: %d rows, %v", done, err)
		}
		h.expectAudited(t, "identity-records.normalised", 1)
	})
}

// Keys are rotated and addresses normalised in one go.
func TestRotationNormalisesEmails(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.older(t, h.ir, "Rene\u0301@Example.com")
		done, err := h.RotateKeys(t.Context(), func(int) {})
		if err != nil || done != 1 || h.formerRows(t) != 0 {
			t.Errorf("%d rows, %v", done, err)
		}

		h.expectFound(t, "rotated", "REN\u00c9@example.com", 1)
	})
}

// A letter goes to the normal form of an address, also before its row is brought to it. The customer is told of it in
// the letters that people know.
func TestLettersGoToTheNormalForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	current := h.ir
	for _, when := range []string{"an older row", "a new row"} {
		const email = "Kunde@MÜNCHEN.example"
		ir := h.lives(t, h.owner, email, "2023-01-01")
		h.stand(t, ir)
		must(h.AnonymiseIdentityRecord(t.Context(), "owner", current))(t)
		current = ir
		if when == "an older row" {
			h.older(t, ir, email)
		}

		started := h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		if got := h.recipients(t); got != "kunde@xn--mnchen-3ya.example" {
			t.Errorf("%s: the letter went to %q", when, got)
		}
		if got := started.MagicLink.DispatchedTo; got != "k*****e@münchen.example" {
			t.Errorf("%s: the customer is told that it went to %q", when, got)
		}

		h.clock.Add(time.Hour)
	}
}

// A rotation wraps the keys of records again, and gives one to each record of an older program, with the addresses
// that wait. Afterwards the old key opens nothing, and the new one everything.
func TestRotationOfBothForms(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		next := rules.GenerateKey("next")
		present := h.lives(t, h.owner, "present@example.com", "2022-06-30")
		for _, ir := range []string{h.ir, present} {
			h.stand(t, ir)
			change := registerclient.UpdateIdentityRecordRequest{Email: new("new." + ir + "@example.com")}
			must(h.UpdateIdentityRecord(t.Context(), "owner", ir, change))(t)
		}

		h.former(t, h.ir)
		before := must(h.store.FindOwnKey(t.Context(), present))(t)
		rotating := h.with(func(o *rules.Options) { o.Keys = must(rules.NewKeyring(next + "," + firstKey))(t) })
		if done, err := rotating.RotateKeys(t.Context(), func(int) {}); err != nil || done < 4 {
			t.Fatalf("%d rows, %v", done, err)
		}

		after := must(h.store.FindOwnKey(t.Context(), present))(t)
		if *after.WrapKeyID != "next" || string(after.WrappedKey) == string(before.WrappedKey) {
			t.Errorf("the key is wrapped with %q", *after.WrapKeyID)
		}

		alone := h.with(func(o *rules.Options) { o.Keys = must(rules.NewKeyring(next))(t) })
		for _, email := range []string{
			customerEmail, "present@example.com", "new." + h.ir + "@example.com", "new." + present + "@example.com",
		} {
			alone.expectFound(t, "with the new key alone", email, 1)
		}
		if done, err := alone.RotateKeys(t.Context(), func(int) {}); err != nil || done != 0 {
			t.Errorf("again: %d rows, %v", done, err)
		}

		must(alone.AnonymiseIdentityRecord(t.Context(), "owner", h.ir))(t)
		if _, err := h.store.FindOwnKey(t.Context(), h.ir); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the key of the erased record: %v", err)
		}
	})
}

// A change of a record of an older program gives it a key of its own first.
func TestChangeOfAnOlderRecord(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.former(t, h.ir)
		change := registerclient.UpdateIdentityRecordRequest{Email: new("changed@example.com")}
		must(h.UpdateIdentityRecord(t.Context(), "owner", h.ir, change))(t)
		must(h.store.FindOwnKey(t.Context(), h.ir))(t)
		h.expectFound(t, "changed", "changed@example.com", 1)
	})
}

// former makes an identity record, with the addresses that wait, one that a program without keys of records wrote.
func (h *house) former(t *testing.T, ir string) {
	t.Helper()
	ring := must(rules.NewKeyring(firstKey))(t)
	place := "identity_records.sealed_email " + ir
	row := must(h.store.FindIdentityRecord(t.Context(), ir))(t)
	email := must(rules.OpenOwnForTest(ring, row.IR, row.OwnKey, row.SealedEmail, place))(t)
	contacts := must(h.store.ListContactsOf(t.Context(), []string{ir}))(t)
	h.exec(t, `UPDATE identity_records SET email_form = 2, sealed_email = ?, sealed_detail = NULL WHERE ir = ?`,
		rules.SealForTest(ring, email, place), ir)
	for _, c := range contacts {
		if c.SealedEmail == nil {
			continue
		}

		waiting := must(rules.OpenOwnForTest(ring, row.IR, row.OwnKey, c.SealedEmail, place))(t)
		h.exec(t, `UPDATE contacts SET sealed_email = ? WHERE contact = ?`,
			rules.SealForTest(ring, waiting, place), c.ID)
	}
	h.exec(t, `DELETE FROM identity_keys WHERE ir = ?`, ir)
}
