package outbox_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// queuedLetter is a register with one letter, a mailed link, in its outbox.
type queuedLetter struct {
	*registertest.Register
	server registertest.Inbox
	store  *store.Store
}

func queueLetter(t *testing.T, d registertest.Database) queuedLetter {
	t.Helper()
	server, sender := registertest.NewInbox(t)
	r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations(), registertest.WithMail(sender))
	_, portal, _ := household(t, r)
	start(t, portal, registerclient.MethodMagicLink)

	return queuedLetter{r, server, store.New(r.DB.Write, r.DB.Read)}
}

// eachQueuedLetter runs a test on a queued letter in each database.
func eachQueuedLetter(t *testing.T, test func(t *testing.T, q queuedLetter)) {
	t.Helper()
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) { test(t, queueLetter(t, d)) })
}

// job reads the letter's job: its outcome, empty while it is queued, its last error, and whether it is marked as handed
// over.
func (q queuedLetter) job(t *testing.T) (outcome, lastError string, handedOver bool) {
	t.Helper()
	row := q.DB.Read.QueryRow(`SELECT COALESCE(outcome, ''), COALESCE(last_error, ''), handed_at IS NOT NULL
		FROM outbox WHERE kind = 'mail'`)
	if err := row.Scan(&outcome, &lastError, &handedOver); err != nil {
		t.Fatal(err)
	}

	return outcome, lastError, handedOver
}

// expect checks how many letters have arrived, and the outcome of the job.
func (q queuedLetter) expect(t *testing.T, letters int, outcome string) {
	t.Helper()
	got, lastError, _ := q.job(t)
	if n := len(q.server.Messages()); n != letters || got != outcome {
		t.Errorf("%d letters and %q (%s), want %d and %q", n, got, lastError, letters, outcome)
	}
}

// claim begins an attempt, as a process does that is then killed. It checks that no other attempt can begin.
func (q queuedLetter) claim(t *testing.T) store.Job {
	t.Helper()
	now := q.Now()
	due := must(q.store.ListDueJobs(t.Context(), now, 1, 1))(t)
	if len(due) != 1 {
		t.Fatalf("%d jobs are due, want 1", len(due))
	}

	var job store.Job
	err := q.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		job, err = tx.ClaimJob(t.Context(), due[0], now, now.Add(15*time.Second))

		return err
	})
	if err != nil || job.Attempts != due[0].Attempts+1 {
		t.Fatalf("attempt %d: %v", job.Attempts, err)
	}

	err = q.store.Transact(t.Context(), func(tx *store.Tx) error {
		_, second := tx.ClaimJob(t.Context(), due[0], now.Add(time.Hour), now.Add(2*time.Hour))

		return second
	})
	if !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("the job was claimed twice: %v", err)
	}

	return job
}

// markHandedOver reports whether an attempt may hand the letter over.
func (q queuedLetter) markHandedOver(t *testing.T, job store.Job) (marked bool) {
	t.Helper()
	err := q.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		marked, err = tx.MarkHandedOver(t.Context(), job, q.Clock.Now())

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return marked
}

// A letter with a link is retried until the link expires, and then dropped.
func TestLinkIsMailedWhileItLives(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		for _, test := range []struct {
			name    string
			up      time.Duration
			letters int
			outcome string
		}{
			{"the server is back after a minute", time.Minute, 1, store.OutcomeDelivered},
			{"the server is back in the last minutes", 13 * time.Minute, 1, store.OutcomeDelivered},
			{"the server is back too late", 15 * time.Minute, 0, store.OutcomeDropped},
		} {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				q := queueLetter(t, d)
				q.server.Down()
				for waited := time.Duration(0); waited < test.up; waited += 10 * time.Second {
					q.WorkOff(t)
					q.expect(t, 0, "")
					q.Clock.Add(10 * time.Second)
				}

				q.server.Up()
				// No wait is longer than 66 seconds.
				for range 7 {
					q.WorkOff(t)
					q.Clock.Add(10 * time.Second)
				}

				q.expect(t, test.letters, test.outcome)
			})
		}
	})
}

