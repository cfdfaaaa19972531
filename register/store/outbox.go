package store

import (
	"context"
	"time"
)

// The kinds of jobs.
const (
	KindWebhook = "webhook"
	KindMail    = "mail"
)

// The outcomes of a job.
const (
	OutcomeDelivered   = "delivered"
	OutcomeUndelivered = "undelivered"
	// OutcomeDropped is the outcome of a job that was of no use any more.
	OutcomeDropped = "dropped"
)

// Job is a webhook event or a letter, sent after the change that caused it has been committed.
type Job struct {
	Job  int64  `db:"job"`
	ID   string `db:"id"`
	Kind string `db:"kind"`
	// IR is the identity record to whose person a letter goes; nil for events and other letters. If KeyID is empty, the
	// record's own key seals the body.
	IR *string `db:"ir"`
	// Target is the wid of a webhook, or the host of a mail address. The jobs of one target share a limit of
	// concurrent attempts.
	Target     string  `db:"target"`
	Subject    string  `db:"subject"`
	KeyID      string  `db:"key_id"`
	SealedBody []byte  `db:"sealed_body"`
	CreatedAt  Millis  `db:"created_at"`
	DueAt      Millis  `db:"due_at"`
	DropAt     *Millis `db:"drop_at"`
	// Attempts counts the attempts that have begun. It is the fencing token of an attempt: an earlier attempt that
	// reports late changes nothing.
	Attempts  int     `db:"attempts"`
	Outcome   *string `db:"outcome"`
	EndedAt   *Millis `db:"ended_at"`
	LastError *string `db:"last_error"`
	// HandedAt is when the attempt before this one handed over a letter that must be sent at most once, and never
	// reported its end; nil if none did.
	HandedAt *Millis `db:"handed_at"`
	// WithdrawnAK is set if the job announces a withdrawal: the access record that was withdrawn.
	WithdrawnAK *string `db:"withdrawn_ak"`

	// Lines are the lines that the job joins when it is inserted. Each line runs one job at a time, oldest first.
	Lines []string `db:"-"`
}

const jobColumns = `job, id, kind, target, subject, key_id, sealed_body, created_at, due_at, drop_at, attempts,
	outcome, ended_at, last_error, handed_at, withdrawn_ak, ir`

// InsertJob queues a job in the transaction of the change that causes it.
func (t *Tx) InsertJob(ctx context.Context, j Job) error {
	job, err := queryRow[int64](ctx, t.db, "queue a job", `INSERT INTO outbox
		(id, kind, target, subject, key_id, sealed_body, created_at, due_at, drop_at, withdrawn_ak, ir)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING job`,
		j.ID, j.Kind, j.Target, j.Subject, j.KeyID, j.SealedBody, j.CreatedAt, j.DueAt, j.DropAt, j.WithdrawnAK, j.IR)
	if err != nil {
		return err
	}

	for _, line := range j.Lines {
		_, err := t.exec(ctx, "add a job to its line",
			`INSERT INTO outbox_lines (line, job) VALUES (?, ?)`, line, job)
		if err != nil {
			return err
		}
	}

	t.queued = true

	return nil
}

// ListDueJobs lists the jobs that may be attempted now: due, not leased, and the first in each of their lines. It
// lists at most perTarget jobs of one target, so that a slow target does not hold up the others.
func (r reader) ListDueJobs(ctx context.Context, now time.Time, perTarget, limit int) ([]Job, error) {
	return queryRows[Job](ctx, r.db, "list due jobs", `SELECT `+jobColumns+` FROM (
		SELECT o.*, ROW_NUMBER() OVER (PARTITION BY o.target ORDER BY o.job) AS turn FROM outbox o
		WHERE o.outcome IS NULL AND o.due_at <= ? AND o.leased_until <= ? AND NOT EXISTS (
			SELECT 1 FROM outbox_lines mine
			JOIN outbox_lines earlier ON earlier.line = mine.line AND earlier.job < mine.job
			WHERE mine.job = o.job)) due
		WHERE turn <= ? ORDER BY turn, job LIMIT ?`, Millis(now), Millis(now), perTarget, limit)
}

// ClaimJob begins an attempt: it leases the job to the caller until the given time. It returns the job as it is now,
// because the attempt before may have changed it since it was listed, and ErrNotFound if another caller has claimed it.
func (t *Tx) ClaimJob(ctx context.Context, j Job, now, until time.Time) (Job, error) {
	return queryRow[Job](ctx, t.db, "claim a job", `UPDATE outbox SET attempts = attempts + 1, leased_until = ?
		WHERE job = ? AND attempts = ? AND outcome IS NULL AND leased_until <= ? RETURNING `+jobColumns,
		Millis(until), j.Job, j.Attempts, Millis(now))
}

// MarkHandedOver records that this attempt is about to hand over a letter that must be sent at most once. It returns
// false if the attempt has lost the job.
func (t *Tx) MarkHandedOver(ctx context.Context, j Job, now time.Time) (bool, error) {
	return t.execOne(ctx, "mark a job as handed over", `UPDATE outbox SET handed_at = ?
		WHERE job = ? AND attempts = ? AND outcome IS NULL AND handed_at IS NULL`, Millis(now), j.Job, j.Attempts)
}

