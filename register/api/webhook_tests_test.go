package api_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A Data User tests a webhook of its own: the event is signed as every event, attempted once, and listed. It writes no
// alert and is bounded for the account, so that a deleted webhook does not reset it.
func TestWebhookTest(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		server, sender := registertest.NewInbox(t)
		r := registertest.New(t, registertest.On(d), registertest.WithMail(sender))
		owner := r.Client(t, registerclient.RoleDataUser)
		stranger := r.Client(t, registerclient.RoleDataUser)
		endpoint := registertest.NewReceiver(t, r)
		wid := endpoint.Subscribe(t, owner, registerclient.EventTenancyChange).Webhook.WID
		ctx := t.Context()

		tested := must(owner.TestWebhook(ctx, wid))(t).Delivery
		if tested.EventType != registerclient.EventWebhookTest || tested.Status != registerclient.DeliveryQueued {
			t.Errorf("queued %+v", tested)
		}
		r.WorkOff(t)
		endpoint.Expect(t, "webhook.test")
		if got := endpoint.Accepted()[0]; got.EventID != tested.EventID || string(got.Payload) != "{}" {
			t.Errorf("the endpoint got %+v", got)
		}

		endpoint.Respond(http.StatusInternalServerError)
		failed := must(owner.TestWebhook(ctx, wid))(t).Delivery
		r.WorkOff(t)
		listed := must(owner.ListDeliveries(ctx, wid, registerclient.ListDeliveriesQuery{}))(t).Deliveries
		if len(listed) != 2 || listed[0].EventID != failed.EventID || listed[0].Attempts != 1 ||
			listed[0].Status != registerclient.DeliveryUndelivered || listed[0].LastError == nil {
			t.Errorf("listed %+v", listed)
		}
		if len(server.Messages()) != 0 {
			t.Error("a test that failed wrote an alert")
		}
		if _, err := owner.Redeliver(ctx, wid, failed.EventID); !errors.Is(err, registerclient.ErrConflict) {
			t.Errorf("a test is delivered again without limit: %v", err)
		}

		for name, err := range map[string]error{
			"another's": errorOf(stranger.TestWebhook(ctx, wid)),
			"unknown":   errorOf(owner.TestWebhook(ctx, "wid_0123456789abcdef01234567")),
		} {
			if !isNotFound(err) {
				t.Errorf("test of %s webhook: %v", name, err)
			}
		}

		for range 18 {
			must(owner.TestWebhook(ctx, wid))(t)
		}
		if err := owner.DeleteWebhook(ctx, wid); err != nil {
			t.Fatal(err)
		}
		again := endpoint.Subscribe(t, owner).Webhook.WID
		if err := errorOf(owner.TestWebhook(ctx, again)); !errors.Is(err, registerclient.ErrTooMany) {
			t.Errorf("the 21st test: %v", err)
		}
		r.Clock.Add(time.Hour)
		must(owner.TestWebhook(ctx, again))(t)

		_, err := owner.RegisterWebhook(ctx, registerclient.RegisterWebhookRequest{
			CallbackURL: endpoint.URL + "/other",
			AlertEmail:  "a@example.com",
			EventTypes:  []registerclient.WebhookEventType{registerclient.EventWebhookTest},
		})
		if !errors.Is(err, registerclient.ErrInvalid) {
			t.Errorf("a subscription to tests: %v", err)
		}
	})
}
