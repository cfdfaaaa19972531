package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The page asks by itself for 20 minutes, every 4 seconds at most. After that the customer asks by hand.
func TestPollingStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	part := b.get("/portal/waiting").doc.Find("#waiting")
	if part.AttrOr("hx-trigger", "") != "every 4s" || part.AttrOr("data-polling", "") != "1200" {
		t.Errorf("polls %s, for %s s", part.AttrOr("hx-trigger", ""), part.AttrOr("data-polling", ""))
	}

	// The customer confirms after ten minutes, and no poll gets to know it.
	w.wire.set(refuse("status", 429), nil)
	w.register.Clock.Add(10 * time.Minute)
	b.get("/portal/waiting/status")
	b.confirm()
	w.register.Clock.Add(10 * time.Minute)
	b.get("/portal/waiting/status")

	part = b.get("/portal/waiting/status").doc.Find("#waiting")
	if part.AttrOr("hx-get", "") != "" || !strings.Contains(part.Text(), "no longer checks by itself") {
		t.Errorf("after 20 minutes: %s", part.Text())
	}

	w.wire.set(nil, nil)
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

// A letter is valid for 15 minutes, which is as long as a session lasts without use. Polling counts as use.
func TestWaitingOutTheLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	for range 16 {
		w.register.Clock.Add(time.Minute)
		b.get("/portal/waiting/status")
	}
	if p := b.get("/portal/waiting"); p.doc.Find("#waiting[data-state=expired]").Length() != 1 {
		t.Errorf("the page says %s", p.body)
	}

	// The customer can try again.
	w.register.Clock.Add(time.Minute)
	b.post("/portal/prove", url.Values{"token": {b.get("/portal/prove").token(t)}, "method": {"magic-link"}}).
		sendsTo(t, "/portal/waiting")
	b.confirm()
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

// A demonstration does not ask people to confirm: it shows neither a passkey nor a code.
func TestWaitingInADemonstration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setting) { s.demonstration = true })
	w.register.AddPasskey(t, w.ir)
	b := w.browser(t)
	b.post("/portal/prove", url.Values{"token": {b.start().token(t)}, "method": {"passkey-assert"}}).
		sendsTo(t, "/portal/waiting")
	for _, path := range []string{"/portal/waiting", "/portal/waiting/status"} {
		doc := b.get(path).doc
		if doc.Find(`a[href*="/passkey/"], .match-code`).Length() > 0 {
			t.Errorf("%s offers a passkey or shows a code", path)
		}
	}
}

func TestResend(t *testing.T) {
	t.Parallel()
	w, post := newMailWorld(t)
	b := w.browser(t)
	b.prove()
	codes := map[string]bool{b.code(): true}
	p := b.get("/portal/waiting")
	token := p.token(t)
	resend := func() *page {
		t.Helper()
		return b.post("/portal/waiting/resend", url.Values{"token": {token}})
	}

	hint := p.doc.Find(".resend .hint")
	if hint.AttrOr("data-until-ready", "") != "30" || !strings.Contains(hint.Text(), "30 seconds") {
		t.Errorf("says %q", hint.Text())
	}

	for round := range mostResends {
		w.register.Clock.Add(resendWait - time.Second)
		p = resend()
		if p.StatusCode != http.StatusTooManyRequests || p.doc.Find("#error-summary").Length() != 1 {
			t.Fatalf("too soon it answers %d", p.StatusCode)
		}
		if n := w.wire.called("reidentify"); n != round+1 {
			t.Fatalf("%d letters after round %d", n, round)
		}

		old := post.open(t, post.letter(t, round+1))
		oldCode := b.code()
		w.register.Clock.Add(time.Second)
		p = b.get("/portal/waiting")
		if p.doc.Find(".resend .hint").Length() != 0 || p.doc.Find(".resend button").Length() != 1 {
			t.Error("the button does not say that it can be used")
		}

		resend().sendsTo(t, "/portal/waiting")
		code := b.code()
		if codes[code] {
			t.Error("a new letter has an old code")
		}

		codes[code] = true
		// The old letter is forgotten: it confirms a challenge that the visit does not wait for.
		if round == 0 {
			old.typeCode(oldCode).sendsTo(t, "/id/link/confirmed")
			b.get("/portal/waiting/check").sendsTo(t, "/portal/waiting")
		}
	}

	p = b.get("/portal/waiting")
	if p.doc.Find(".resend button").Length() != 0 ||
		!strings.Contains(p.doc.Find(".resend").Text(), "as often as we can") {
		t.Errorf("after the last it says %q", p.doc.Find(".resend").Text())
	}

	w.register.Clock.Add(time.Minute)
	if status := resend().StatusCode; status != http.StatusTooManyRequests {
		t.Errorf("a fourth answers %d", status)
	}
	if n := w.wire.called("reidentify"); n != 1+mostResends {
		t.Errorf("%d letters", n)
	}

	post.open(t, post.letter(t, 1+mostResends)).typeCode(b.code()).sendsTo(t, "/id/link/confirmed")
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
	b.post("/portal/waiting/resend", url.Values{"token": {b.get("/portal/records").token(t)}}).
		sendsTo(t, "/portal/waiting")
	if n := w.wire.called("reidentify"); n != 1+mostResends {
		t.Errorf("%d letters, one of them after the end", n)
	}
}
