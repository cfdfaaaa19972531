package rules

import (
	"context"
	"fmt"
	"net/url"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// ListDeliveries returns a page of the deliveries of an account's subscription, the newest first, and the position
// after it. An empty status means all. It returns an *Error of KindNotFound if the account has no such subscription.
func (r *Rules) ListDeliveries(
	ctx context.Context, accountID, wid string, status registerclient.DeliveryStatus, page store.Page,
) ([]registerclient.Delivery, *store.Position, error) {
	subscription, err := r.store.FindWebhook(ctx, wid)
	if err != nil {
		return nil, nil, orRefusal(err, noWebhook())
	}
	if subscription.AccountID != accountID {
		return nil, nil, noWebhook()
	}

	jobs, err := r.store.ListDeliveries(ctx, wid, string(status), page)
	if err != nil {
		return nil, nil, err
	}

	jobs, next := cutPage(jobs, page, func(job store.Job) store.Position {
		return store.Position{At: job.CreatedAt, Seq: job.Job}
	})
	deliveries := make([]registerclient.Delivery, len(jobs))
	for i, job := range jobs {
		deliveries[i] = deliveryOf(job)
	}

	return deliveries, next, nil
}

// deliveryOf returns a job as the API shows it.
func deliveryOf(job store.Job) registerclient.Delivery {
	delivery := registerclient.Delivery{
		EventID:   job.ID,
		EventType: registerclient.WebhookEventType(job.Subject),
		Status:    registerclient.DeliveryUndelivered,
		Attempts:  job.Attempts,
		CreatedAt: wireTime(job.CreatedAt),
		EndedAt:   optionalWireTime(job.EndedAt),
		LastError: job.LastError,
	}

	switch {
	case job.Outcome == nil:
		delivery.Status = registerclient.DeliveryQueued
		due := wireTime(job.DueAt)
		delivery.NextAttemptAt = &due
	case *job.Outcome == store.OutcomeDelivered:
		delivery.Status = registerclient.DeliveryDelivered
	}

	return delivery
}

// Redeliver queues an ended event once more, under the same id. It returns an *Error of KindNotFound if the account has
// no such subscription or event, and of KindConflict if the event is queued already.
func (r *Rules) Redeliver(
	ctx context.Context, tx *store.Tx, accountID, wid, eventID string,
) (registerclient.Delivery, error) {
	if _, err := tx.HoldOwnWebhook(ctx, accountID, wid); err != nil {
		return registerclient.Delivery{}, orRefusal(err, noWebhook())
	}

	job, err := tx.FindDelivery(ctx, wid, eventID)
	if err != nil {
		return registerclient.Delivery{}, orRefusal(err, NotFound("There is no such event of this webhook."))
	}

	if IsTest(job) {
		return registerclient.Delivery{}, conflict("A test event is not delivered again: send another one.")
	}

	queued, err := tx.RequeueJob(ctx, job, r.clock())
	if err != nil {
		return registerclient.Delivery{}, err
	}
	if !queued {
		return registerclient.Delivery{}, conflict("This event is queued already.")
	}
	if job, err = tx.FindDelivery(ctx, wid, job.ID); err != nil {
		return registerclient.Delivery{}, err
	}

	tx.Audit(r.auditEvent(accountID, auditDeliveryRequeued, "", "", map[string]any{"wid": wid, "event-id": job.ID}))

	return deliveryOf(job), nil
}

// JobEnd is how a job ended.
type JobEnd struct {
	// Outcome is one of the outcomes of package store.
	Outcome string
	// LastError says why the job failed; empty if it did not.
	LastError string
	// Refused is true if the mail server refused the letter or its address for good.
	Refused bool
}

// EndJob records how a job ended, and does what follows from that: if an event is given up, it queues a letter to the
// alert address of the subscription; contact_letter_delivery.go has what follows from the end of a letter. Nothing of
// what a letter said is kept. It changes nothing if another attempt holds the job.
func (r *Rules) EndJob(ctx context.Context, job store.Job, end JobEnd) error {
	return r.store.Transact(ctx, func(tx *store.Tx) error {
		if err := r.holdHomeOf(ctx, tx, job, end); err != nil {
			return err
		}

		var cause *string
		if end.LastError != "" {
			cause = &end.LastError
		}

		ended, err := tx.EndJob(ctx, job, end.Outcome, cause, r.clock())
		if err != nil || !ended {
			return err
		}

		if err := r.jobEnded(ctx, tx, job, end); err != nil {
			return err
		}

		return tx.EraseLetter(ctx, job)
	})
}

// jobEnded does what follows from the end of a job.
func (r *Rules) jobEnded(ctx context.Context, tx *store.Tx, job store.Job, end JobEnd) error {
	switch {
	case job.Subject == SubjectContact:
		return r.contactLetterEnded(ctx, tx, job, end)
	case job.Subject == SubjectLink && end.Refused:
		return r.linkBounced(ctx, tx, job)
	case job.Kind == store.KindWebhook && end.Outcome == store.OutcomeUndelivered:
		return r.eventGivenUp(ctx, tx, job, end)
	}

	return nil
}

// eventGivenUp tells the alert address of a subscription that an event was given up.
func (r *Rules) eventGivenUp(ctx context.Context, tx *store.Tx, job store.Job, end JobEnd) error {
	subscription, err := tx.FindWebhook(ctx, job.Target)
	if err != nil {
		return err
	}

	tx.Audit(r.auditEvent(subscription.AccountID, auditDeliveryUndelivered, "", "", map[string]any{
		"wid": subscription.WID, "event-id": job.ID,
	}))

	if IsTest(job) {
		return nil // the account looks at the delivery
	}

	return r.queueAlert(ctx, tx, subscription, job, end.LastError)
}

// queueAlert queues the letter that tells the alert address of a subscription that an event was given up.
func (r *Rules) queueAlert(
	ctx context.Context, tx *store.Tx, subscription store.Webhook, job store.Job, cause string,
) error {
	to, err := r.keys.open(subscription.KeyID, subscription.SealedAlertEmail, placeOfAlert(subscription.WID))
	if err != nil {
		return fmt.Errorf("open the alert address of a webhook: %w", err)
	}

	host := subscription.CallbackURL
	if parsed, err := url.Parse(subscription.CallbackURL); err == nil {
		host = parsed.Hostname()
	}

	deliveries := r.apiURL + "/webhooks/" + subscription.WID + "/deliveries"

	return r.queueLetter(
		ctx,
		tx,
		subjectUndelivered,
		addressee{address: string(to)},
		nil,
		mail.Undelivered(mail.UndeliveredDetails{
			Event:     job.Subject,
			EventID:   job.ID,
			WebhookID: subscription.WID,
			Host:      host,
			Attempts:  job.Attempts,
			Since:     job.CreatedAt.Time(),
			Reason:    cause,
			List:      deliveries + "?status=undelivered",
			Redeliver: deliveries + "/" + job.ID + "/redeliver",
		}),
	)
}
