package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/store"
)

// job inserts a job that is due now.
func (d *data) job(target string, lines ...string) {
	d.t.Helper()
	job := store.Job{
		ID:         d.key("evt"),
		Kind:       store.KindWebhook,
		Target:     target,
		SealedBody: []byte("sealed"),
		CreatedAt:  store.Millis(now),
		DueAt:      store.Millis(now),
		Lines:      lines,
	}
	d.change(func(tx *store.Tx) error { return tx.InsertJob(d.t.Context(), job) })
}

// due returns the jobs that are due at a time.
func (d *data) due(at time.Time, perTarget int) []store.Job {
	d.t.Helper()
	jobs, err := d.ListDueJobs(d.t.Context(), at, perTarget, 100)
	if err != nil {
		d.t.Fatal(err)
	}

	return jobs
}

// claim claims a job for a minute.
func (d *data) claim(job store.Job, at time.Time) (store.Job, error) {
	var claimed store.Job
	err := d.Transact(d.t.Context(), func(tx *store.Tx) (err error) {
		claimed, err = tx.ClaimJob(d.t.Context(), job, at, at.Add(time.Minute))
		return err
	})

	return claimed, err
}

func (d *data) endJob(job store.Job) bool {
	d.t.Helper()
	return d.changes(func(tx *store.Tx) (bool, error) {
		return tx.EndJob(d.t.Context(), job, store.OutcomeDelivered, nil, now)
	})
}

func (d *data) retryJob(job store.Job, due time.Time) bool {
	d.t.Helper()
	return d.changes(func(tx *store.Tx) (bool, error) { return tx.RetryJob(d.t.Context(), job, "failed", due) })
}

func TestJobIsClaimedOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.job("wid_1")
		job := d.due(now, 1)[0]
		claimed := d.concurrently(8, func(tx *store.Tx) (bool, error) {
			_, err := tx.ClaimJob(t.Context(), job, now, now.Add(time.Minute))
			if errors.Is(err, store.ErrNotFound) {
				return false, nil
			}

			return err == nil, err
		})
		if claimed != 1 {
			t.Errorf("claimed %d times, want 1", claimed)
		}
		if jobs := d.due(now.Add(time.Minute-time.Millisecond), 1); len(jobs) != 0 {
			t.Errorf("a leased job is due: %v", jobs)
		}
		if jobs := d.due(now.Add(time.Minute), 1); len(jobs) != 1 {
			t.Error("a job is not due after its lease")
		}
	})
}

// An attempt that has lost its job, because its lease ended and another attempt began, changes nothing.
func TestLateAttemptIsFenced(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.job("wid_1")
		late, err := d.claim(d.due(now, 1)[0], now)
		if err != nil {
			t.Fatal(err)
		}

		after := now.Add(time.Minute)
		current, err := d.claim(d.due(after, 1)[0], after)
		if err != nil {
			t.Fatal(err)
		}
		if late.Attempts != 1 || current.Attempts != 2 {
			t.Errorf("attempts %d and %d, want 1 and 2", late.Attempts, current.Attempts)
		}

		markHandedOver := func(job store.Job) bool {
			return d.changes(func(tx *store.Tx) (bool, error) { return tx.MarkHandedOver(t.Context(), job, after) })
		}
		expect(t, "a late attempt hands over", markHandedOver(late), false)
		expect(t, "a late attempt retries", d.retryJob(late, after), false)
		expect(t, "a late attempt ends", d.endJob(late), false)
		expect(t, "the current attempt hands over", markHandedOver(current), true)
		expect(t, "the current attempt hands over again", markHandedOver(current), false)
		expect(t, "the current attempt retries", d.retryJob(current, after.Add(time.Hour)), true)

		if jobs := d.due(after.Add(time.Hour-time.Millisecond), 1); len(jobs) != 0 {
			t.Errorf("due before its time: %v", jobs)
		}

		again, err := d.claim(d.due(after.Add(time.Hour), 1)[0], after.Add(time.Hour))
		if err != nil || again.HandedAt != nil || again.LastError == nil {
			t.Errorf("after a retry: %+v, %v", again, err)
		}

		expect(t, "the last attempt ends", d.endJob(again), true)
		expect(t, "it ends again", d.endJob(again), false)
	})
}

