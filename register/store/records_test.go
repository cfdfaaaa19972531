package store_test

import (
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// StateAt and the statements agree on the state of a record at every moment.
func TestStateAtAgreesWithSQL(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		identity := d.identity("bright", "2020-01-01")
		revoked := func(r *store.AccessRecord) {
			r.State = store.StateRevoked
			r.RevokedAt = new(store.Millis(now))
		}
		records := []store.AccessRecord{
			d.record(identity),
			d.record(identity, expiring(-time.Hour)),
			d.record(identity, expiring(0)),
			d.record(identity, expiring(time.Millisecond)),
			d.record(identity, revoked),
			d.record(identity, revoked, expiring(time.Hour)),
			d.record(identity, func(r *store.AccessRecord) { r.State = store.StateExpired }),
		}

		for _, at := range []time.Time{now.Add(-2 * time.Hour), now, now.Add(time.Millisecond), now.Add(time.Hour)} {
			want := map[string][]string{}
			for _, record := range records {
				state := record.StateAt(at)
				want[state] = append(want[state], record.AK)
				expect(t, "active", record.ActiveAt(at), state == store.StateActive)
			}

			for _, state := range []string{store.StateActive, store.StateExpired, store.StateRevoked} {
				filter := store.RecordFilter{State: state, Now: at}
				rows, total, err := d.ListRecords(t.Context(), filter, store.Page{Limit: 10})
				if err != nil || total.Rows != len(want[state]) || !sameKeys(rows, want[state]) {
					t.Errorf("%s at %v: %d rows, want %v (%v)", state, at, total.Rows, want[state], err)
				}
			}

			active, err := d.ListActiveRecords(t.Context(), mpxn, at)
			if err != nil || len(active) != len(want[store.StateActive]) {
				t.Errorf("active at %v: %v, want %v (%v)", at, active, want[store.StateActive], err)
			}

			stats, err := d.CountAll(t.Context(), store.Millis(at))
			if err != nil || stats.ActiveRecords != len(active) || stats.Records != len(records) {
				t.Errorf("counted at %v: %+v, %v", at, stats, err)
			}
		}
	})
}

func sameKeys(rows []store.ListedRecord, want []string) bool {
	var got []string
	for _, row := range rows {
		got = append(got, row.AK)
	}

	slices.Sort(got)

	return slices.Equal(got, slices.Sorted(slices.Values(want)))
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("other", "data_user")
		identity := d.identity("bright", "2020-01-01")
		revocation := store.Revocation{At: now, By: "customer"}
		own := func(account string, r store.AccessRecord) bool {
			return d.changes(func(tx *store.Tx) (bool, error) {
				return tx.RevokeOwn(t.Context(), account, r, revocation)
			})
		}
		consent := func(r store.AccessRecord) bool {
			return d.changes(func(tx *store.Tx) (bool, error) { return tx.RevokeConsent(t.Context(), r, revocation) })
		}
		onPublicTask := func(r *store.AccessRecord) { r.LegalBasis = "uk-public-task" }

		expect(t, "another account's", own("other", d.record(identity)), false)
		expect(t, "own", own("bright", d.record(identity)), true)
		expect(t, "own, expired", own("bright", d.record(identity, expiring(0))), false)
		expect(t, "consent", consent(d.record(identity)), true)
		expect(t, "consent, expired", consent(d.record(identity, expiring(0))), false)
		expect(t, "not consent", consent(d.record(identity, onPublicTask)), false)

		record := d.record(identity)
		if got := d.concurrently(8, func(tx *store.Tx) (bool, error) {
			return tx.RevokeConsent(t.Context(), record, revocation)
		}); got != 1 {
			t.Errorf("revoked %d times, want 1", got)
		}
	})
}

// A record is replaced only while it is active, and never after it was revoked.
func TestReplaceAccessRecord(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("other", "data_user")
		identity := d.identity("bright", "2020-01-01")
		replace := func(record store.AccessRecord, change func(*store.AccessRecord)) bool {
			t.Helper()
			change(&record)
			record.Record = []byte(`{"new": true}`)
			record.Amendments = []byte(`[{}]`)

			return d.changes(func(tx *store.Tx) (bool, error) {
				if _, err := tx.HoldAccessRecord(t.Context(), record); err != nil {
					return false, err
				}

				return tx.ReplaceAccessRecord(t.Context(), record, now)
			})
		}

		active := d.record(identity)
		expect(t, "active", replace(active, expiring(time.Hour)), true)
		expect(t, "expired", replace(d.record(identity, expiring(0)), expiring(time.Hour)), false)
		expect(t, "another account's", replace(d.record(identity), func(r *store.AccessRecord) {
			r.AccountID = "other"
		}), false)

		found, err := d.FindAccessRecord(t.Context(), active.AK)
		if err != nil || string(found.Record) != `{"new": true}` || string(found.Amendments) != `[{}]` {
			t.Errorf("%+v, %v", found, err)
		}

		d.changes(func(tx *store.Tx) (bool, error) {
			return tx.RevokeOwn(t.Context(), "bright", active, store.Revocation{At: now, By: "organisation"})
		})
		expect(t, "revoked", replace(active, func(*store.AccessRecord) {}), false)
	})
}

func TestSumRecordSizes(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		identity := d.identity("bright", "2020-01-01")
		for _, document := range []string{`{"a": 1}`, `{"é": 1}`} {
			d.record(identity, func(r *store.AccessRecord) { r.Record = []byte(document) })
		}

		sizes, err := d.SumRecordSizes(t.Context(), "bright", []string{mpxn, "1"})
		want := len(`{"a": 1}`) + len(`{"é": 1}`) + 2*len(`[]`) // in bytes
		if err != nil || len(sizes) != 1 || sizes[mpxn] != want {
			t.Errorf("%v, want %d bytes (%v)", sizes, want, err)
		}

		has, err := d.HasAccessRecord(t.Context(), "bright", mpxn)
		if err != nil || !has {
			t.Errorf("has a record: %t, %v", has, err)
		}

		has, err = d.HasAccessRecord(t.Context(), "other", mpxn)
		if err != nil || has {
			t.Errorf("another account has a record: %t, %v", has, err)
		}
	})
}
