package id_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// linked is a live register that mails, on two replicas, with one household.
type linked struct {
	*registertest.Register
	replica *registertest.Register
	inbox   registertest.Inbox
	owner   *registerclient.Client
	portal  *registerclient.Client
	ir      string
}

func newLinked(t *testing.T, d registertest.Database) linked {
	t.Helper()
	on := registertest.On(d)
	inbox, sender := registertest.NewInbox(t)
	r := registertest.New(t, on, registertest.HoldConfirmations(), registertest.WithMail(sender))
	l := linked{
		Register: r,
		replica:  registertest.New(t, registertest.HoldConfirmations(), registertest.ReplicaOf(r)),
		inbox:    inbox,
	}
	l.owner, l.portal, l.ir = household(t, r)

	return l
}

// ask starts a challenge with a match code, and answers it with the link that was mailed.
func (l linked) ask(t testing.TB) (*registerclient.ReidentifyResponse, string) {
	t.Helper()
	started := must(l.portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
		MPxN: registertest.MeterPoint, Method: registerclient.MethodMagicLink, MatchCode: true, Language: "en",
	}))(t)
	l.WorkOff(t)

	return started, l.inbox.Link(t)
}

func (l linked) status(t testing.TB, started *registerclient.ReidentifyResponse) string {
	t.Helper()
	answer := must(l.portal.ReidentificationStatus(t.Context(), started.TokenRef()))(t)
	return strings.TrimSpace(string(answer.Status) + " " + answer.Reason)
}

func expectChallenge(t testing.TB, l linked, started *registerclient.ReidentifyResponse, want string) {
	t.Helper()
	if got := l.status(t, started); got != want {
		t.Fatalf("the challenge is %q, want %q", got, want)
	}
}

func expectPage(t testing.TB, page *registertest.Shown, status int, says string) {
	t.Helper()
	if page.Status != status || !strings.Contains(page.Text(), says) {
		t.Fatalf("%d %s: %s\nwant %d %q", page.Status, page.URL.Path, page.Text(), status, says)
	}
}

// otherCode is a code of the right form that is not this one.
func otherCode(code string) string {
	if code == "2222" {
		return "3333"
	}
	return "2222"
}

func TestALinkIsConfirmedByItsCodeOnAnyReplica(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		l := newLinked(t, d)
		started, link := l.ask(t)
		browser := l.Browser(t)
		page := browser.Open(link)
		expectPage(t, page, http.StatusOK, "Example portal")
		if page.URL.RawQuery != "" || !strings.Contains(page.Text(), "ending in 901") {
			t.Errorf("%s: %s", page.URL, page.Text())
		}

		page = browser.On(l.replica).
			Submit(page, "/id/link", "code", " "+strings.ToLower(started.MatchCode[:2])+" - "+started.MatchCode[2:])
		expectPage(t, page, http.StatusOK, "You have confirmed")
		expectChallenge(t, l, started, "confirmed")
		list(t, l.portal, started.TokenRef())
		// The link is spent, here and elsewhere.
		expectPage(t, browser.Open(link), http.StatusGone, "does not work")
		expectPage(t, l.replica.Browser(t).Open(link), http.StatusGone, "does not work")
	})
}

// docs/decisions.md, A click is not a confirmation. A scanner opens every link and presses every button, with and without
// scripts, and types text that is no code. It confirms nothing and uses up no try. Its decline counts until the person who
// comes after it types the code.
func TestAMailScannerChangesNothing(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	started, link := l.ask(t)
	robot := l.Browser(t)
	for i := range 40 {
		robot.Do(http.MethodHead, link, nil, nil)
		page := robot.Do(http.MethodGet, link, nil, nil)
		scripted := http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {registertest.PublicURL},
			"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"},
		}
		token := page.Page.Find(`input[name="form"]`).AttrOr("value", "")
		for _, path := range []string{"/id/link", "/id/link/decline"} {
			for _, body := range []string{"", "form=" + token, "form=" + token + "&code=test+test", "code=test&email=a@b.example", "form=%zz"} {
				robot.Do(http.MethodPost, path, []byte(body), scripted)
			}
		}

		// One that presses the main button by itself, and has no code.
		for _, code := range []string{"", "test test", "12345", "I0O1"} {
			if page = robot.Submit(page, "/id/link", "code", code); page.Status != http.StatusUnprocessableEntity {
				t.Fatalf("round %d, code %q: %d %s", i, code, page.Status, page.Text())
			}
		}
	}

	expectChallenge(t, l, started, "expired declined")
	person := l.Browser(t)
	expectPage(
		t,
		person.Submit(person.Open(link), "/id/link", "code", started.MatchCode),
		http.StatusOK,
		"You have confirmed",
	)
	expectChallenge(t, l, started, "confirmed")
}

