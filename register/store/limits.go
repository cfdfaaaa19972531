package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"central.consent/dar/internal/web/limit"
)

// Limit allows at most Most events in any window of length Within. Bucket names what is counted and who is limited.
type Limit struct {
	Bucket string
	Most   int
	Within time.Duration
}

func (l Limit) window() limit.Window { return limit.Window{Most: l.Most, Within: l.Within} }

// CountTowards counts an event towards a limit and returns 0. If the limit does not allow the event, it counts nothing
// and returns how long to wait. The limit holds across concurrent processes. Times are stored to the millisecond.
func (t *Tx) CountTowards(ctx context.Context, l Limit, now time.Time) (wait time.Duration, err error) {
	// The row has to exist before it can be locked.
	_, err = t.exec(ctx, "count towards a limit",
		`INSERT INTO limits (bucket, hits, until) VALUES (?, '[]', 0) ON CONFLICT (bucket) DO NOTHING`, l.Bucket)
	if err != nil {
		return 0, err
	}

	stored, err := queryRow[JSON[[]int64]](ctx, t.db, "count towards a limit",
		`SELECT hits FROM limits WHERE bucket = ?`+t.forUpdate(), l.Bucket)
	if err != nil {
		return 0, err
	}

	kept, wait := l.window().Count(stored.V, now)
	if wait > 0 {
		return wait, nil
	}

	_, err = t.exec(ctx, "count towards a limit", `UPDATE limits SET hits = ?, until = ? WHERE bucket = ?`,
		JSON[[]int64]{kept}, Millis(l.window().Until(now)), l.Bucket)

	return 0, err
}

// LimitWait returns how long a limit refuses the next event, 0 if it allows one. It counts nothing.
func (r reader) LimitWait(ctx context.Context, l Limit, now time.Time) (wait time.Duration, err error) {
	stored, err := queryRow[JSON[[]int64]](ctx, r.db, "read a limit",
		`SELECT hits FROM limits WHERE bucket = ?`, l.Bucket)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}

	return l.window().Wait(stored.V, now), nil
}

// ListReachedLimits returns the buckets of the limits that refuse the next event. It counts nothing.
func (r reader) ListReachedLimits(ctx context.Context, limits []Limit, now time.Time) (map[string]bool, error) {
	byBucket := make(map[string]Limit, len(limits))
	for _, l := range limits {
		byBucket[l.Bucket] = l
	}

	reached := map[string]bool{}
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(byBucket)), rowsPerInsert) {
		rows, err := queryRowsIn[struct {
			Bucket string        `db:"bucket"`
			Hits   JSON[[]int64] `db:"hits"`
		}](ctx, r.db, "read limits", `SELECT bucket, hits FROM limits WHERE bucket IN (?)`, batch)
		if err != nil {
			return nil, err
		}

		for _, row := range rows {
			if byBucket[row.Bucket].window().Wait(row.Hits.V, now) > 0 {
				reached[row.Bucket] = true
			}
		}
	}

	return reached, nil
}

// DeleteStaleLimits deletes the rows in which no event counts towards a limit any more.
func (t *Tx) DeleteStaleLimits(ctx context.Context, now time.Time) error {
	_, err := t.exec(ctx, "delete stale limits", `DELETE FROM limits WHERE until <= ?`, Millis(now))
	return err
}
