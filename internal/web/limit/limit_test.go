package limit

import (
	"slices"
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	t.Parallel()
	window := Window{Most: 2, Within: time.Minute}
	began := time.UnixMilli(1_700_000_000_000)
	var hits []int64
	for _, step := range []struct {
		at   time.Duration
		wait time.Duration
		kept int
	}{
		{0, 0, 1},
		{10 * time.Second, 0, 2},
		{20 * time.Second, 40 * time.Second, 2},
		{60*time.Second - time.Millisecond, time.Millisecond, 2},
		{60 * time.Second, 0, 2},
		{69 * time.Second, time.Second, 2},
		{70 * time.Second, 0, 2},
		{time.Hour, 0, 1},
	} {
		now := began.Add(step.at)
		if got := window.Wait(hits, now); got != step.wait {
			t.Errorf("at %v: Wait returns %v, want %v", step.at, got, step.wait)
		}

		kept, wait := window.Count(hits, now)
		if wait != step.wait || len(kept) != step.kept {
			t.Errorf("at %v: Count returns %v and %v, want %d events and %v", step.at, kept, wait, step.kept, step.wait)
		}
		if wait == 0 {
			if last := kept[len(kept)-1]; last != now.UnixMilli() {
				t.Errorf("at %v: the event is kept as %d", step.at, last)
			}
			hits = kept
		}
	}
}

// Below a millisecond a full window must still say that there is a wait, or the caller would take the event as counted.
func TestCountWithinAMillisecond(t *testing.T) {
	t.Parallel()
	window := Window{Most: 1, Within: time.Second}
	began := time.UnixMilli(1_700_000_000_000).Add(900 * time.Microsecond)
	hits, _ := window.Count(nil, began)
	for after := time.Duration(0); after < time.Second-time.Millisecond; after += 7 * time.Microsecond * 997 {
		if kept, wait := window.Count(hits, began.Add(after)); wait <= 0 || !slices.Equal(kept, hits) {
			t.Fatalf("%v after: %v, wait %v", after, kept, wait)
		}
	}
}

// A limit that was lowered since may find more events than it allows.
func TestCountAfterTheLimitIsLowered(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_000)
	hits := []int64{now.UnixMilli() - 3000, now.UnixMilli() - 2000, now.UnixMilli() - 1000}
	if wait := (Window{Most: 2, Within: 10 * time.Second}).Wait(hits, now); wait != 8*time.Second {
		t.Errorf("wait %v, want 8s", wait)
	}
}
