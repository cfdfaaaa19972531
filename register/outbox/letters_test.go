package outbox_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// posting is a register that mails its links to a server which the test holds.
type posting struct {
	*registertest.Register
	server *catcher.Catcher
	store  *store.Store
}

// posted starts a challenge, whose letter waits.
func posted(t *testing.T, d registertest.Database) posting {
	t.Helper()
	server, err := catcher.Start(catcher.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { server.Close() })
	sender, err := mail.NewSender(mail.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { sender.Close() })
	r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations(), registertest.WithMail(sender))
	_, portal, _ := household(t, r)
	start(t, portal, registerclient.MethodMagicLink)

	return posting{r, server, store.New(r.DB.Write, r.DB.Read)}
}

// ended looks at the letter's job: its outcome, empty while it waits, and what was last wrong.
func (p posting) ended(t *testing.T) (outcome, lastError string, handed bool) {
	t.Helper()
	var outcomes, errs *string
	err := p.DB.Read.QueryRow(`SELECT outcome, last_error, handed_at IS NOT NULL FROM outbox WHERE kind = 'mail'`).
		Scan(&outcomes, &errs, &handed)
	if err != nil {
		t.Fatal(err)
	}
	if outcomes != nil {
		outcome = *outcomes
	}
	if errs != nil {
		lastError = *errs
	}

	return outcome, lastError, handed
}

// expect says how many letters have arrived, and how the job ended.
func (p posting) expect(t *testing.T, letters int, outcome string) {
	t.Helper()
	got, lastError, _ := p.ended(t)
	if n := len(p.server.Messages()); n != letters || got != outcome {
		t.Errorf("%d letters and %q (%s), want %d and %q", n, got, lastError, letters, outcome)
	}
}

func TestMailOfALinkIsTriedForAsLongAsTheLinkLives(t *testing.T) {
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
				p := posted(t, d)
				p.server.Down()
				for waited := time.Duration(0); waited < test.up; waited += 10 * time.Second {
					p.WorkOff(t)
					p.expect(t, 0, "")
					p.Clock.Add(10 * time.Second)
				}

				p.server.Up()
				for range 7 { // no wait is longer than this minute and its tenth
					p.WorkOff(t)
					p.Clock.Add(10 * time.Second)
				}

				p.expect(t, test.letters, test.outcome)
			})
		}
	})
}

func TestMailOfALinkIsNotSentAgainWhereTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		p := posted(t, d)
		p.server.Mute(true)
		p.WorkOff(t)
		p.expect(t, 1, store.OutcomeUndelivered)
		if _, reason, _ := p.ended(t); !strings.HasPrefix(reason, "the mail server may have it") {
			t.Errorf("the reason is %q", reason)
		}

		p.server.Mute(false)
		p.Clock.Add(5 * time.Minute)
		p.WorkOff(t)
		p.expect(t, 1, store.OutcomeUndelivered)
	})
}

func TestMailThatMayComeTwiceIsSentAgainWhereTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	p := posted(t, registertest.SQLite)
	if _, err := p.DB.Write.Exec(`UPDATE outbox SET subject = 'undelivered', drop_at = NULL`); err != nil {
		t.Fatal(err)
	}

	p.server.Mute(true)
	p.WorkOff(t)
	p.expect(t, 1, "")
	p.server.Mute(false)
	p.Clock.Add(time.Minute)
	p.WorkOff(t)
	p.expect(t, 2, store.OutcomeDelivered)
	if letters := p.server.Messages(); letters[0].Header.Get("Message-Id") != letters[1].Header.Get("Message-Id") {
		t.Error("its receiver cannot tell that it is the same letter")
	}
}

func TestMailThatWasRefusedIsTriedAgain(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		p := posted(t, d)
		p.server.RefuseContents(451)
		p.WorkOff(t)
		p.expect(t, 0, "")
		if _, _, handed := p.ended(t); handed {
			t.Error("it is still marked as handed over")
		}

		p.server.RefuseContents(0)
		p.Clock.Add(time.Minute)
		p.WorkOff(t)
		p.expect(t, 1, store.OutcomeDelivered)
	})
}

// begin begins the attempt of a process that will be killed.
func (p posting) begin(t *testing.T) store.Job {
	t.Helper()
	now := p.Clock.Now()
	due := must(p.store.ListDueJobs(t.Context(), now, 1, 1))(t)
	if len(due) != 1 {
		t.Fatalf("%d jobs are due", len(due))
	}

	var job store.Job
	err := p.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		job, err = tx.ClaimJob(t.Context(), due[0], now, now.Add(15*time.Second))
		return err
	})
	if err != nil || job.Attempts != due[0].Attempts+1 {
		t.Fatalf("attempt %d: %v", job.Attempts, err)
	}

	err = p.store.Transact(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ClaimJob(t.Context(), due[0], now.Add(time.Hour), now.Add(2*time.Hour))
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("it was claimed twice: %v", err)
	}

	return job
}

func (p posting) mark(t *testing.T, job store.Job) (marked bool) {
	t.Helper()
	err := p.store.Transact(t.Context(), func(tx *store.Tx) (err error) {
		marked, err = tx.MarkHandedOver(t.Context(), job, p.Clock.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return marked
}

func TestMailWorkerKilledBeforeTheHandoverLosesNothing(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		p := posted(t, d)
		p.begin(t)
		p.WorkOff(t)
		p.expect(t, 0, "")
		p.Clock.Add(15 * time.Second)
		p.WorkOff(t)
		p.expect(t, 1, store.OutcomeDelivered)
	})
}

func TestMailWorkerKilledAfterTheHandoverSendsNothingTwice(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		p := posted(t, d)
		if !p.mark(t, p.begin(t)) {
			t.Fatal("the attempt has lost the letter")
		}

		p.WorkOff(t)
		p.expect(t, 0, "")
		p.Clock.Add(15 * time.Second)
		p.WorkOff(t)
		p.expect(t, 0, store.OutcomeUndelivered)
		if _, reason, _ := p.ended(t); reason != "the mail server may have it" {
			t.Errorf("the reason is %q", reason)
		}
	})
}

func TestMailWorkerThatWakesTooLateHandsNothingOver(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		p := posted(t, d)
		frozen := p.begin(t)
		p.Clock.Add(15 * time.Second)
		p.begin(t)
		if p.mark(t, frozen) {
			t.Error("both attempts may hand the letter over")
		}
	})
}
