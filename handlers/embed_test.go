package handlers

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/registerclient"
	"central.consent/dar/views/i18n"
)

func TestFramedJourney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	frame := w.frame(t)
	records := frame.signInFramed()
	if records.doc.Find(`a[rel~=external]:not([target=_blank])`).Length() != 0 {
		t.Error("a link to another site would open in the frame")
	}

	withdraw := records.withdrawPath(t)
	address := frame.ticket(records)

	// To fetch the address uses nothing, however often: a browser may fetch ahead, and a scanner may read links.
	for range 3 {
		stranger := w.browser(t)
		stranger.header.Set("Sec-Purpose", "prefetch")
		stranger.get(address)
		stranger.do(http.MethodHead, address, nil)
		stranger.get("/portal/ticket")
	}

	tab := w.browser(t)
	path := strings.Replace(withdraw, "/embed", "", 1)
	tab.useTicket(address).sendsTo(t, path)
	page := tab.get(path)
	if page.StatusCode != 200 || !strings.Contains(page.doc.Find("h1").Text(), "Bright Energy Ltd") {
		t.Fatalf("the tab shows %d %q", page.StatusCode, page.doc.Find("h1").Text())
	}
	if n := w.wire.called("revoke"); n != 0 {
		t.Fatalf("the ticket stopped something: %d", n)
	}

	tab.post(path, url.Values{"token": {page.token(t)}}).sendsTo(t, path[:len(path)-len("withdraw")]+"withdrawn")
	if n := w.wire.called("revoke"); n != 1 {
		t.Errorf("%d withdrawals", n)
	}

	again := frame.get("/portal/embed/records").wants(t, 200, "records.title")
	if again.doc.Find(`a[href$="/withdraw"]`).Length() != 0 || again.doc.Find("#ended").Length() == 0 {
		t.Error("the frame does not know what was stopped in the tab")
	}

	frame.get(withdraw).sendsTo(t, "/portal/embed/records")
	// The tab needs no second proof, and no second reading.
	if n := w.wire.called("list"); n != 1 {
		t.Errorf("%d readings", n)
	}
}

func TestFramedVisitIsSeparate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	frame := w.frame(t)
	records := frame.signInFramed()
	handle := strings.Split(records.withdrawPath(t), "/")[4]
	var framed string
	address, _ := url.Parse(w.server.URL)
	for _, cookie := range frame.Jar.Cookies(address) {
		if cookie.Name == "embed_portal_session" {
			framed = cookie.Value
		}
	}

	if framed == "" {
		t.Fatal("the frame has no session of its own")
	}

	top := w.browser(t)
	top.setSession(framed)
	top.follow(top.get("/portal/records")).wants(t, 403, "error.session-ended.title")
	top.post("/portal/records/"+handle+"/withdraw", url.Values{"token": {records.token(t)}}).
		wants(t, 403, "error.session-ended.title")

	own := w.browser(t)
	ownRecords := own.signIn()
	thief := w.frame(t)
	thief.header.Set("Cookie", "embed_portal_session="+own.session()+"; portal_session="+own.session())
	thief.get("/portal/embed/records").sendsTo(t, "/portal/embed/waiting")
	thief.get("/portal/embed/waiting").wants(t, 403, "error.session-ended.title")
	_ = ownRecords
}

// TestNothingIsStoppedInAFrame sends to every embedded route what stops an access on the portal's own pages.
func TestNothingIsStoppedInAFrame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	frame := w.frame(t)
	records := frame.signInFramed()
	handle := strings.Split(records.withdrawPath(t), "/")[4]
	token := records.token(t)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		for _, end := range []string{"withdraw", "withdrawn", "ticket", "", "withdraw/"} {
			frame.do(
				method,
				"/portal/embed/records/"+handle+"/"+end,
				url.Values{"token": {token}, "confirmed": {"yes"}},
			)
		}
		frame.do(method, "/portal/embed/../records/"+handle+"/withdraw", url.Values{"token": {token}})
	}

	for target := range w.routesOf(t, embeddedPages, handle) {
		method, path, _ := strings.Cut(target, " ")
		if !strings.HasSuffix(path, "sign-out") {
			frame.do(method, path, url.Values{"token": {token}})
		}
	}

	if n := w.wire.called("revoke"); n != 0 {
		t.Errorf("%d withdrawals in a frame", n)
	}
}

// A link in a frame leads to another page for frames, or opens one of the portal's own pages in a new tab. A page that
// does not exist would be a dead end in an operator's site.
func TestFramedLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.discover(t)
	frame := w.frame(t)
	tab := w.browser(t)
	help := 0

	frame.pagesOf("/portal/embed", func(p *page) {
		p.doc.Find("a[href^='/']").Each(func(_ int, a *goquery.Selection) {
			address, err := url.Parse(a.AttrOr("href", ""))
			if err != nil {
				t.Fatal(err)
			}

			from := frame
			if a.AttrOr("target", "") == "_blank" {
				from = tab
			} else if !strings.HasPrefix(address.Path, "/portal/embed") {
				t.Errorf("%s would show %s in the frame", p.Request.URL.Path, address)
			}

			led := from.follow(from.get(address.Path))
			if led.StatusCode != http.StatusOK {
				t.Errorf("%s leads to %s: %d", p.Request.URL.Path, address, led.StatusCode)
			}
			if address.Fragment != "" && led.doc.Find("#"+address.Fragment).Length() != 1 {
				t.Errorf("%s leads to %s, which is not on the page", p.Request.URL.Path, address)
			}
			if address.Path == "/portal/help" {
				help++
			}
		})
	})
	if help == 0 {
		t.Error("no page in the frame leads to the help page")
	}
}

