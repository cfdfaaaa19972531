package register

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
	"central.consent/dar/register/webhook"
)

const (
	// lease is how long an attempt holds its job: the ten seconds that it may take, and time to note its end. A job
	// whose worker was killed is free again after it.
	lease = 15 * time.Second
	// perTarget and inAll are how many attempts one process makes at once, at one target and altogether.
	perTarget, inAll = 4, 64
	// lookEvery is how often a worker looks for what another process has queued, or for what is due again.
	lookEvery = 500 * time.Millisecond
	// sweepEvery is how often a worker does what falls due by time alone.
	sweepEvery = time.Minute
	// keepJobs is how long an ended delivery is listed.
	keepJobs = 30 * 24 * time.Hour
)

// The waits after each attempt that failed; after the one that follows the last wait a job is given up.
var (
	webhookRetries = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 24 * time.Hour}
	mailRetries    = []time.Duration{
		10 * time.Second,
		30 * time.Second,
		time.Minute,
		2 * time.Minute,
		5 * time.Minute,
		time.Hour,
		6 * time.Hour,
	}
	// linkRetries last for as long as a link lives, after which its letter is dropped.
	linkRetries = append(
		[]time.Duration{10 * time.Second, 30 * time.Second},
		slices.Repeat([]time.Duration{time.Minute}, 15)...)
)

// worker does what the outbox holds.
type worker struct {
	*Register
	running sync.WaitGroup

	mu sync.Mutex
	// busy counts the attempts under way at each target; total is their sum.
	busy  map[string]int
	total int
	// ended tells that an attempt has ended, which may have made room or freed the next in a line.
	ended chan struct{}
}

func newWorker(s *Register) *worker {
	return &worker{Register: s, busy: map[string]int{}, ended: make(chan struct{}, 1)}
}

// Work delivers webhooks and mail, and sweeps, until ctx ends; then it lets the attempts under way end, ten seconds
// at most. Any number of processes may work on one database.
func (s *Register) Work(ctx context.Context) {
	w := newWorker(s)
	look := time.NewTicker(lookEvery)
	sweep := time.NewTicker(sweepEvery)
	defer look.Stop()
	defer sweep.Stop()
	var sweeping sync.WaitGroup
	runSweep := func() { sweeping.Go(func() { s.sweep(ctx) }) }
	runSweep()
	for ctx.Err() == nil {
		if _, err := w.begin(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "the worker could not begin what is due", slog.Any("error", err))
		}

		select {
		case <-ctx.Done():
		case <-look.C:
		case <-s.store.Queued():
		case <-w.ended:
		case <-sweep.C:
			sweeping.Wait() // one that takes longer than the wait puts the next one off
			runSweep()
		}
	}

	w.running.Wait()
	sweeping.Wait()
}

// WorkOff attempts everything that is due now, and what becomes free by that, and returns when all has ended.
func (s *Register) WorkOff(ctx context.Context) error {
	w := newWorker(s)
	for {
		begun, err := w.begin(ctx)
		w.running.Wait()
		if err != nil || begun == 0 {
			return err
		}
	}
}

// sweep does what falls due by time alone.
func (s *Register) sweep(ctx context.Context) {
	err := errors.Join(
		s.AnnounceExpiries(ctx),
		s.store.Transact(ctx, func(tx *store.Tx) error { return tx.DeleteEndedJobs(ctx, s.clock().Add(-keepJobs)) }),
		s.store.Transact(ctx, func(tx *store.Tx) error { return tx.DeleteStaleLimits(ctx, s.clock()) }),
		s.logAuditHeads(ctx),
	)
	if err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "a sweep failed", slog.Any("error", err))
	}
}

// logAuditHeads writes where the audit log ends to the program's own log, which is kept elsewhere: proof against
// somebody who rewrites the whole database.
func (s *Register) logAuditHeads(ctx context.Context) error {
	heads, err := s.store.AuditHeads(ctx)
	if err != nil {
		return err
	}

	attributes := make([]any, len(heads))
	for i, head := range heads {
		attributes[i] = slog.String(fmt.Sprint(head.Chain), fmt.Sprintf("%d %x", head.Length, head.Hash))
	}

	s.log.InfoContext(ctx, "audit log", slog.Group("heads", attributes...))
	return nil
}

