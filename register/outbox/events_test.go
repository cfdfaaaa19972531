package outbox_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A withdrawal is sent to the record's Data User only, once and signed, however often it is repeated.
func TestWithdrawalEvent(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		endpoint := registertest.NewReceiver(t, r)
		made := endpoint.Subscribe(t, owner)
		stranger := registertest.NewReceiver(t, r)
		stranger.Subscribe(t, r.Client(t, registerclient.RoleDataUser))

		ak := create(t, owner, ir, registerclient.BasisConsent)
		token := start(t, portal, registerclient.MethodMagicLink).TokenRef()
		registertest.ListRecords(t, portal, token)
		query := registerclient.RevokeAccessRecordQuery{
			ReidentificationToken: token,
			Reason:                registerclient.ReasonCustomerRequest,
		}
		first := must(portal.RevokeAccessRecord(t.Context(), ak, query))(t)
		must(portal.RevokeAccessRecord(t.Context(), ak, query))(t)
		r.WorkOff(t)
		r.WorkOff(t)
		endpoint.Expect(t, "consent.withdrawal "+ak)
		stranger.Expect(t)

		event := endpoint.Accepted()[0]
		payload := must(event.ConsentWithdrawal())(t)
		if payload.MPxN != registertest.MeterPoint || !payload.RevokedAt.Equal(first.RevokedAt) ||
			payload.Reason == nil ||
			*payload.Reason != "customer-request" ||
			!strings.HasPrefix(payload.DUID, "duid_") {
			t.Errorf("payload %+v", payload)
		}
		if event.WID != made.Webhook.WID || !strings.HasPrefix(event.EventID, "evt_") {
			t.Errorf("event %+v", event)
		}
		if event.Header.Get("X-DAR-Event") != "consent.withdrawal" ||
			!strings.HasPrefix(event.Header.Get("X-DAR-Signature"), "sha256=") ||
			event.Header.Get("X-DAR-Timestamp") == "" {
			t.Errorf("headers %v", event.Header)
		}

		page := must(owner.ListDeliveries(t.Context(), made.Webhook.WID, registerclient.ListDeliveriesQuery{}))(t)
		deliveries := page.Deliveries
		if len(deliveries) != 1 || deliveries[0].Status != registerclient.DeliveryDelivered ||
			deliveries[0].Attempts != 1 ||
			deliveries[0].EventID != event.EventID {
			t.Errorf("deliveries %+v", deliveries)
		}
	})
}

// A withdrawal says that the customer also asks for erasure only if the customer does. The audit log has the same. A
// repetition adds nothing.
func TestErasureIsPassedOnIfAsked(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, ir := household(t, r)
	endpoint := registertest.NewReceiver(t, r)
	endpoint.Subscribe(t, owner)
	asked := create(t, owner, ir, registerclient.BasisConsent)
	unasked := create(t, owner, ir, registerclient.BasisConsent)
	token := start(t, portal, registerclient.MethodMagicLink).TokenRef()
	registertest.ListRecords(t, portal, token)
	plain := registerclient.RevokeAccessRecordQuery{ReidentificationToken: token}
	withErasure := registerclient.RevokeAccessRecordQuery{ReidentificationToken: token, ErasureRequested: true}
	must(portal.RevokeAccessRecord(t.Context(), asked, withErasure))(t)
	r.WorkOff(t)
	must(portal.RevokeAccessRecord(t.Context(), unasked, plain))(t)
	must(portal.RevokeAccessRecord(t.Context(), unasked, withErasure))(t)
	r.WorkOff(t)
	endpoint.Expect(t, "consent.withdrawal "+asked, "consent.withdrawal "+unasked)
	for _, event := range endpoint.Accepted() {
		payload := must(event.ConsentWithdrawal())(t)
		want := payload.AK == asked
		if payload.ErasureRequested != want || strings.Contains(string(event.Payload), "erasure") != want {
			t.Errorf("the payload is %s, erasure asked for: %t", event.Payload, want)
		}
	}

	admin := r.Client(t, registerclient.RoleAdmin)
	query := registerclient.AuditQuery{EventType: "record.revoked"}
	rows := must(admin.ReadAudit(t.Context(), query))(t).Events
	if len(rows) != 2 {
		t.Fatalf("%d ends are audited, want 2", len(rows))
	}
	for _, row := range rows {
		if want := row.AK == asked; (row.Detail["erasure-requested"] == true) != want {
			t.Errorf("audited as %v, erasure asked for: %t", row.Detail, want)
		}
	}
}

