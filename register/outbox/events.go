package outbox

import (
	"context"

	"central.consent/dar/register/store"
	"central.consent/dar/register/webhook"
)

// postEvent posts an event to the address of its subscription, signed.
func (w *Worker) postEvent(ctx context.Context, job store.Job, body []byte) error {
	subscription, err := w.Store.FindWebhook(ctx, job.Target)
	if err != nil {
		return err
	}

	secrets, err := w.Rules.SigningSecrets(subscription)
	if err != nil {
		return err
	}

	_, err = w.Webhooks.Post(ctx, webhook.Delivery{
		URL:       subscription.CallbackURL,
		EventID:   job.ID,
		EventType: job.Subject,
		QueuedAt:  job.CreatedAt.Time(),
		Body:      body,
		Secrets:   secrets,
	})

	return err
}