// begin claims what is due, as far as there is room, and starts an attempt of each. It answers how many.
func (w *worker) begin(ctx context.Context) (int, error) {
	now := w.clock()
	due, err := w.store.ListDueJobs(ctx, now, perTarget, inAll)
	if err != nil {
		return 0, err
	}

	due = w.reserve(due)
	if len(due) == 0 {
		return 0, nil
	}

	var claimed, lost []store.Job
	err = w.store.Transact(ctx, func(tx *store.Tx) error {
		for _, job := range due {
			mine, err := tx.ClaimJob(ctx, job, now, now.Add(lease))
			if errors.Is(err, store.ErrNotFound) {
				lost = append(lost, job)
				continue
			}
			if err != nil {
				return err
			}

			claimed = append(claimed, mine)
		}

		return nil
	})
	if err != nil {
		claimed, lost = nil, due
	}
	for _, job := range lost {
		w.release(job)
	}

	for _, job := range claimed {
		w.running.Go(func() {
			defer func() {
				w.release(job)
				select {
				case w.ended <- struct{}{}:
				default: // it has been told already
				}
			}()

			// An attempt that has begun ends by its own time limit, also when the program is told to stop.
			if err := w.attempt(context.WithoutCancel(ctx), job); err != nil {
				w.log.ErrorContext(
					ctx,
					"an attempt could not be noted",
					slog.String("job", job.ID),
					slog.Any("error", err),
				)
			}
		})
	}

	return len(claimed), err
}

// reserve keeps those jobs for which there is room.
func (w *worker) reserve(due []store.Job) []store.Job {
	w.mu.Lock()
	defer w.mu.Unlock()
	var kept []store.Job
	for _, job := range due {
		if w.total < inAll && w.busy[job.Target] < perTarget {
			w.busy[job.Target]++
			w.total++
			kept = append(kept, job)
		}
	}

	return kept
}

func (w *worker) release(job store.Job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total--
	if w.busy[job.Target]--; w.busy[job.Target] == 0 {
		delete(w.busy, job.Target)
	}
}

// attempt tries a job once and notes how it went.
func (s *Register) attempt(ctx context.Context, job store.Job) error {
	if job.HandedAt != nil {
		return s.end(ctx, job, store.OutcomeUndelivered, errMayHaveIt.Error())
	}
	if job.DropAt != nil && !s.clock().Before(job.DropAt.Time()) {
		return s.end(ctx, job, store.OutcomeDropped, "came too late")
	}

	body, err := s.keys.open(job.KeyID, job.SealedBody, placeOfJob(job.ID))
	if err != nil {
		return fmt.Errorf("read a job: %w", err)
	}

	bounded, cancel := context.WithTimeout(ctx, lease-2*time.Second)
	defer cancel()
	retries := webhookRetries
	permanent := false
	if job.Kind == store.KindMail {
		retries = mailRetries
		if job.Subject == subjectLink {
			retries = linkRetries
		}

		err = s.sendMail(bounded, job, body)
		permanent = errors.Is(err, errNoMail) || errors.Is(err, errMayHaveIt) || mail.Permanent(err)
	} else {
		err = s.postEvent(bounded, job, body)
	}

	s.log.InfoContext(
		ctx,
		"delivery",
		slog.String("job", job.ID),
		slog.String("kind", job.Kind),
		slog.String("subject", job.Subject),
		slog.Int("attempt", job.Attempts),
		slog.Any("error", err),
	)
	switch {
	case err == nil:
		return s.end(ctx, job, store.OutcomeDelivered, "")
	case permanent || job.Attempts > len(retries):
		return s.end(ctx, job, store.OutcomeUndelivered, err.Error())
	}

	wait := retries[job.Attempts-1]
	due := s.clock().Add(wait + rand.N(wait/10)) // apart, where many failed together
	return s.store.Transact(ctx, func(tx *store.Tx) error {
		_, err := tx.RetryJob(ctx, job, err.Error(), due)
		return err
	})
}

// end notes how a job ended; of an event that was given up, the alert address is told.
func (s *Register) end(ctx context.Context, job store.Job, outcome, lastError string) error {
	return s.store.Transact(ctx, func(tx *store.Tx) error {
		var why *string
		if lastError != "" {
			why = &lastError
		}

		ended, err := tx.EndJob(ctx, job, outcome, why, s.clock())
		if err != nil || !ended || outcome != store.OutcomeUndelivered || job.Kind != store.KindWebhook {
			return err
		}

		w, err := tx.FindWebhook(ctx, job.Target)
		if err != nil {
			return err
		}

		tx.Audit(
			s.event(w.AccountID, auditDeliveryUndelivered, "", "", map[string]any{"wid": w.WID, "event-id": job.ID}),
		)
		return s.queueAlert(ctx, tx, w, job, lastError)
	})
}