// Every end of a consent is an event. The end of a record on another legal basis is none.
func TestEventsAreForConsents(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	endpoint := registertest.NewReceiver(t, r)
	endpoint.Subscribe(t, owner)
	consent := create(t, owner, ir, registerclient.BasisExplicitConsent)
	contract := create(t, owner, ir, registerclient.BasisContract)
	revoke(t, owner, consent)
	revoke(t, owner, contract)

	r.WorkOff(t)
	endpoint.Expect(t, "consent.withdrawal "+consent)
}

// A subscription gets the types of event that it asked for. Events from before its deletion are still sent.
func TestEventsOfASubscription(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	withdrawals := registertest.NewReceiver(t, r)
	tenancies := registertest.NewReceiver(t, r)
	wid := withdrawals.Subscribe(t, owner, registerclient.EventConsentWithdrawal).Webhook.WID
	tenancies.Subscribe(t, owner, registerclient.EventTenancyChange)

	first := create(t, owner, ir, registerclient.BasisConsent)
	second := create(t, owner, ir, registerclient.BasisConsent)
	revoke(t, owner, first)
	if err := owner.DeleteWebhook(t.Context(), wid); err != nil {
		t.Fatal(err)
	}

	revoke(t, owner, second)

	r.WorkOff(t)
	withdrawals.Expect(t, "consent.withdrawal "+first)
	tenancies.Expect(t)
}

// After a rotation both secrets are valid for 15 minutes: events are signed with both. The new one is shown once.
func TestSecretRotation(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	endpoint := registertest.NewReceiver(t, r)
	made := endpoint.Subscribe(t, owner)
	withdraw(t, owner, ir)

	wid := made.Webhook.WID
	rotate := registerclient.UpdateWebhookRequest{RotateSecret: true}
	rotated := must(owner.UpdateWebhook(t.Context(), wid, rotate))(t)
	if rotated.SigningSecret == "" || rotated.SigningSecret == made.SigningSecret {
		t.Fatal("no new secret")
	}

	unchanged := must(owner.UpdateWebhook(t.Context(), wid, registerclient.UpdateWebhookRequest{}))(t)
	if unchanged.SigningSecret != "" {
		t.Error("the secret is shown again")
	}

	r.Clock.Add(14 * time.Minute)
	r.WorkOff(t) // the receiver still has the old secret only
	if len(endpoint.Accepted()) != 1 {
		t.Fatal("the old secret is not valid for 15 minutes")
	}

	endpoint.Trust(rotated.SigningSecret)
	withdraw(t, owner, ir)
	r.WorkOff(t)
	r.Clock.Add(2 * time.Minute)
	withdraw(t, owner, ir)
	r.WorkOff(t)
	if got := len(endpoint.Accepted()); got != 3 {
		t.Errorf("%d events of 3 were signed with the new secret", got)
	}
}

// A consent that expires soon is announced once, whichever replicas look. If its expiry changes, it is announced again.
func TestExpiryAnnouncement(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		replicas := []*registertest.Register{
			r,
			registertest.New(t, registertest.ReplicaOf(r)),
			registertest.New(t, registertest.ReplicaOf(r)),
		}
		owner, _, ir := household(t, r)
		endpoint := registertest.NewReceiver(t, r)
		endpoint.Subscribe(t, owner)
		create(t, owner, ir, registerclient.BasisContract)
		ak := create(t, owner, ir, registerclient.BasisConsent) // until 2028-01-14
		look := func() {
			var sweeps sync.WaitGroup
			for _, replica := range replicas {
				sweeps.Go(func() { replica.AnnounceExpiries(t) })
			}

			sweeps.Wait()
			r.WorkOff(t)
		}

		r.Clock.Set(time.Date(2027, time.December, 14, 0, 0, 0, 0, time.UTC)) // 31 days before
		look()
		endpoint.Expect(t)
		r.Clock.Add(25 * time.Hour)
		look()
		r.Clock.Add(24 * time.Hour)
		look()
		endpoint.Expect(t, "consent.expiring "+ak)
		payload := must(endpoint.Accepted()[0].ConsentExpiring())(t)
		if payload.DaysRemaining != 30 ||
			!payload.Expiry.Equal(time.Date(2028, time.January, 14, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("payload %+v", payload)
		}

		record := registertest.AccessRecord(ir, registerclient.BasisConsent)
		record.AccessEvent.Expiry = new(record.AccessEvent.Expiry.AddDate(0, 0, 1))
		must(owner.ReplaceAccessRecord(t.Context(), ak, record))(t)
		look()
		endpoint.Expect(t, "consent.expiring "+ak, "consent.expiring "+ak)
	})
}
