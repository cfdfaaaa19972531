package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/register/outbox"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// receiver is a Data User's endpoint: it verifies what it gets, and answers what it is told to.
type receiver struct {
	*httptest.Server
	t  testing.TB
	r  *registertest.Register
	mu sync.Mutex
	// status is what it answers; 200 at first. failing are access records whose events it refuses.
	status   int
	failing  map[string]bool
	secrets  []string
	accepted []*registerclient.WebhookEvent
	headers  []http.Header
	attempts int
}

func newReceiver(t testing.TB, r *registertest.Register) *receiver {
	e := &receiver{t: t, r: r, status: http.StatusOK, failing: map[string]bool{}}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.attempts++
	verifier, err := registerclient.NewWebhookVerifier(e.secrets...)
	if err != nil {
		e.t.Error(err)
		return
	}

	event, err := verifier.ReadRequest(request, e.r.Clock.Now())
	if err != nil {
		e.t.Errorf("the event is not signed as it should be: %v", err)
		return
	}
	if e.failing[akOf(event)] {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if e.status == http.StatusOK {
		e.accepted = append(e.accepted, event)
		e.headers = append(e.headers, request.Header)
	}

	w.WriteHeader(e.status)
}

// akOf is the access record that an event is about; empty for a change of tenancy.
func akOf(event *registerclient.WebhookEvent) string {
	if payload, err := event.ConsentWithdrawal(); err == nil {
		return payload.AK
	}
	if payload, err := event.ConsentExpiring(); err == nil {
		return payload.AK
	}

	return ""
}

func (e *receiver) answers(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

// got lists the accepted events as "type ak".
func (e *receiver) got() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := []string{}
	for _, event := range e.accepted {
		list = append(list, strings.TrimSpace(string(event.EventType)+" "+akOf(event)))
	}

	return list
}

// subscribe registers the receiver for an account's events.
func (e *receiver) subscribe(
	client *registerclient.Client,
	types ...registerclient.WebhookEventType,
) *registerclient.WebhookResponse {
	e.t.Helper()
	made := must(client.RegisterWebhook(e.t.Context(), registerclient.RegisterWebhookRequest{
		CallbackURL: e.URL + "/events", AlertEmail: "alerts@example.com", EventTypes: types,
	}))(e.t)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secrets = append([]string{made.SigningSecret}, e.secrets...)

	return made
}

func expectEvents(t testing.TB, e *receiver, want ...string) {
	t.Helper()
	if got := e.got(); strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Fatalf("the endpoint got %q, want %q", got, want)
	}
}

func TestAWithdrawalReachesTheOwnerOnceAndSigned(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		endpoint := newReceiver(t, r)
		made := endpoint.subscribe(owner)
		stranger := newReceiver(t, r)
		stranger.subscribe(r.Client(t, registerclient.RoleDataUser))
		ak := create(t, owner, ir, registerclient.BasisConsent)
		token := start(t, portal, registerclient.MethodMagicLink).TokenRef()
		list(t, portal, token)
		with := registerclient.RevokeAccessRecordQuery{
			ReidentificationToken: token,
			Reason:                registerclient.ReasonCustomerRequest,
		}
		first := must(portal.RevokeAccessRecord(t.Context(), ak, with))(t)
		must(portal.RevokeAccessRecord(t.Context(), ak, with))(t) // again, and nobody is told again
		r.WorkOff(t)
		r.WorkOff(t)
		expectEvents(t, endpoint, "consent.withdrawal "+ak)
		expectEvents(t, stranger)
		event := endpoint.accepted[0]
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

		header := endpoint.headers[0]
		if header.Get("X-DAR-Event") != "consent.withdrawal" ||
			!strings.HasPrefix(header.Get("X-DAR-Signature"), "sha256=") ||
			header.Get("X-DAR-Timestamp") == "" {
			t.Errorf("headers %v", header)
		}

		deliveries := must(
			owner.ListDeliveries(t.Context(), made.Webhook.WID, registerclient.ListDeliveriesQuery{}),
		)(
			t,
		).Deliveries
		if len(deliveries) != 1 || deliveries[0].Status != registerclient.DeliveryDelivered ||
			deliveries[0].Attempts != 1 ||
			deliveries[0].EventID != event.EventID {
			t.Errorf("deliveries %+v", deliveries)
		}
	})
}

