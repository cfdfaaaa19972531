package store_test

import (
	"errors"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// contactLetter inserts a contact and a letter to it that was written at a time and is open for 60 days.
func (d *data) contactLetter(written time.Time) store.ContactLetter {
	d.t.Helper()
	identity := d.identity("du", "2024-01-01")
	contact := store.Contact{
		ID:        d.key("cnt"),
		IR:        identity.IR,
		AccountID: identity.AccountID,
		MPxN:      mpxn,
		KeyID:     "test",
		CreatedAt: store.Millis(written),
		Standing:  store.Standing{State: store.ContactStands, Since: store.Millis(written), Why: "first"},
	}
	letter := store.ContactLetter{
		Letter:     d.key("ltr"),
		SecretHash: hash(d.key("secret")),
		Code:       "AB23",
		Kind:       store.LetterTenancy,
		MPxN:       mpxn,
		Recipient:  contact.ID,
		Round:      1,
		Job:        d.key("msg"),
		WrittenAt:  store.Millis(written),
		OpenUntil:  store.Millis(written.AddDate(0, 0, 60)),
	}
	d.change(func(tx *store.Tx) error {
		return errors.Join(
			tx.InsertContacts(d.t.Context(), []store.Contact{contact}),
			tx.InsertContactLetter(d.t.Context(), letter),
		)
	})

	return letter
}

// A letter is deleted if it is old and can no longer be answered: its time is over, or it was answered.
func TestDeleteOldLetters(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("du", "data_user")
		ended := d.contactLetter(now)
		answered := d.contactLetter(now.AddDate(0, 0, 1))
		open := d.contactLetter(now.AddDate(0, 0, 1).Add(time.Millisecond))
		isKept := func(letter store.ContactLetter) bool {
			_, err := d.FindLetterByJob(t.Context(), letter.Job)

			return err == nil
		}
		d.change(func(tx *store.Tx) error {
			_, err := tx.AnswerLetter(t.Context(), answered.Letter, "yes", now.AddDate(0, 0, 2))

			return err
		})

		for _, step := range []struct {
			before, now                          time.Time
			endedKept, answeredKept, anotherKept bool
		}{
			{now, now.AddDate(0, 0, 60), true, true, true},
			{now.AddDate(0, 0, 3), now.AddDate(0, 0, 59), true, false, true},
			{now.AddDate(0, 0, 3), now.AddDate(0, 0, 60), false, false, true},
			{now.AddDate(0, 0, 3), now.AddDate(0, 0, 62), false, false, false},
		} {
			d.change(func(tx *store.Tx) error { return tx.DeleteOldLetters(t.Context(), step.before, step.now) })
			expect(t, "ended letter", isKept(ended), step.endedKept)
			expect(t, "answered letter", isKept(answered), step.answeredKept)
			expect(t, "open letter", isKept(open), step.anotherKept)
		}
	})
}
