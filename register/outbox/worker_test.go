package outbox_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/outbox"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A worker finds the events of another process by polling: nothing tells it of the commit. It polls twice within the
// second in which a first attempt is promised. BenchmarkFirstAttempt measures how soon the attempt begins.
func TestWorkerFindsEventsOfAnotherProcess(t *testing.T) {
	t.Parallel()
	if outbox.PollInterval > 500*time.Millisecond {
		t.Errorf("a worker polls every %s", outbox.PollInterval)
	}

	withdrawElsewhere, arrived := runWorker(t)
	withdrawElsewhere()
	select {
	case <-arrived:
	case <-time.After(30 * time.Second):
		t.Error("no event arrived within 30 seconds")
	}
}

// BenchmarkFirstAttempt reports how soon after a withdrawal in one process the worker of another begins its delivery:
// the longest wait, in seconds. One second is promised.
func BenchmarkFirstAttempt(b *testing.B) {
	withdrawElsewhere, arrived := runWorker(b)
	longest := time.Duration(0)
	for b.Loop() {
		began := time.Now()
		withdrawElsewhere()
		longest = max(longest, (<-arrived).Sub(began))
	}

	b.ReportMetric(longest.Seconds(), "longest-s")
}

// runWorker runs the worker of a register. It returns a function that withdraws one record at a replica, and a channel
// of the times at which events arrive.
func runWorker(t testing.TB) (withdrawElsewhere func(), arrived chan time.Time) {
	t.Helper()
	const secretKey = "a secret that is long enough to do"
	r := registertest.New(t)
	owner := r.ClientOf(t, registerclient.CreateAccountRequest{
		AccountID: "bright_energy",
		SecretKey: secretKey,
		Role:      registerclient.RoleDataUser,
	})
	ir := registertest.Identity(t, owner, "")
	arrived = make(chan time.Time, 1)
	endpoint := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived <- time.Now() }))
	t.Cleanup(endpoint.Close)
	must(owner.RegisterWebhook(t.Context(), registerclient.RegisterWebhookRequest{
		CallbackURL: endpoint.URL,
		AlertEmail:  "a@example.com",
	}))(t)

	var worker sync.WaitGroup
	worker.Go(func() { r.Work(t.Context()) })
	t.Cleanup(worker.Wait)
	elsewhere := registertest.New(t, registertest.ReplicaOf(r)).ClientWith(t, "bright_energy", secretKey)

	return func() {
		ak := create(t, owner, ir, registerclient.BasisConsent)
		revoke(t, elsewhere, ak)
	}, arrived
}
