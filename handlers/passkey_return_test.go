package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const completionCode = "completion-canary-0123456789"

func TestPasskeyInTheSameWindow(t *testing.T) {
	t.Parallel()
	w := newPasskeyWorld(t)
	b := w.browser(t)
	p := b.start()
	got := p.Header.Get("Content-Security-Policy")
	if !strings.Contains(got, "form-action 'self' http://localhost:5001 https://www.bbc.co.uk; base-uri") {
		t.Errorf("the form may not lead to the passkey page: %s", got)
	}

	p = b.post("/portal/prove", url.Values{"token": {p.token(t)}, "method": {"passkey-assert"}})
	to := p.Header.Get("Location")
	if p.StatusCode != http.StatusSeeOther ||
		!strings.HasPrefix(to, "http://localhost:5001/id/passkey/assert?session=") {
		t.Fatalf("answers %d to %q", p.StatusCode, to)
	}

	// A customer who goes back, or opens another window, finds the link to the passkey page, and no code.
	p = b.get("/portal/waiting").wants(t, 200, "waiting.passkey-assert.title")
	link := p.doc.Find(`a.button[href^="http://localhost:5001/id/passkey/assert"]`)
	if link.Length() != 1 || link.AttrOr("target", "") != "" || p.doc.Find(".match-code").Length() != 0 {
		t.Error("the waiting page does not lead to the passkey page in the same window")
	}

	back := w.showPasskey(t)
	b.get("/portal/waiting/check").sendsTo(t, "/portal/waiting") // a passkey alone opens nothing
	before := b.session()
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.get(back).sendsTo(t, "/portal/waiting/check")
	b.header.Del("Sec-Fetch-Site")
	b.get("/portal/waiting/check").sendsTo(t, "/portal/records")
	b.get("/portal/records").wants(t, 200, "records.title")
	if b.session() == before {
		t.Error("the session kept its id")
	}

	// The same way back a second time leads to the list again, and does not call the register.
	said := w.used()
	b.follow(b.get(back)).wants(t, 200, "records.title")
	if w.used() != said {
		t.Error("a replay was told to the register")
	}
	for _, canary := range []string{completionCode, w.wire.tokenRef(), w.meterPoint} {
		if strings.Contains(w.log.String(), canary) {
			t.Errorf("the log tells %q", canary)
		}
	}
}

// An attacker starts a proof and gets the customer to confirm it. The code comes to the customer's browser, which did
// not ask. The attacker's browser, which did, never gets it.
func TestRelayedPasskeyOpensNothing(t *testing.T) {
	t.Parallel()
	for _, victim := range []string{
		"no session",
		"a session of another meter point",
		"a session that waits for a letter",
		"a session that waits for its own passkey",
		"an expired cookie",
	} {
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			w := newPasskeyWorld(t)
			w.identityRecord(t, trueMPAN, "other@example.com")
			attacker := w.browser(t)
			customer := w.browser(t)
			switch victim {
			case "a session of another meter point":
				customer.post("/portal/meter", url.Values{"number": {trueMPAN}}).sendsTo(t, "/portal/prove")
			case "a session that waits for a letter":
				customer.prove()
			case "a session that waits for its own passkey":
				customer.askForPasskey()
			case "an expired cookie":
				customer.setSession("gone")
			}

			attacker.askForPasskey()
			back := w.showPasskey(t)
			said := w.used()
			customer.get(back).sendsTo(t, "/portal/return/elsewhere")
			p := customer.get("/portal/return/elsewhere").wants(t, 200, "elsewhere.title")
			if !strings.Contains(p.doc.Find("main").Text(), "Nobody has seen anything") {
				t.Error("the page does not say that nothing was seen")
			}
			if w.used() != said {
				t.Error("something was said to the register")
			}

			for range 20 {
				if to := attacker.get("/portal/waiting/status").Header.Get("HX-Redirect"); to == "/portal/records" {
					t.Fatal("the attacker has the list")
				}

				attacker.get("/portal/waiting/check").sendsTo(t, "/portal/waiting")
				attacker.get("/portal/records").sendsTo(t, "/portal/waiting")
				w.register.Clock.Add(20 * time.Second)
			}

			// A code of the attacker's own does not help.
			attacker.get(
				"/portal/return?" + url.Values{
					"dar-passkey-token":   {w.wire.tokenRef()},
					"dar-completion-code": {"guess"},
				}.Encode(),
			)
			attacker.follow(attacker.get("/portal/waiting/check")).wants(t, 200, "waiting.expired.title")
			if n := w.wire.called("list"); n != 0 {
				t.Errorf("%d readings", n)
			}
		})
	}
}

func TestInvalidReturns(t *testing.T) {
	t.Parallel()
	w := newPasskeyWorld(t)
	b := w.browser(t)
	b.askForPasskey()
	token := w.wire.tokenRef()
	back := w.showPasskey(t)
	said := w.used()
	for _, test := range []struct{ name, query, to string }{
		{"nothing", "", "/portal"},
		{"a code alone", "?dar-completion-code=" + completionCode, "/portal"},
		{
			"another token",
			"?dar-passkey-token=mlr_0123&dar-completion-code=" + completionCode,
			"/portal/return/elsewhere",
		},
		{
			"the token and more",
			"?dar-passkey-token=" + token + "0&dar-completion-code=" + completionCode,
			"/portal/return/elsewhere",
		},
		{
			"half the token",
			"?dar-passkey-token=" + token[:10] + "&dar-completion-code=" + completionCode,
			"/portal/return/elsewhere",
		},
		{"the token twice", "?dar-passkey-token=x&dar-passkey-token=" + token, "/portal"},
		{"another's cancelling", "?dar-action=cancelled&dar-passkey-token=x", "/portal"},
		{"an action that is none", "?dar-action=withdrawn", "/portal"},
	} {
		b.get("/portal/return"+test.query).sendsTo(t, test.to)
		if w.used() != said {
			t.Errorf("%s: something was said to the register", test.name)
		}
	}

	if p := b.do(http.MethodHead, back, nil); p.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HEAD answers %d", p.StatusCode)
	}

	b.follow(b.get(back)).wants(t, 200, "records.title")
}

