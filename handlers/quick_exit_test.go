package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"central.consent/dar/views"
)

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
		w := newAdvisedWorld(t)
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
	w := newAdvisedWorld(t)

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

// The quick exit always leads to the neutral page, and ends the session if there is one.
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

// The customer can leave even if the database fails.
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
