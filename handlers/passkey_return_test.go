package handlers

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const completionCode = "completion-canary-0123456789"

// askForPasskey starts a proof by passkey, and gives where the browser is sent.
func (b *browser) askForPasskey() *page {
	b.t.Helper()
	return b.post("/portal/prove", url.Values{"token": {b.start().token(b.t)}, "method": {"passkey-assert"}})
}

// showPasskey is the customer's passkey, in whatever browser: the register's page then sends that browser back with
// what it answers.
func (w *world) showPasskey(t testing.TB) (back string) {
	t.Helper()
	token := sha256.Sum256([]byte(w.wire.tokenRef()))
	code := sha256.Sum256([]byte(completionCode))
	result, err := w.register.DB.Write.Exec(w.register.DB.Write.Rebind(
		`UPDATE reidentifications SET asserted_at = ?, completion_hash = ? WHERE token_hash = ? AND redirect_url = ?`),
		w.register.Clock.Now().UnixMilli(), code[:], token[:], "https://portal.example.org/portal/return")
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n != 1 {
		t.Fatal("the register knows no such challenge, or not where it comes back to")
	}

	return "/portal/return?" + url.Values{
		"dar-passkey-token":   {w.wire.tokenRef()},
		"dar-completion-code": {completionCode},
	}.Encode()
}

// used counts what was said to the register about a token.
func (w *world) used() int {
	return w.wire.called("complete") + w.wire.called("status") + w.wire.called("list")
}

func newPasskeyWorld(t testing.TB, change ...func(*setting)) *world {
	w := newWorld(t, change...)
	w.register.AddPasskey(t, w.ir)
	return w
}

func TestPasskeyInTheSameWindow(t *testing.T) {
	t.Parallel()
	w := newPasskeyWorld(t)
	b := w.browser(t)
	p := b.start()
	if got := p.Header.Get(
		"Content-Security-Policy",
	); !strings.Contains(
		got,
		"form-action 'self' http://localhost:5001 https://www.bbc.co.uk; base-uri",
	) {
		t.Errorf("the form may not lead to the passkey page: %s", got)
	}

	p = b.post("/portal/prove", url.Values{"token": {p.token(t)}, "method": {"passkey-assert"}})
	if to := p.Header.Get(
		"Location",
	); p.StatusCode != http.StatusSeeOther ||
		!strings.HasPrefix(to, "http://localhost:5001/id/passkey/assert?session=") {
		t.Fatalf("answers %d to %q", p.StatusCode, to)
	}

	// Whoever goes back, or opens another window, finds the way again, and no code that nobody asks for.
	p = b.get("/portal/waiting").wants(t, 200, "waiting.passkey-assert.title")
	if link := p.doc.Find(
		`a.button[href^="http://localhost:5001/id/passkey/assert"]`,
	); link.Length() != 1 || link.AttrOr("target", "") != "" ||
		p.doc.Find(".match-code").Length() != 0 {
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

	// The way back a second time leads to the list again, and says nothing to the register.
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

// The attacker starts a proof and gets the customer to confirm it. What comes back comes to the customer's browser,
// which did not ask; the attacker's, which did, never gets the code.
func TestRelayedPasskeyOpensNothing(t *testing.T) {
	t.Parallel()
	for _, victim := range []string{"no session", "a session of another meter point", "a session that waits for a letter", "a session that waits for its own passkey", "a dead cookie"} {
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
			case "a dead cookie":
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

			// Not even with a code of the attacker's own.
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

func TestWaysBackThatAreNone(t *testing.T) {
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
		{"another token", "?dar-passkey-token=mlr_0123&dar-completion-code=" + completionCode, "/portal/return/elsewhere"},
		{"the token and more", "?dar-passkey-token=" + token + "0&dar-completion-code=" + completionCode, "/portal/return/elsewhere"},
		{"half the token", "?dar-passkey-token=" + token[:10] + "&dar-completion-code=" + completionCode, "/portal/return/elsewhere"},
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
		b.get("/portal/return"+query).sendsTo(t, "/portal") // of somebody who never asked
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
		b.get("/portal/return?dar-action=cancelled").sendsTo(t, "/portal/prove") // a letter is not cancelled so
		b.get("/portal/waiting").wants(t, 200, "waiting.magic-link.title")
		b.confirm()
		b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
	}
}

// What the register does not answer on the way back can be asked again from a clean address.
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

// A portal whose address the register does not know opens passkeys in a new tab, where the code is typed.
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
			if link := p.doc.Find(
				`a.button[href^="http://localhost:5001/id/passkey/"]`,
			); link.AttrOr("target", "") != "_blank" ||
				!strings.Contains(link.AttrOr("rel", ""), "noopener") {
				t.Error("no link opens the passkey page in a new tab")
			}
			if got := p.doc.Find(".match-code").Text(); len(got) != 4 {
				t.Errorf("the code is %q", got)
			}
			if warned := strings.Contains(
				w.log.String(),
				"add it to the return URLs of the portal's account",
			); warned != (name == "not registered") {
				t.Errorf("the log warns: %v", warned)
			}

			b.confirm()
			b.follow(b.get("/portal/waiting/check")).wants(t, 200, "records.title")
		})
	}
}

// A browser is sent by itself to the one origin that was set, and nowhere else that an answer names.
func TestPasskeyPageElsewhere(t *testing.T) {
	t.Parallel()
	w := newPasskeyWorld(t)
	w.options.PasskeyOrigin = "https://id.example.org"
	w.echo, w.server = w.newPortal(t)
	b := w.browser(t)
	b.askForPasskey().sendsTo(t, "/portal/waiting")
	if link := b.get(
		"/portal/waiting",
	).doc.Find(
		`a.button[href^="http://localhost:5001/id/passkey/"]`,
	); link.Length() != 1 ||
		link.AttrOr("target", "") != "" {
		t.Error("no link leads to the passkey page")
	}

	b.follow(b.get(w.showPasskey(t))).wants(t, 200, "records.title")
}
