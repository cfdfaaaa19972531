package limit

import "time"

// Delay slows events down: the first Free within Within may follow each other at once. Before each later one passes a
// time that begins with First and doubles up to Longest. So a stranger who guesses gets few tries, and a person who
// knows the answer never waits longer than Longest.
type Delay struct {
	Free    int
	First   time.Duration
	Longest time.Duration
	Within  time.Duration
}

// Count is like Window.Count.
func (d Delay) Count(hits []int64, now time.Time) (kept []int64, wait time.Duration) {
	kept = d.window().inside(hits, now)
	if wait := d.Wait(kept, now); wait > 0 {
		return kept, wait
	}

	return append(kept, now.UnixMilli()), 0
}

// Wait returns how long until another event may follow, and counts nothing. It returns 0 if it may at once.
func (d Delay) Wait(hits []int64, now time.Time) time.Duration {
	hits = d.window().inside(hits, now)
	if len(hits) < d.Free || len(hits) == 0 {
		return 0
	}

	wait := d.First
	for range len(hits) - d.Free {
		if wait >= d.Longest {
			break
		}
		wait *= 2
	}

	wait = min(wait, d.Longest)

	return max(0, time.UnixMilli(hits[len(hits)-1]).Add(wait).Sub(now))
}

// Until is like Window.Until.
func (d Delay) Until(now time.Time) time.Time { return now.Add(d.Within) }

// window has the events that still count.
func (d Delay) window() Window { return Window{Most: d.Free, Within: d.Within} }