// queueAlert mails the alert address of a subscription that an event was given up.
func (s *Register) queueAlert(ctx context.Context, tx *store.Tx, w store.Webhook, job store.Job, reason string) error {
	to, err := s.keys.open(w.KeyID, w.SealedAlertEmail, placeOfAlert(w.WID))
	if err != nil {
		return fmt.Errorf("read the alert address of a webhook: %w", err)
	}

	host := w.CallbackURL
	if parsed, err := url.Parse(w.CallbackURL); err == nil {
		host = parsed.Hostname()
	}

	deliveries := s.publicURL + basePath + "/webhooks/" + w.WID + "/deliveries"
	return s.queueMail(ctx, tx, "undelivered", string(to), nil, mail.Undelivered(mail.UndeliveredDetails{
		Event:     job.Subject,
		EventID:   job.ID,
		WebhookID: w.WID,
		Host:      host,
		Attempts:  job.Attempts,
		Since:     job.CreatedAt.Time(),
		Reason:    reason,
		List:      deliveries + "?status=undelivered",
		Redeliver: deliveries + "/" + job.ID + "/redeliver",
	}))
}

// queuedMail is a letter as it waits, sealed.
type queuedMail struct {
	To      string       `json:"to"`
	Message mail.Message `json:"message"`
}

// queueMail queues a letter with the change that makes it necessary. From drop on it is worth nothing any more; nil
// where it always is.
func (s *Register) queueMail(
	ctx context.Context,
	tx *store.Tx,
	subject, to string,
	drop *time.Time,
	message mail.Message,
) error {
	body, err := json.Marshal(queuedMail{to, message})
	if err != nil {
		return fmt.Errorf("write a letter: %w", err)
	}

	id := newID("msg")
	now := store.Millis(s.clock())
	key := s.keys.sealer()

	return tx.InsertJob(ctx, store.Job{
		ID:         id,
		Kind:       store.KindMail,
		Target:     "mail",
		Subject:    subject,
		KeyID:      key.id,
		SealedBody: key.sealed(body, placeOfJob(id)),
		CreatedAt:  now,
		DueAt:      now,
		DropAt:     store.OptionalMillis(drop),
	})
}

// subjectLink is the one letter that must not come twice: of two links that look alike a customer may take the one that
// has been used, or think that somebody else asked.
const subjectLink = "magic-link"

var (
	errNoMail    = errors.New("this register has no mail server")
	errMayHaveIt = errors.New("the mail server may have it")
)

// sendMail hands a letter to the mail server. The job of a link is marked before the server has the whole letter. So if
// its answer is lost, or this process is killed, the link is given up rather than sent again: errMayHaveIt.
func (s *Register) sendMail(ctx context.Context, job store.Job, body []byte) error {
	if s.mail == nil {
		return errNoMail
	}

	var queued queuedMail
	if err := json.Unmarshal(body, &queued); err != nil {
		return fmt.Errorf("read a letter: %w", err)
	}

	letter := mail.Letter{ID: job.ID, To: queued.To, Message: queued.Message}
	if job.Subject != subjectLink {
		return s.mail.Send(ctx, letter)
	}

	letter.Handing = func(ctx context.Context) error { return s.markHanded(ctx, job) }
	err := s.mail.Send(ctx, letter)
	if mail.Unknown(err) {
		return fmt.Errorf("%w: %w", errMayHaveIt, err)
	}

	return err
}

func (s *Register) markHanded(ctx context.Context, job store.Job) error {
	return s.store.Transact(ctx, func(tx *store.Tx) error {
		marked, err := tx.MarkHandedOver(ctx, job, s.clock())
		if err == nil && !marked {
			err = errors.New("another attempt has the letter")
		}
		return err
	})
}

func (s *Register) postEvent(ctx context.Context, job store.Job, body []byte) error {
	w, err := s.store.FindWebhook(ctx, job.Target)
	if err != nil {
		return err
	}

	secrets := webhook.Secrets{}
	current, err := s.keys.open(w.KeyID, w.SealedSecret, placeOfSecret(w.WID))
	if err != nil {
		return fmt.Errorf("read the secret of a webhook: %w", err)
	}

	secrets.Current = string(current)
	if w.SealedPrevious != nil && w.RotatedAt != nil {
		previous, err := s.keys.open(w.KeyID, w.SealedPrevious, placeOfPreviousSecret(w.WID))
		if err != nil {
			return fmt.Errorf("read the former secret of a webhook: %w", err)
		}

		secrets.Previous, secrets.RotatedAt = string(previous), w.RotatedAt.Time()
		secrets.PreviousUntil = secrets.RotatedAt.Add(secretGrace)
	}

	_, err = s.webhooks.Post(ctx, webhook.Delivery{
		URL:       w.CallbackURL,
		EventID:   job.ID,
		EventType: job.Subject,
		QueuedAt:  job.CreatedAt.Time(),
		Body:      body,
		Secrets:   secrets,
	})
	return err
}
