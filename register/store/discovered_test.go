package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

func TestDiscoveredAccess(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		sighting := store.DiscoveredAccess{
			AK:                    "ak_first",
			MPxN:                  mpxn,
			OrganisationName:      "Bright",
			OrganisationReference: "SEC-bright",
			FirstSeen:             "2026-05-01",
			LastSeen:              "2026-05-01",
			SourceReference:       "one",
			CreatedAt:             store.Millis(now),
		}
		upsert := func(s store.DiscoveredAccess) (ak string) {
			t.Helper()
			d.change(func(tx *store.Tx) (err error) {
				ak, err = tx.UpsertDiscoveredAccess(t.Context(), s)
				return err
			})

			return ak
		}
		if ak := upsert(sighting); ak != "ak_first" {
			t.Errorf("first sighting: %s", ak)
		}

		second := sighting
		second.AK = "ak_second"
		second.FirstSeen = "2026-05-02"
		second.LastSeen = "2026-05-02"
		if ak := upsert(second); ak != "ak_first" {
			t.Errorf("second sighting: %s, want the row of the first", ak)
		}

		found, err := d.FindDiscoveredAccess(t.Context(), "ak_first")
		if err != nil || found.FirstSeen != "2026-05-01" || found.LastSeen != "2026-05-02" {
			t.Errorf("%+v, %v", found, err)
		}

		listed := func() []string {
			t.Helper()
			meters, err := d.ListDiscoveredMeterPoints(t.Context(), "SEC-bright", []string{"1", mpxn})
			if err != nil {
				t.Fatal(err)
			}

			return meters
		}
		if meters := listed(); !slices.Equal(meters, []string{mpxn}) {
			t.Errorf("seen at %v", meters)
		}

		d.change(func(tx *store.Tx) error {
			return tx.SupersedeDiscoveredAccess(t.Context(), mpxn, "SEC-bright", "ak_new")
		})
		rows, err := d.ListDiscoveredAccess(t.Context(), mpxn)
		if err != nil || len(rows) != 0 || len(listed()) != 0 {
			t.Errorf("superseded, and still listed: %v, %v", rows, err)
		}
	})
}

func TestFindActiveRecord(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		identity := d.identity("bright", "2020-01-01")
		find := func() (string, error) {
			return d.FindActiveRecord(t.Context(), mpxn, "SEC-bright", store.Millis(now))
		}

		d.record(identity, expiring(0))
		if ak, err := find(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an expired record: %q, %v, want ErrNotFound", ak, err)
		}

		d.record(identity, func(r *store.AccessRecord) { r.CreatedAt = store.Millis(now.Add(-time.Hour)) })
		newest := d.record(identity)
		if ak, err := find(); err != nil || ak != newest.AK {
			t.Errorf("%q, %v, want the newest %q", ak, err, newest.AK)
		}
	})
}
