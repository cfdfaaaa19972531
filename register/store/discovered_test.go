package store_test

import (
	"errors"
	"slices"
	"testing"

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

		if found, err := d.FindSighting(t.Context(), mpxn, "SEC-bright"); err != nil || found.AK != "ak_first" {
			t.Errorf("%+v, %v", found, err)
		}
		if _, err := d.FindSighting(t.Context(), mpxn, "SEC-other"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an organisation that was not seen: %v, want ErrNotFound", err)
		}

		rows, err := d.ListDiscoveredAccess(t.Context(), mpxn)
		if err != nil || len(rows) != 1 || rows[0].AK != "ak_first" {
			t.Errorf("%v, %v", rows, err)
		}
	})
}

// The records of an organisation are those of the accounts with its reference, in any state.
func TestListRecordsOfOrganisation(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("other", "data_user")
		identity := d.identity("bright", "2020-01-01")
		ended := d.record(identity, expiring(0))
		active := d.record(identity)
		d.record(d.identity("other", "2020-01-01"))

		rows, err := d.ListRecordsOfOrganisation(t.Context(), mpxn, "SEC-bright")
		if err != nil {
			t.Fatal(err)
		}

		var aks []string
		for _, row := range rows {
			aks = append(aks, row.AK)
			if row.OrganisationReference == nil || *row.OrganisationReference != "SEC-bright" {
				t.Errorf("%s has the reference %v", row.AK, row.OrganisationReference)
			}
		}

		want := []string{ended.AK, active.AK}
		if slices.Sort(aks); len(aks) != 2 || !slices.Contains(aks, want[0]) || !slices.Contains(aks, want[1]) {
			t.Errorf("listed %v, want %v", aks, want)
		}
	})
}
