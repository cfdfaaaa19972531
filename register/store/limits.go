package store

import (
	"context"
	"errors"
	"time"
)

// Limit allows at most Most events in any window of length Within. Bucket names what is counted, and for whom.
type Limit struct {
	Bucket string
	Most   int
	Within time.Duration
}

// CountTowards counts an event towards a limit and returns 0. If the limit does not allow the event, it counts nothing
// and returns how long to wait. The limit holds across concurrent processes. Times are stored to the millisecond.
func (t *Tx) CountTowards(ctx context.Context, limit Limit, now time.Time) (wait time.Duration, err error) {
	// The row has to exist before it can be locked.
	_, err = t.exec(ctx, "count towards a limit",
		`INSERT INTO limits (bucket, hits, until) VALUES (?, '[]', 0) ON CONFLICT (bucket) DO NOTHING`, limit.Bucket)
	if err != nil {
		return 0, err
	}

	stored, err := queryRow[JSON[[]int64]](ctx, t.db, "count towards a limit",
		`SELECT hits FROM limits WHERE bucket = ?`+t.forUpdate(), limit.Bucket)
	if err != nil {
		return 0, err
	}

	events := stored.V
	for len(events) > 0 && events[0] <= now.Add(-limit.Within).UnixMilli() {
		events = events[1:]
	}
	if len(events) >= limit.Most {
		return limit.freeAt(events).Sub(now), nil
	}

	events = append(events, now.UnixMilli())
	_, err = t.exec(ctx, "count towards a limit", `UPDATE limits SET hits = ?, until = ? WHERE bucket = ?`,
		JSON[[]int64]{events}, Millis(now.Add(limit.Within)), limit.Bucket)

	return 0, err
}

// LimitWait returns how long a limit refuses the next event, 0 if it allows one. It counts nothing.
func (r reader) LimitWait(ctx context.Context, limit Limit, now time.Time) (wait time.Duration, err error) {
	stored, err := queryRow[JSON[[]int64]](ctx, r.db, "read a limit",
		`SELECT hits FROM limits WHERE bucket = ?`, limit.Bucket)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil || len(stored.V) < limit.Most {
		return 0, err
	}

	return max(0, limit.freeAt(stored.V).Sub(now)), nil
}

// freeAt returns when a limit that these events have used up allows the next one.
func (l Limit) freeAt(events []int64) time.Time {
	return time.UnixMilli(events[len(events)-l.Most]).Add(l.Within)
}

// DeleteStaleLimits deletes the rows whose events no longer count towards any limit.
func (t *Tx) DeleteStaleLimits(ctx context.Context, now time.Time) error {
	_, err := t.exec(ctx, "delete stale limits", `DELETE FROM limits WHERE until <= ?`, Millis(now))
	return err
}
