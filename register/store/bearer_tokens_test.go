package store_test

import (
	"errors"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

func TestBearerTokens(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		account := d.account("bright", "data_user")
		insert := func(token string) bool {
			t.Helper()
			return d.changes(func(tx *store.Tx) (bool, error) {
				return tx.InsertBearerToken(t.Context(), hash(token), account, now, now.Add(time.Hour))
			})
		}
		find := func(token string, at time.Time, want error) {
			t.Helper()
			if _, err := d.FindBearer(t.Context(), hash(token), at); !errors.Is(err, want) {
				t.Errorf("%s at %v: %v, want %v", token, at, err, want)
			}
		}

		expect(t, "insert", insert("first"), true)
		find("first", now, nil)
		find("first", now.Add(time.Hour-time.Millisecond), nil)
		find("first", now.Add(time.Hour), store.ErrNotFound)
		find("another", now, store.ErrNotFound)

		d.changes(
			func(tx *store.Tx) (bool, error) { return tx.SuspendAccount(t.Context(), "bright", "misconduct", now) },
		)
		find("first", now, store.ErrNotFound)
		expect(t, "insert after the suspension", insert("suspended"), false)

		d.changes(func(tx *store.Tx) (bool, error) { return tx.ReactivateAccount(t.Context(), "bright") })
		find("first", now, nil)
		d.change(func(tx *store.Tx) error { return tx.RevokeBearerTokens(t.Context(), "bright") })
		find("first", now, store.ErrNotFound)

		d.changes(func(tx *store.Tx) (bool, error) { return tx.ReplaceSecret(t.Context(), "bright", "new hash") })
		expect(t, "insert with the secret of before", insert("old secret"), false)
		find("old secret", now, store.ErrNotFound)
	})
}