func TestEveryEndOfAConsentIsAnEventAndNoOtherEndIs(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	endpoint := newReceiver(t, r)
	endpoint.subscribe(owner)
	consent := create(t, owner, ir, registerclient.BasisExplicitConsent)
	contract := create(t, owner, ir, registerclient.BasisContract)
	for _, ak := range []string{consent, contract} {
		must(owner.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}))(t)
	}

	r.WorkOff(t)
	expectEvents(t, endpoint, "consent.withdrawal "+consent)
}

func TestAnEventIsRetriedByThePublishedLadderThenGivenUpAndItsOwnerMailed(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		caught := must(catcher.Start(catcher.Options{}))(t)
		t.Cleanup(func() { caught.Close() })
		sender := must(mail.NewSender(mail.Options{URL: caught.URL()}))(t)
		t.Cleanup(func() { sender.Close() })
		r := registertest.New(t, registertest.On(d), registertest.WithMail(sender))
		owner, _, ir := household(t, r)
		endpoint := newReceiver(t, r)
		made := endpoint.subscribe(owner)
		endpoint.answers(http.StatusServiceUnavailable)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		must(owner.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}))(t)
		r.WorkOff(t)
		for i, wait := range []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 24 * time.Hour} {
			r.Clock.Add(wait - time.Second)
			r.WorkOff(t)
			if endpoint.attempts != i+1 {
				t.Fatalf("%d attempts a second before the wait of %s ends", endpoint.attempts, wait)
			}

			r.Clock.Add(time.Second + wait/10)
			r.WorkOff(t)
			if endpoint.attempts != i+2 {
				t.Fatalf("%d attempts after the wait of %s", endpoint.attempts, wait)
			}
		}

		r.Clock.Add(100 * time.Hour)
		r.WorkOff(t)
		if endpoint.attempts != 6 {
			t.Errorf("%d attempts, want 6", endpoint.attempts)
		}

		given := must(
			owner.ListDeliveries(
				t.Context(),
				made.Webhook.WID,
				registerclient.ListDeliveriesQuery{Status: registerclient.DeliveryUndelivered},
			),
		)(
			t,
		).Deliveries
		if len(given) != 1 || given[0].LastError == nil || !strings.Contains(*given[0].LastError, "503") ||
			given[0].NextAttemptAt != nil {
			t.Fatalf("undelivered: %+v", given)
		}

		letters := caught.Messages()
		if len(letters) != 1 || letters[0].To != "alerts@example.com" ||
			!strings.Contains(letters[0].Text, given[0].EventID) {
			t.Fatalf("letters %+v", letters)
		}

		endpoint.answers(http.StatusOK)
		must(owner.Redeliver(t.Context(), made.Webhook.WID, given[0].EventID))(t)
		if _, err := owner.Redeliver(t.Context(), made.Webhook.WID, given[0].EventID); err == nil {
			t.Error("an event that is queued is queued again")
		}

		r.WorkOff(t)
		expectEvents(t, endpoint, "consent.withdrawal "+ak)
		if endpoint.accepted[0].EventID != given[0].EventID {
			t.Error("the event has another id when it is sent again")
		}
	})
}

func TestAFailingRecordDelaysItsOwnLaterEventsAndNoOthers(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		endpoint := newReceiver(t, r)
		endpoint.subscribe(owner)
		slow := create(t, owner, ir, registerclient.BasisConsent)
		quick := create(t, owner, ir, registerclient.BasisConsent)
		endpoint.failing[slow] = true
		r.Clock.Set(time.Date(2027, time.December, 20, 9, 0, 0, 0, time.UTC)) // both end within 30 days
		r.AnnounceExpiries(t)
		r.WorkOff(t)
		for _, ak := range []string{slow, quick} {
			must(owner.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}))(t)
		}

		r.WorkOff(t)
		expectEvents(t, endpoint, "consent.expiring "+quick, "consent.withdrawal "+quick)
		endpoint.mu.Lock()
		endpoint.failing = map[string]bool{}
		endpoint.mu.Unlock()
		r.Clock.Add(2 * time.Minute)
		r.WorkOff(t)
		expectEvents(
			t,
			endpoint,
			"consent.expiring "+quick,
			"consent.withdrawal "+quick,
			"consent.expiring "+slow,
			"consent.withdrawal "+slow,
		)
	})
}

