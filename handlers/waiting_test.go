package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
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

// The customer can have the letter sent to another address of the home, and then back to the first one. A plain form
// does it, on all pages. The wait for a letter to arrive does not hold for another address; the number of letters does.
func TestOtherAddress(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	w.register.Clock.Add(time.Hour) // of two addresses, the one that has stood longer comes first
	w.register.Stand(t, w.identityRecord(t, w.meterPoint, "desmond.sample@example.org"))
	for base, b := range map[string]*browser{
		"/portal":         w.browser(t),
		"/portal/embed":   w.frame(t),
		"/portal/adviser": w.adviser(t),
	} {
		b.get(base)
		b.post(base+"/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}}).sendsTo(t, base+"/prove")
		b.post(base+"/prove", url.Values{"token": {b.get(base + "/prove").token(t)}, "method": {"magic-link"}}).
			sendsTo(t, base+"/waiting")

		expect := func(sentTo, other string) *page {
			t.Helper()
			p := b.get(base + "/waiting")
			if lead := p.doc.Find("#waiting .lead").Text(); !strings.Contains(lead, sentTo) {
				t.Errorf("%s: sent to %s, says %q", base, sentTo, lead)
			}

			form := p.doc.Find(`form[action="` + base + `/waiting/resend"]:has(input[name=address])`)
			if got := strings.TrimSpace(form.Find("button").Text()); got != other {
				t.Errorf("%s: the button says %q, want %q", base, got, other)
			}

			return p
		}
		toOther := func(p *page) {
			t.Helper()
			name := p.doc.Find("input[name=address]").AttrOr("value", "")
			b.post(base+"/waiting/resend", url.Values{"token": {p.token(t)}, "address": {name}}).
				sendsTo(t, base+"/waiting")
		}
		asksForOther := func() bool { return strings.Contains(w.wire.challengeRequest(), `"other-address":true`) }

		before := w.wire.called("reidentify")
		toOther(expect("c*****r@example.com", "Use another address: d*****e@example.org"))
		p := expect("d*****e@example.org", "Use another address: c*****r@example.com")
		if w.wire.called("reidentify") != before+1 || !asksForOther() {
			t.Errorf("%s: the other address was not asked for once", base)
		}

		// To send the letter again is to send it to the same address.
		w.register.Clock.Add(resendWait)
		b.post(base+"/waiting/resend", url.Values{"token": {p.token(t)}}).sendsTo(t, base+"/waiting")
		p = expect("d*****e@example.org", "Use another address: c*****r@example.com")
		if !asksForOther() {
			t.Errorf("%s: the letter was sent again to the first address", base)
		}

		toOther(p)
		if asksForOther() {
			t.Errorf("%s: there is no way back to the first address", base)
		}

		expect("c*****r@example.com", "") // that was the last letter
		w.register.Clock.Add(time.Hour)   // out of reach of the limits on one address
	}
}

// A home with one address has no such form, and two clicks on it send one letter.
func TestOtherAddressAtMostOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	p := b.get("/portal/waiting")
	if p.doc.Find("input[name=address]").Length() != 0 {
		t.Error("another address is offered where there is none")
	}

	// A form that was made up sends no letter before its time.
	form := url.Values{"token": {p.token(t)}, "address": {"other"}}
	if status := b.post("/portal/waiting/resend", form).StatusCode; status != http.StatusTooManyRequests {
		t.Errorf("a form that was not offered answers %d", status)
	}

	w.alter(t, b, func(v *visit) { v.Challenge.OtherAddress = "d*****e@example.org" })
	var clicks sync.WaitGroup
	for range 4 {
		clicks.Go(func() { b.post("/portal/waiting/resend", form).sendsTo(t, "/portal/waiting") })
	}

	clicks.Wait()
	b.post("/portal/waiting/resend", form).sendsTo(t, "/portal/waiting") // a late one leads nowhere either
	if n := w.wire.called("reidentify"); n != 2 {
		t.Errorf("%d letters, want 2", n)
	}
}

