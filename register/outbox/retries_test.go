package outbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// An event is retried after the published waits. Then it is undelivered, and its Data User gets a letter and can have
// it sent again, with the same id.
func TestEventRetries(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		inbox, sender := registertest.NewInbox(t)
		r := registertest.New(t, registertest.On(d), registertest.WithMail(sender))
		owner, _, ir := household(t, r)
		endpoint := registertest.NewReceiver(t, r)
		wid := endpoint.Subscribe(t, owner).Webhook.WID
		endpoint.Respond(http.StatusServiceUnavailable)
		ak := withdraw(t, owner, ir)
		r.WorkOff(t)
		for i, wait := range []time.Duration{
			time.Minute,
			5 * time.Minute,
			30 * time.Minute,
			2 * time.Hour,
			24 * time.Hour,
		} {
			r.Clock.Add(wait - time.Second)
			r.WorkOff(t)
			if got := endpoint.Attempts(); got != i+1 {
				t.Fatalf("%d attempts a second before the wait of %s ends, want %d", got, wait, i+1)
			}

			r.Clock.Add(time.Second + wait/10)
			r.WorkOff(t)
			if got := endpoint.Attempts(); got != i+2 {
				t.Fatalf("%d attempts after the wait of %s, want %d", got, wait, i+2)
			}
		}

		r.Clock.Add(100 * time.Hour)
		r.WorkOff(t)
		if got := endpoint.Attempts(); got != 6 {
			t.Errorf("%d attempts, want 6", got)
		}

		query := registerclient.ListDeliveriesQuery{Status: registerclient.DeliveryUndelivered}
		undelivered := must(owner.ListDeliveries(t.Context(), wid, query))(t).Deliveries
		if len(undelivered) != 1 || undelivered[0].LastError == nil ||
			!strings.Contains(*undelivered[0].LastError, "503") ||
			undelivered[0].NextAttemptAt != nil {
			t.Fatalf("undelivered: %+v", undelivered)
		}

		eventID := undelivered[0].EventID
		letters := inbox.Messages()
		if len(letters) != 1 || letters[0].To != "alerts@example.com" || !strings.Contains(letters[0].Text, eventID) {
			t.Fatalf("letters %+v", letters)
		}

		endpoint.Respond(http.StatusOK)
		must(owner.Redeliver(t.Context(), wid, eventID))(t)
		if _, err := owner.Redeliver(t.Context(), wid, eventID); err == nil {
			t.Error("a queued event was queued again")
		}

		r.WorkOff(t)
		endpoint.Expect(t, "consent.withdrawal "+ak)
		if got := endpoint.Accepted()[0].EventID; got != eventID {
			t.Errorf("the event has the id %s when it is sent again, want %s", got, eventID)
		}
	})
}

// A failing event delays the later events of its record, so that their order stays, and no others.
func TestFailingRecordDelaysItsOwnEvents(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		endpoint := registertest.NewReceiver(t, r)
		endpoint.Subscribe(t, owner)
		slow := create(t, owner, ir, registerclient.BasisConsent)
		quick := create(t, owner, ir, registerclient.BasisConsent)
		endpoint.FailFor(slow)
		r.Clock.Set(time.Date(2027, time.December, 20, 9, 0, 0, 0, time.UTC)) // both expire within 30 days
		r.AnnounceExpiries(t)
		r.WorkOff(t)
		revoke(t, owner, slow)
		revoke(t, owner, quick)

		r.WorkOff(t)
		quickEvents := []string{"consent.expiring " + quick, "consent.withdrawal " + quick}
		endpoint.Expect(t, quickEvents...)

		endpoint.FailFor()
		r.Clock.Add(2 * time.Minute)
		r.WorkOff(t)
		endpoint.Expect(t, append(quickEvents, "consent.expiring "+slow, "consent.withdrawal "+slow)...)
	})
}
