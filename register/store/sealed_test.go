package store_test

import (
	"testing"

	"central.consent/dar/register/store"
)

func TestReseal(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		resealed := d.identity("bright", "2020-01-01")
		anonymised := d.identity("bright", "2020-01-01")
		list := func() []store.SealedRow {
			t.Helper()
			rows, err := d.ListSealed(t.Context(), store.SealedIdentityRecords, "k2", nil, 10)
			if err != nil {
				t.Fatal(err)
			}

			return rows
		}
		reseal := func(row store.SealedRow) bool {
			t.Helper()

			return d.changes(func(tx *store.Tx) (bool, error) {
				values := [][]byte{[]byte("resealed"), nil}
				return tx.Reseal(t.Context(), store.SealedIdentityRecords, row, "k2", values, hash("mac"))
			})
		}

		rows := list()
		if len(rows) != 2 || rows[0].Key[0] != resealed.IR || string(rows[0].Values[0]) != "sealed email" ||
			rows[0].Values[1] != nil {
			t.Fatalf("%+v", rows)
		}

		after, err := d.ListSealed(t.Context(), store.SealedIdentityRecords, "k2", rows[0].Key, 10)
		if err != nil || len(after) != 1 || after[0].Key[0] != anonymised.IR {
			t.Errorf("after the first: %+v, %v", after, err)
		}

		d.changes(func(tx *store.Tx) (bool, error) { return tx.Erase(t.Context(), anonymised.IR, now) })
		expect(t, "unchanged", reseal(rows[0]), true)
		expect(t, "resealed already", reseal(rows[0]), false)
		expect(t, "anonymised meanwhile", reseal(rows[1]), false)

		found, err := d.FindOwnIdentityRecord(t.Context(), "bright", anonymised.IR)
		if err != nil || found.SealedEmail != nil {
			t.Errorf("an erased value was restored: %+v, %v", found, err)
		}
	})
}

// Keys of several columns are paged in their order.
func TestListSealedByACompositeKey(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		for _, account := range []string{"a", "b"} {
			d.account(account, "data_user")
			for _, key := range []string{"1", "2"} {
				k := store.IdempotencyKey{
					AccountID:   account,
					Key:         key,
					RequestHash: hash(key),
					CreatedAt:   store.Millis(now),
				}
				d.change(
					func(tx *store.Tx) error { return tx.ClaimIdempotencyKey(t.Context(), k, now.AddDate(0, 0, -1)) },
				)
			}
		}

		rows, err := d.ListSealed(t.Context(), store.SealedResponses, "k2", []string{"a", "1"}, 2)
		if err != nil || len(rows) != 2 || rows[0].Key[0] != "a" || rows[0].Key[1] != "2" || rows[1].Key[0] != "b" {
			t.Errorf("%+v, %v", rows, err)
		}
	})
}
