// Package outbox delivers what rules have queued: webhook events and letters. A job is a row that a rule wrote in the
// transaction of its change. worker.go claims due jobs and runs attempts within bounds, attempt.go makes one attempt,
// retries.go holds the waits between attempts, letters.go and events.go send, and sweep.go does what falls due by time
// alone.
//
// Any number of processes may work on one database. A claim leases the job; the number of the attempt is the fencing
// token: an attempt that has lost its lease changes nothing.
package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/register/webhook"
)

const (
	// lease is how long an attempt holds its job: the time that it may take, and time to record its end. The job of a
	// worker that was killed is free again after it.
	lease = 15 * time.Second
	// attemptTime is how long one attempt may take.
	attemptTime = lease - 2*time.Second
	// maxPerTarget and maxAttempts are how many attempts one process makes at once, for one target and in total.
	maxPerTarget = 4
	maxAttempts  = 64
	// PollInterval is how often a worker looks for jobs that another process has queued or that are due again.
	PollInterval = 500 * time.Millisecond
	// cleaningInterval is how often a worker cleans the files of what was erased, at most. Writers wait meanwhile.
	cleaningInterval = time.Hour
	// cleaningShare keeps a worker from cleaning a large database for more than one part in so many of its time.
	cleaningShare = 50
	// sweepInterval is how often a worker sweeps.
	sweepInterval = time.Minute
)

// Options is what a worker works on. Every field but Mail is required.
type Options struct {
	Store *store.Store
	Rules *rules.Rules
	// Mail sends letters; nil if there is no mail server. Letters are given up then.
	Mail *mail.Sender
	// Webhooks sends events.
	Webhooks *webhook.Client
	Clock    func() time.Time
	Logger   *slog.Logger
}

// Worker delivers jobs of the outbox.
type Worker struct {
	Options

	running sync.WaitGroup
	slots   slots
	// cleaning is what the sweep knows of erasures.
	cleaning cleaning
	// ended receives when an attempt has ended: there may be room for another, or the next job of its line is free.
	ended chan struct{}
}

// New returns a worker over o.
func New(o Options) *Worker {
	return &Worker{Options: o, slots: slots{perTarget: map[string]int{}}, ended: make(chan struct{}, 1)}
}

// Run delivers and sweeps until ctx ends; then it waits for the attempts in progress, which attemptTime bounds.
func (w *Worker) Run(ctx context.Context) {
	poll := time.NewTicker(PollInterval)
	defer poll.Stop()
	sweep := time.NewTicker(sweepInterval)
	defer sweep.Stop()

	var sweeping sync.WaitGroup
	startSweep := func() { sweeping.Go(func() { w.sweep(ctx) }) }
	startSweep()
	for ctx.Err() == nil {
		if _, err := w.startDue(ctx); err != nil && ctx.Err() == nil {
			w.Logger.ErrorContext(ctx, "start due jobs", slog.Any("error", err))
		}

		select {
		case <-ctx.Done():
		case <-poll.C:
		case <-w.Store.Queued():
		case <-w.ended:
		case <-sweep.C:
			sweeping.Wait() // a sweep that takes longer than the interval delays the next
			startSweep()
		}
	}

	w.running.Wait()
	sweeping.Wait()
}

// RunDue attempts every job that is due now, and every job that becomes free by that. It returns when all attempts
// have ended.
func (w *Worker) RunDue(ctx context.Context) error {
	for {
		started, err := w.startDue(ctx)
		w.running.Wait()
		if err != nil || started == 0 {
			return err
		}
	}
}

// startDue claims due jobs as far as there are slots, and starts an attempt of each. It returns how many it started.
func (w *Worker) startDue(ctx context.Context) (int, error) {
	now := w.Clock()
	due, err := w.Store.ListDueJobs(ctx, now, maxPerTarget, maxAttempts)
	if err != nil {
		return 0, err
	}

	due = w.slots.reserve(due)
	if len(due) == 0 {
		return 0, nil
	}

	claimed, lost, err := w.claim(ctx, due, now)
	for _, job := range lost {
		w.slots.release(job)
	}
	for _, job := range claimed {
		w.running.Go(func() { w.run(ctx, job) })
	}

	return len(claimed), err
}

// claim leases jobs in one transaction. lost are those that another worker claimed first; after an error, all.
func (w *Worker) claim(ctx context.Context, due []store.Job, now time.Time) (claimed, lost []store.Job, err error) {
	err = w.Store.Transact(ctx, func(tx *store.Tx) error {
		for _, job := range due {
			leased, err := tx.ClaimJob(ctx, job, now, now.Add(lease))
			if errors.Is(err, store.ErrNotFound) {
				lost = append(lost, job)

				continue
			}
			if err != nil {
				return err
			}

			claimed = append(claimed, leased)
		}

		return nil
	})
	if err != nil {
		return nil, due, err
	}

	return claimed, lost, nil
}

// run makes one attempt and releases its slot.
func (w *Worker) run(ctx context.Context, job store.Job) {
	defer func() {
		w.slots.release(job)
		select {
		case w.ended <- struct{}{}:
		default: // a signal is pending already
		}
	}()

	// An attempt that has begun ends by its own deadline, also while the program stops.
	if err := w.attempt(context.WithoutCancel(ctx), job); err != nil {
		w.Logger.ErrorContext(ctx, "record an attempt", slog.String("job", job.ID), slog.Any("error", err))
	}
}

// slots counts the attempts in progress.
type slots struct {
	mu        sync.Mutex
	perTarget map[string]int
	total     int
}

// reserve takes a slot for each job for which there is one, and returns those jobs.
func (s *slots) reserve(due []store.Job) []store.Job {
	s.mu.Lock()
	defer s.mu.Unlock()

	var reserved []store.Job
	for _, job := range due {
		if s.total < maxAttempts && s.perTarget[job.Target] < maxPerTarget {
			s.perTarget[job.Target]++
			s.total++
			reserved = append(reserved, job)
		}
	}

	return reserved
}

// release frees the slot of a job.
func (s *slots) release(job store.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.total--
	if s.perTarget[job.Target]--; s.perTarget[job.Target] == 0 {
		delete(s.perTarget, job.Target)
	}
}