func TestJobsWaitInTheirLines(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.job("wid_1", "a")
		d.job("wid_2", "a", "b")
		d.job("wid_3", "b")
		d.job("wid_4")
		for _, want := range [][]string{{"wid_1", "wid_4"}, {"wid_2"}, {"wid_3"}, nil} {
			jobs := d.due(now, 10)
			var targets []string
			for _, job := range jobs {
				targets = append(targets, job.Target)
			}

			slices.Sort(targets)
			if !slices.Equal(targets, want) {
				t.Fatalf("due: %v, want %v", targets, want)
			}

			for _, job := range jobs {
				claimed, err := d.claim(job, now)
				if err != nil {
					t.Fatal(err)
				}

				expect(t, "end "+job.Target, d.endJob(claimed), true)
			}
		}
	})
}

// A target with many jobs does not hold up the others.
func TestJobsPerTarget(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		for range 5 {
			d.job("slow")
		}

		d.job("other")
		jobs := d.due(now, 2)
		if len(jobs) != 3 || jobs[0].Target != "slow" || jobs[1].Target != "other" || jobs[2].Target != "slow" {
			t.Errorf("due: %+v", jobs)
		}
	})
}

func TestRequeueJob(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		d.job("wid_1")
		requeue := func(job store.Job) bool {
			return d.changes(func(tx *store.Tx) (bool, error) { return tx.RequeueJob(t.Context(), job, now) })
		}
		job, err := d.claim(d.due(now, 1)[0], now)
		if err != nil {
			t.Fatal(err)
		}

		expect(t, "requeue a job that has not ended", requeue(job), false)
		expect(t, "end", d.endJob(job), true)
		expect(t, "requeue", requeue(job), true)
		if jobs := d.due(now, 1); len(jobs) != 1 || jobs[0].Attempts != 0 || jobs[0].ID != job.ID {
			t.Errorf("requeued: %+v", jobs)
		}
	})
}

// A worker is woken after the commit, and not by a transaction that fails.
func TestQueuedSignal(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		queued := func() bool {
			select {
			case <-d.Queued():
				return true
			default:
				return false
			}
		}

		failure := errors.New("failure")
		err := d.Transact(t.Context(), func(tx *store.Tx) error {
			job := store.Job{ID: "evt_1", Kind: store.KindMail, SealedBody: []byte("sealed")}
			if err := tx.InsertJob(t.Context(), job); err != nil {
				return err
			}

			return failure
		})
		if !errors.Is(err, failure) {
			t.Error(err)
		}

		expect(t, "after a failure", queued(), false)
		d.job("wid_1")
		d.job("wid_1")
		expect(t, "after a commit", queued(), true)
		expect(t, "once more", queued(), false)
	})
}

func TestCountAndDeleteJobs(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *data) {
		for range 3 {
			d.job("wid_1")
		}

		for i, outcome := range []string{store.OutcomeUndelivered, store.OutcomeDelivered} {
			job, err := d.claim(d.due(now, 3)[i], now)
			if err != nil {
				t.Fatal(err)
			}

			d.changes(func(tx *store.Tx) (bool, error) {
				return tx.EndJob(t.Context(), job, outcome, nil, now.Add(time.Duration(i)*time.Hour))
			})
		}

		counted := func(wantWaiting, wantUndelivered int) {
			t.Helper()
			waiting, undelivered, err := d.CountJobs(t.Context())
			if err != nil || waiting["webhook"] != wantWaiting || undelivered["webhook"] != wantUndelivered {
				t.Errorf("%v waiting, %v undelivered, %v", waiting, undelivered, err)
			}
		}
		counted(1, 1)

		d.change(func(tx *store.Tx) error { return tx.DeleteEndedJobs(t.Context(), now.Add(time.Minute)) })
		counted(1, 0)

		delivered, err := d.ListDeliveries(t.Context(), "wid_1", store.OutcomeDelivered, store.Page{Limit: 10})
		if err != nil || len(delivered) != 1 {
			t.Errorf("delivered: %v, %v", delivered, err)
		}

		waiting, err := d.ListDeliveries(t.Context(), "wid_1", "queued", store.Page{Limit: 10})
		if err != nil || len(waiting) != 1 {
			t.Errorf("queued: %v, %v", waiting, err)
		}
	})
}
