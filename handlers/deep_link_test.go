package handlers

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"central.consent/dar/views/i18n"
)

func TestLinkLeavesTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name, query string
		number      string // what the start page is filled in with
		needed      bool   // whether the page says that the link brought none
	}{
		{"a number", "mpxn=" + w.meterPoint, "23 1234 5678 901", false},
		{
			"a number as on a bill",
			"mpxn=23+1234+5678+901&return=" + url.QueryEscape(cameFrom),
			"23 1234 5678 901",
			false,
		},
		{"a gas number and a language", "mpxn=1234567&lang=cy", "1234567", false},
		{"escaped names", "%6dpxn=" + w.meterPoint, "23 1234 5678 901", false},
		{"beside what is not escaped well", "x=%zz&mpxn=" + w.meterPoint, "23 1234 5678 901", false},
		{"an identity record", "ir=ir_canary&return=" + url.QueryEscape(cameFrom), "", true},
		{"a way back alone", "return=" + url.QueryEscape(cameFrom), "", true},
		{"a number that is none", "mpxn=canary", "", true},
		{"a script", "mpxn=" + url.QueryEscape(`"><script>alert(1)</script>`), "", true},
		{"two numbers", "mpxn=" + w.meterPoint + "&mpxn=1234567", "", true},
		{"an endless number", "mpxn=" + strings.Repeat("9", 4000), "", true},
		{"empty", "mpxn=&ir=&return=", "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := w.browser(t)
			b.header.Set("Sec-Fetch-Site", "cross-site")
			p := b.get("/portal?"+test.query).sendsTo(t, "/portal")
			if p.body != "" || strings.Contains(p.Header.Get("Set-Cookie"), "canary") {
				t.Error("the answer holds something of the link")
			}

			p = b.get("/portal")
			if got := p.doc.Find("#number").AttrOr("value", ""); got != test.number {
				t.Errorf("the page has the number %q", got)
			}

			lang := p.doc.Find("html").AttrOr("lang", "")
			request := i18n.For(lang).T("start.link.no-number")
			if got := strings.Contains(p.doc.Find("form .inset").Text(), request); got != test.needed {
				t.Errorf("the page asks for the number: %v", got)
			}
			if (lang == "cy") != strings.Contains(test.query, "lang=cy") {
				t.Errorf("the page is in %s", lang)
			}
			if b.session() != "" {
				t.Error("a link began a session")
			}
		})
	}

	t.Cleanup(func() {
		if strings.Contains(w.log.String(), "canary") || strings.Contains(w.log.String(), w.meterPoint) {
			t.Error("the log tells what a link brought")
		}
	})
}

// A link saves typing. It opens nothing, and ends no session.
func TestLinkOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn()
	session := b.session()
	b.get("/portal?mpxn="+trueMPAN).sendsTo(t, "/portal")
	if b.session() != session || w.sessions(t) != 1 {
		t.Error("a link ended a session")
	}
	if got := b.get("/portal").doc.Find("#number").AttrOr("value", ""); got != meterPointView(trueMPAN).Number {
		t.Errorf("the start page has %q", got)
	}

	b.get("/portal/records").wants(t, 200, "records.title")
	stranger := w.browser(t)
	stranger.get("/portal?mpxn="+w.meterPoint).sendsTo(t, "/portal")
	for _, path := range []string{"/portal/prove", "/portal/records", "/portal/waiting"} {
		if p := stranger.follow(stranger.get(path)); p.StatusCode != http.StatusForbidden {
			t.Errorf("%s answers %d", path, p.StatusCode)
		}
	}

	// What the link brought is deleted with the form, and expires by itself.
	stranger.post("/portal/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}}).
		sendsTo(t, "/portal/prove")
	if stranger.get("/portal").doc.Find("form .inset").Length() != 0 {
		t.Error("the link is still remembered")
	}

	late := w.browser(t)
	late.get("/portal?mpxn=" + w.meterPoint)
	w.register.Clock.Add(linkTime + time.Second)
	if got := late.get("/portal").doc.Find("#number").AttrOr("value", ""); got != "" {
		t.Errorf("an old link still fills in %q", got)
	}
}

func TestLinkCookieIsSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	p := b.get("/portal?mpxn=" + w.meterPoint)
	cookie := p.Cookies()[0]
	if cookie.Name != "portal_link" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode ||
		cookie.MaxAge != 15*60 || strings.Contains(cookie.Value, "2312") {
		t.Errorf("the cookie is %v", cookie)
	}

	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"Number":"` + trueMPAN + `","At":"2026-06-01T09:00:00Z"}`))
	for _, value := range []string{"x", forged, cookie.Value[:len(cookie.Value)-2], "A" + cookie.Value[1:]} {
		stranger := w.browser(t)
		stranger.header.Set("Cookie", "portal_link="+value)
		got := stranger.get("/portal").wants(t, 200, "start.title").doc.Find("#number").AttrOr("value", "")
		if got != "" {
			t.Errorf("%q fills in %q", value, got)
		}
	}
}

// hostileReturns are addresses that look like the listed one, or lead elsewhere.
var hostileReturns = []string{
	"",
	"/",
	"//app.example.org/energy?from=portal",
	"app.example.org/energy?from=portal",
	"https://app.example.org/energy",
	"https://app.example.org/energy?from=portal&x=1",
	"https://app.example.org/energy?from=portal#x",
	"https://app.example.org/energy?from=portal ",
	" https://app.example.org/energy?from=portal",
	"https://APP.example.org/energy?from=portal",
	"HTTPS://app.example.org/energy?from=portal",
	"https://app.example.org:443/energy?from=portal",
	"http://app.example.org/energy?from=portal",
	"https://app.example.org./energy?from=portal",
	"https://app.example.org/energy/?from=portal",
	"https://app.example.org/energy/../energy?from=portal",
	"https://app.example.org/%65nergy?from=portal",
	"https://app.example.org\\@evil.example/energy?from=portal",
	"https://app.example.org@evil.example/energy?from=portal",
	"https://evil.example/https://app.example.org/energy?from=portal",
	"https://app.example.org.evil.example/energy?from=portal",
	"https://evil.example",
	"//evil.example",
	"///evil.example",
	"\\\\evil.example",
	"https:evil.example",
	"https:///evil.example",
	"https://evil.example%2f@app.example.org/energy?from=portal",
	"javascript:alert(1)",
	"JaVaScRiPt:alert(1)",
	"java\tscript:alert(1)",
	"data:text/html,x",
	"vbscript:x",
	"file:///etc/passwd",
	"blob:https://app.example.org/x",
	"https://app.example.org/energy?from=portal\r\nSet-Cookie: a=b",
	"https://app.example.org/energy?from=portal\x00",
	"https://app.example.org/energy?from=portal\u200b",
	"https://аpp.example.org/energy?from=portal",
	"https://app。example.org/energy?from=portal",
	"https://[::1]/energy",
	"https://127.0.0.1/",
	"*",
	"https://*.example.org/",
	"null",
}

func TestReturnLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	records := func(b *browser, query string) *page {
		t.Helper()
		w.register.Clock.Add(time.Hour) // out of reach of the register's limit on letters
		b.get("/portal?"+query).sendsTo(t, "/portal")
		return b.signIn()
	}
	b := w.browser(t)
	p := records(b, "mpxn="+w.meterPoint+"&return="+url.QueryEscape(cameFrom))
	back := p.doc.Find(`.back a[href^="https://app.example.org"]`)
	if back.AttrOr("href", "") != cameFrom || back.Text() != "Back to app.example.org" ||
		!strings.Contains(back.AttrOr("rel", ""), "noreferrer") {
		t.Errorf("leads back by %q to %q", back.Text(), back.AttrOr("href", ""))
	}

	path := p.withdrawPath(t)
	if b.get(path).doc.Find(`a[href*="app.example.org"]`).Length() != 0 {
		t.Error("the page that asks leads back too")
	}

	b.post(path, url.Values{"token": {p.token(t)}}).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
	withdrawn := b.get(strings.TrimSuffix(path, "withdraw") + "withdrawn")
	href, err := url.Parse(withdrawn.doc.Find(`.back a[href^="https://app.example.org"]`).AttrOr("href", ""))
	if err != nil {
		t.Fatal(err)
	}

	query := href.Query()
	if query.Get("from") != "portal" || query.Get("dar-action") != "withdrawn" ||
		!strings.HasPrefix(query.Get("ak"), "ak_") || len(query) != 3 || href.Path != "/energy" {
		t.Errorf("leads back to %s", href)
	}
	// The key is in this link alone.
	if n := strings.Count(withdrawn.body, query.Get("ak")); n != 1 {
		t.Errorf("the key stands on the page %d times", n)
	}
	if strings.Contains(b.get("/portal/records").body, "ak_") || strings.Contains(w.log.String(), "ak_") {
		t.Error("the key stands elsewhere too")
	}

	// A link that comes during a visit for the same number is remembered too.
	w.accessRecord(t, "uk-consent")
	b = w.browser(t)
	records(b, "mpxn="+w.meterPoint)
	b.get("/portal?return="+url.QueryEscape(cameFrom)).sendsTo(t, "/portal")
	b.post("/portal/meter", url.Values{"number": {w.meterPoint}}).sendsTo(t, "/portal/prove")
	if b.get("/portal/records").doc.Find(`a[href^="https://app.example.org"]`).Length() != 1 {
		t.Error("a later link is forgotten")
	}

	// An address that was removed from the list is not linked any more.
	w.options.ReturnURLs = nil
	w.echo, w.server = w.newPortal(t)
	jar := b.Jar
	session := b.session()
	b.base = w.server.URL
	b.Jar = jar
	b.setSession(session)
	if b.get("/portal/records").wants(t, 200, "records.title").doc.Find(`a[href*="app.example.org"]`).Length() != 0 {
		t.Error("leads to an address that is not on the list any more")
	}
}

func TestUnlistedReturnIsIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var clean string
	for i, address := range append([]string{""}, hostileReturns...) {
		b := w.browser(t)
		p := b.get("/portal?mpxn="+w.meterPoint+"&return="+url.QueryEscape(address)).sendsTo(t, "/portal")
		if p.Header.Get("A") != "" || len(p.Cookies()) != 1 {
			t.Errorf("%q: the answer has %v", address, p.Header)
		}

		b.start()
		var held string
		w.alter(t, b, func(v *visit) { held = v.ReturnURL })
		if held != "" {
			t.Errorf("%q is taken as %q", address, held)
		}
		if i == 0 {
			clean = p.Header.Get("Location")
		}
		if p.Header.Get("Location") != clean {
			t.Errorf("%q leads to %q", address, p.Header.Get("Location"))
		}
	}

	// An address that comes twice is ignored.
	b := w.browser(t)
	b.get("/portal?return="+url.QueryEscape(cameFrom)+"&return="+url.QueryEscape(cameFrom)).sendsTo(t, "/portal")
	b.start()
	w.alter(t, b, func(v *visit) {
		if v.ReturnURL != "" {
			t.Error("an address that came twice is taken")
		}
	})
}
