package rules

import (
	"context"
	"time"

	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The limit of the test events of one account. They are sent to an address that the account chose, and deleting a
// subscription would otherwise reset it.
const (
	testsPerAccount = 20
	testWindow      = time.Hour
)

// TestSubscription queues a webhook.test event for a subscription of an account, whichever events that names. The
// event is attempted once and writes no alert. It returns an *Error of KindNotFound if the account has no such
// subscription, of KindTooMany if it tested too often.
func (r *Rules) TestSubscription(
	ctx context.Context, tx *store.Tx, accountID, wid string,
) (registerclient.Delivery, error) {
	none := registerclient.Delivery{}
	subscription, err := tx.HoldOwnWebhook(ctx, accountID, wid)
	if err != nil {
		return none, orRefusal(err, noWebhook())
	}

	limit := store.Limit{Bucket: "webhook test " + accountID, Most: testsPerAccount, Within: testWindow}
	wait, err := tx.CountTowards(ctx, limit, r.clock())
	if err != nil {
		return none, err
	}
	if wait > 0 {
		return none, tooMany("This account has tested its webhooks too often. Please wait.", wait)
	}

	id, err := r.queueEvent(ctx, tx, subscription, registerclient.EventWebhookTest, nil, struct{}{})
	if err != nil {
		return none, err
	}

	tx.Audit(r.auditEvent(accountID, auditWebhookTested, "", "", map[string]any{"wid": wid, "event-id": id}))

	job, err := tx.FindDelivery(ctx, wid, id)

	return deliveryOf(job), err
}

// IsTest reports whether a job is a test event.
func IsTest(job store.Job) bool {
	return job.Kind == store.KindWebhook && job.Subject == string(registerclient.EventWebhookTest)
}