func TestCancelledPasskey(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"?dar-action=cancelled", "?dar-action=cancelled&dar-passkey-token="} {
		w := newPasskeyWorld(t)
		b := w.browser(t)
		b.get("/portal/return"+query).sendsTo(t, "/portal") // a browser that never asked
		b.askForPasskey()
		if strings.HasSuffix(query, "=") {
			query += w.wire.tokenRef()
		}

		b.get("/portal/return"+query).sendsTo(t, "/portal/prove")
		p := b.get("/portal/prove").wants(t, 200, "prove.title")
		if got := p.doc.Find("input[name=method]").First().AttrOr("value", ""); got != "magic-link" {
			t.Errorf("offers %s first", got)
		}
		if !strings.Contains(p.doc.Find("main").Text(), "Nothing is lost") {
			t.Error("does not say that nothing is lost")
		}

		b.get("/portal/waiting").wants(t, 200, "waiting.cancelled.title")
		w.register.Clock.Add(time.Minute)
		b.post("/portal/prove", url.Values{"token": {p.token(t)}, "method": {"magic-link"}}).
			sendsTo(t, "/portal/waiting")
		b.get("/portal/return?dar-action=cancelled").sendsTo(t, "/portal/prove") // this does not cancel a letter
		b.get("/portal/waiting").wants(t, 200, "waiting.magic-link.title")
		b.confirm()
		b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
	}
}

// If the register does not answer on the way back, it can be asked again from a clean address.
func TestWayBackWhileTheRegisterIsDown(t *testing.T) {
	t.Parallel()
	w := newPasskeyWorld(t)
	b := w.browser(t)
	b.askForPasskey()
	back := w.showPasskey(t)
	w.wire.set(refuse("complete", 503), nil)
	b.get(back).sendsTo(t, "/portal/waiting/check")
	b.get("/portal/waiting/check").wants(t, 503, "error.unavailable.title")
	w.wire.set(nil, nil)
	b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
}

// A code that comes too late completes nothing.
func TestWayBackTooLate(t *testing.T) {
	t.Parallel()
	w := newPasskeyWorld(t)
	b := w.browser(t)
	b.askForPasskey()
	back := w.showPasskey(t)
	w.register.Clock.Add(6 * time.Minute)
	b.follow(b.get(back)).wants(t, 200, "waiting.expired.title")
}

// If the register does not know the portal's address, passkeys open in a new tab, and the code is typed there.
func TestPasskeyInANewTab(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"not registered":      func(*world) {},
		"no address":          func(w *world) { w.options.PublicURL = "" },
		"pages at no address": func(w *world) { w.options.PublicURL, w.options.PasskeyOrigin = "", "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPasskeyWorld(t, func(s *setting) { s.returnURLs = nil })
			change(w)
			w.echo, w.server = w.newPortal(t)
			b := w.browser(t)
			b.askForPasskey().sendsTo(t, "/portal/waiting")
			p := b.get("/portal/waiting").wants(t, 200, "waiting.passkey-assert.title")
			link := p.doc.Find(`a.button[href^="http://localhost:5001/id/passkey/"]`)
			if link.AttrOr("target", "") != "_blank" || !strings.Contains(link.AttrOr("rel", ""), "noopener") {
				t.Error("no link opens the passkey page in a new tab")
			}
			if got := p.doc.Find(".match-code").Text(); len(got) != 4 {
				t.Errorf("the code is %q", got)
			}
			warned := strings.Contains(w.log.String(), "add it to the return URLs of the portal's account")
			if warned != (name == "not registered") {
				t.Errorf("the log warns: %v", warned)
			}

			b.confirm()
			b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
		})
	}
}

// A browser is redirected to the configured origin only, not to another one that the register names.
func TestPasskeyPageElsewhere(t *testing.T) {
	t.Parallel()
	w := newPasskeyWorld(t)
	w.options.PasskeyOrigin = "https://id.example.org"
	w.echo, w.server = w.newPortal(t)
	b := w.browser(t)
	b.askForPasskey().sendsTo(t, "/portal/waiting")
	link := b.get("/portal/waiting").doc.Find(`a.button[href^="http://localhost:5001/id/passkey/"]`)
	if link.Length() != 1 || link.AttrOr("target", "") != "" {
		t.Error("no link leads to the passkey page")
	}

	b.follow(b.get(w.showPasskey(t))).wants(t, 200, "records.title")
}

// The way back from a mailed link leads on to the list in the browser that asked, and nowhere in another one. The token
// in the address is not used, whoever chose it.
func TestReturnFromALink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.prove()
	b.confirm()
	back := "/portal/return?" + url.Values{"dar-reid-token": {w.wire.tokenRef()}}.Encode()
	w.browser(t).get(back).sendsTo(t, "/portal/return/elsewhere")
	if n := w.used(); n != 0 {
		t.Errorf("another browser has used the token %d times", n)
	}

	b.get("/portal/return?dar-reid-token=chosen").sendsTo(t, "/portal/waiting/check")
	b.get("/portal/waiting/check").sendsTo(t, "/portal/records")
	b.get("/portal/records").wants(t, 200, "records.title")
}
