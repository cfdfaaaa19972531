package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"central.consent/dar/views"
)

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
	w.options.DB.Close()
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
