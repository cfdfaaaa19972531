package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"central.consent/dar/views/i18n"
)

var hostile = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`'-alert(1)-'`,
	`javascript:alert(1)`,
	`{{.}}`,
	`${7*7}`,
	`' OR '1'='1`,
	`'; DROP TABLE portal_sessions; --`,
	`../../../../etc/passwd`,
	`..\..\x`,
	"\x00",
	"\xff\xfe",
	"\r\nSet-Cookie: a=b",
	"%00",
	"%ff",
	"\u202e\u2066",
	strings.Repeat("9", 5000),
	strings.Repeat("%", 100),
	"𝟚𝟛𝟙𝟚",
	"S",
	"-1",
	"NaN",
	"🏠",
}

// injected selects what hostile text would add to a page.
const injected = `script:not([src]), [onerror], [src="x"], [href^="javascript:"], [action^="javascript:"]`

func TestHostileText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	records := b.signIn()
	token := records.token(t)
	handle := strings.Split(records.withdrawPath(t), "/")[3]
	session := b.session()
	answered := func(what string, p *page) {
		t.Helper()
		if p.StatusCode >= 500 {
			t.Errorf("%s: %d", what, p.StatusCode)
		}
		if p.Header.Get("Set-Cookie") == "a=b" {
			t.Errorf("%s: a header was made", what)
		}
		if p.doc.Find(injected).Length() != 0 {
			t.Errorf("%s: the page contains what was sent", what)
		}
	}
	for target, route := range w.routes(handle) {
		method, path, _ := strings.Cut(target, " ")
		if path == "/portal/sign-out" || path == "/portal/leave" {
			continue // it would end the test
		}

		for i, text := range hostile {
			what := fmt.Sprintf("%s with text %d", target, i)
			escaped := url.QueryEscape(text)
			answered(what+" in the query", b.do(method, path+"?lang="+escaped+"&"+escaped+"="+escaped, nil))
			param := strings.NewReplacer(":handle", url.PathEscape(text), "*", url.PathEscape(text)).Replace(route.Path)
			if param != route.Path {
				answered(what+" in the path", b.do(method, param, url.Values{"token": {token}}))
			}

			if method == http.MethodPost {
				form := url.Values{"number": {text}, "method": {text}, "confirmed": {text}, text: {text}}
				answered(what+" in the form", b.post(path, form))
				if route.Path != "/portal/records/:handle/withdraw" {
					form.Set("token", token)
					answered(what+" in the form", b.post(path, form))
				}
			}
		}
	}

	for i, text := range hostile {
		what := fmt.Sprintf("text %d", i)
		answered(what+" as a path", b.get("/portal/"+url.PathEscape(text)))
		answered(what+" in a cookie", func() *page {
			stranger := w.browser(t)
			clean := strings.Map(func(r rune) rune {
				if r < ' ' || r == '\ufffd' {
					return '.'
				}
				return r
			}, text)
			stranger.header.Set("Cookie", "portal_session="+clean+"; lang="+clean)
			stranger.header.Set("Accept-Language", clean)
			stranger.header.Set("HX-Request", clean)

			return stranger.get("/portal/waiting")
		}())
	}

	b.setSession(session)
	b.get("/portal/records").wants(t, 200, "records.title")
}

// It is not clear which of two values counts. What the customer typed is asked for again on its own page.
func TestRepeatedField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	p := b.post("/portal/meter", url.Values{"number": {trueMPAN, "123456"}}).wants(t, 422, "start.title")
	if got := p.doc.Find("#number").AttrOr("value", ""); got != trueMPAN {
		t.Errorf("the first number is lost: %q", got)
	}
	if got := p.doc.Find("#number-error").Text(); !strings.Contains(got, i18n.For("en").T("error.number.twice")) {
		t.Errorf("says %q", got)
	}

	p = b.post("/portal/meter", url.Values{"number": {trueMPAN}, "confirmed": {"yes", "no"}}).
		wants(t, 400, "error.repeated.title")
	if got := p.doc.Find("main bdi").Text(); got != "confirmed" {
		t.Errorf("names %q", got)
	}

	token := b.start().token(t)
	p = b.post("/portal/prove", url.Values{"token": {token}, "method": {"magic-link", "passkey-assert"}}).
		wants(t, 422, "prove.title")
	if !strings.Contains(p.doc.Find("#error-summary").Text(), i18n.For("en").T("error.prove.twice")) {
		t.Error("does not say that two ways were chosen")
	}
	if w.wire.called("reidentify") != 0 {
		t.Error("the register was asked")
	}
}

// The token of a session is another text in each response, so that compression tells nothing of it. Each of them is
// accepted; the token without a mask is not.
func TestFormTokensAreMasked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn()
	first := b.get("/portal/records").token(t)
	second := b.get("/portal/records").token(t)
	if first == second {
		t.Error("two responses hold the same token")
	}
	for _, token := range []string{first, second} {
		p := b.post("/portal/keep-alive", url.Values{"token": {token}})
		if p.StatusCode != http.StatusNoContent {
			t.Errorf("a token of an earlier response: %d", p.StatusCode)
		}
	}

	plain := ""
	w.alter(t, b, func(v *visit) { plain = v.FormToken })
	if strings.Contains(b.get("/portal/records").body, plain) {
		t.Error("a page holds the token without a mask")
	}
	if p := b.post("/portal/keep-alive", url.Values{"token": {plain}}); p.StatusCode != http.StatusForbidden {
		t.Errorf("without a mask: %d", p.StatusCode)
	}
}
