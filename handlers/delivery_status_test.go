package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestDeliveryStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	path := b.signIn().withdrawPath(t)
	done := strings.TrimSuffix(path, "withdraw") + "withdrawn"
	part := strings.TrimSuffix(path, "withdraw") + "told"
	b.get(part).wants(t, 404, "error.not-found.title")
	b.post(path, url.Values{"token": {b.get(path).token(t)}}).sendsTo(t, done)
	status := func(p *page) string { return strings.Join(strings.Fields(p.doc.Find(".told").Text()), " ") }
	// The organisation has registered no endpoint.
	if got := status(b.get(done)); !strings.Contains(got, "has no system for our notices") {
		t.Errorf("none: %q", got)
	}

	answer := func(members string) func(*http.Request) *http.Response {
		return func(r *http.Request) *http.Response {
			if operationOf(r) != "notice" {
				return nil
			}

			return answerJSON(r, `{"response":{"resource":"","timestamp":"2026-06-01T09:00:00Z",`+
				`"transaction-id":"tid_1"},"ak":"ak_1",`+members+`}`)
		}
	}
	w.wire.set(answer(`"status":"pending","at":null`), nil)
	p := b.get(done + "?q=bright")
	if p.doc.Find(`.told[hx-trigger="every 5s"][hx-get="`+part+`"]`).Length() != 1 ||
		p.doc.Find(`.told a[href="`+done+`?q=bright"]`).Length() != 1 {
		t.Error("while they have not answered, the page does not look again, or has no link for it")
	}

	w.wire.set(answer(`"status":"delivered","at":"2026-06-01T13:03:00Z"`), nil)
	if got := status(b.get(part)); !strings.Contains(got, "took our notice at 2:03pm on 1 June 2026.") {
		t.Errorf("delivered: %q", got)
	}

	w.wire.set(refuse("notice", 503), nil)
	if got := status(b.get(done)); !strings.Contains(got, "We cannot see just now") {
		t.Errorf("the register is down: %q", got)
	}

	w.wire.set(answer(`"status":"pending","at":null`), nil)
	w.register.Clock.Add(6 * time.Minute)
	if p := b.get(part); p.doc.Find("[hx-get]").Length() != 0 || p.doc.Find(".told a").Length() != 1 {
		t.Error("after some minutes the page still asks by itself, or the link is gone")
	}
}

// The page asks by itself, which does not keep the session alive.
func TestDeliveryStatusIsNoUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	path := b.signIn().withdrawPath(t)
	b.post(path, url.Values{"token": {b.get(path).token(t)}})
	part := strings.TrimSuffix(path, "withdraw") + "told"
	for range 3 {
		w.register.Clock.Add(6 * time.Minute)
		b.get(part)
	}

	b.get(part).wants(t, 403, "error.session-ended.title")
}
