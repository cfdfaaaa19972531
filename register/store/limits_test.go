package store_test

import (
	"testing"
	"time"

	"central.consent/dar/register/store"
)

func TestLimitHoldsUnderConcurrency(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		limit := store.Limit{Bucket: "a", Most: 5, Within: time.Hour}
		allowed := d.concurrently(20, func(tx *store.Tx) (bool, error) {
			wait, err := tx.CountTowards(t.Context(), limit, now)
			return wait == 0, err
		})
		if allowed != limit.Most {
			t.Errorf("%d events were allowed, want %d", allowed, limit.Most)
		}
	})
}

func TestLimitWindow(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		limit := store.Limit{Bucket: "a", Most: 2, Within: time.Hour}
		for _, step := range []struct {
			after time.Duration
			wait  time.Duration
		}{
			{0, 0},
			{10 * time.Minute, 0},
			{20 * time.Minute, 40 * time.Minute},
			{time.Hour - time.Millisecond, time.Millisecond},
			{time.Hour, 0},
			{time.Hour + time.Minute, 9 * time.Minute},
			{70 * time.Minute, 0},
		} {
			at := now.Add(step.after)
			expected, err := d.LimitWait(t.Context(), limit, at)
			if err != nil || expected != step.wait {
				t.Errorf("LimitWait after %v: %v, want %v (%v)", step.after, expected, step.wait, err)
			}

			d.change(func(tx *store.Tx) error {
				wait, err := tx.CountTowards(t.Context(), limit, at)
				if wait != step.wait {
					t.Errorf("CountTowards after %v: %v, want %v", step.after, wait, step.wait)
				}

				return err
			})
		}

		other := store.Limit{Bucket: "b", Most: 1, Within: time.Hour}
		if wait, err := d.LimitWait(t.Context(), other, now); err != nil || wait != 0 {
			t.Errorf("another bucket waits %v (%v)", wait, err)
		}
	})
}

func TestDeleteStaleLimits(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		limit := store.Limit{Bucket: "a", Most: 1, Within: time.Hour}
		d.change(func(tx *store.Tx) error {
			_, err := tx.CountTowards(t.Context(), limit, now)
			return err
		})
		for _, step := range []struct {
			after time.Duration
			wait  time.Duration
		}{
			{time.Hour - time.Millisecond, time.Hour},
			{time.Hour, 0},
		} {
			d.change(func(tx *store.Tx) error { return tx.DeleteStaleLimits(t.Context(), now.Add(step.after)) })
			wait, err := d.LimitWait(t.Context(), limit, now)
			if err != nil || wait != step.wait {
				t.Errorf("deleted after %v: wait %v, want %v (%v)", step.after, wait, step.wait, err)
			}
		}
	})
}
