package id_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// silent returns a browser that does not say whether a person sent a request. No WebKit browser says so.
func (l linked) silent(t *testing.T) *registertest.Browser {
	t.Helper()
	b := l.Browser(t)
	b.Header["Sec-Fetch-User"] = nil

	return b
}

// shownCode returns the code that a page shows and asks for.
func shownCode(t *testing.T, page *registertest.Shown) string {
	t.Helper()
	code := page.Page.Find(".match-code").Text()
	if len(code) != 4 || page.Page.Find(`input[name="code"]`).Length() != 1 {
		t.Fatalf("the page shows the code %q: %s", code, page.Text())
	}

	return code
}

func expectNoCode(t *testing.T, page *registertest.Shown) {
	t.Helper()
	if page.Page.Find(`.match-code, input[name="code"]`).Length() != 0 {
		t.Errorf("the page asks for a code: %s", page.Text())
	}
}

// In a browser that does not say who pressed the button, the match code is enough (docs/decisions.md, A click is not a
// confirmation).
func TestSilentBrowserConfirmsByMatchCode(t *testing.T) {
	eachLinked(t, func(t *testing.T, l linked) {
		started, link := l.ask(t)
		browser := l.silent(t)
		opened := browser.Open(link)

		page := browser.Submit(opened, "/id/link")
		expectPage(t, page, http.StatusUnprocessableEntity, "from the page where you started")
		page = browser.Submit(opened, "/id/link", "code", otherCode(started.MatchCode))
		expectPage(t, page, http.StatusUnprocessableEntity, "2 tries left")
		expectChallenge(t, l, started, "pending")

		page = browser.Submit(opened, "/id/link", "code", started.MatchCode)
		expectPage(t, page, http.StatusOK, "You have confirmed")
		expectChallenge(t, l, started, "confirmed")
	})
}

// Without a match code, the page shows such a browser a code to type on the same page. Three wrong codes end the
// challenge.
func TestSilentBrowserConfirmsByShownCode(t *testing.T) {
	eachLinked(t, func(t *testing.T, l linked) {
		started, link := l.askWithoutCode(t)
		browser := l.silent(t)
		page := browser.Open(link)
		code := shownCode(t, page)
		if again := shownCode(t, l.silent(t).On(l.replica).Open(link)); again != code {
			t.Errorf("another replica shows %s, this one %s", again, code)
		}

		for _, text := range []string{"", "test test", "I0O1"} {
			page = browser.Submit(page, "/id/link", "code", text)
			if got := shownCode(t, page); page.Status != http.StatusUnprocessableEntity || got != code {
				t.Errorf("%q: %d, code %s, first %s", text, page.Status, got, code)
			}
		}

		page = browser.Submit(page, "/id/link", "code", otherCode(code))
		expectPage(t, page, http.StatusUnprocessableEntity, "2 tries left")
		expectChallenge(t, l, started, "pending")
		page = browser.On(l.replica).Submit(page, "/id/link", "code", strings.ToLower(code))
		expectPage(t, page, http.StatusOK, "You have confirmed")
		expectChallenge(t, l, started, "confirmed")

		started, link = l.askWithoutCode(t)
		page = browser.Open(link)
		if shownCode(t, page) == code {
			t.Error("two links show the same code")
		}

		wrong := otherCode(shownCode(t, page))
		browser.Submit(page, "/id/link", "code", wrong)
		browser.Submit(page, "/id/link", "code", wrong)
		expectPage(t, browser.Submit(page, "/id/link", "code", wrong), http.StatusGone, "wrong too often")
		expectChallenge(t, l, started, "expired wrong-code")
	})
}

// Chromium does not say who opened a page that a script led to, but it does say who sends a form. So the page asks
// Chromium for no code until a form arrives that does not say so.
func TestShownCodeIsForSilentBrowsersOnly(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	started, link := l.askWithoutCode(t)
	chromium := l.silent(t)
	chromium.Header.Set("Sec-Ch-Ua", `"Chromium";v="140"`)
	page := chromium.Open(link)
	expectNoCode(t, page)

	driven := chromium.Submit(page, "/id/link")
	expectPage(t, driven, http.StatusUnprocessableEntity, "Type the code that this page shows")
	shownCode(t, driven)
	expectChallenge(t, l, started, "pending")

	// A browser without Fetch Metadata.
	old := l.Browser(t)
	for _, name := range []string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-User", "Sec-Fetch-Dest"} {
		old.Header[name] = nil
	}

	shownCode(t, old.Open(link))

	delete(chromium.Header, "Sec-Fetch-User")
	expectPage(t, chromium.Submit(page, "/id/link"), http.StatusOK, "You have confirmed")
}

// A decline by a silent browser counts until the right code is typed. After it a click alone confirms in no browser.
func TestSilentDeclineIsReversedByTheCode(t *testing.T) {
	eachLinked(t, func(t *testing.T, l linked) {
		for name, ask := range map[string]func(testing.TB) (*registerclient.ReidentifyResponse, string){
			"match code": l.ask,
			"shown code": l.askWithoutCode,
		} {
			started, link := ask(t)
			declined := func() int {
				return audited(t, l.Register, "reidentification.declined", registertest.MeterPoint)
			}
			before := declined()
			browser := l.silent(t)
			page := browser.Submit(browser.Open(link), "/id/link/decline")
			expectPage(t, page, http.StatusOK, "If you pressed the wrong button")
			expectChallenge(t, l, started, "expired declined")
			browser.Submit(browser.Open(link), "/id/link/decline")
			if got := declined() - before; got != 1 {
				t.Errorf("%s: declined %d times in the audit log, want once", name, got)
			}

			person := l.Browser(t)
			page = person.Open(link)
			expectPage(t, page, http.StatusOK, "we have stopped it")
			expectPage(t, person.Submit(page, "/id/link"), http.StatusUnprocessableEntity, "code")
			expectChallenge(t, l, started, "expired declined")

			code := started.MatchCode
			if code == "" {
				code = shownCode(t, page)
			}

			expectPage(t, person.Submit(page, "/id/link", "code", code), http.StatusOK, "You have confirmed")
			expectChallenge(t, l, started, "confirmed")
			list(t, l.portal, started.TokenRef())
		}
	})
}

// A decline by a silent browser is final if a browser that says who pressed the button declines too, after three wrong
// codes, and once the link has expired.
func TestSilentDeclineBecomesFinal(t *testing.T) {
	eachLinked(t, func(t *testing.T, l linked) {
		for _, finalise := range []func(browser *registertest.Browser, page *registertest.Shown, link, code string){
			func(_ *registertest.Browser, _ *registertest.Shown, link, _ string) {
				person := l.Browser(t)
				declined := person.Submit(person.Open(link), "/id/link/decline")
				expectPage(t, declined, http.StatusOK, "no longer works")
			},
			func(browser *registertest.Browser, page *registertest.Shown, _, code string) {
				for range 3 {
					browser.Submit(page, "/id/link", "code", otherCode(code))
				}
			},
			func(*registertest.Browser, *registertest.Shown, string, string) {
				l.Clock.Add(15 * time.Minute)
			},
		} {
			started, link := l.ask(t)
			browser := l.silent(t)
			page := browser.Open(link)
			browser.Submit(page, "/id/link/decline")
			finalise(browser, page, link, started.MatchCode)

			page = browser.Submit(page, "/id/link", "code", started.MatchCode)
			expectPage(t, page, http.StatusGone, "does not work")
			expectChallenge(t, l, started, "expired declined")
		}
	})
}
