package handlers

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
)

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	token := b.signIn().token(t)
	for range 3 {
		w.register.Clock.Add(14 * time.Minute)
		if p := b.post("/portal/keep-alive", url.Values{"token": {token}}); p.StatusCode != http.StatusNoContent {
			t.Fatalf("answers %d", p.StatusCode)
		}
	}

	b.get("/portal/records").wants(t, 200, "records.title")
	w.register.Clock.Add(16 * time.Minute)
	b.header.Set("HX-Request", "true")
	p := b.post("/portal/keep-alive", url.Values{"token": {token}})
	if p.Header.Get("HX-Redirect") != "/portal/records" {
		t.Errorf("after the end it answers %d, to %q", p.StatusCode, p.Header.Get("HX-Redirect"))
	}
}

// A customer who waits for a letter, or reads the list, does not notice a new version of the program.
func TestJourneyOverARestart(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		w := newWorld(t, func(s *setting) { s.database = d })
		b := w.browser(t)
		address := w.server.Listener.Addr().String()
		restart := func() {
			w.server.Close()
			_, server := w.newPortal(t)
			// The browser's cookies are for a host, and do not depend on the port.
			b.base = server.URL
			w.server = server
		}
		b.prove()
		restart()
		b.confirm()
		b.get("/portal/waiting/check").sendsTo(t, "/portal/records")
		restart()
		records := b.get("/portal/records").wants(t, 200, "records.title")
		restart()
		if b.get(records.withdrawPath(t)).StatusCode != 200 {
			t.Error("the handles have changed")
		}
		if address == w.server.Listener.Addr().String() {
			t.Error("nothing was restarted")
		}
	})
}
