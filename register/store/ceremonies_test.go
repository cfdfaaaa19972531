package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

func TestCeremonyIsSingleUse(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		account := d.account("bright", "data_user")
		token := d.challenge("bright", d.identity(account.AccountID, "2020-01-01")).TokenHash
		ceremony := store.Ceremony{
			ChallengeHash: hash("challenge"),
			TokenHash:     token,
			Kind:          "assert",
			Session:       "{}",
			ExpiresAt:     store.Millis(now.Add(time.Minute)),
		}
		d.change(func(tx *store.Tx) error { return tx.InsertCeremony(t.Context(), ceremony, now) })

		for _, test := range []struct {
			name             string
			challenge, token []byte
			kind             string
			at               time.Time
		}{
			{"another challenge", hash("another"), token, "assert", now},
			{"another re-identification", hash("challenge"), hash("another"), "assert", now},
			{"another kind", hash("challenge"), token, "register", now},
			{"expired", hash("challenge"), token, "assert", now.Add(time.Minute)},
		} {
			_, err := d.TakeCeremony(t.Context(), test.challenge, test.token, test.kind, test.at)
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", test.name, err)
			}
		}

		var group sync.WaitGroup
		var taken atomic.Int64
		for range 8 {
			group.Go(func() {
				_, err := d.TakeCeremony(t.Context(), hash("challenge"), token, "assert", now)
				if err == nil {
					taken.Add(1)
				} else if !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
				}
			})
		}

		group.Wait()
		if got := taken.Load(); got != 1 {
			t.Errorf("taken %d times, want 1", got)
		}
	})
}
