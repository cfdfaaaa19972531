package store_test

import (
	"testing"

	"github.com/google/uuid"

	"central.consent/dar/register/store"
)

// auditEvent returns an event with an id of its own.
func auditEvent(accountID string) store.AuditEvent {
	return store.AuditEvent{
		EventID:   "aud_" + uuid.NewString(),
		At:        store.Millis(now),
		AccountID: accountID,
		EventType: "records.read",
		MPxN:      mpxn,
		Detail:    "{}",
	}
}

// Concurrent transactions append to the chains without a gap, however many events each has.
func TestAuditChains(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		const transactions = 40
		counts := make(chan int, transactions)
		want := 0
		for i := range transactions {
			count := 1 + i%3
			if i == 0 {
				count = 501 // more than one INSERT takes
			}

			counts <- count
			want += count
		}

		d.concurrently(transactions, func(tx *store.Tx) (bool, error) {
			for range <-counts {
				tx.Audit(auditEvent("portal_ops"))
			}

			return true, nil
		})

		rows, err := d.VerifyAudit(t.Context(), nil)
		if err != nil || int(rows) != want {
			t.Errorf("%d rows, want %d: %v", rows, want, err)
		}
	})
}

func TestListAudit(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.change(func(tx *store.Tx) error {
			for _, account := range []string{"a", "b", "a", "a"} {
				event := auditEvent(account)
				event.AK = "ak of " + account
				tx.Audit(event)
			}

			return nil
		})
		for _, test := range []struct {
			filter store.AuditFilter
			want   int
		}{
			{store.AuditFilter{}, 4},
			{store.AuditFilter{AccountID: "a"}, 3},
			{store.AuditFilter{AccountID: "a", AK: "ak of b"}, 0},
			{store.AuditFilter{EventType: "records.read", MPxN: mpxn}, 4},
			{store.AuditFilter{EventType: "another"}, 0},
		} {
			events, total, err := d.ListAudit(t.Context(), test.filter, store.Page{Limit: 1})
			if err != nil || total != test.want || len(events) != min(2, test.want) {
				t.Errorf("%+v: %d of %d, want %d (%v)", test.filter, len(events), total, test.want, err)
			}
		}
	})
}
