package outbox

import (
	"context"
	"errors"
	"log/slog"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

var (
	errNoMailServer = errors.New("this register has no mail server")
	// errMaybeSent ends the job of a letter that must arrive at most once and that the mail server may have accepted.
	errMaybeSent = errors.New("the mail server may have it")
	errTooLate   = errors.New("came too late")
)

// attempt makes one attempt of a job and records the outcome. It returns an error if the outcome could not be recorded.
func (w *Worker) attempt(ctx context.Context, job store.Job) error {
	if job.HandedAt != nil {
		return w.end(ctx, job, store.OutcomeUndelivered, errMaybeSent)
	}
	if job.DropAt != nil && !w.Clock().Before(job.DropAt.Time()) {
		return w.end(ctx, job, store.OutcomeDropped, errTooLate)
	}

	body, err := w.Rules.OpenJob(ctx, job)
	if errors.Is(err, rules.ErrErased) {
		return w.end(ctx, job, store.OutcomeDropped, rules.ErrErased)
	}
	if err != nil {
		return err
	}

	bounded, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()

	if job.Kind == store.KindMail {
		err = w.sendLetter(bounded, job, body)
	} else {
		err = w.postEvent(bounded, job, body)
	}

	w.Logger.InfoContext(ctx, "delivery",
		slog.String("job", job.ID),
		slog.String("kind", job.Kind),
		slog.String("subject", job.Subject),
		slog.Int("attempt", job.Attempts),
		slog.Any("error", err),
	)

	return w.record(ctx, job, err)
}

// record ends the job after an attempt, or schedules the next attempt.
func (w *Worker) record(ctx context.Context, job store.Job, failure error) error {
	retries := retriesOf(job)
	switch {
	case failure == nil:
		return w.end(ctx, job, store.OutcomeDelivered, nil)
	case isPermanent(failure) || job.Attempts > len(retries):
		return w.end(ctx, job, store.OutcomeUndelivered, failure)
	}

	due := w.Clock().Add(withJitter(retries[job.Attempts-1]))

	return w.Store.Transact(ctx, func(tx *store.Tx) error {
		_, err := tx.RetryJob(ctx, job, failure.Error(), due)

		return err
	})
}

// end records how a job ended. failure says why it failed; nil if it did not.
func (w *Worker) end(ctx context.Context, job store.Job, outcome string, failure error) error {
	end := rules.JobEnd{Outcome: outcome}
	if failure != nil {
		end.LastError = failure.Error()
		end.Refused = mail.Permanent(failure)
	}

	return w.Rules.EndJob(ctx, job, end)
}

// isPermanent reports whether another attempt of a letter cannot succeed or must not be made.
func isPermanent(failure error) bool {
	return errors.Is(failure, errNoMailServer) || errors.Is(failure, errMaybeSent) || mail.Permanent(failure)
}
