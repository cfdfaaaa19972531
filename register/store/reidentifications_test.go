package store_test

import (
	"errors"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

func TestFindOpenChallenge(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		asking, identity := household(d)
		notYet := d.identity("bright", "2026-06-02")
		at := func(moment *time.Time) *store.Millis { return store.OptionalMillis(moment) }
		for _, test := range []struct {
			name     string
			identity store.IdentityRecord
			change   func(*store.Reidentification)
			after    time.Duration
			want     error
		}{
			{"open", identity, func(*store.Reidentification) {}, 0, nil},
			{"expired", identity, func(*store.Reidentification) {}, time.Hour, store.ErrNotFound},
			{"before the move-in date", notYet, func(*store.Reidentification) {}, 0, store.ErrNotFound},
			{"on the move-in date", notYet, func(r *store.Reidentification) {
				r.ConfirmBy = store.Millis(now.Add(48 * time.Hour))
			}, 24 * time.Hour, nil},
			{"confirmed", identity, func(r *store.Reidentification) { r.ConfirmedAt = at(&now) }, 0, store.ErrNotFound},
			{"asserted", identity, func(r *store.Reidentification) { r.AssertedAt = at(&now) }, 0, store.ErrNotFound},
			{"declined", identity, func(r *store.Reidentification) { r.DeclinedAt = at(&now) }, 0, store.ErrNotFound},
			{"softly declined", identity, func(r *store.Reidentification) { r.SoftDeclinedAt = at(&now) }, 0, nil},
		} {
			challenge := d.challenge(asking.AccountID, test.identity, test.change)
			for secret, secretHash := range map[store.Secret][]byte{
				store.LinkSecret:    challenge.LinkHash,
				store.SessionSecret: challenge.SessionHash,
			} {
				_, err := d.FindOpenChallenge(t.Context(), secret, secretHash, now.Add(test.after))
				if !errors.Is(err, test.want) {
					t.Errorf("%s by %s: %v, want %v", test.name, secret, err, test.want)
				}

				err = d.Transact(t.Context(), func(tx *store.Tx) error {
					_, err := tx.HoldOpenChallenge(t.Context(), secret, secretHash, now.Add(test.after))
					return err
				})
				if !errors.Is(err, test.want) {
					t.Errorf("%s by %s, held: %v, want %v", test.name, secret, err, test.want)
				}
			}
		}
	})
}

// A challenge ends when its person moves out, or when the account of the record is suspended.
func TestChallengeOfAnEarlierOccupant(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		asking, identity := household(d)
		challenge := d.challenge(asking.AccountID, identity)
		check := func(name string, want store.Outlived, open error) {
			t.Helper()
			outlived, err := d.FindOutlived(t.Context(), challenge.TokenHash, now)
			if err != nil || outlived != want {
				t.Errorf("%s: %+v, want %+v (%v)", name, outlived, want, err)
			}

			_, err = d.FindOpenChallenge(t.Context(), store.LinkSecret, challenge.LinkHash, now)
			if !errors.Is(err, open) {
				t.Errorf("%s: %v, want %v", name, err, open)
			}
		}

		d.changeOfTenancy("2020-01-01")
		check("a change on the move-in date", store.Outlived{}, nil)
		d.changeOfTenancy("2026-06-02")
		check("a change tomorrow", store.Outlived{}, nil)

		d.changes(
			func(tx *store.Tx) (bool, error) { return tx.SuspendAccount(t.Context(), "bright", "misconduct", now) },
		)
		check("a suspended account", store.Outlived{CannotAnswer: true}, store.ErrNotFound)
		d.changes(func(tx *store.Tx) (bool, error) { return tx.ReactivateAccount(t.Context(), "bright") })

		change := d.changeOfTenancy("2026-06-01")
		check("a change today", store.Outlived{EarlierOccupant: true}, store.ErrNotFound)
		d.changes(func(tx *store.Tx) (bool, error) { return tx.WithdrawTenancyChange(t.Context(), change.COT, now) })
		check("a withdrawn change", store.Outlived{}, nil)
	})
}

func TestOldReidentificationsAreDeleted(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		asking, identity := household(d)
		issued := func(age time.Duration) []byte {
			return d.challenge(asking.AccountID, identity, func(r *store.Reidentification) {
				r.IssuedAt = store.Millis(now.Add(-age))
			}).TokenHash
		}
		old := issued(24*time.Hour + time.Millisecond)
		kept := issued(24 * time.Hour)
		issued(0)

		if _, err := d.FindReidentification(t.Context(), old, asking.AccountID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("older than a day: %v, want ErrNotFound", err)
		}
		if _, err := d.FindReidentification(t.Context(), kept, asking.AccountID); err != nil {
			t.Errorf("a day old: %v", err)
		}
		if _, err := d.FindReidentification(t.Context(), kept, "bright"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("by another account: %v, want ErrNotFound", err)
		}
	})
}
