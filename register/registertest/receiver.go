package registertest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/registerclient"
)

// Receiver is a Data User's endpoint for events. It fails the test if an event is not signed with one of its secrets.
type Receiver struct {
	*httptest.Server

	t testing.TB
	r *Register

	mu       sync.Mutex
	status   int
	failing  []string
	secrets  []string
	accepted []AcceptedEvent
	attempts int
}

// AcceptedEvent is an event that a Receiver answered with 200.
type AcceptedEvent struct {
	*registerclient.WebhookEvent

	Header http.Header
}

// NewReceiver starts an endpoint, which ends with the test. It accepts every event until it is told otherwise.
func NewReceiver(t testing.TB, r *Register) *Receiver {
	t.Helper()
	e := &Receiver{t: t, r: r, status: http.StatusOK}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)

	return e
}

// ServeHTTP verifies an event, and sends the status that the test chose.
func (e *Receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
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

	var payload any
	if err := errors.Join(json.Unmarshal(event.Payload, &payload), checkTimes(payload)); err != nil {
		e.t.Errorf("the payload of %s: %v", event.EventType, err)

		return
	}
	if !event.OccurredAt.Equal(event.OccurredAt.Truncate(time.Second)) {
		e.t.Errorf("%s occurred at %s", event.EventType, event.OccurredAt)

		return
	}
	if slices.Contains(e.failing, recordOf(event)) {
		w.WriteHeader(http.StatusInternalServerError)

		return
	}
	if e.status == http.StatusOK {
		e.accepted = append(e.accepted, AcceptedEvent{WebhookEvent: event, Header: request.Header})
	}

	w.WriteHeader(e.status)
}

// recordOf returns the key of the access record that an event is about; empty for a change of tenancy.
func recordOf(event *registerclient.WebhookEvent) string {
	if payload, err := event.ConsentWithdrawal(); err == nil {
		return payload.AK
	}
	if payload, err := event.ConsentExpiring(); err == nil {
		return payload.AK
	}

	return ""
}

// Respond sets the status of the responses to later events.
func (e *Receiver) Respond(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

// FailFor makes the receiver fail with 500 for the events of these access records only.
func (e *Receiver) FailFor(aks ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failing = aks
}

// Trust makes the receiver verify events with these secrets only.
func (e *Receiver) Trust(secrets ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secrets = secrets
}

// Attempts returns how many requests have arrived.
func (e *Receiver) Attempts() int {
	e.mu.Lock()
	defer e.mu.Unlock()

	return e.attempts
}

// Accepted returns the accepted events, in order.
func (e *Receiver) Accepted() []AcceptedEvent {
	e.mu.Lock()
	defer e.mu.Unlock()

	return slices.Clone(e.accepted)
}

// Expect checks the accepted events, each written "type ak", or "type" for a change of tenancy.
func (e *Receiver) Expect(t testing.TB, want ...string) {
	t.Helper()
	var got []string
	for _, event := range e.Accepted() {
		got = append(got, strings.TrimSpace(string(event.EventType)+" "+recordOf(event.WebhookEvent)))
	}

	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Fatalf("the endpoint got %q, want %q", got, want)
	}
}

// Subscribe registers the receiver for an account's events of these types; for all types if none is given.
func (e *Receiver) Subscribe(
	t testing.TB, client *registerclient.Client, types ...registerclient.WebhookEventType,
) *registerclient.WebhookResponse {
	t.Helper()
	made := Must(client.RegisterWebhook(t.Context(), registerclient.RegisterWebhookRequest{
		CallbackURL: e.URL + "/events",
		AlertEmail:  "alerts@example.com",
		EventTypes:  types,
	}))(t)

	e.mu.Lock()
	defer e.mu.Unlock()
	e.secrets = append([]string{made.SigningSecret}, e.secrets...)

	return made
}
