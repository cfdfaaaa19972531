package store_test

import (
	"errors"
	"fmt"
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
	eachSealed(t, func(t *testing.T, d *data) {
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
	eachSealed(t, func(t *testing.T, d *data) {
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
			{store.AuditFilter{EventType: "records.read", MPxNs: []string{"0" + mpxn, mpxn}}, 4},
			{store.AuditFilter{EventType: "another"}, 0},
		} {
			events, total, err := d.ListAudit(t.Context(), test.filter, store.Page{Limit: 1})
			if err != nil || total.Rows != test.want || len(events) != min(2, test.want) {
				t.Errorf("%+v: %d of %d, want %d (%v)", test.filter, len(events), total.Rows, test.want, err)
			}
		}
	})
}

// Rows that no program wrote are not shown as if one had.
func TestListAuditLeavesOutRowsOutsideTheChains(t *testing.T) {
	t.Parallel()
	eachSealed(t, func(t *testing.T, d *data) {
		d.write(10)
		for i, at := range []string{`99, 1`, `99, 2`, `0, 0`, `0, -1`, `0, 1000`, `-1, 1`, `16, 1`} {
			d.tamper(`INSERT INTO audit_events
				(chain, place, event_id, at, account_id, event_type, ak, mpxn, detail, hash)
				VALUES (`+at+`, ?, 1, 'forged', 'records.read', '', '', '{}', '')`, fmt.Sprintf("aud_%d", i))
			_, err := d.VerifyAudit(t.Context(), nil)
			if fault, ok := errors.AsType[store.AuditFault](err); !ok {
				t.Errorf("%s: found %v (%v)", at, err, fault)
			}
		}
		d.tamper(`INSERT INTO audit_chains (chain, length, hash) VALUES (99, 1, '')`)

		events, total, err := d.ListAudit(t.Context(), store.AuditFilter{}, store.Page{Limit: 100})
		if err != nil || total.Rows != 19 || len(events) != 19 {
			t.Errorf("%d of %d, want 19 (%v)", len(events), total.Rows, err)
		}
	})
}
