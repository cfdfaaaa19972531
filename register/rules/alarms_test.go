package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// becomeFirst adds contacts of the owner that are the first at as many meter points.
func (h *house) becomeFirst(t testing.TB, from, count int) {
	t.Helper()
	now := store.Millis(h.Now())
	contacts := make([]store.Contact, count)
	for i := range contacts {
		contacts[i] = store.Contact{
			ID:        rules.NewID("cnt"),
			IR:        h.ir,
			AccountID: "owner",
			MPxN:      fmt.Sprintf("98%011d", from+i),
			KeyID:     "test",
			CreatedAt: now,
			Standing:  store.Standing{State: store.ContactStands, Since: now, Why: "first"},
		}
	}

	h.change(t, func(tx *store.Tx) error {
		for batch := range slices.Chunk(contacts, 100) {
			if err := tx.InsertContacts(t.Context(), batch); err != nil {
				return err
			}
		}

		return nil
	})
}

// object adds letters about the owner's contact. The answer to the first ones is "not me".
func (h *house) object(t testing.TB, letters, objections int) {
	t.Helper()
	contact := h.contactOf(t, h.ir).ID
	now := store.Millis(h.Now())
	h.change(t, func(tx *store.Tx) error {
		for i := range letters {
			letter := store.ContactLetter{
				Letter:     rules.NewID("ltr"),
				SecretHash: []byte(rules.NewID("secret")),
				Kind:       store.LetterAddition,
				MPxN:       meterPoint,
				Contact:    &contact,
				Recipient:  contact,
				AccountID:  new("owner"),
				Job:        rules.NewID("job"),
				WrittenAt:  now,
				OpenUntil:  now,
			}
			if i < objections {
				letter.AnsweredAt = &now
				letter.Answer = new("no")
			}
			if err := tx.InsertContactLetter(t.Context(), letter); err != nil {
				return err
			}
		}

		return nil
	})
}

// expectAlarms raises the alarms that are due and compares their kinds.
func (h *house) expectAlarms(t testing.TB, name string, want ...registerclient.AlarmKind) {
	t.Helper()
	var got []registerclient.AlarmKind
	for _, alarm := range must(h.RaiseAlarms(t.Context()))(t) {
		if alarm.AccountID != "owner" || alarm.Day != registerclient.Date(store.LondonDay(h.Now(), 0)) {
			t.Errorf("%s: %+v", name, alarm)
		}
		got = append(got, alarm.Kind)
	}

	if !slices.Equal(got, want) {
		t.Errorf("%s: alarms %v, want %v", name, got, want)
	}
}

// An account that is first at more than 1,000 meter points in a day raises one alarm a day (docs/decisions.md, Which
// person, 3).
func TestAlarmOfFirstContacts(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.becomeFirst(t, 0, 999) // the house itself is the thousandth
		h.expectAlarms(t, "1,000")
		h.becomeFirst(t, 999, 1)
		h.expectAlarms(t, "1,001", registerclient.AlarmFirstContacts)
		h.expectAlarms(t, "raised already")

		h.clock.Set(time.Date(2026, time.June, 1, 23, 0, 0, 0, time.UTC)) // June 2 in London
		h.becomeFirst(t, 1000, 1000)
		h.expectAlarms(t, "1,000 on the next day")
		h.becomeFirst(t, 2000, 1)
		h.expectAlarms(t, "1,001 on the next day", registerclient.AlarmFirstContacts)
		h.expectAudited(t, "alarm.raised", 2)

		alarms, next, total, err := h.ListAlarms(t.Context(), store.Page{Limit: 1})
		if err != nil || total.Rows != 2 || next == nil || alarms[0].Day != "2026-06-02" {
			t.Fatalf("listed %+v, %d: %v", alarms, total.Rows, err)
		}

		alarms, next, _, err = h.ListAlarms(t.Context(), store.Page{Limit: 1, After: next})
		if err != nil || next != nil || len(alarms) != 1 || alarms[0].Day != "2026-06-01" {
			t.Errorf("the next page: %+v: %v", alarms, err)
		}
	})
}

// More than 3 objections to an account's letters, and to more than 1 in 1,000 of them, within 30 days raise an alarm.
func TestAlarmOfObjections(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.object(t, 3, 3)
		h.expectAlarms(t, "3 objections")
		h.object(t, 3997, 1)
		h.expectAlarms(t, "4 objections to 4,000 letters")
		h.object(t, 1, 1)
		h.expectAlarms(t, "5 objections to 4,001 letters", registerclient.AlarmObjections)
		h.expectAlarms(t, "raised already")

		h.clock.Add(30*day - time.Second)
		h.expectAlarms(t, "29 days later", registerclient.AlarmObjections)
		h.clock.Add(day)
		h.expectAlarms(t, "more than 30 days later")
	})
}