func TestBothSecretsAreGoodFor15MinutesAfterARotation(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	endpoint := newReceiver(t, r)
	made := endpoint.subscribe(owner)
	withdraw := func() {
		must(
			owner.RevokeAccessRecord(
				t.Context(),
				create(t, owner, ir, registerclient.BasisConsent),
				registerclient.RevokeAccessRecordQuery{},
			),
		)(
			t,
		)
	}
	withdraw()
	rotated := must(
		owner.UpdateWebhook(t.Context(), made.Webhook.WID, registerclient.UpdateWebhookRequest{RotateSecret: true}),
	)(
		t,
	)
	if rotated.SigningSecret == "" || rotated.SigningSecret == made.SigningSecret {
		t.Fatal("no new secret")
	}
	if again := must(
		owner.UpdateWebhook(t.Context(), made.Webhook.WID, registerclient.UpdateWebhookRequest{}),
	)(
		t,
	); again.SigningSecret != "" {
		t.Error("the secret is shown again")
	}

	r.Clock.Add(14 * time.Minute)
	r.WorkOff(t) // the receiver still knows the old secret alone
	if len(endpoint.got()) != 1 {
		t.Fatal("the old secret is not good any more within 15 minutes")
	}

	endpoint.secrets = []string{rotated.SigningSecret}
	withdraw()
	r.WorkOff(t)
	r.Clock.Add(2 * time.Minute)
	withdraw()
	r.WorkOff(t)
	if len(endpoint.got()) != 3 {
		t.Errorf("the new secret opened %d events of 3", len(endpoint.got()))
	}
}

func TestWhatExpiresIsAnnouncedOnceHoweverManyReplicasLook(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		replicas := []*registertest.Register{
			r,
			registertest.New(t, registertest.ReplicaOf(r)),
			registertest.New(t, registertest.ReplicaOf(r)),
		}
		owner, _, ir := household(t, r)
		endpoint := newReceiver(t, r)
		endpoint.subscribe(owner)
		create(t, owner, ir, registerclient.BasisContract)
		ak := create(t, owner, ir, registerclient.BasisConsent) // until 2028-01-14
		look := func() {
			var all sync.WaitGroup
			for _, replica := range replicas {
				all.Go(func() { replica.AnnounceExpiries(t) })
			}

			all.Wait()
			r.WorkOff(t)
		}
		r.Clock.Set(time.Date(2027, time.December, 14, 0, 0, 0, 0, time.UTC)) // 31 days before
		look()
		expectEvents(t, endpoint)
		r.Clock.Add(25 * time.Hour)
		look()
		r.Clock.Add(24 * time.Hour)
		look()
		expectEvents(t, endpoint, "consent.expiring "+ak)
		if payload := must(
			endpoint.accepted[0].ConsentExpiring(),
		)(
			t,
		); payload.DaysRemaining != 30 ||
			!payload.Expiry.Equal(time.Date(2028, time.January, 14, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("payload %+v", payload)
		}

		record := registertest.AccessRecord(ir, registerclient.BasisConsent)
		later := record.AccessEvent.Expiry.AddDate(0, 0, 1)
		record.AccessEvent.Expiry = &later
		must(owner.ReplaceAccessRecord(t.Context(), ak, record))(t)
		look()
		expectEvents(t, endpoint, "consent.expiring "+ak, "consent.expiring "+ak)
	})
}

func TestAWebhookIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.Client(t, registerclient.RoleDataUser)
	stranger := r.Client(t, registerclient.RoleDataUser)
	endpoint := newReceiver(t, r)
	made := endpoint.subscribe(owner)
	wid := made.Webhook.WID
	ctx := t.Context()
	if made.Webhook.NotifyDaysBefore != 30 || len(made.Webhook.EventTypes) != 3 || !made.Webhook.Active {
		t.Errorf("defaults: %+v", made.Webhook)
	}

	days := 60
	changed := must(
		owner.UpdateWebhook(ctx, wid, registerclient.UpdateWebhookRequest{NotifyDaysBefore: &days}),
	)(
		t,
	).Webhook
	if changed.NotifyDaysBefore != 60 || changed.CallbackURL != made.Webhook.CallbackURL ||
		changed.AlertEmail != "alerts@example.com" {
		t.Errorf("changed: %+v", changed)
	}

	for name, err := range map[string]error{
		"update":     errOf(stranger.UpdateWebhook(ctx, wid, registerclient.UpdateWebhookRequest{RotateSecret: true})),
		"delete":     stranger.DeleteWebhook(ctx, wid),
		"deliveries": errOf(stranger.ListDeliveries(ctx, wid, registerclient.ListDeliveriesQuery{})),
		"redeliver":  errOf(stranger.Redeliver(ctx, wid, "evt_0123456789abcdef01234567")),
	} {
		if !isNotFound(err) {
			t.Errorf("%s of somebody else's: %v", name, err)
		}
	}

	if got := must(stranger.ListWebhooks(ctx))(t).Webhooks; len(got) != 0 {
		t.Errorf("a stranger lists %+v", got)
	}
	if _, err := owner.RegisterWebhook(
		ctx,
		registerclient.RegisterWebhookRequest{CallbackURL: endpoint.URL + "/events", AlertEmail: "a@example.com"},
	); err == nil {
		t.Error("the same address twice")
	}

	admin := r.Client(t, registerclient.RoleAdmin)
	if all := must(
		admin.ListAllWebhooks(ctx),
	)(
		t,
	); len(all.Webhooks) != 1 || all.Webhooks[0].DUID == "" ||
		*all.Total != 1 {
		t.Errorf("the administrator sees %+v", all)
	}
	if err := owner.DeleteWebhook(ctx, wid); err != nil {
		t.Error(err)
	}
	if err := owner.DeleteWebhook(ctx, wid); !isNotFound(err) {
		t.Errorf("deleted twice: %v", err)
	}

	endpoint.subscribe(owner) // the address is free again
}

func TestAMalformedWebhookIsRefusedByField(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	for body, fields := range map[string]string{
		`{}`: "callback-url alert-email",
		`{"callback-url":"http://example.com/x","alert-email":"a@example.com"}`:                                                    "callback-url",
		`{"callback-url":"https://10.0.0.1/x","alert-email":"a@example.com"}`:                                                      "callback-url",
		`{"callback-url":"https://example.com/x","alert-email":"nobody"}`:                                                          "alert-email",
		`{"callback-url":"https://example.com/x","alert-email":"a@example.com","notify-days-before":0}`:                            "notify-days-before",
		`{"callback-url":"https://example.com/x","alert-email":"a@example.com","notify-days-before":91}`:                           "notify-days-before",
		`{"callback-url":"https://example.com/x","alert-email":"a@example.com","event-types":[]}`:                                  "event-types",
		`{"callback-url":"https://example.com/x","alert-email":"a@example.com","event-types":["consent.expiry"]}`:                  "event-types[0]",
		`{"callback-url":"https://example.com/x","alert-email":"a@example.com","event-types":["tenancy.change","tenancy.change"]}`: "event-types[1]",
		`{"callback-url":"https://example.com/x","alert-email":"a@example.com","secret":"x"}`:                                      "secret",
	} {
		a := post(t, r.URL+"/webhooks", token, body)
		if a.status != http.StatusBadRequest || a.fields() != fields {
			t.Errorf("%s: %d %q, want 400 %q", body, a.status, a.fields(), fields)
		}
	}
}

