package limit

import (
	"testing"
	"time"
)

// The wait doubles and is bounded. A try that has to wait counts nothing, so it makes no later wait longer.
func TestDelay(t *testing.T) {
	t.Parallel()
	delay := Delay{Free: 3, First: time.Second, Longest: 5 * time.Second, Within: time.Hour}
	now := time.UnixMilli(1_700_000_000_000)
	var hits []int64
	for i, want := range []time.Duration{0, 0, 0, 1, 2, 4, 5, 5, 5} {
		want *= time.Second
		for range 3 {
			if got := delay.Wait(hits, now); got != want {
				t.Fatalf("before event %d: Wait returns %v, want %v", i+1, got, want)
			}
			if want == 0 {
				break
			}
			if kept, wait := delay.Count(hits, now); wait != want || len(kept) != len(hits) {
				t.Fatalf("too early for event %d: Count keeps %d and waits %v", i+1, len(kept), wait)
			}
		}

		now = now.Add(want)
		kept, wait := delay.Count(hits, now)
		if wait != 0 || len(kept) != i+1 {
			t.Fatalf("event %d: Count keeps %d and waits %v", i+1, len(kept), wait)
		}

		hits = kept
	}

	if got := delay.Wait(hits, now.Add(time.Hour)); got != 0 {
		t.Errorf("an hour later: Wait returns %v", got)
	}
	if got := delay.Until(now); !got.Equal(now.Add(time.Hour)) {
		t.Errorf("Until returns %v", got)
	}
}
