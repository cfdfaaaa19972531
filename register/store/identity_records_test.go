package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// An identity record stays as long as an access record of any Data User that is linked to it is active.
func TestAnonymise(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("other", "data_user")
		identity := d.identity("bright", "2020-01-01")
		challenge := d.challenge("bright", identity)
		d.record(identity, expiring(time.Hour), func(r *store.AccessRecord) { r.AccountID = "other" })
		anonymise := func(at time.Time) bool {
			t.Helper()

			return d.changes(func(tx *store.Tx) (bool, error) {
				if _, err := tx.HoldOwnIdentityRecord(t.Context(), "bright", identity.IR); err != nil {
					return false, err
				}

				return tx.Anonymise(t.Context(), identity.IR, at)
			})
		}

		expect(t, "with an active record", anonymise(now.Add(time.Hour-time.Millisecond)), false)
		expect(t, "with an expired record", anonymise(now.Add(time.Hour)), true)
		expect(t, "again", anonymise(now.Add(time.Hour)), false)

		found, err := d.FindOwnIdentityRecord(t.Context(), "bright", identity.IR)
		if err != nil || found.AnonymisedAt == nil || found.MPxN != nil || found.MoveInDate != nil ||
			found.ExpressedBy != nil || found.SealedEmail != nil || found.EmailMAC != nil || found.SealedDetail != nil {
			t.Errorf("personal data is left: %+v, %v", found, err)
		}

		ended, err := d.FindReidentification(t.Context(), challenge.TokenHash, "bright")
		if err != nil || ended.DeclinedAt == nil {
			t.Errorf("the challenge is not declined: %+v, %v", ended, err)
		}

		outlived, err := d.FindOutlived(t.Context(), challenge.TokenHash, now)
		if err != nil || !outlived.Anonymised || !outlived.CannotAnswer || outlived.EarlierOccupant {
			t.Errorf("%+v, %v", outlived, err)
		}
	})
}

func TestListOccupants(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("other", "data_user")
		d.account("suspended", "data_user")
		d.identity("bright", "2019-12-31")
		first := d.identity("bright", "2020-01-01")
		latest := d.identity("other", "2026-06-01")
		d.identity("bright", "2026-06-02")
		d.identity("suspended", "2020-01-01")
		d.changes(func(tx *store.Tx) (bool, error) { return tx.SuspendAccount(t.Context(), "suspended", now) })

		want := []string{latest.IR, first.IR}
		listed, err := d.ListOccupants(t.Context(), mpxn, "2020-01-01", now)
		if err != nil || !slices.Equal(keysOf(listed), want) {
			t.Errorf("listed %v, want %v (%v)", keysOf(listed), want, err)
		}

		d.change(func(tx *store.Tx) error {
			held, err := tx.HoldOccupants(t.Context(), mpxn, "2020-01-01", now)
			if !slices.Equal(keysOf(held), want) {
				t.Errorf("held %v, want %v", keysOf(held), want)
			}

			return err
		})
		for _, record := range listed {
			can, err := d.CanAnswer(t.Context(), record.IR, now)
			if err != nil || !can {
				t.Errorf("%s cannot answer: %v", record.IR, err)
			}
		}
	})
}

func keysOf(records []store.IdentityRecord) (irs []string) {
	for _, record := range records {
		irs = append(irs, record.IR)
	}

	return irs
}

func TestIdentityRecordsOfAnotherAccount(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("other", "data_user")
		own := d.identity("bright", "2020-01-01")
		d.identity("other", "2020-01-01")
		if _, err := d.FindOwnIdentityRecord(t.Context(), "other", own.IR); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}

		mac := hash("customer@example.com")
		for name, test := range map[string]struct {
			mpxn string
			macs [][]byte
			want int
		}{
			"all":                 {"", nil, 1},
			"by meter point":      {mpxn, nil, 1},
			"by email":            {"", [][]byte{hash("x"), mac}, 1},
			"by both":             {mpxn, [][]byte{mac}, 1},
			"another meter point": {"1", [][]byte{mac}, 0},
			"another email":       {mpxn, [][]byte{hash("x")}, 0},
		} {
			found, err := d.ListIdentityRecords(t.Context(), "bright", test.mpxn, test.macs)
			if err != nil || len(found) != test.want || test.want == 1 && found[0].IR != own.IR {
				t.Errorf("%s: %v, want %d (%v)", name, keysOf(found), test.want, err)
			}
		}
	})
}
