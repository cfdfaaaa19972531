package store_test

import (
	"slices"
	"testing"
	"time"

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

// The changes in force are those that are not withdrawn and whose day has come in London. Each day comes once for each
// report, the first report first.
func TestTenancyChangesInForce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("dcc", "dcc")
		midnight := time.Date(2026, time.June, 1, 23, 0, 0, 0, time.UTC) // of June 2 in London
		check := func(at time.Time, want ...string) {
			t.Helper()
			changes, err := d.ListTenancyChangesInForce(t.Context(), mpxn, at)
			var days []string
			for _, change := range changes {
				days = append(days, change.EffectiveDate)
			}
			if err != nil || !slices.Equal(days, want) {
				t.Errorf("in force at %s: %q, want %q (%v)", at, days, want, err)
			}
		}

		check(now)
		d.changeOfTenancy("2026-05-01")
		check(now, "2026-05-01")
		today := d.changeOfTenancy("2026-06-01")
		check(now, "2026-06-01", "2026-05-01")
		d.changeOfTenancy("2026-06-02") // in the future
		check(now, "2026-06-01", "2026-05-01")
		check(midnight.Add(-time.Second), "2026-06-01", "2026-05-01")
		check(midnight, "2026-06-02", "2026-06-01", "2026-05-01")
		d.changeOfTenancy("2026-04-01")
		check(now, "2026-06-01", "2026-05-01", "2026-04-01")

		withdraw := func(tx *store.Tx) (bool, error) { return tx.WithdrawTenancyChange(t.Context(), today.COT, now) }
		expect(t, "withdraw", d.changes(withdraw), true)
		expect(t, "withdraw again", d.changes(withdraw), false)
		check(now, "2026-05-01", "2026-04-01")
	})
}
