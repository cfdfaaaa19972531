package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/registerclient"
)

// A new occupant moves in while the customer is asked, or between the confirmation and the reading.
func TestEarlierOccupant(t *testing.T) {
	t.Parallel()
	for _, confirmed := range []bool{false, true} {
		w := newWorld(t)
		b := w.browser(t)
		b.prove()
		if confirmed {
			b.confirm()
		}

		_, err := w.register.Client(t, registerclient.RoleDCC).
			ReportChangeOfTenancy(t.Context(), registerclient.ChangeOfTenancyRequest{
				MPxN: w.meterPoint, EffectiveDate: "2026-05-20", SourceReference: "DCC-MOVE-1",
			})
		if err != nil {
			t.Fatal(err)
		}

		b.follow(b.get("/portal/waiting/check")).wants(t, 200, "waiting.gone.title")
		if n := w.wire.called("list"); n > 0 && !confirmed {
			t.Errorf("%d readings", n)
		}

		w.register.Clock.Add(time.Minute)
		b.post("/portal/prove", url.Values{"token": {b.get("/portal/prove").token(t)}, "method": {"magic-link"}}).
			wants(t, 200, "norecord.title")
	}
}

// A token that becomes void between the poll and the reading opens nothing. The page does not say that the connection
// failed.
func TestVoidToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	w.wire.set(refuse("list", 403), nil)
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "waiting.gone.title")
}

// If the register's response is lost once, the customer sees the list all the same: the reading is repeated with its
// key at once.
func TestReadingIsRepeatedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	var keys readingKeys
	w.wire.set(keys.note, func(r *http.Request) bool { return operationOf(r) == "list" && keys.count() == 1 })
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
	keys.expectOne(t, 2)
}

// If all responses of a poll are lost, the next poll repeats the reading with the same key.
func TestReadingIsRepeatedByTheNextPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	var keys readingKeys
	w.wire.set(keys.note, func(r *http.Request) bool { return operationOf(r) == "list" })
	b.get("/portal/waiting/check").wants(t, 503, "error.unavailable.title")
	w.wire.set(keys.note, nil)
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
	keys.expectOne(t, keys.count())
}

// readingKeys are the Idempotency-Keys of the readings that the register got.
type readingKeys struct {
	mu   sync.Mutex
	keys []string
}

func (k *readingKeys) note(r *http.Request) *http.Response {
	if operationOf(r) == "list" {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.keys = append(k.keys, r.Header.Get("Idempotency-Key"))
	}

	return nil
}

func (k *readingKeys) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()

	return len(k.keys)
}

// expectOne expects so many readings, all with the same key.
func (k *readingKeys) expectOne(t *testing.T, count int) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.keys) != count || count < 2 || k.keys[0] == "" || len(slices.Compact(slices.Clone(k.keys))) != 1 {
		t.Errorf("readings with the keys %q, want %d with one key", k.keys, count)
	}
}

// The register repeats its response for two minutes. After that the list is lost.
func TestLostReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	w.wire.set(nil, func(r *http.Request) bool { return operationOf(r) == "list" })
	b.get("/portal/waiting/check").wants(t, 503, "error.unavailable.title")
	w.wire.set(nil, nil)
	w.register.Clock.Add(2 * time.Minute)
	readings := w.wire.called("list")
	// The register has sent the one response that the token allowed, and says so.
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "waiting.lost.title")
	p := b.get("/portal/waiting/status")
	if p.doc.Find("#waiting[data-state=lost] a[href='/portal/prove']").Length() != 1 {
		t.Errorf("the part says %s", p.body)
	}
	if n := w.wire.called("list") - readings; n != 1 {
		t.Errorf("%d readings after the responses were lost", n)
	}
	if !strings.Contains(w.log.String(), "its response was lost") {
		t.Error("the log does not tell")
	}

	w.register.Clock.Add(time.Minute)
	b.post("/portal/prove", url.Values{"token": {b.get("/portal/prove").token(t)}, "method": {"magic-link"}}).
		sendsTo(t, "/portal/waiting")
	b.confirm()
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

// If the register refuses before it reads, the token is not used up.
func TestReadingIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	w.wire.set(refuse("list", 503), nil)
	b.get("/portal/waiting/check").wants(t, 503, "error.unavailable.title")
	w.wire.set(refuse("status", 503), nil)
	b.get("/portal/waiting/status").wants(t, 503, "error.unavailable.title")
	w.wire.set(nil, nil)
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

// The process that claimed the reading has stopped. Its claim must not block the reading for ever.
func TestAbandonedReadingIsTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	w.alter(t, b, func(v *visit) { v.Challenge.ReadingSince = w.register.Clock.Now() })
	b.get("/portal/waiting/check").sendsTo(t, "/portal/waiting")
	if n := w.wire.called("list"); n != 0 {
		t.Fatalf("%d readings", n)
	}

	w.register.Clock.Add(readingTime)
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}