// Without a match code the API behaves as published: one press confirms, and a GET or HEAD still does not.
func TestALinkWithoutACode(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	started := start(t, l.portal, registerclient.MethodMagicLink)
	l.WorkOff(t)
	link := l.inbox.Link(t)
	browser := l.Browser(t)
	browser.Do(http.MethodHead, link, nil, nil)
	page := browser.Open(link)
	if page.Page.Find(`input[name="code"]`).Length() != 0 {
		t.Error("the page asks for a code that nobody has")
	}

	expectChallenge(t, l, started, "pending")
	expectPage(t, browser.Submit(page, "/id/link"), http.StatusOK, "You have confirmed")
	expectChallenge(t, l, started, "confirmed")
}

// silent is a browser that does not say whether a person sent a request, as no WebKit does.
func (l linked) silent(t *testing.T) *registertest.Browser {
	t.Helper()
	b := l.Browser(t)
	b.Header["Sec-Fetch-User"] = nil
	return b
}

// askWithoutACode starts a challenge without a match code, and returns it with the link that was mailed.
func (l linked) askWithoutACode(t *testing.T) (*registerclient.ReidentifyResponse, string) {
	t.Helper()
	started := start(t, l.portal, registerclient.MethodMagicLink)
	l.WorkOff(t)
	return started, l.inbox.Link(t)
}

// codeOn is the code that a page shows, to be typed into it.
func codeOn(t *testing.T, page *registertest.Shown) string {
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

// docs/decisions.md, A click is not a confirmation: the match code is enough in a browser that does not say who pressed
// the button.
func TestASilentBrowserConfirmsByTheMatchCode(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		l := newLinked(t, d)
		started, link := l.ask(t)
		browser := l.silent(t)
		page := browser.Open(link)
		expectPage(
			t,
			browser.Submit(page, "/id/link"),
			http.StatusUnprocessableEntity,
			"from the page where you started",
		)
		expectPage(t, browser.Submit(page, "/id/link", "code", otherCode(started.MatchCode)),
			http.StatusUnprocessableEntity, "2 tries left")
		expectChallenge(t, l, started, "pending")
		expectPage(t, browser.Submit(page, "/id/link", "code", started.MatchCode), http.StatusOK, "You have confirmed")
		expectChallenge(t, l, started, "confirmed")
	})
}

// Without a match code such a browser is shown a code, to be typed on the same page. Three wrong ones end the challenge.
func TestASilentBrowserConfirmsByTheCodeThatThePageShows(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		l := newLinked(t, d)
		started, link := l.askWithoutACode(t)
		browser := l.silent(t)
		page := browser.Open(link)
		code := codeOn(t, page)
		if again := codeOn(t, l.silent(t).On(l.replica).Open(link)); again != code {
			t.Errorf("another replica shows %s, this one %s", again, code)
		}

		for _, text := range []string{"", "test test", "I0O1"} {
			page = browser.Submit(page, "/id/link", "code", text)
			if got := codeOn(t, page); page.Status != http.StatusUnprocessableEntity || got != code {
				t.Errorf("%q: %d, code %s, first %s", text, page.Status, got, code)
			}
		}

		page = browser.Submit(page, "/id/link", "code", otherCode(code))
		expectPage(t, page, http.StatusUnprocessableEntity, "2 tries left")
		expectChallenge(t, l, started, "pending")
		page = browser.On(l.replica).Submit(page, "/id/link", "code", strings.ToLower(code))
		expectPage(t, page, http.StatusOK, "You have confirmed")
		expectChallenge(t, l, started, "confirmed")

		started, link = l.askWithoutACode(t)
		page = browser.Open(link)
		if codeOn(t, page) == code {
			t.Error("two links show the same code")
		}

		wrong := otherCode(codeOn(t, page))
		browser.Submit(page, "/id/link", "code", wrong)
		browser.Submit(page, "/id/link", "code", wrong)
		expectPage(t, browser.Submit(page, "/id/link", "code", wrong), http.StatusGone, "wrong too often")
		expectChallenge(t, l, started, "expired wrong-code")
	})
}

