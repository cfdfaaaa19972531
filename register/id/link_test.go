package id_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// The match code confirms a link on any replica, however it is typed. The link is single use.
func TestLinkIsConfirmedByItsCode(t *testing.T) {
	eachLinked(t, func(t *testing.T, l linked) {
		started, link := l.ask(t)
		browser := l.Browser(t)
		page := browser.Open(link)
		expectPage(t, page, http.StatusOK, "Example portal")
		if page.URL.RawQuery != "" || !strings.Contains(page.Text(), "ending in 901") {
			t.Errorf("%s: %s", page.URL, page.Text())
		}

		typed := " " + strings.ToLower(started.MatchCode[:2]) + " - " + started.MatchCode[2:]
		page = browser.On(l.replica).Submit(page, "/id/link", "code", typed)
		expectPage(t, page, http.StatusOK, "You have confirmed")
		expectChallenge(t, l, started, "confirmed")
		list(t, l.portal, started.TokenRef())

		expectPage(t, browser.Open(link), http.StatusGone, "does not work")
		expectPage(t, l.replica.Browser(t).Open(link), http.StatusGone, "does not work")
	})
}

// A mail scanner opens every link and presses every button, with and without scripts, and types text that cannot be a
// code. It confirms nothing and uses up no attempt. Its decline counts until the person who comes after it types the
// code (docs/decisions.md, A click is not a confirmation).
func TestMailScannerConfirmsNothing(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	started, link := l.ask(t)
	scanner := l.Browser(t)
	for i := range 40 {
		scanner.Do(http.MethodHead, link, nil, nil)
		page := scanner.Do(http.MethodGet, link, nil, nil)
		scripted := http.Header{
			"Content-Type":   {"application/x-www-form-urlencoded"},
			"Origin":         {registertest.PublicURL},
			"Sec-Fetch-Site": {"same-origin"},
			"Sec-Fetch-Mode": {"navigate"},
		}
		token := page.Page.Find(`input[name="form"]`).AttrOr("value", "")
		for _, path := range []string{"/id/link", "/id/link/decline"} {
			for _, body := range []string{
				"",
				"form=" + token,
				"form=" + token + "&code=test+test",
				"code=test&email=a@b.example",
				"form=%zz",
			} {
				scanner.Do(http.MethodPost, path, []byte(body), scripted)
			}
		}

		// It presses the main button, without the code.
		for _, code := range []string{"", "test test", "12345", "I0O1"} {
			page = scanner.Submit(page, "/id/link", "code", code)
			if page.Status != http.StatusUnprocessableEntity {
				t.Fatalf("round %d, code %q: %d %s", i, code, page.Status, page.Text())
			}
		}
	}

	expectChallenge(t, l, started, "expired declined")

	person := l.Browser(t)
	page := person.Submit(person.Open(link), "/id/link", "code", started.MatchCode)
	expectPage(t, page, http.StatusOK, "You have confirmed")
	expectChallenge(t, l, started, "confirmed")
}

// Without a match code, the API behaves as published: one press of the button confirms. A GET or HEAD still does not.
func TestLinkWithoutMatchCode(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	started, link := l.askWithoutCode(t)
	browser := l.Browser(t)
	browser.Do(http.MethodHead, link, nil, nil)
	page := browser.Open(link)
	if page.Page.Find(`input[name="code"]`).Length() != 0 {
		t.Error("the page asks for a code, but the challenge has none")
	}

	expectChallenge(t, l, started, "pending")
	expectPage(t, browser.Submit(page, "/id/link"), http.StatusOK, "You have confirmed")
	expectChallenge(t, l, started, "confirmed")
}

// Three wrong match codes end the challenge, counted over all browsers and replicas (docs/decisions.md, Match code).
func TestThreeWrongCodes(t *testing.T) {
	eachLinked(t, func(t *testing.T, l linked) {
		started, link := l.ask(t)
		wrong := otherCode(started.MatchCode)
		one := l.Browser(t)
		two := l.replica.Browser(t)
		first := one.Open(link)
		second := two.Open(link)

		expectPage(t, one.Submit(first, "/id/link", "code", wrong), http.StatusUnprocessableEntity, "2 tries left")
		expectPage(t, two.Submit(second, "/id/link", "code", wrong), http.StatusUnprocessableEntity, "1 try left")
		expectChallenge(t, l, started, "pending")
		expectPage(t, one.Submit(first, "/id/link", "code", wrong), http.StatusGone, "wrong too often")
		expectPage(t, two.Submit(second, "/id/link", "code", started.MatchCode), http.StatusGone, "does not work")
		expectChallenge(t, l, started, "expired wrong-code")
	})
}

// "This wasn't me" ends the challenge and its link.
func TestDecline(t *testing.T) {
	eachLinked(t, func(t *testing.T, l linked) {
		started, link := l.ask(t)
		browser := l.Browser(t)
		expectPage(t, browser.Submit(browser.Open(link), "/id/link/decline"), http.StatusOK, "We have stopped it")
		expectChallenge(t, l, started, "expired declined")
		expectPage(t, browser.Open(link), http.StatusGone, "does not work")
	})
}

