package handlers

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"central.consent/dar/views/i18n"
)

// The whole journey with a letter and a typed code, in each language.
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
			p := inbox.get("/id/link")
			if p.doc.Find("html").AttrOr("lang", "") != lang || strings.Contains(p.body, code) {
				t.Errorf("the page behind the link is in %s, or shows the code", p.doc.Find("html").AttrOr("lang", ""))
			}

			b.get("/portal/waiting/check").sendsTo(t, "/portal/waiting") // the open link alone confirms nothing
			inbox.typeCode(strings.ToLower(code)).sendsTo(t, "/id/link/confirmed")
			b.get("/portal/waiting/check").sendsTo(t, "/portal/records")
			if p := b.get("/portal/records"); p.StatusCode != 200 || !strings.Contains(p.body, "Bright Energy Ltd") {
				t.Errorf("the list answers %d", p.StatusCode)
			}

			// The register now offers a passkey. A customer who takes the time for it finds the list as it was.
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

// An attacker has a letter sent to the customer, who opens it in a hurry. Nothing is confirmed without the code, which
// is on the attacker's page alone.
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