// Chromium does not say who opened a page that a script led to, but it does say who sends a form. So the page asks for no
// code until a form comes without that.
func TestOnlySilentBrowsersAreAskedForTheShownCode(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	started, link := l.askWithoutACode(t)
	chromium := l.silent(t)
	chromium.Header.Set("Sec-Ch-Ua", `"Chromium";v="140"`)
	page := chromium.Open(link)
	expectNoCode(t, page)
	driven := chromium.Submit(page, "/id/link")
	expectPage(t, driven, http.StatusUnprocessableEntity, "Type the code that this page shows")
	codeOn(t, driven)
	expectChallenge(t, l, started, "pending")
	// A browser that says nothing at all.
	old := l.Browser(t)
	for _, name := range []string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-User", "Sec-Fetch-Dest"} {
		old.Header[name] = nil
	}

	codeOn(t, old.Open(link))
	delete(chromium.Header, "Sec-Fetch-User")
	expectPage(t, chromium.Submit(page, "/id/link"), http.StatusOK, "You have confirmed")
}

// A decline by a silent browser counts, unless the right code is typed afterwards.
func TestASilentDeclineIsTakenBackByTheRightCode(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		l := newLinked(t, d)
		for name, ask := range map[string]func(*testing.T) (*registerclient.ReidentifyResponse, string){
			"match code": func(t *testing.T) (*registerclient.ReidentifyResponse, string) { return l.ask(t) },
			"shown code": l.askWithoutACode,
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
				t.Errorf("%s: declined %d times in the audit log", name, got)
			}

			// A click is not enough any more, in no browser.
			person := l.Browser(t)
			page = person.Open(link)
			expectPage(t, page, http.StatusOK, "we have stopped it")
			expectPage(t, person.Submit(page, "/id/link"), http.StatusUnprocessableEntity, "code")
			expectChallenge(t, l, started, "expired declined")
			code := started.MatchCode
			if code == "" {
				code = codeOn(t, page)
			}

			expectPage(t, person.Submit(page, "/id/link", "code", code), http.StatusOK, "You have confirmed")
			expectChallenge(t, l, started, "confirmed")
			list(t, l.portal, started.TokenRef())
		}
	})
}

// It counts for good when the link has run out, and when a browser that says who pressed the button declines as well.
func TestASilentDeclineStands(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		l := newLinked(t, d)
		started, link := l.ask(t)
		browser := l.silent(t)
		page := browser.Open(link)
		browser.Submit(page, "/id/link/decline")
		person := l.Browser(t)
		expectPage(t, person.Submit(person.Open(link), "/id/link/decline"), http.StatusOK, "no longer works")
		expectPage(t, browser.Submit(page, "/id/link", "code", started.MatchCode), http.StatusGone, "does not work")
		expectChallenge(t, l, started, "expired declined")

		started, link = l.ask(t)
		page = browser.Open(link)
		browser.Submit(page, "/id/link/decline")
		wrong := otherCode(started.MatchCode)
		for range 3 {
			browser.Submit(page, "/id/link", "code", wrong)
		}

		expectPage(t, browser.Submit(page, "/id/link", "code", started.MatchCode), http.StatusGone, "does not work")
		expectChallenge(t, l, started, "expired declined")

		started, link = l.ask(t)
		page = browser.Open(link)
		browser.Submit(page, "/id/link/decline")
		l.Clock.Add(15 * time.Minute)
		expectPage(t, browser.Submit(page, "/id/link", "code", started.MatchCode), http.StatusGone, "does not work")
		expectChallenge(t, l, started, "expired declined")
	})
}

