package handlers

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/register/registertest"
	"central.consent/dar/views/i18n"
)

// postbox is the customer's, on a register that mails.
type postbox struct {
	*catcher.Catcher
	w *world
}

func newMailWorld(t testing.TB) (*world, *postbox) {
	t.Helper()
	caught, err := catcher.Start(catcher.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { caught.Close() })
	w := newWorld(t, func(s *setting) { s.register = append(s.register, registertest.WithMailServer(caught.URL())) })
	return w, &postbox{caught, w}
}

// letter is the n-th that arrives.
func (p *postbox) letter(t testing.TB, n int) catcher.Received {
	t.Helper()
	p.w.register.WorkOff(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	letters, err := p.Wait(ctx, n)
	if err != nil {
		t.Fatalf("letter %d: %v", n, err)
	}

	return letters[n-1]
}

var mailedLink = regexp.MustCompile(`http://localhost:5001(/id/link\?token=\S+)`)

// open is the customer's mail program, which opens the link in a browser of its own.
func (p *postbox) open(t testing.TB, letter catcher.Received) *browser {
	t.Helper()
	found := mailedLink.FindStringSubmatch(letter.Text)
	if found == nil {
		t.Fatalf("no link in the letter:\n%s", letter.Text)
	}

	b := p.w.browser(t)
	b.base = strings.TrimSuffix(p.w.register.URL, "/v1")
	b.get(found[1]).sendsTo(t, "/id/link")

	return b
}

// type types a code on the page behind the link.
func (b *browser) typeCode(code string) *page {
	b.t.Helper()
	p := b.get("/id/link")
	form, _ := p.doc.Find("input[name=form]").Attr("value")
	return b.post("/id/link", url.Values{"form": {form}, "code": {code}})
}

func (b *browser) code() string {
	b.t.Helper()
	code := b.get("/portal/waiting").wants(b.t, 200, "waiting.magic-link.title").doc.Find(".match-code").Text()
	if len(code) != 4 {
		b.t.Fatalf("the code is %q", code)
	}

	return code
}

// The whole way, with a letter and a typed code, in each language.
func TestMailedJourney(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Languages() {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			w, post := newMailWorld(t)
			b := w.browser(t)
			b.get("/portal?lang=" + lang)
			b.post("/portal/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}}).
				sendsTo(t, "/portal/prove")
			b.post("/portal/prove", url.Values{"token": {b.get("/portal/prove").token(t)}, "method": {"magic-link"}}).
				sendsTo(t, "/portal/waiting")
			code := b.get("/portal/waiting").doc.Find(".match-code").Text()
			letter := post.letter(t, 1)
			if strings.Contains(letter.Text+letter.HTML+letter.Subject, code) {
				t.Error("the letter holds the code")
			}
			if welsh := strings.Contains(letter.Text, "Gofrestr"); welsh != (lang == "cy") {
				t.Errorf("the letter is\n%s", letter.Text)
			}

			inbox := post.open(t, letter)
			if p := inbox.get(
				"/id/link",
			); p.doc.Find("html").AttrOr("lang", "") != lang ||
				strings.Contains(p.body, code) {
				t.Errorf("the page behind the link is in %s, or shows the code", p.doc.Find("html").AttrOr("lang", ""))
			}

			b.get("/portal/waiting/check").sendsTo(t, "/portal/waiting") // the open link alone confirms nothing
			inbox.typeCode(strings.ToLower(code)).sendsTo(t, "/id/link/confirmed")
			b.get("/portal/waiting/check").sendsTo(t, "/portal/records")
			if p := b.get("/portal/records"); p.StatusCode != 200 || !strings.Contains(p.body, "Bright Energy Ltd") {
				t.Errorf("the list answers %d", p.StatusCode)
			}

			// The register now offers a passkey. Whoever takes the time for it finds the list as it was.
			w.register.Clock.Add(14 * time.Minute)
			if p := b.get("/portal/records"); p.StatusCode != 200 {
				t.Errorf("later the list answers %d", p.StatusCode)
			}
			for _, canary := range []string{code, w.wire.tokenRef(), w.meterPoint, email} {
				if strings.Contains(w.log.String(), canary) {
					t.Errorf("the log tells %q", canary)
				}
			}
		})
	}
}

// The attacker has the customer's letter sent, and the customer, in a hurry, opens it: without the code, which the
// attacker's page alone shows, nothing is confirmed.
func TestRelayedLetterOpensNothing(t *testing.T) {
	t.Parallel()
	w, post := newMailWorld(t)
	attacker := w.browser(t)
	attacker.prove()
	code := attacker.code()
	inbox := post.open(t, post.letter(t, 1))
	for _, guess := range []string{"", "AAAA", "2222", "ZZZZ"} {
		if guess == code {
			continue
		}

		inbox.typeCode(guess)
		attacker.follow(attacker.get("/portal/waiting/check"))
		attacker.follow(attacker.get("/portal/records"))
	}

	attacker.get("/portal/waiting").wants(t, 200, "waiting.wrong-code.title")
	inbox.typeCode(code) // too late
	attacker.follow(attacker.get("/portal/waiting/check")).wants(t, 200, "waiting.wrong-code.title")
	if n := w.wire.called("list"); n != 0 {
		t.Errorf("%d readings", n)
	}
}
