package store

import (
	"context"
	"fmt"
	"time"
)

// The kinds of what waits in the outbox.
const (
	KindWebhook = "webhook"
	KindMail    = "mail"
)

// How a job ended.
const (
	OutcomeDelivered   = "delivered"
	OutcomeUndelivered = "undelivered"
	// OutcomeDropped is a job that was worth nothing any more.
	OutcomeDropped = "dropped"
)

// Job is something that has to happen after a change and outside of the database.
type Job struct {
	Job  int64  `db:"job"`
	ID   string `db:"id"`
	Kind string `db:"kind"`
	// Target shares a limit of attempts at once: the wid of a webhook, the host of a mail's address.
	Target     string  `db:"target"`
	Subject    string  `db:"subject"`
	KeyID      string  `db:"key_id"`
	SealedBody []byte  `db:"sealed_body"`
	CreatedAt  Millis  `db:"created_at"`
	DueAt      Millis  `db:"due_at"`
	DropAt     *Millis `db:"drop_at"`
	// Attempts counts those that have begun. It fences the end of one: a late end of an earlier attempt counts
	// for nothing.
	Attempts  int     `db:"attempts"`
	Outcome   *string `db:"outcome"`
	EndedAt   *Millis `db:"ended_at"`
	LastError *string `db:"last_error"`
	// HandedAt is when the attempt before this one handed over a letter that must not come twice, and was not heard of
	// again; nil where none did.
	HandedAt *Millis `db:"handed_at"`
	// WithdrawnAK is the access record whose end the job tells of; nil for any other job.
	WithdrawnAK *string `db:"withdrawn_ak"`

	// Lines are those that the job waits in, when it is inserted: in each, one job at a time, the oldest first.
	Lines []string `db:"-"`
}

const jobColumns = `job, id, kind, target, subject, key_id, sealed_body, created_at, due_at, drop_at, attempts, outcome, ended_at, last_error, handed_at, withdrawn_ak`

// InsertJob queues a job with the change that makes it necessary.
func (t *Tx) InsertJob(ctx context.Context, j Job) error {
	job, err := one[int64](
		ctx,
		t.tx,
		`INSERT INTO outbox (id, kind, target, subject, key_id, sealed_body, created_at, due_at, drop_at, withdrawn_ak)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING job`,
		j.ID,
		j.Kind,
		j.Target,
		j.Subject,
		j.KeyID,
		j.SealedBody,
		j.CreatedAt,
		j.DueAt,
		j.DropAt,
		j.WithdrawnAK,
	)
	if err != nil {
		return fmt.Errorf("queue a job: %w", conflict(err))
	}
	for _, line := range j.Lines {
		if _, err := t.exec(ctx, `INSERT INTO outbox_lines (line, job) VALUES (?, ?)`, line, job); err != nil {
			return fmt.Errorf("queue a job in its line: %w", err)
		}
	}

	t.queued = true
	return nil
}

// ListDueJobs lists jobs that may be attempted now: due, held by nobody, and the first in each of their lines. Of
// one target it lists at most perTarget, so that a slow one does not crowd out the others.
func (s *Store) ListDueJobs(ctx context.Context, now time.Time, perTarget, limit int) ([]Job, error) {
	jobs, err := all[Job](ctx, s.read, `SELECT `+jobColumns+` FROM (
		SELECT o.*, ROW_NUMBER() OVER (PARTITION BY o.target ORDER BY o.job) AS turn FROM outbox o
		WHERE o.outcome IS NULL AND o.due_at <= ? AND o.leased_until <= ? AND NOT EXISTS (
			SELECT 1 FROM outbox_lines mine JOIN outbox_lines earlier ON earlier.line = mine.line AND earlier.job < mine.job
			WHERE mine.job = o.job)) due
		WHERE turn <= ? ORDER BY turn, job LIMIT ?`, Millis(now), Millis(now), perTarget, limit)
	if err != nil {
		return nil, fmt.Errorf("list due jobs: %w", err)
	}

	return jobs, nil
}

// ClaimJob begins an attempt: the job is this caller's alone until the lease ends. It answers the job as it now is, for
// the attempt before may have changed it since it was listed, and ErrNotFound where somebody else was faster.
func (t *Tx) ClaimJob(ctx context.Context, j Job, now, until time.Time) (Job, error) {
	claimed, err := one[Job](ctx, t.tx, `UPDATE outbox SET attempts = attempts + 1, leased_until = ?
		WHERE job = ? AND attempts = ? AND outcome IS NULL AND leased_until <= ? RETURNING `+jobColumns, Millis(until), j.Job, j.Attempts, Millis(now))
	if err != nil {
		return Job{}, fmt.Errorf("claim a job: %w", err)
	}

	return claimed, nil
}