// docs/decisions.md, Match code.
func TestThreeWrongCodesEndTheChallenge(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		l := newLinked(t, d)
		started, link := l.ask(t)
		wrong := otherCode(started.MatchCode)
		one := l.Browser(t)
		two := l.replica.Browser(t)
		page := one.Open(link)
		second := two.Open(link)
		expectPage(t, one.Submit(page, "/id/link", "code", wrong), http.StatusUnprocessableEntity, "2 tries left")
		expectPage(t, two.Submit(second, "/id/link", "code", wrong), http.StatusUnprocessableEntity, "1 try left")
		expectChallenge(t, l, started, "pending")
		expectPage(t, one.Submit(page, "/id/link", "code", wrong), http.StatusGone, "wrong too often")
		expectPage(t, two.Submit(second, "/id/link", "code", started.MatchCode), http.StatusGone, "does not work")
		expectChallenge(t, l, started, "expired wrong-code")
	})
}

func TestThisWasntMeEndsTheChallenge(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		l := newLinked(t, d)
		started, link := l.ask(t)
		browser := l.Browser(t)
		expectPage(t, browser.Submit(browser.Open(link), "/id/link/decline"), http.StatusOK, "We have stopped it")
		expectChallenge(t, l, started, "expired declined")
		expectPage(t, browser.Open(link), http.StatusGone, "does not work")
	})
}

// Whatever a dead link was, it answers alike: in status, headers, words and length.
func TestDeadLinksAnswerAlike(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	dead := map[string]string{
		"unknown": registertest.PublicURL + "/id/link?token=" + strings.Repeat("A", 43),
		"empty":   registertest.PublicURL + "/id/link?token=",
	}
	person := l.Browser(t)

	used, link := l.ask(t)
	person.Submit(person.Open(link), "/id/link", "code", used.MatchCode)
	dead["used"] = link
	_, link = l.ask(t)
	person.Submit(person.Open(link), "/id/link/decline")
	dead["declined"] = link
	_, dead["expired"] = l.ask(t)
	l.Clock.Add(15 * time.Minute)
	started, link := l.ask(t)
	dead["the account's token"] = registertest.PublicURL + "/id/link?token=" + started.TokenRef()

	want := ""
	for name, link := range dead {
		browser := l.Browser(t)
		page := browser.Open(link)
		page.Header.Del("X-Request-Id")
		page.Header.Del("Date")
		got := fmt.Sprintln(page.Status, page.URL, page.Header, string(page.Body))
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s answers\n%s\nothers\n%s", name, got, want)
		}
	}

	browser := l.Browser(t)
	expectPage(t, browser.Open(link), http.StatusOK, "Is this you?")
}

