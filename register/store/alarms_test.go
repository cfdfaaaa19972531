package store_test

import (
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// An alarm is kept until it is older than the time given.
func TestDeleteOldAlarms(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("du", "data_user")
		for day, raised := range map[string]time.Time{"2026-06-01": now, "2026-06-02": now.AddDate(0, 0, 1)} {
			expect(t, "inserted", d.changes(func(tx *store.Tx) (bool, error) {
				return tx.InsertAlarm(t.Context(), store.Alarm{
					ID:        d.key("alm"),
					AccountID: "du",
					Kind:      store.AlarmObjections,
					Day:       day,
					RaisedAt:  store.Millis(raised),
				})
			}), true)
		}

		for _, step := range []struct {
			before time.Time
			want   int
		}{
			{now, 2},
			{now.Add(time.Millisecond), 1},
		} {
			d.change(func(tx *store.Tx) error { return tx.DeleteOldAlarms(t.Context(), step.before) })
			counts, err := d.CountAlarms(t.Context())
			if err != nil || counts[store.AlarmObjections] != step.want {
				t.Errorf("deleted before %v: %v alarms, want %d (%v)", step.before, counts, step.want, err)
			}
		}
	})
}
