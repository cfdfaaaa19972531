package handlers

import (
	"net/http"
	"net/url"
	"strings"
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

func TestLostReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	w.wire.set(nil, func(r *http.Request) bool { return operationOf(r) == "list" })
	b.get("/portal/waiting/check").wants(t, 503, "error.unavailable.title")
	w.wire.set(nil, nil)
	// The register has sent the one response that the token allowed, and says so.
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "waiting.lost.title")
	p := b.get("/portal/waiting/status")
	if p.doc.Find("#waiting[data-state=lost] a[href='/portal/prove']").Length() != 1 {
		t.Errorf("the part says %s", p.body)
	}
	if n := w.wire.called("list"); n != 2 {
		t.Errorf("%d readings", n)
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
