package store_test

import (
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// The pages of a list hold every row once, the newest first, also those of the same time, and a row that is added
// meanwhile shifts none.
func TestPages(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		identity := d.identity("bright", "2020-01-01")
		var want []string
		for _, age := range []time.Duration{0, 0, 0, time.Hour, time.Hour, 2 * time.Hour} {
			record := d.record(identity, func(r *store.AccessRecord) { r.CreatedAt = store.Millis(now.Add(-age)) })
			want = append(want, record.AK)
		}
		want = []string{want[2], want[1], want[0], want[4], want[3], want[5]}

		var got []string
		page := store.Page{Limit: 1}
		for {
			rows, total, err := d.ListRecords(t.Context(), store.RecordFilter{MPxN: mpxn, Now: now}, page)
			if err != nil || total.Rows < len(want) {
				t.Fatalf("%v rows, %v", total, err)
			}

			shown := rows[:min(page.Limit, len(rows))]
			for _, row := range shown {
				got = append(got, row.AK)
			}

			if len(rows) <= page.Limit {
				break
			}

			last := shown[len(shown)-1]
			page.After = &store.Position{At: last.CreatedAt, Seq: last.Seq}
			d.record(identity, func(r *store.AccessRecord) { r.CreatedAt = store.Millis(now.Add(time.Minute)) })
		}

		if !slices.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
	})
}
