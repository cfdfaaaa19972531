package store

import (
	"context"
	"fmt"
	"time"
)

// Limit is how often something may be done: Most times in any stretch of Within. Bucket says what is counted, and of whom.
type Limit struct {
	Bucket string
	Most   int
	Within time.Duration
}

// Hit counts one more time, unless that is one too many: then it counts nothing and answers how long to wait. However
// many processes ask at once, the limit holds. Times are kept to the millisecond.
func (t *Tx) CountTowards(ctx context.Context, limit Limit, now time.Time) (wait time.Duration, err error) {
	// The row is made first, so that there is one to lock.
	if _, err := t.exec(
		ctx,
		`INSERT INTO limits (bucket, hits, until) VALUES (?, '[]', 0) ON CONFLICT (bucket) DO NOTHING`,
		limit.Bucket,
	); err != nil {
		return 0, fmt.Errorf("count towards a limit: %w", err)
	}

	kept, err := one[JSON[[]int64]](ctx, t.tx, `SELECT hits FROM limits WHERE bucket = ?`+t.lock(), limit.Bucket)
	if err != nil {
		return 0, fmt.Errorf("count towards a limit: %w", err)
	}

	hits := kept.V
	for len(hits) > 0 && hits[0] <= now.Add(-limit.Within).UnixMilli() {
		hits = hits[1:]
	}
	if len(hits) >= limit.Most {
		return time.UnixMilli(hits[len(hits)-limit.Most]).Add(limit.Within).Sub(now), nil
	}

	hits = append(hits, now.UnixMilli())
	_, err = t.exec(
		ctx,
		`UPDATE limits SET hits = ?, until = ? WHERE bucket = ?`,
		JSON[[]int64]{hits},
		Millis(now.Add(limit.Within)),
		limit.Bucket,
	)
	if err != nil {
		return 0, fmt.Errorf("count towards a limit: %w", err)
	}

	return 0, nil
}

// Exhausted answers how long a limit would still refuse, and counts nothing; 0 where it would not.
func (s *Store) LimitWait(ctx context.Context, limit Limit, now time.Time) (wait time.Duration, err error) {
	rows, err := all[JSON[[]int64]](ctx, s.read, `SELECT hits FROM limits WHERE bucket = ?`, limit.Bucket)
	if err != nil {
		return 0, fmt.Errorf("look at a limit: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	if hits := rows[0].V; len(hits) >= limit.Most {
		wait = time.UnixMilli(hits[len(hits)-limit.Most]).Add(limit.Within).Sub(now)
	}

	return max(0, wait), nil
}

// DeleteStaleLimits drops what no longer counts towards any limit.
func (t *Tx) DeleteStaleLimits(ctx context.Context, now time.Time) error {
	if _, err := t.exec(ctx, `DELETE FROM limits WHERE until <= ?`, Millis(now)); err != nil {
		return fmt.Errorf("forget old limits: %w", err)
	}
	return nil
}