// The page that names the masked address says what to do if that mailbox is lost, and so does the page with help.
func TestLostMailbox(t *testing.T) {
	t.Parallel()
	w := newAdvisedWorld(t)
	b := w.browser(t)
	b.prove()
	for _, p := range []*page{b.get("/portal/waiting"), b.get("/portal/help")} {
		for _, words := range []string{
			"Ask your energy supplier",
			"after 7 days",
			"at least 30 days",
			"Citizens Example",
		} {
			if !strings.Contains(p.doc.Find("#main").Text(), words) {
				t.Errorf("%s does not say %q", p.Request.URL.Path, words)
			}
		}
	}
}

// refreshOf returns what a page says to a browser without scripts: after how many seconds it goes where; empty if it
// stays.
func (p *page) refreshOf(t testing.TB) string {
	t.Helper()
	before, after, ok := strings.Cut(p.doc.Find("head noscript").Text(), `<meta http-equiv="refresh" content="`)
	if !ok {
		return ""
	}
	if before != "" || p.doc.Find("head noscript").Length() != 1 {
		t.Errorf("%s has a refresh that other browsers see", p.Request.URL.Path)
	}

	content, _, _ := strings.Cut(after, `"`)

	return content
}

// A browser without scripts loads the page again by itself, until it leads on to the list.
func TestWaitingWithoutScripts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	for _, path := range []string{"/portal/waiting", "/portal/waiting/refresh", "/portal/waiting/refresh"} {
		p := b.get(path).wants(t, 200, "waiting.magic-link.title")
		if got := p.refreshOf(t); got != "10;url=/portal/waiting/refresh" {
			t.Errorf("%s goes on with %q", path, got)
		}
		if p.doc.Find("link[rel=alternate], #language a").AttrOr("href", "") != "/portal/waiting?lang=cy" {
			t.Errorf("%s is in the other language elsewhere", path)
		}
		if text := p.doc.Find("main noscript").Text(); !strings.Contains(text, "every 10 seconds") ||
			!strings.Contains(text, `href="/portal/waiting/check"`) {
			t.Errorf("%s says %q", path, text)
		}
	}

	b.confirm()
	b.get("/portal/waiting/refresh").sendsTo(t, "/portal/records")
	records := b.get("/portal/records").wants(t, 200, "records.title")
	if got := records.refreshOf(t); got != "905;url=/portal/records" {
		t.Errorf("the list goes on with %q", got)
	}

	w.register.Clock.Add(905 * time.Second)
	b.follow(b.get("/portal/records")).wants(t, 403, "error.session-ended.title")
	b.get("/portal/waiting/refresh").sendsTo(t, "/portal/waiting")
	if p := b.get("/portal/waiting"); p.refreshOf(t) != "" {
		t.Error("a page without a visit loads itself again")
	}
}

// The page says how a proof ended, and then stays as it is.
func TestWaitingEndsWithoutScripts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end   func(*world)
		title string
	}{
		"expired":    {func(w *world) { w.register.Clock.Add(15 * time.Minute) }, "waiting.expired.title"},
		"declined":   {func(w *world) { w.wire.set(endEarly("declined"), nil) }, "waiting.declined.title"},
		"wrong code": {func(w *world) { w.wire.set(endEarly("wrong-code"), nil) }, "waiting.wrong-code.title"},
		"unknown":    {func(w *world) { w.wire.set(refuse("status", http.StatusNotFound), nil) }, "waiting.gone.title"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser(t)
			b.prove()
			test.end(w)
			p := b.get("/portal/waiting/refresh").wants(t, 200, test.title)
			if got := p.refreshOf(t); got != "" || p.doc.Find("main noscript").Length() != 0 {
				t.Errorf("goes on with %q", got)
			}
		})
	}
}