func TestNobodyElsesFormAnswersALink(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	first, firstLink := l.ask(t)
	second, secondLink := l.ask(t)
	browser := l.Browser(t)
	old := browser.Open(firstLink)
	browser.Open(secondLink) // the same browser now holds this one
	expectPage(t, browser.Submit(old, "/id/link", "code", second.MatchCode), http.StatusForbidden, "too old")
	expectPage(t, browser.Submit(old, "/id/link/decline"), http.StatusForbidden, "too old")
	form := browser.Open(secondLink).Page.Find(`input[name="form"]`).AttrOr("value", "")
	for name, header := range map[string]http.Header{
		"another site":             {"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-User": {"?1"}, "Origin": {"https://evil.example"}},
		"a site beside":            {"Sec-Fetch-Site": {"same-site"}, "Sec-Fetch-User": {"?1"}, "Origin": {"https://portal.central.consent"}},
		"an old browser elsewhere": {"Origin": {"https://evil.example"}},
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

func TestALinkSendsBackToARegisteredAddressOnly(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	const back = "https://bright.example/back?case=7"
	must(l.owner.ReplaceReturnURLs(t.Context(), registerclient.ReplaceReturnURLsRequest{ReturnURLs: []string{back}}))(t)
	started := must(
		l.owner.ReidentifyOwn(
			t.Context(),
			l.ir,
			registerclient.ReidentifyOwnRequest{Method: registerclient.MethodMagicLink, RedirectURL: new(back)},
		),
	)(
		t,
	)
	l.WorkOff(t)
	browser := l.Browser(t)
	page := browser.Open(l.inbox.Link(t))
	if policy := page.Header.Get(
		"Content-Security-Policy",
	); !strings.Contains(policy, "form-action 'self' https://bright.example;") &&
		!strings.HasSuffix(policy, "form-action 'self' https://bright.example") {
		t.Errorf("the page's form may not lead on: %s", policy)
	}

	page = browser.Submit(page, "/id/link")
	if page.Away != "https://bright.example/back?case=7&dar-reid-token="+started.TokenRef() {
		t.Errorf("sent to %s", page.Away)
	}

	for _, hostile := range []string{back + "#x", back + "&a=b", "https://bright.example/back", "https://BRIGHT.example/back?case=7", "https://bright.example.evil.example/back?case=7", "javascript:alert(1)", "//bright.example/back", " "} {
		_, err := l.owner.ReidentifyOwn(
			t.Context(),
			l.ir,
			registerclient.ReidentifyOwnRequest{Method: registerclient.MethodMagicLink, RedirectURL: new(hostile)},
		)
		if refused, ok := err.(*registerclient.Error); !ok || refused.Status != http.StatusBadRequest {
			t.Errorf("%q: %v", hostile, err)
		}
	}
}

// What happened to the household meanwhile ends its links.
func TestALinkOfSomebodyWhoIsGone(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(t *testing.T, l linked){
		"moved out": func(t *testing.T, l linked) {
			dcc := l.Client(t, registerclient.RoleDCC)
			must(dcc.ReportChangeOfTenancy(t.Context(), registerclient.ChangeOfTenancyRequest{
				MPxN: registertest.MeterPoint, EffectiveDate: "2026-05-31", SourceReference: "MPAS-1",
			}))(t)
		},
		"anonymised": func(t *testing.T, l linked) { must(l.owner.AnonymiseIdentityRecord(t.Context(), l.ir))(t) },
		"whose record it is gone": func(t *testing.T, l linked) {
			l.Suspend(t, must(l.owner.ReadSelf(t.Context()))(t).Account.AccountID)
		},
		"who asks gone": func(t *testing.T, l linked) { l.Suspend(t, must(l.portal.ReadSelf(t.Context()))(t).Account.AccountID) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLinked(t, registertest.SQLite)
			_, link := l.ask(t)
			browser := l.Browser(t)
			page := browser.Open(link)
			happens(t, l)
			expectPage(t, browser.Open(link), http.StatusGone, "does not work")
			expectPage(t, browser.Submit(page, "/id/link", "code", "2222"), http.StatusGone, "does not work")
		})
	}
}

func TestACustomerIsMailedFiveLinksAnHourAtMost(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		l := newLinked(t, d)
		other := l.Client(t, registerclient.RolePortal)
		ask := func(by *registerclient.Client) error {
			_, err := by.Reidentify(
				t.Context(),
				registerclient.ReidentifyRequest{MPxN: registertest.MeterPoint, Method: registerclient.MethodMagicLink},
			)
			return err
		}
		for i := range 5 {
			if err := ask([]*registerclient.Client{l.portal, other}[i%2]); err != nil {
				t.Fatal(err)
			}
			l.Clock.Add(10 * time.Minute)
		}

		err := ask(other)
		refused, ok := err.(*registerclient.Error)
		if !ok || refused.Status != http.StatusTooManyRequests || refused.RetryAfter != 10*time.Minute {
			t.Fatalf("the sixth: %v %+v", err, refused)
		}

		l.WorkOff(t)
		if mailed := len(l.inbox.Messages()); mailed > 5 {
			t.Errorf("%d letters", mailed)
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

func TestAnAddressThatFailsTooOftenHasToWait(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	browser := l.Browser(t)
	for range 30 {
		expectPage(t, browser.Open("/id/link"), http.StatusGone, "does not work")
	}

	page := browser.Open("/id/link")
	expectPage(t, page, http.StatusTooManyRequests, "Too many tries")
	if page.Header.Get("Retry-After") != "900" {
		t.Errorf("Retry-After %q", page.Header.Get("Retry-After"))
	}

	l.Clock.Add(15 * time.Minute)
	expectPage(t, browser.Open("/id/link"), http.StatusGone, "does not work")
}

func TestPagesOfTheIDOriginSendTheirHeaders(t *testing.T) {
	t.Parallel()
	l := newLinked(t, registertest.SQLite)
	_, link := l.ask(t)
	browser := l.Browser(t)
	moved := browser.Do(http.MethodHead, link, nil, nil)
	for path, page := range map[string]*registertest.Shown{"/id/link": browser.Open("/id/link"), "/id/link/declined": browser.Open("/id/link/declined"), "/id/none": browser.Open("/id/none"), "HEAD": moved} {
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
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