// EndJob ends this attempt and its job, which leaves its lines. It returns false if the attempt has lost the job.
func (t *Tx) EndJob(ctx context.Context, j Job, outcome string, lastError *string, now time.Time) (bool, error) {
	ended, err := t.execOne(ctx, "end a job", `UPDATE outbox
		SET outcome = ?, ended_at = ?, last_error = ?, leased_until = 0
		WHERE job = ? AND attempts = ? AND outcome IS NULL`, outcome, Millis(now), lastError, j.Job, j.Attempts)
	if err != nil || !ended {
		return false, err
	}

	_, err = t.exec(ctx, "remove a job from its lines", `DELETE FROM outbox_lines WHERE job = ?`, j.Job)

	return err == nil, err
}

// RetryJob reschedules the job after a failed attempt. If the attempt was marked by MarkHandedOver, call it only if
// nothing was delivered. It returns false if the attempt has lost the job.
func (t *Tx) RetryJob(ctx context.Context, j Job, lastError string, due time.Time) (bool, error) {
	return t.execOne(ctx, "reschedule a job", `UPDATE outbox
		SET due_at = ?, last_error = ?, leased_until = 0, handed_at = NULL
		WHERE job = ? AND attempts = ? AND outcome IS NULL`, Millis(due), lastError, j.Job, j.Attempts)
}

// RequeueJob queues a job that has ended again, with all its attempts ahead of it. It returns false if the job has not
// ended.
func (t *Tx) RequeueJob(ctx context.Context, j Job, now time.Time) (bool, error) {
	requeued, err := t.execOne(ctx, "queue a job again", `UPDATE outbox
		SET outcome = NULL, ended_at = NULL, attempts = 0, due_at = ?, leased_until = 0
		WHERE job = ? AND outcome IS NOT NULL`, Millis(now), j.Job)
	if requeued {
		t.queued = true
	}

	return requeued, err
}

// FindDelivery finds an event of a webhook by its id; ErrNotFound.
func (r reader) FindDelivery(ctx context.Context, wid, eventID string) (Job, error) {
	return queryRow[Job](ctx, r.db, "find a delivery",
		`SELECT `+jobColumns+` FROM outbox WHERE kind = 'webhook' AND target = ? AND id = ?`, wid, eventID)
}

// ListWithdrawalJobs lists the jobs that announce the withdrawal of an access record, one for each webhook.
func (r reader) ListWithdrawalJobs(ctx context.Context, ak string) ([]Job, error) {
	return queryRows[Job](ctx, r.db, "list the deliveries of a withdrawal",
		`SELECT `+jobColumns+` FROM outbox WHERE withdrawn_ak = ? ORDER BY job`, ak)
}

// ListDeliveries lists a page of the events of a webhook, newest first. Outcome is the outcome of a job, "queued" for
// the jobs that have none yet, or empty for all.
func (r reader) ListDeliveries(ctx context.Context, wid, outcome string, page Page) ([]Job, error) {
	var where conditions
	where.and("kind = 'webhook' AND target = ?", wid)
	if outcome == "queued" {
		where.and("outcome IS NULL")
	} else {
		where.equal("outcome", outcome)
	}

	deliveries := list{columns: jobColumns, from: "outbox", at: "created_at", key: "id"}
	jobs, _, err := queryPage[Job](ctx, r.db, deliveries, where, page)

	return jobs, err
}

// CountJobs counts the jobs that wait and the jobs that were given up, by kind.
func (r reader) CountJobs(ctx context.Context) (waiting, undelivered map[string]int, err error) {
	rows, err := queryRows[struct {
		Kind    string  `db:"kind"`
		Outcome *string `db:"outcome"`
		Count   int     `db:"count"`
	}](ctx, r.db, "count jobs", `SELECT kind, outcome, COUNT(*) AS count FROM outbox
		WHERE outcome IS NULL OR outcome = 'undelivered' GROUP BY kind, outcome`)
	if err != nil {
		return nil, nil, err
	}

	waiting = map[string]int{}
	undelivered = map[string]int{}
	for _, row := range rows {
		if row.Outcome == nil {
			waiting[row.Kind] = row.Count
		} else {
			undelivered[row.Kind] = row.Count
		}
	}

	return waiting, undelivered, nil
}

// DeleteEndedJobs deletes the jobs that ended before a time.
func (t *Tx) DeleteEndedJobs(ctx context.Context, before time.Time) error {
	_, err := t.exec(ctx, "delete ended jobs",
		`DELETE FROM outbox WHERE outcome IS NOT NULL AND ended_at < ?`, Millis(before))
	return err
}

// EraseLetter erases the body of a letter that has ended: no attempt needs it any more.
func (t *Tx) EraseLetter(ctx context.Context, j Job) error {
	_, err := t.exec(ctx, "erase a letter", `UPDATE outbox SET sealed_body = ?
		WHERE job = ? AND kind = 'mail' AND outcome IS NOT NULL`, []byte{}, j.Job)

	return err
}

// ListUnboundLetters lists the letters that wait and name no identity record, in the order in which they were queued:
// letters to organisations, and those of an older program.
func (t *Tx) ListUnboundLetters(ctx context.Context, after int64, limit int) ([]Job, error) {
	return queryRows[Job](ctx, t.db, "list letters without an identity record", `SELECT `+jobColumns+` FROM outbox
		WHERE outcome IS NULL AND kind = 'mail' AND ir IS NULL AND job > ? ORDER BY job LIMIT ?`, after, limit)
}

// DeleteJob deletes a job, whether or not it has ended.
func (t *Tx) DeleteJob(ctx context.Context, j Job) error {
	_, err := t.exec(ctx, "delete a job", `DELETE FROM outbox WHERE job = ?`, j.Job)

	return err
}