// If the response of the mail server is lost, a letter with a link is not sent again: it may have arrived.
func TestLinkIsNotMailedTwice(t *testing.T) {
	eachQueuedLetter(t, func(t *testing.T, q queuedLetter) {
		q.server.Mute(true)
		q.WorkOff(t)
		q.expect(t, 1, store.OutcomeUndelivered)
		if _, reason, _ := q.job(t); !strings.HasPrefix(reason, "the mail server may have it") {
			t.Errorf("the reason is %q", reason)
		}

		q.server.Mute(false)
		q.Clock.Add(5 * time.Minute)
		q.WorkOff(t)
		q.expect(t, 1, store.OutcomeUndelivered)
	})
}

// If the response of the mail server is lost, any other letter is sent again, with the same message id.
func TestOtherMailIsSentAgain(t *testing.T) {
	t.Parallel()
	q := queueLetter(t, registertest.SQLite)
	if _, err := q.DB.Write.Exec(`UPDATE outbox SET subject = 'undelivered', drop_at = NULL`); err != nil {
		t.Fatal(err)
	}

	q.server.Mute(true)
	q.WorkOff(t)
	q.expect(t, 1, "")
	q.server.Mute(false)
	q.Clock.Add(time.Minute)
	q.WorkOff(t)
	q.expect(t, 2, store.OutcomeDelivered)
	if letters := q.server.Messages(); letters[0].Header.Get("Message-Id") != letters[1].Header.Get("Message-Id") {
		t.Error("the two copies have different message ids")
	}
}

// A letter that the mail server refused for now was not handed over, and is retried.
func TestRefusedMailIsRetried(t *testing.T) {
	eachQueuedLetter(t, func(t *testing.T, q queuedLetter) {
		q.server.RefuseContents(451)
		q.WorkOff(t)
		q.expect(t, 0, "")
		if _, _, handedOver := q.job(t); handedOver {
			t.Error("the letter is still marked as handed over")
		}

		q.server.RefuseContents(0)
		q.Clock.Add(time.Minute)
		q.WorkOff(t)
		q.expect(t, 1, store.OutcomeDelivered)
	})
}

// A process that is killed before it hands a letter over loses nothing: the letter is sent after 15 seconds.
func TestWorkerKilledBeforeTheHandover(t *testing.T) {
	eachQueuedLetter(t, func(t *testing.T, q queuedLetter) {
		q.claim(t)
		q.WorkOff(t)
		q.expect(t, 0, "")
		q.Clock.Add(15 * time.Second)
		q.WorkOff(t)
		q.expect(t, 1, store.OutcomeDelivered)
	})
}

// A process that is killed after it marked a letter as handed over may have sent it. The letter is not sent again.
func TestWorkerKilledAfterTheHandover(t *testing.T) {
	eachQueuedLetter(t, func(t *testing.T, q queuedLetter) {
		if !q.markHandedOver(t, q.claim(t)) {
			t.Fatal("the attempt may not hand the letter over")
		}

		q.WorkOff(t)
		q.expect(t, 0, "")
		q.Clock.Add(15 * time.Second)
		q.WorkOff(t)
		q.expect(t, 0, store.OutcomeUndelivered)
		if _, reason, _ := q.job(t); reason != "the mail server may have it" {
			t.Errorf("the reason is %q", reason)
		}
	})
}

// An attempt whose claim has expired may not hand the letter over. The number of the attempt is the fencing token.
func TestStaleAttemptHandsNothingOver(t *testing.T) {
	eachQueuedLetter(t, func(t *testing.T, q queuedLetter) {
		stale := q.claim(t)
		q.Clock.Add(15 * time.Second)
		q.claim(t)
		if q.markHandedOver(t, stale) {
			t.Error("both attempts may hand the letter over")
		}
	})
}
