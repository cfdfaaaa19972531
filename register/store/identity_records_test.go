package store_test

import (
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// An access record of its own account keeps an identity record from erasure, and one of another account does not. What
// is personal is erased, and the challenges end.
func TestErase(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("other", "data_user")
		identity := d.identity("bright", "2020-01-01")
		challenge := d.challenge("bright", identity)
		d.record(identity, func(r *store.AccessRecord) { r.AccountID = "other" })
		d.record(identity, expiring(time.Hour))
		anonymise := func(at time.Time) bool {
			t.Helper()

			return d.changes(func(tx *store.Tx) (bool, error) {
				if _, err := tx.HoldOwnIdentityRecord(t.Context(), "bright", identity.IR); err != nil {
					return false, err
				}

				active, err := tx.HasActiveRecord(t.Context(), identity.IR, at)
				if err != nil || active {
					return false, err
				}

				return tx.Erase(t.Context(), identity.IR, at)
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

func TestHasOccupant(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("misbehaved", "data_user")
		d.account("failed", "data_user")
		earlier := d.identity("bright", "2019-12-31")
		toCome := d.identity("bright", "2026-06-02")
		misbehaved := d.identity("misbehaved", "2020-01-01")
		expectOccupant := func(name string, want bool) {
			t.Helper()
			has, err := d.HasOccupant(t.Context(), mpxn, "2020-01-01", now)
			if err != nil || has != want {
				t.Errorf("%s: %t, want %t (%v)", name, has, want, err)
			}
		}

		d.changes(func(tx *store.Tx) (bool, error) {
			return tx.SuspendAccount(t.Context(), "misbehaved", "misconduct", now)
		})
		expectOccupant("an earlier one, one to come and one of a suspended account", false)

		failed := d.identity("failed", "2020-01-01")
		expectOccupant("the first day", true)
		d.changes(func(tx *store.Tx) (bool, error) {
			return tx.TerminateAccount(t.Context(), "failed", "failure", now)
		})
		expectOccupant("of a supplier that failed", true)

		for ir, want := range map[string]bool{
			earlier.IR: true, toCome.IR: false, misbehaved.IR: false, failed.IR: true,
		} {
			can, err := d.CanAnswer(t.Context(), ir, now)
			if err != nil || can != want {
				t.Errorf("%s can answer: %t, want %t (%v)", ir, can, want, err)
			}
		}
	})
}