// A change is held to the rules of a subscription, keeps what it does not name, and shows no secret.
func TestAChangedWebhookIsRefusedByField(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	token := bearer(t, r, "bright_energy", registerclient.RoleDataUser)
	open := func(url string) string {
		a := post(t, r.URL+"/webhooks", token, `{"callback-url":"`+url+`","alert-email":"a@example.com"}`)
		return a.body["webhook"].(map[string]any)["wid"].(string)
	}
	wid := open("https://example.com/x")
	open("https://example.com/taken")
	patch := func(body string) answer {
		return send(t, http.MethodPatch, r.URL+"/webhooks/"+wid, token, "application/json", []byte(body))
	}
	for body, want := range map[string]string{
		`{"callback-url":"http://example.com/x"}`: "400 callback-url", `{"callback-url":"https://10.0.0.1/"}`: "400 callback-url", `{"alert-email":"nobody"}`: "400 alert-email",
		`{"notify-days-before":0}`: "400 notify-days-before", `{"notify-days-before":91}`: "400 notify-days-before", `{"event-types":[]}`: "400 event-types",
		`{"event-types":["consent.expiry"]}`: "400 event-types[0]", `{"colour":1}`: "400 colour", `{"callback-url":"https://example.com/taken"}`: "409 callback-url",
	} {
		if a := patch(body); fmt.Sprintf("%d %s", a.status, a.fields()) != want {
			t.Errorf("%s: %d %q, want %s", body, a.status, a.fields(), want)
		}
	}

	a := patch(`{"event-types":["tenancy.change"]}`)
	changed, _ := a.body["webhook"].(map[string]any)
	if _, told := a.body["signing-secret"]; a.status != http.StatusOK || told ||
		changed["callback-url"] != "https://example.com/x" ||
		changed["notify-days-before"] != 30.0 {
		t.Errorf("changed: %d %v", a.status, a.body)
	}

	expect(
		t,
		post(t, r.URL+"/webhooks", token, `{"callback-url":"https://example.com/taken","alert-email":"a@example.com"}`),
		http.StatusConflict,
		"CON001",
	)
}

// A subscription gets the kinds of event that it asked for; what was queued before it was deleted is still tried.
func TestASubscriptionGetsItsOwnKindsAndWhatWasQueuedBeforeItEnded(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, _, ir := household(t, r)
	withdrawals := newReceiver(t, r)
	moves := newReceiver(t, r)
	wid := withdrawals.subscribe(owner, registerclient.EventConsentWithdrawal).Webhook.WID
	moves.subscribe(owner, registerclient.EventTenancyChange)
	first := create(t, owner, ir, registerclient.BasisConsent)
	second := create(t, owner, ir, registerclient.BasisConsent)
	for _, ak := range []string{first, second} {
		must(owner.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}))(t)
		if ak == first {
			if err := owner.DeleteWebhook(t.Context(), wid); err != nil {
				t.Fatal(err)
			}
		}
	}

	r.WorkOff(t)
	expectEvents(t, withdrawals, "consent.withdrawal "+first)
	expectEvents(t, moves)
}

// How soon a first attempt starts is measured by BenchmarkFirstAttempt. Here, that nothing but a look at the database is
// needed, which a worker takes twice within the second that is promised: of another process's commit it is not told.
func TestAWithdrawalIsFoundByTheWorkerOfAnotherProcess(t *testing.T) {
	t.Parallel()
	if outbox.PollInterval > 500*time.Millisecond {
		t.Errorf("a worker looks every %s", outbox.PollInterval)
	}

	withdraw, arrived := firstAttempts(t)
	withdraw()
	select {
	case <-arrived:
	case <-time.After(30 * time.Second):
		t.Error("nothing came")
	}
}

// firstAttempts is a register whose worker runs, a replica of it at which each call withdraws one record, and the endpoint
// at which the events arrive.
func firstAttempts(t testing.TB) (withdraw func(), arrived chan time.Time) {
	r := registertest.New(t)
	owner := r.ClientOf(
		t,
		registerclient.CreateAccountRequest{
			AccountID: "bright_energy",
			SecretKey: secretKey,
			Role:      registerclient.RoleDataUser,
		},
	)
	ir := must(owner.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")))(t).IR
	arrived = make(chan time.Time, 1)
	endpoint := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived <- time.Now() }))
	t.Cleanup(endpoint.Close)
	must(
		owner.RegisterWebhook(
			t.Context(),
			registerclient.RegisterWebhookRequest{CallbackURL: endpoint.URL, AlertEmail: "a@example.com"},
		),
	)(
		t,
	)
	var working sync.WaitGroup
	working.Go(func() { r.Work(t.Context()) })
	t.Cleanup(working.Wait)
	other := registertest.New(t, registertest.ReplicaOf(r)).ClientWith(t, "bright_energy", secretKey)

	return func() {
		ak := create(t, owner, ir, registerclient.BasisConsent)
		must(other.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}))(t)
	}, arrived
}

func errOf[T any](_ T, err error) error { return err }

func isNotFound(err error) bool { return errors.Is(err, registerclient.ErrNotFound) }
