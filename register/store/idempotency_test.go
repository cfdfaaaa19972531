package store_test

import (
	"errors"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

func TestIdempotencyKeyIsClaimedOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		d.account("other", "data_user")
		key := store.IdempotencyKey{
			AccountID:      "bright",
			Key:            "key-1",
			RequestHash:    hash("request"),
			Status:         201,
			Location:       "/v1/x",
			KeyID:          "k1",
			SealedResponse: []byte("sealed"),
			CreatedAt:      store.Millis(now),
		}
		write := func(k store.IdempotencyKey, keptSince time.Time) error {
			return d.Transact(t.Context(), func(tx *store.Tx) error {
				if err := tx.ClaimIdempotencyKey(t.Context(), k, keptSince); err != nil {
					return err
				}

				return tx.SaveResponse(t.Context(), k)
			})
		}

		results := make(chan error, 8)
		for range cap(results) {
			go func() { results <- write(key, now.Add(-time.Hour)) }()
		}

		claimed := 0
		for range cap(results) {
			switch err := <-results; {
			case err == nil:
				claimed++
			case !errors.Is(err, store.ErrKeyUsed):
				t.Error(err)
			}
		}

		if claimed != 1 {
			t.Errorf("claimed %d times, want 1", claimed)
		}

		found, err := d.FindIdempotencyKey(t.Context(), "bright", "key-1")
		if err != nil || found.Status != 201 || string(found.SealedResponse) != "sealed" {
			t.Errorf("%+v, %v", found, err)
		}

		other := key
		other.AccountID = "other"
		if err := write(other, now.Add(-time.Hour)); err != nil {
			t.Errorf("the same key of another account: %v", err)
		}
		if err := write(key, now); err != nil {
			t.Errorf("a key that is no longer kept: %v", err)
		}
	})
}

// A transaction that fails leaves its key unused.
func TestIdempotencyKeyAfterAFailure(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.account("bright", "data_user")
		key := store.IdempotencyKey{AccountID: "bright", Key: "k", RequestHash: hash("r"), CreatedAt: store.Millis(now)}
		failure := errors.New("failure")
		for _, want := range []error{failure, nil} {
			err := d.Transact(t.Context(), func(tx *store.Tx) error {
				if err := tx.ClaimIdempotencyKey(t.Context(), key, now.Add(-time.Hour)); err != nil {
					return err
				}

				return want
			})
			if !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
	})
}
