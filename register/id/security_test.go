package id_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// The Content-Security-Policy of every page, and what a passkey page adds for its script.
const (
	pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	scriptPolicy = "; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
)

// A passkey page allows its own script and the one function of the browser that it uses. The last pages allow neither.
func TestPasskeyPagePolicies(t *testing.T) {
	t.Parallel()
	h := newHome(t, registertest.SQLite)
	h.AddPasskey(t, h.ir)
	asserting, _ := h.askToAssert(t)
	enrolling := h.askOwn(t, h.ir, registerclient.MethodPasskeyRegister).Passkey.RedirectURL
	for address, permission := range map[string]string{
		asserting: "publickey-credentials-create=(), publickey-credentials-get=(self)",
		enrolling: "publickey-credentials-create=(self), publickey-credentials-get=()",
	} {
		page := h.Browser(t).Open(address)
		if got := page.Header.Get("Permissions-Policy"); !strings.HasSuffix(got, permission) {
			t.Errorf("Permissions-Policy: %s", got)
		}

		got := page.Header.Get("Content-Security-Policy")
		if got != pagePolicy+scriptPolicy || page.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("Content-Security-Policy: %s", got)
		}

		scripts := page.Page.Find("script")
		if scripts.Length() != 1 || !strings.Contains(scripts.AttrOr("src", ""), "passkey.") {
			t.Errorf("%d scripts, want 1", scripts.Length())
		}
		if page.Page.Find("form#passkey[hidden]").Length() != 1 || page.Page.Find("noscript").Length() != 1 {
			t.Error("the page offers a passkey to a browser without scripts")
		}
	}

	for _, path := range []string{
		confirmedPage,
		addedPage,
		"/id/passkey/declined",
		"/id/passkey/stopped",
		"/id/link/declined",
		"/id/letter/confirmed",
		"/id/letter/stopped",
		"/id/letter/kept",
		"/id/letter/frozen",
		"/id/letter/here",
	} {
		page := h.Browser(t).Open(path)
		policy := page.Header.Get("Content-Security-Policy")
		permissions := page.Header.Get("Permissions-Policy")
		if page.Status != http.StatusOK ||
			page.Page.Find("script").Length() != 0 ||
			strings.Contains(policy, "script-src") ||
			!strings.Contains(permissions, "publickey-credentials-create=(), publickey-credentials-get=()") {
			t.Errorf("%s: %d %s", path, page.Status, page.Header)
		}
	}
}

// Every page, an error page and a redirect have the security headers. Pages fetch files of the register only.
func TestPageHeaders(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	_, link := l.ask(t)
	browser := l.Browser(t)
	redirect := browser.Do(http.MethodHead, link, nil, nil)
	for path, page := range map[string]*registertest.Shown{
		"/id/link":          browser.Open("/id/link"),
		"/id/link/declined": browser.Open("/id/link/declined"),
		"/id/letter":        browser.Open("/id/letter"),
		"/id/none":          browser.Open("/id/none"),
		"HEAD":              redirect,
	} {
		for name, want := range map[string]string{
			"Cache-Control":              "no-store",
			"X-Content-Type-Options":     "nosniff",
			"X-Frame-Options":            "DENY",
			"Referrer-Policy":            "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Content-Security-Policy":    pagePolicy,
		} {
			if got := page.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}

	for _, shown := range []*registertest.Shown{browser.Open("/id/link"), browser.Open("/id/link/confirmed")} {
		shown.Page.Find("[src],link[href]").Each(func(_ int, s *goquery.Selection) {
			if address := s.AttrOr("src", s.AttrOr("href", "")); !strings.HasPrefix(address, "/static/") {
				t.Errorf("the page fetches %s", address)
			}
		})
	}
}

// A form works only if the register's own page sends it, and only for the link that the page was opened with.
func TestForeignFormsAreRefused(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	first, firstLink := l.ask(t)
	second, secondLink := l.ask(t)
	browser := l.Browser(t)
	old := browser.Open(firstLink)
	browser.Open(secondLink) // the browser now holds the second link

	expectPage(t, browser.Submit(old, "/id/link", "code", second.MatchCode), http.StatusForbidden, "too old")
	expectPage(t, browser.Submit(old, "/id/link/decline"), http.StatusForbidden, "too old")

	form := browser.Open(secondLink).Page.Find(`input[name="form"]`).AttrOr("value", "")
	for name, header := range map[string]http.Header{
		"another site": {
			"Sec-Fetch-Site": {"cross-site"},
			"Sec-Fetch-User": {"?1"},
			"Origin":         {"https://evil.example"},
		},
		"another origin of the site": {
			"Sec-Fetch-Site": {"same-site"},
			"Sec-Fetch-User": {"?1"},
			"Origin":         {"https://portal.central.consent"},
		},
		"another site, in an old browser": {"Origin": {"https://evil.example"}},
	} {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		page := browser.Do(http.MethodPost, "/id/link", []byte("form="+form+"&code="+second.MatchCode), header)
		if page.Status != http.StatusForbidden {
			t.Errorf("%s: %d", name, page.Status)
		}
	}

	expectChallenge(t, l, first, "pending")
	expectChallenge(t, l, second, "pending")
}

// An address has to wait after 30 failures within 15 minutes.
func TestFailuresAreLimited(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	browser := l.Browser(t)
	for range 30 {
		expectPage(t, browser.Open("/id/link"), http.StatusGone, "does not work")
	}

	page := browser.Open("/id/link")
	expectPage(t, page, http.StatusTooManyRequests, "Too many tries")
	if got := page.Header.Get("Retry-After"); got != "900" {
		t.Errorf("Retry-After %q, want 900", got)
	}

	l.Clock.Add(15 * time.Minute)
	expectPage(t, browser.Open("/id/link"), http.StatusGone, "does not work")
}

// The token of a page's forms is another text in each response, so that compression tells nothing of it.
func TestFormTokensAreMasked(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	started, link := l.ask(t)
	browser := l.Browser(t)
	first := browser.Open(link)
	second := browser.Open("/id/link")
	token := func(page *registertest.Shown) string { return page.Page.Find("input[name=form]").AttrOr("value", "") }
	if len(token(first)) != 43 || token(first) == token(second) {
		t.Errorf("two responses hold %q and %q", token(first), token(second))
	}

	expectPage(t, browser.Submit(first, "/id/link", "code", started.MatchCode), http.StatusOK, "You have confirmed")
}

// A return URL that was registered by an older program may hold directives in its host. The policy leaves it out; one
// with letters outside ASCII is named in ASCII.
func TestPolicyNamesNoHostileHost(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	_, link := l.ask(t)
	browser := l.Browser(t)
	for returnURL, want := range map[string]string{
		"https://portal.example.org/back":       pagePolicy + " https://portal.example.org",
		"https://bücher.example/":               pagePolicy + " https://xn--bcher-kva.example",
		"https://a.example;script-src":          pagePolicy,
		"https://a.example,default-src":         pagePolicy,
		"https://'unsafe-inline'":               pagePolicy,
		"https://*":                             pagePolicy,
		"https://a.example:;frame-ancestors":    pagePolicy,
		"https://a.example\r\nSet-Cookie: a=b/": pagePolicy,
	} {
		change := l.DB.Write.Rebind(`UPDATE reidentifications SET redirect_url = ?`)
		if _, err := l.DB.Write.Exec(change, returnURL); err != nil {
			t.Fatal(err)
		}

		page := browser.Open(link)
		if got := page.Header.Get("Content-Security-Policy"); page.Status != http.StatusOK || got != want {
			t.Errorf("%q: %d %s", returnURL, page.Status, got)
		}
	}
}