// endEarly answers the question for the status of a proof: it ended for a reason.
func endEarly(reason string) func(*http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		if operationOf(r) != "status" {
			return nil
		}

		return answerJSON(r, `{"response":{},"status":"expired","reason":"`+reason+`"}`)
	}
}

// A customer whom the reloading disturbs can end it, and ask by hand.
func TestWaitingIsPaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	const paused = "/portal/waiting?pause=yes"
	for _, path := range []string{paused, paused + "&lang=cy", paused} {
		p := b.get(path)
		if p.refreshOf(t) != "" || !strings.Contains(p.doc.Find("main noscript").Text(), `"/portal/waiting/refresh"`) {
			t.Errorf("%s goes on by itself, or for ever not", path)
		}
		if p.doc.Find(`main a.button[href="/portal/waiting/check?pause=yes"]`).Length() != 1 {
			t.Errorf("%s forgets the pause", path)
		}

		b.get("/portal/waiting?lang=en")
	}

	b.get("/portal/waiting/check?pause=yes").sendsTo(t, "/portal/waiting?pause=yes")
	b.confirm()
	b.get("/portal/waiting/check?pause=yes").sendsTo(t, "/portal/records")
}

// A page that says that a letter was not sent stays for long enough to be read. A register that does not answer ends
// nothing.
func TestWaitingRefreshesAfterMistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	token := b.get("/portal/waiting").token(t)
	p := b.post("/portal/waiting/resend", url.Values{"token": {token}})
	if got := p.refreshOf(t); p.StatusCode != http.StatusTooManyRequests || got != "30;url=/portal/waiting/refresh" {
		t.Errorf("answers %d, and goes on with %q", p.StatusCode, got)
	}

	w.wire.set(refuse("status", http.StatusServiceUnavailable), nil)
	p = b.get("/portal/waiting/refresh").wants(t, 200, "waiting.magic-link.title")
	if got := p.refreshOf(t); got != "10;url=/portal/waiting/refresh" {
		t.Errorf("without the register it goes on with %q", got)
	}

	w.wire.set(nil, nil)
	w.register.Clock.Add(pollingTime)
	if got := b.get("/portal/waiting").refreshOf(t); got != "" {
		t.Errorf("after 20 minutes it goes on with %q", got)
	}
}

// A customer without scripts who confirms in the last minute of the link finds the visit as it was, and has the time to
// read that it is over if they do not. With the list the visit ends as any other.
func TestVisitOutlivesTheLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	if note := b.get("/portal/waiting").doc.Find(".note").Text(); !strings.Contains(note, "30 minutes") {
		t.Errorf("the page says %q", note)
	}

	w.register.Clock.Add(15*time.Minute - time.Second)
	b.confirm()
	w.register.Clock.Add(14 * time.Minute)
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
	w.register.Clock.Add(idleTime + extendEvery)
	b.follow(b.get("/portal/records")).wants(t, 403, "error.session-ended.title")

	late := w.browser(t)
	late.prove()
	w.register.Clock.Add(29 * time.Minute)
	late.follow(late.get("/portal/waiting/check")).wants(t, 200, "waiting.expired.title")
	if note := late.get("/portal/waiting").doc.Find(".note").Text(); !strings.Contains(note, "15 minutes") {
		t.Errorf("after the end the page says %q", note)
	}

	w.register.Clock.Add(idleTime + extendEvery)
	late.get("/portal/waiting").wants(t, 403, "error.session-ended.title")
}

// A link of another site can choose nothing that the page with the code repeats: compression would tell of the code.
func TestWaitingPageRepeatsNoQuery(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser(t)
	b.prove()
	p := b.get("/portal/waiting?q=canary&state=canary&record=canary&number=canary&x=canary")
	if p.StatusCode != http.StatusOK || strings.Contains(p.body, "canary") || b.code() == "" {
		t.Errorf("%d %s", p.StatusCode, p.body)
	}
}
