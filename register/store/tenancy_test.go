package store_test

import (
	"testing"

	"central.consent/dar/register/store"
)

func TestTenancyChangeIsInsertedOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("dcc", "dcc")
		keys := make(chan string, 8)
		for range cap(keys) {
			keys <- d.key("cot")
		}

		inserted := d.concurrently(cap(keys), func(tx *store.Tx) (bool, error) {
			return tx.InsertTenancyChange(t.Context(), store.TenancyChange{
				COT:             <-keys,
				AccountID:       "dcc",
				MPxN:            mpxn,
				EffectiveDate:   "2026-05-01",
				SourceReference: "source",
				CreatedAt:       store.Millis(now),
			})
		})
		if inserted != 1 {
			t.Errorf("inserted %d times, want 1", inserted)
		}

		changes, err := d.ListTenancyChanges(t.Context(), mpxn)
		if err != nil || len(changes) != 1 {
			t.Errorf("%+v, %v", changes, err)
		}
	})
}

func TestTenancySince(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("dcc", "dcc")
		check := func(want string) {
			t.Helper()
			since, err := d.TenancySince(t.Context(), mpxn, now)
			if err != nil || since != want {
				t.Errorf("since %q, want %q (%v)", since, want, err)
			}
		}

		check("")
		d.changeOfTenancy("2026-05-01")
		check("2026-05-01")
		today := d.changeOfTenancy("2026-06-01")
		check("2026-06-01")
		d.changeOfTenancy("2026-06-02") // in the future
		check("2026-06-01")
		d.changeOfTenancy("2026-04-01")
		check("2026-06-01")

		withdraw := func(tx *store.Tx) (bool, error) { return tx.WithdrawTenancyChange(t.Context(), today.COT, now) }
		expect(t, "withdraw", d.changes(withdraw), true)
		expect(t, "withdraw again", d.changes(withdraw), false)
		check("2026-05-01")
	})
}
