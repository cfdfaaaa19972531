package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"central.consent/dar/registerclient"
)

// Somebody else moves in while the customer is asked, or between the answer and the list.
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

// A token that became void between the poll and the reading opens nothing, and the page does not blame the line.
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
	// The register gave the one answer that the token was good for, and says so.
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "waiting.lost.title")
	if p := b.get(
		"/portal/waiting/status",
	); p.doc.Find("#waiting[data-state=lost] a[href='/portal/prove']").
		Length() !=
		1 {
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

// A register that refuses before it reads has spent nothing.
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

// The process that set out to read has died: its claim must not stand in the way for ever.
func TestDeadReadingIsTakenOver(t *testing.T) {
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