// An unknown, used, declined or expired link gets the same response: status, headers, text and length.
func TestEndedLinksLookAlike(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	ended := map[string]string{
		"unknown": registertest.PublicURL + "/id/link?token=" + strings.Repeat("A", 43),
		"empty":   registertest.PublicURL + "/id/link?token=",
	}
	person := l.Browser(t)

	used, link := l.ask(t)
	person.Submit(person.Open(link), "/id/link", "code", used.MatchCode)
	ended["used"] = link

	_, link = l.ask(t)
	person.Submit(person.Open(link), "/id/link/decline")
	ended["declined"] = link

	_, ended["expired"] = l.ask(t)
	l.Clock.Add(15 * time.Minute)

	started, link := l.ask(t)
	ended["the account's token"] = registertest.PublicURL + "/id/link?token=" + started.TokenRef()

	want := ""
	for name, link := range ended {
		page := l.Browser(t).Open(link)
		page.Header.Del("X-Request-Id")
		page.Header.Del("Date")
		got := fmt.Sprintln(page.Status, page.URL, page.Header, string(page.Body))
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s gets\n%s\nothers\n%s", name, got, want)
		}
	}

	expectPage(t, l.Browser(t).Open(link), http.StatusOK, "Is this you?")
}

// A customer who has confirmed returns to a registered address, and the page's form may lead there. An address that
// differs in any way is refused when the challenge is started.
func TestLinkReturnsToARegisteredAddress(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	const back = "https://bright.example/back?case=7"
	must(l.owner.ReplaceReturnURLs(t.Context(), registerclient.ReplaceReturnURLsRequest{
		ReturnURLs: []string{back},
	}))(t)
	started := must(l.owner.ReidentifyOwn(t.Context(), l.ir, registerclient.ReidentifyOwnRequest{
		Method:      registerclient.MethodMagicLink,
		RedirectURL: new(back),
	}))(t)
	l.WorkOff(t)
	browser := l.Browser(t)
	page := browser.Open(l.inbox.Link(t))
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "form-action 'self' https://bright.example;") &&
		!strings.HasSuffix(policy, "form-action 'self' https://bright.example") {
		t.Errorf("the page's form may not lead to the address: %s", policy)
	}

	page = browser.Submit(page, "/id/link")
	if page.Away != "https://bright.example/back?case=7&dar-reid-token="+started.TokenRef() {
		t.Errorf("sent to %s", page.Away)
	}

	for _, hostile := range []string{
		back + "#x",
		back + "&a=b",
		"https://bright.example/back",
		"https://BRIGHT.example/back?case=7",
		"https://bright.example.evil.example/back?case=7",
		"javascript:alert(1)",
		"//bright.example/back",
		" ",
	} {
		_, err := l.owner.ReidentifyOwn(t.Context(), l.ir, registerclient.ReidentifyOwnRequest{
			Method:      registerclient.MethodMagicLink,
			RedirectURL: new(hostile),
		})
		refused, ok := errors.AsType[*registerclient.Error](err)
		if !ok || refused.Status != http.StatusBadRequest {
			t.Errorf("%q: %v", hostile, err)
		}
	}
}

// A link ends when its person moves out or is anonymised, and when either account is suspended.
func TestLinkEndsWithItsPeople(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, l linked){
		"moved out": func(t *testing.T, l linked) { reportTenancy(t, l.Register, "2026-05-31") },
		"anonymised": func(t *testing.T, l linked) {
			must(l.owner.AnonymiseIdentityRecord(t.Context(), l.ir))(t)
		},
		"owner suspended":  func(t *testing.T, l linked) { l.Suspend(t, accountOf(t, l.owner)) },
		"portal suspended": func(t *testing.T, l linked) { l.Suspend(t, accountOf(t, l.portal)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLinked(t, registertest.SQLite)
			_, link := l.ask(t)
			browser := l.Browser(t)
			page := browser.Open(link)

			end(t, l)
			expectPage(t, browser.Open(link), http.StatusGone, "does not work")
			expectPage(t, browser.Submit(page, "/id/link", "code", "2222"), http.StatusGone, "does not work")
		})
	}
}

// A customer gets at most five links in any hour, whichever portals ask.
func TestLinksAreLimited(t *testing.T) {
	eachLinked(t, func(t *testing.T, l linked) {
		other := l.Client(t, registerclient.RolePortal)
		ask := func(by *registerclient.Client) error {
			_, err := by.Reidentify(t.Context(), registerclient.ReidentifyRequest{
				MPxN:   registertest.MeterPoint,
				Method: registerclient.MethodMagicLink,
			})

			return err
		}
		for i := range 5 {
			if err := ask([]*registerclient.Client{l.portal, other}[i%2]); err != nil {
				t.Fatal(err)
			}

			l.Clock.Add(10 * time.Minute)
		}

		err := ask(other)
		refused, ok := errors.AsType[*registerclient.Error](err)
		if !ok || refused.Status != http.StatusTooManyRequests || refused.RetryAfter != 10*time.Minute {
			t.Fatalf("the sixth: %v %+v", err, refused)
		}

		l.WorkOff(t)
		if mailed := len(l.inbox.Messages()); mailed > 5 {
			t.Errorf("%d letters, want at most 5", mailed)
		}

		l.Clock.Add(10*time.Minute - time.Second)
		if ask(l.portal) == nil {
			t.Error("a second too early")
		}

		l.Clock.Add(time.Second)
		if err := ask(l.portal); err != nil {
			t.Error(err)
		}
	})
}
