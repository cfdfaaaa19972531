// Package limit counts events in a sliding window, or slows them down. It is pure: callers keep the counted events
// themselves, in a row that replicas share and lock.
package limit

import "time"

// Rule says whether one more event may happen, given those that were counted before. Window and Delay are rules.
type Rule interface {
	// Count counts one more event at now, or returns how long until it may happen.
	Count(hits []int64, now time.Time) (kept []int64, wait time.Duration)
	// Until returns when no event that was counted by now counts any more.
	Until(now time.Time) time.Time
}

// Window allows at most Most events in any stretch of time as long as Within. Most is at least 1.
type Window struct {
	Most   int
	Within time.Duration
}

// Count counts one more event at now. Hits are the events counted so far, oldest first, in milliseconds since 1970.
//
// If the window has room, Count returns the events to keep, the new one included, and no wait. If it is full, Count
// returns how long until there is room, which is above 0: the event is not counted, and nothing needs to be stored.
func (w Window) Count(hits []int64, now time.Time) (kept []int64, wait time.Duration) {
	kept = w.inside(hits, now)
	if wait := w.Wait(kept, now); wait > 0 {
		return kept, wait
	}

	return append(kept, now.UnixMilli()), 0
}

// Wait returns how long until the window has room for another event, and counts nothing. It returns 0 if there is room.
func (w Window) Wait(hits []int64, now time.Time) time.Duration {
	hits = w.inside(hits, now)
	if len(hits) < w.Most {
		return 0
	}

	return time.UnixMilli(hits[len(hits)-w.Most]).Add(w.Within).Sub(now)
}

// Until returns when the last of the counted events, at now, leaves the window: a row can be dropped then.
func (w Window) Until(now time.Time) time.Time { return now.Add(w.Within) }

// inside returns the events that still count.
func (w Window) inside(hits []int64, now time.Time) []int64 {
	oldest := now.Add(-w.Within).UnixMilli()
	for len(hits) > 0 && hits[0] <= oldest {
		hits = hits[1:]
	}

	return hits
}
