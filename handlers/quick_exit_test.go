package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/views"
)

// pagesOf walks the journey of one kind of pages, and hands every page on the way to visit.
func (b *browser) pagesOf(base string, visit func(*page)) {
	b.t.Helper()
	visit(b.get(base))
	visit(b.get(base + "/nowhere"))
	visit(b.follow(b.get(base + "/records")))
	visit(b.get(base + "/prove"))
	visit(b.post(base+"/meter", url.Values{"number": {"12"}}))
	visit(b.post(base+"/meter", url.Values{"number": {b.world.meterPoint}}))
	b.post(base+"/meter", url.Values{"number": {b.world.meterPoint}, "confirmed": {"yes"}}).sendsTo(b.t, base+"/prove")

	prove := b.get(base + "/prove")
	visit(prove)
	visit(b.post(base+"/prove", url.Values{"token": {prove.token(b.t)}}))
	b.post(base+"/prove", url.Values{"token": {prove.token(b.t)}, "method": {"magic-link"}}).
		sendsTo(b.t, base+"/waiting")
	visit(b.get(base + "/waiting"))
	b.confirm()

	records := b.follow(b.get(base+"/waiting/check")).wants(b.t, 200, "records.title")
	visit(records)
	visit(b.get(records.withdrawPath(b.t)))
	visit(b.post(base+"/records/nowhere/withdraw", url.Values{"token": {records.token(b.t)}}))

	b.post(base+"/sign-out", url.Values{"token": {records.token(b.t)}}).sendsTo(b.t, base+"/signed-out")
	visit(b.get(base + "/signed-out"))
}

// A customer may have to leave any page in a hurry, also one that they see before or after a visit.
func TestQuickExitOnEveryPage(t *testing.T) {
	t.Parallel()

	hasExit := func(t *testing.T, base string) func(*page) {
		return func(p *page) {
			t.Helper()
			exit := p.doc.Find(`form#leave[method=post][target=_top][action="` + base + `/leave"]`)
			if exit.Length() != 1 || exit.AttrOr("data-to", "") != views.NeutralPage ||
				exit.Find("button").Length() != 1 {
				t.Errorf("%s %s answers %d without a quick exit", p.Request.Method, p.Request.URL.Path, p.StatusCode)
			}
		}
	}

	t.Run("own pages", func(t *testing.T) {
		t.Parallel()
		b := newWorld(t).browser(t)
		check := hasExit(t, "/portal")
		b.pagesOf("/portal", check)
		check(b.get("/portal/help"))
		check(b.get("/portal/accessibility"))
		check(b.get("/portal/return/elsewhere"))
		check(b.get("/portal/ticket"))
		check(b.get("/nowhere"))
	})

	t.Run("embedded pages", func(t *testing.T) {
		t.Parallel()
		b := newWorld(t).frame(t)
		b.pagesOf("/portal/embed", hasExit(t, "/portal/embed"))
		b.Jar = nil
		hasExit(t, "/portal/embed")(b.post("/portal/embed/meter", url.Values{"number": {trueMPAN}}))
	})

	t.Run("adviser pages", func(t *testing.T) {
		t.Parallel()
		w := advised(t)
		check := hasExit(t, "/portal/adviser")
		check(w.browser(t).get("/portal/adviser/sign-in"))
		b := w.adviser(t)
		b.pagesOf("/portal/adviser", check)
		check(b.get("/portal/adviser/help"))
		check(b.get("/portal/adviser/accessibility"))
		check(b.get("/portal/adviser/records.pdf"))
	})
}

// The quick exit of a frame ends the visit in the frame, and that of the adviser's pages ends the customer's visit.
func TestQuickExitEndsTheVisitBelow(t *testing.T) {
	t.Parallel()
	w := advised(t)

	frame := w.frame(t)
	frame.signInFramed()
	adviser := w.adviser(t)
	adviser.help()
	if n := w.sessions(t); n != 2 {
		t.Fatalf("%d sessions", n)
	}

	for base, b := range map[string]*browser{"/portal/embed": frame, "/portal/adviser": adviser} {
		b.header.Set("Sec-Fetch-Dest", "empty")
		if p := b.post(base+"/leave", url.Values{}); p.StatusCode != http.StatusNoContent {
			t.Errorf("%s/leave answers a script with %d", base, p.StatusCode)
		}

		b.header.Set("Sec-Fetch-Dest", "document")
		p := b.post(base+"/leave", url.Values{})
		if p.StatusCode != http.StatusSeeOther || p.Header.Get("Location") != views.NeutralPage {
			t.Errorf("%s/leave answers %d to %q", base, p.StatusCode, p.Header.Get("Location"))
		}
	}

	if n := w.sessions(t); n != 0 {
		t.Errorf("%d sessions are left", n)
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

// Whoever leaves is shown something else, whatever has become of their session, and the session is over.
func TestLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, form := range map[string]url.Values{
		"by the button": nil, "without a token": {}, "with the token of an earlier visit": {"token": {"EARLIER"}},
	} {
		b := w.browser(t)
		p := b.signIn()
		if form == nil {
			form = url.Values{"token": {p.token(t)}}
		}

		session := b.session()
		p = b.post("/portal/leave", form)
		if p.StatusCode != http.StatusSeeOther || p.Header.Get("Location") != views.NeutralPage {
			t.Errorf("%s: %d to %q", name, p.StatusCode, p.Header.Get("Location"))
		}
		if got := p.Header.Get("Referrer-Policy"); got != "same-origin" {
			t.Errorf("%s: the next page may be told: %s", name, got)
		}

		b.setSession(session)
		b.get("/portal/prove").wants(t, 403, "error.session-ended.title")
	}

	p := w.browser(t).post("/portal/leave", url.Values{})
	if p.StatusCode != http.StatusSeeOther || p.Header.Get("Location") != views.NeutralPage {
		t.Errorf("without a session: %d to %q", p.StatusCode, p.Header.Get("Location"))
	}

	b := w.browser(t)
	b.signIn()
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.post("/portal/leave", url.Values{}).wants(t, 403, "error.forbidden.title")
	b.header.Del("Sec-Fetch-Site")
	b.get("/portal/records").wants(t, 200, "records.title")
}

// The database is away: the customer still leaves.
func TestLeaveWithoutDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn()
	w.database.Write.Close()
	if p := b.post("/portal/leave", url.Values{}); p.Header.Get("Location") != views.NeutralPage {
		t.Errorf("%d to %q", p.StatusCode, p.Header.Get("Location"))
	}
}

func TestNeutralPage(t *testing.T) {
	t.Parallel()
	if !strings.HasPrefix(views.NeutralPage, neutralOrigin+"/") {
		t.Errorf("a form may lead to %s, and the quick exit leads to %s", neutralOrigin, views.NeutralPage)
	}
	if got := strings.Count(contentSecurityPolicy, "https:"); got != 1 {
		t.Errorf("the content security policy names %d other origins, want one", got)
	}
}
