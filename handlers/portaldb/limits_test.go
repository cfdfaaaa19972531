package portaldb_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/internal/web/limit"
)

// Replicas share a window: however many count at once, no more events pass than it allows.
func TestCountEvent(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		window := limit.Window{Most: 10, Within: time.Minute}
		count := func(at time.Time) int64 {
			var passed atomic.Int64
			var events sync.WaitGroup
			for range 60 {
				events.Go(func() {
					wait, err := db.CountEvent(t.Context(), hash("a"), window, at)
					switch {
					case err != nil || wait < 0 || wait > time.Minute:
						t.Errorf("wait %v, %v", wait, err)
					case wait == 0:
						passed.Add(1)
					}
				})
			}

			events.Wait()

			return passed.Load()
		}

		if n := count(now); n != 10 {
			t.Errorf("%d passed, want 10", n)
		}
		if n := count(now.Add(time.Minute - time.Millisecond)); n != 0 {
			t.Errorf("within the window %d more passed", n)
		}
		// The window slides, and old rows are deleted while others count in them.
		if n := count(now.Add(time.Minute)); n != 10 {
			t.Errorf("a minute later %d passed, want 10", n)
		}

		other := limit.Window{Most: 1, Within: time.Second}
		if _, err := db.CountEvent(t.Context(), hash("b"), other, now.Add(2*time.Minute)); err != nil {
			t.Error(err)
		}
		if n := db.CountRows(t, "portal_limits"); n != 1 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func TestDeleteLimit(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		window := limit.Window{Most: 1, Within: time.Minute}
		count := func(bucket string) time.Duration {
			t.Helper()
			wait, err := db.CountEvent(t.Context(), hash(bucket), window, now)
			if err != nil {
				t.Fatal(err)
			}

			return wait
		}
		count("a")
		count("b")
		if err := db.DeleteLimit(t.Context(), hash("a")); err != nil {
			t.Fatal(err)
		}

		if wait := count("a"); wait != 0 {
			t.Errorf("a deleted bucket is full for %v", wait)
		}
		if wait := count("b"); wait != time.Minute {
			t.Errorf("the other bucket is full for %v, want a minute", wait)
		}
	})
}

// An event that is taken back leaves the others as they are.
func TestUncountEvent(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *portaldb.DB) {
		window := limit.Window{Most: 2, Within: time.Minute}
		count := func(at time.Time) time.Duration {
			t.Helper()
			wait, err := db.CountEvent(t.Context(), hash("a"), window, at)
			if err != nil {
				t.Fatal(err)
			}

			return wait
		}
		uncount := func(bucket string, at time.Time) {
			t.Helper()
			if err := db.UncountEvent(t.Context(), hash(bucket), at); err != nil {
				t.Fatal(err)
			}
		}

		later := now.Add(time.Second)
		count(now)
		count(later)
		uncount("b", now)
		uncount("a", now.Add(time.Hour))
		if wait := count(later); wait == 0 {
			t.Error("an event was taken back that was never counted")
		}

		uncount("a", later)
		if wait := count(later.Add(time.Second)); wait != 0 {
			t.Errorf("after one was taken back the bucket is full for %v", wait)
		}
		if wait := count(later.Add(time.Second)); wait != 58*time.Second {
			t.Errorf("the other event counts for %v more, want 58 s", wait)
		}
	})
}
