package store_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"central.consent/dar/register/store"
)

// Two imports of the same lines, in different orders, register each line once.
func TestImportsAreClaimedOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		const count = 250 // more than one INSERT takes
		lines := make([]store.ImportedRecord, count)
		for i := range lines {
			identity := store.IdentityRecord{IR: d.key("ir"), AccountID: "bright", MPxN: new(mpxn)}
			lines[i] = store.ImportedRecord{
				Reference: fmt.Sprintf("line %d", i),
				LineHash:  hash(fmt.Sprint(i)),
				Identity:  &identity,
				Record: store.AccessRecord{
					AK:        d.key("ak"),
					MPxN:      mpxn,
					AccountID: "bright",
					IR:        identity.IR,
					State:     store.StateActive,
					Record:    []byte("{}"),
				},
			}
		}

		reversed := slices.Clone(lines)
		slices.Reverse(reversed)
		orders := make(chan []store.ImportedRecord, 2)
		orders <- lines
		orders <- reversed

		var inserted atomic.Int64
		d.concurrently(2, func(tx *store.Tx) (bool, error) {
			order := <-orders
			claimed, err := tx.ClaimImports(t.Context(), "bright", order)
			if err != nil {
				return false, err
			}

			order = slices.DeleteFunc(slices.Clone(order), func(line store.ImportedRecord) bool {
				return !claimed[line.Reference]
			})
			inserted.Add(int64(len(order)))

			return true, tx.InsertImported(t.Context(), order)
		})
		if got := inserted.Load(); got != count {
			t.Errorf("inserted %d lines, want %d", got, count)
		}

		known, err := d.FindImports(t.Context(), "bright", []string{"line 0", "line 249", "line 250"})
		if err != nil || len(known) != 2 || string(known["line 249"]) != string(hash("249")) {
			t.Errorf("known: %v, %v", known, err)
		}

		_, total, err := d.ListRecords(t.Context(), store.RecordFilter{AccountID: "bright"}, store.Page{Limit: 1})
		if err != nil || total.Rows != count {
			t.Errorf("%d records, want %d (%v)", total.Rows, count, err)
		}
	})
}