// MarkHanded notes that the attempt of this number hands over what must not come twice. It answers false where the
// attempt had lost the job.
func (t *Tx) MarkHandedOver(ctx context.Context, j Job, now time.Time) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE outbox SET handed_at = ? WHERE job = ? AND attempts = ? AND outcome IS NULL AND handed_at IS NULL`,
		Millis(now),
		j.Job,
		j.Attempts,
	)
	if err != nil {
		return false, fmt.Errorf("mark a job as handed over: %w", err)
	}

	return rows == 1, nil
}

// EndJob ends the attempt of this number, and the job with it, which leaves its lines. It answers false where the
// attempt had lost the job.
func (t *Tx) EndJob(ctx context.Context, j Job, outcome string, lastError *string, now time.Time) (bool, error) {
	rows, err := t.exec(ctx, `UPDATE outbox SET outcome = ?, ended_at = ?, last_error = ?, leased_until = 0
		WHERE job = ? AND attempts = ? AND outcome IS NULL`, outcome, Millis(now), lastError, j.Job, j.Attempts)
	if err != nil {
		return false, fmt.Errorf("end a job: %w", err)
	}
	if rows == 0 {
		return false, nil
	}
	if _, err := t.exec(ctx, `DELETE FROM outbox_lines WHERE job = ?`, j.Job); err != nil {
		return false, fmt.Errorf("leave the lines of a job: %w", err)
	}

	return true, nil
}

// RetryJob ends the attempt of this number, of which nothing has arrived for certain if it was marked by MarkHanded; the
// job is due again later. It answers false where the attempt had lost the job.
func (t *Tx) RetryJob(ctx context.Context, j Job, lastError string, due time.Time) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE outbox SET due_at = ?, last_error = ?, leased_until = 0, handed_at = NULL WHERE job = ? AND attempts = ? AND outcome IS NULL`,
		Millis(due),
		lastError,
		j.Job,
		j.Attempts,
	)
	if err != nil {
		return false, fmt.Errorf("put off a job: %w", err)
	}

	return rows == 1, nil
}

// RequeueJob queues a job again that had ended, with all its attempts before it. It answers false where it has not ended.
func (t *Tx) RequeueJob(ctx context.Context, j Job, now time.Time) (bool, error) {
	rows, err := t.exec(
		ctx,
		`UPDATE outbox SET outcome = NULL, ended_at = NULL, attempts = 0, due_at = ?, leased_until = 0
		WHERE job = ? AND outcome IS NOT NULL`,
		Millis(now),
		j.Job,
	)
	if err != nil {
		return false, fmt.Errorf("queue a job again: %w", err)
	}

	t.queued = rows == 1
	return rows == 1, nil
}

// FindDelivery finds a webhook's event by its id; ErrNotFound.
func (t *Tx) FindDelivery(ctx context.Context, wid, eventID string) (Job, error) {
	job, err := one[Job](
		ctx,
		t.tx,
		`SELECT `+jobColumns+` FROM outbox WHERE kind = 'webhook' AND target = ? AND id = ?`,
		wid,
		eventID,
	)
	if err != nil {
		return Job{}, fmt.Errorf("find a delivery: %w", err)
	}
	return job, nil
}

// ListWithdrawalJobs lists what was queued to tell of the end of an access record: one job for each subscription.
func (t *Tx) ListWithdrawalJobs(ctx context.Context, ak string) ([]Job, error) {
	jobs, err := all[Job](ctx, t.tx, `SELECT `+jobColumns+` FROM outbox WHERE withdrawn_ak = ? ORDER BY job`, ak)
	if err != nil {
		return nil, fmt.Errorf("list the notices of a withdrawal: %w", err)
	}
	return jobs, nil
}

// ListDeliveries lists a page of a webhook's events, the newest first. Outcome is empty for all, or "queued".
func (s *Store) ListDeliveries(ctx context.Context, wid, outcome string, page Page) ([]Job, error) {
	where := conditions{}
	where.and("kind = 'webhook' AND target = ?", wid)
	switch outcome {
	case "":
	case "queued":
		where.and("outcome IS NULL")
	default:
		where.equal("outcome", outcome)
	}

	jobs, _, err := paged[Job](ctx, s, jobColumns, "outbox", where, page, "created_at", "id")
	return jobs, err
}

// CountJobs counts what waits, and what was given up, by kind.
func (s *Store) CountJobs(ctx context.Context) (waiting, undelivered map[string]int, err error) {
	rows, err := all[struct {
		Kind    string  `db:"kind"`
		Outcome *string `db:"outcome"`
		Count   int     `db:"count"`
	}](ctx, s.read, `SELECT kind, outcome, COUNT(*) AS count FROM outbox WHERE outcome IS NULL OR outcome = 'undelivered' GROUP BY kind, outcome`)
	if err != nil {
		return nil, nil, fmt.Errorf("count jobs: %w", err)
	}

	waiting, undelivered = map[string]int{}, map[string]int{}
	for _, row := range rows {
		if row.Outcome == nil {
			waiting[row.Kind] = row.Count
		} else {
			undelivered[row.Kind] = row.Count
		}
	}

	return waiting, undelivered, nil
}

// DeleteEndedJobs deletes what ended before a moment.
func (t *Tx) DeleteEndedJobs(ctx context.Context, before time.Time) error {
	if _, err := t.exec(
		ctx,
		`DELETE FROM outbox WHERE outcome IS NOT NULL AND ended_at < ?`,
		Millis(before),
	); err != nil {
		return fmt.Errorf("forget ended jobs: %w", err)
	}
	return nil
}