func TestFramedHeaders(t *testing.T) {
	t.Parallel()
	for golden, secure := range map[string]bool{
		"testdata/headers-embed-loopback.golden": false,
		"testdata/headers-embed.golden":          true,
	} {
		t.Run(golden, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.frame(t)
			handle := strings.Split(b.signInFramed().withdrawPath(t), "/")[4]
			address, _ := url.Parse(w.server.URL)
			cookies := b.Jar.Cookies(address)
			w.options.Secure = secure
			_, server := w.newPortal(t)
			b.base = server.URL
			b.Jar = nil
			var sent []string
			for _, cookie := range cookies {
				name := cookie.Name
				if secure {
					name = "__Host-" + name
				}
				sent = append(sent, name+"="+cookie.Value)
			}

			b.header = http.Header{
				"Cookie":          {strings.Join(sent, "; ")},
				"Accept-Encoding": {"gzip"},
				"Sec-Fetch-Dest":  {"iframe"},
			}
			snapshot(t, b, golden, handle, append(
				slices.Collect(maps.Keys(w.routesOf(t, embeddedPages, handle))),
				"GET /portal/embed.js",
				"GET /portal/embed/nowhere",
				"DELETE /portal/embed",
				"GET /portal/embed?lang=cy",
			))
		})
	}
}

func TestFramedCookies(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		w := newWorld(t)
		w.options.Secure = secure
		_, server := w.newPortal(t)
		b := w.frame(t)
		b.base = server.URL
		b.Jar = nil
		prefix := ""
		if secure {
			prefix = "__Host-"
		}

		b.header.Set("Cookie", prefix+"embed_lang=en")
		for name, p := range map[string]*page{
			"embed_lang": b.get("/portal/embed?lang=cy"),
			"embed_portal_session": b.post("/portal/embed/meter", url.Values{
				"number":    {w.meterPoint},
				"confirmed": {"yes"},
			}),
		} {
			cookies := p.Cookies()
			if len(cookies) != 1 {
				t.Fatalf("%d cookies", len(cookies))
			}

			c := cookies[0]
			if c.Name != prefix+name || !c.Secure || !c.HttpOnly || !c.Partitioned ||
				c.SameSite != http.SameSiteNoneMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("the cookie is %s", c)
			}
		}
	}
}

func TestFrameThatKeepsNoCookiesLeadsOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.frame(t)
	b.Jar = nil
	b.get("/portal/embed").wants(t, 200, "start.title")
	p := b.post("/portal/embed/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}}).
		wants(t, 200, "embed.cookies.title")
	if p.doc.Find(`main a[href="/portal"][target=_blank]`).Length() != 1 {
		t.Error("the page does not lead to the portal")
	}
	if n := w.wire.called("exists"); n != 0 {
		t.Errorf("the register was asked %d times", n)
	}
}

func TestEmbeddedPagesAreForFrames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.frame(t)
	b.header.Set("Sec-Fetch-Dest", "document")
	b.get("/portal/embed").sendsTo(t, "/portal")
	b.get("/portal/embed/records").sendsTo(t, "/portal")
	b.header.Del("Sec-Fetch-Dest")
	b.get("/portal/embed?mpxn="+w.meterPoint).sendsTo(t, "/portal/embed")

	w.options.FramingOrigins = nil
	_, server := w.newPortal(t)
	b.base = server.URL
	for _, path := range []string{"/portal/embed", "/portal/embed.js", "/portal/embed/records", "/portal/ticket"} {
		if p := b.get(path); p.StatusCode != http.StatusNotFound || p.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("without origins %s answers %d", path, p.StatusCode)
		}
	}
}

// A passkey opens in a tab of its own. It needs no way back, and the code is typed there.
func TestFramedPasskeyOpensInANewTab(t *testing.T) {
	t.Parallel()
	w := newPasskeyWorld(t)
	b := w.frame(t)
	b.get("/portal/embed?lang=en")
	b.post("/portal/embed/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}}).
		sendsTo(t, "/portal/embed/prove")
	prove := b.get("/portal/embed/prove")
	if !strings.Contains(prove.Header.Get("Content-Security-Policy"), "form-action 'self' "+neutralOrigin+";") {
		t.Error("a frame's form may lead to another origin than the quick exit's")
	}

	b.post("/portal/embed/prove", url.Values{
		"token":  {prove.token(t)},
		"method": {string(registerclient.MethodPasskeyAssert)},
	}).
		sendsTo(t, "/portal/embed/waiting")
	waiting := b.get("/portal/embed/waiting").wants(t, 200, "waiting.passkey-assert.title")
	if waiting.doc.Find(".match-code").Length() != 1 ||
		waiting.doc.Find(`.waiting a[target=_blank][rel~=noopener]`).Length() != 1 {
		t.Error("the passkey does not open in a new tab, with a code")
	}
}

func TestEmbedScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.browser(t).get("/portal/embed.js")
	for name, want := range map[string]string{
		"Content-Type":                 "text/javascript; charset=utf-8",
		"Cross-Origin-Resource-Policy": "cross-origin",
		"Cache-Control":                "public, max-age=600",
		"Set-Cookie":                   "",
	} {
		if got := p.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	for _, lang := range i18n.Languages() {
		title := i18n.For(lang).T("embed.frame-title", "Brand", "Citizens Example")
		if !strings.Contains(p.body, title) {
			t.Errorf("the script does not know the title %q", title)
		}
	}

	if strings.Contains(p.body, "SETTINGS") || len(p.body) > 5000 {
		t.Errorf("the script has %d bytes", len(p.body))
	}
}
