package e2e

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// weather is the test's own neutral page.
var weather = base64.StdEncoding.EncodeToString(
	[]byte(`<!DOCTYPE html><link rel="icon" href="data:,"><title>Weather</title>`),
)

// neutral lets the tab find a page of the test's own at views.NeutralPage, and returns the Referer that it was asked with.
func (b *tab) neutral() (referers chan string) {
	b.Helper()
	referers = make(chan string, 10)
	// A browser gets in touch before it asks.
	b.wire.mu.Lock()
	b.wire.leaves = "www.bbc.co.uk:443"
	b.wire.mu.Unlock()
	chromedp.ListenTarget(b.ctx, func(event any) {
		if e, ok := event.(*fetch.EventRequestPaused); ok {
			referer, _ := e.Request.Headers["Referer"].(string)
			referers <- e.Request.Method + " " + referer
			go chromedp.Run(b.ctx, fetch.FulfillRequest(e.RequestID, 200).WithBody(weather))
		}
	})
	b.run(
		"stand in for the neutral page",
		fetch.Enable().WithPatterns([]*fetch.RequestPattern{{URLPattern: views.NeutralPage}}),
	)

	return referers
}

// left waits until the tab shows the neutral page, which must not have been told from where.
func (b *tab) left(referers chan string) {
	b.Helper()
	select {
	case asked := <-referers:
		if asked != "GET " {
			b.Errorf("the neutral page was asked by %q", asked)
		}
	case <-time.After(10 * time.Second):
		b.Fatalf("still at %s", b.path())
	}

	b.until(`document.title === "Weather"`)
}

// session is the cookie of the tab's visit.
func session(b *tab) (value string) {
	b.Helper()
	b.run("read the cookie", chromedp.ActionFunc(func(ctx context.Context) error {
		cookies, err := network.GetCookies().Do(ctx)
		for _, c := range cookies {
			if c.Name == "portal_session" {
				value = c.Value
			}
		}

		return err
	}))
	if value == "" {
		b.Fatal("there is no session")
	}

	return value
}

// ask is the status of a page for whoever kept the session's cookie.
func ask(t *testing.T, url, session string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}

	request.AddCookie(&http.Cookie{Name: "portal_session", Value: session})
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}

	response.Body.Close()
	return response.StatusCode
}

// history is what Back and Forward lead to, and the titles there.
func (b *tab) history() (at int64, addresses, titles []string) {
	b.Helper()
	b.run("read the history", chromedp.ActionFunc(func(ctx context.Context) error {
		current, entries, err := page.GetNavigationHistory().Do(ctx)
		at = current
		for _, e := range entries {
			addresses, titles = append(addresses, strings.TrimPrefix(e.URL, b.base)), append(titles, e.Title)
		}

		return err
	}))
	return at, addresses, titles
}

// TestLeave leaves from the list in each way that there is. Afterwards the session is over, and Back does not lead to the
// list.
func TestLeave(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	shift := func(b *tab) {
		b.Helper()
		b.key(kb.Shift)
	}
	for name, test := range map[string]struct {
		script bool
		leave  func(*tab)
	}{
		"button":                 {true, func(b *tab) { b.run("leave", chromedp.Click("#leave button", chromedp.ByQuery)) }},
		"button without scripts": {false, func(b *tab) { b.run("leave", chromedp.Click("#leave button", chromedp.ByQuery)) }},
		"Shift three times": {true, func(b *tab) {
			for range 2 { // which is not enough, with Tab between
				shift(b)
				b.key(kb.Tab)
			}

			b.run("capital", chromedp.KeyEvent("A", chromedp.KeyModifiers(8)))
			if said := b.text("#leave [role=status]"); said != "" {
				b.Errorf("after a capital: %q", said)
			}

			shift(b)
			if said := b.text("#leave [role=status]"); said != "Press Shift 2 more times to leave." {
				b.Errorf("after Shift: %q", said)
			}

			shift(b)
			if said := b.text("#leave [role=status]"); said != "Press Shift once more to leave." {
				b.Errorf("after Shift twice: %q", said)
			}

			b.run("Shift once more", chromedp.KeyEvent(kb.Shift))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, look{360, "en", test.script})
			toRecords(b)
			if test.script { // links within the page are no steps back to the list
				for _, link := range []string{".skip", ".counts a[href='#active']", "main a[href^='#record-']"} {
					eval[any](b, `document.querySelector("`+link+`").click()`)
				}
				b.until(`location.hash.startsWith("#record-")`)
			}

			referers := b.neutral()
			other := session(b)
			test.leave(b)
			b.left(referers)
			at, addresses, _ := b.history()
			if test.script &&
				slices.ContainsFunc(
					addresses,
					func(address string) bool { return strings.HasPrefix(address, "/portal/") },
				) {
				t.Errorf("the history holds more than the start: %v", addresses)
			}

			// By Back, or by its address: nobody is shown the list.
			b.run("go back", chromedp.ActionFunc(func(ctx context.Context) error {
				_, entries, err := page.GetNavigationHistory().Do(ctx)
				if err != nil {
					return err
				}
				return page.NavigateToHistoryEntry(entries[at-1].ID).Do(ctx)
			}))
			b.expect(403)
			b.until(`document.readyState === "complete" && location.href.startsWith("` + base + `/portal")`)
			b.open("/portal/records", 403)
			if said := b.text("main"); strings.Contains(said, organisation) {
				t.Errorf("the list is still there: %s", said)
			}
			if status := ask(t, base+"/portal/prove", other); status != 403 {
				t.Errorf("the session lives on: %d", status)
			}
		})
	}
}

// TestLeaveEverywhere leaves in one window, and the other goes too.
func TestLeaveEverywhere(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{360, "en", true})
	toRecords(b)
	other := b.another("/portal/records")
	there := other.neutral()
	here := b.neutral()
	b.run("leave", chromedp.Click("#leave button", chromedp.ByQuery))
	b.left(here)
	other.left(there)
}

// TestHistory holds what the window's history leads to, and that titles say nothing private. From the list Back leads to
// where the customer came from, and no form is sent twice; from the review of a withdrawal to the list.
func TestHistory(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{360, "en", true})
	back := func(title string) {
		t.Helper()
		b.run("go back", chromedp.ActionFunc(func(ctx context.Context) error {
			at, entries, err := page.GetNavigationHistory().Do(ctx)
			if err != nil {
				return err
			}
			return page.NavigateToHistoryEntry(entries[at-1].ID).Do(ctx)
		}))
		b.until(`document.readyState === "complete" && document.title.startsWith("` + title + `")`)
	}
	walk(b, func(name string) {
		_, _, titles := b.history()
		for _, title := range titles {
			if leak := leaks(title); leak != "" || strings.Contains(title, "Bright") {
				t.Errorf("%s: the history names %s", name, title)
			}
		}

		if name == "withdraw" {
			back("Who can see")
			b.markCard()
			b.press("[data-e2e=card] a[href$='/withdraw']")
		}
	})
	toRecords(b)
	_, addresses, _ := b.history()
	if end := addresses[len(addresses)-3:]; !slices.Equal(
		end,
		[]string{"/portal?lang=en", "/portal", "/portal/records"},
	) {
		t.Errorf("on the list the history ends with %v", end)
	}

	back("See who can")
	if at := b.path(); at != "/portal" {
		t.Errorf("Back leads to %s", at)
	}
}

// TestLeaveForGood leaves while a form is on its way, and while the waiting page asks: what they are answered leads nowhere
// any more, however long the neutral page takes to come, and begins nothing.
func TestLeaveForGood(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	if _, err := brightEnergy(t, base).CreateIdentityRecord(t.Context(), registerclient.CreateIdentityRecordRequest{
		PIIPrincipal: registerclient.PIIPrincipal{
			MPxN:       "1234567",
			MoveInDate: "2022-06-30",
		},
		ExpressedBy: "data-subject",
		Email:       new("other@example.com"),
	}); err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct {
		method, held string
		begin        func(*tab)
	}{
		"a form": {"POST", "/portal/prove", func(b *tab) {
			toProve(b)
			b.wire.hold("/portal/prove")
			b.run("send the form", chromedp.Click("form[action='/portal/prove'] button", chromedp.ByQuery))
		}},
		"a question": {"GET", "/portal/waiting/status", func(b *tab) {
			toProve(b)
			b.wire.hold("/portal/waiting/status")
			b.press("form[action='/portal/prove'] button")
			b.at("/portal/waiting")
			b.until(`document.querySelector("#waiting.htmx-request") !== null`)
		}},
		"another number": {"POST", "/portal/meter", func(b *tab) {
			toProve(b)
			b.open("/portal", 200)
			b.fill("#number", "1234567")
			b.wire.hold("/portal/meter")
			b.run("send the number", chromedp.Click("main form[action='/portal/meter'] button", chromedp.ByQuery))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, look{360, "en", true})
			test.begin(b)
			asked := make(chan fetch.RequestID, 10)
			b.wire.mu.Lock()
			b.wire.leaves = "www.bbc.co.uk:443"
			b.wire.mu.Unlock()
			chromedp.ListenTarget(b.ctx, func(event any) {
				if e, ok := event.(*fetch.EventRequestPaused); ok {
					asked <- e.RequestID
				}
			})
			b.run(
				"stand in for a slow neutral page",
				fetch.Enable().WithPatterns([]*fetch.RequestPattern{{URLPattern: views.NeutralPage}}),
			)
			eval[any](b, `setInterval(() => fetch("/portal/healthz"), 20)`)
			answered := b.wire.answers(test.method, test.held)
			b.run("leave", chromedp.Click("#leave button", chromedp.ByQuery))
			neutral := <-asked
			if test.method == "POST" {
				b.wire.await(b, test.method, test.held, answered+1) // the browser has given the form up
			}

			b.wire.release()
			// Of what the page asks after it has been answered, the second shows that it has had the answer.
			b.wire.await(b, test.method, test.held, answered+1)
			b.wire.await(b, "GET", "/portal/healthz", b.wire.answers("GET", "/portal/healthz")+2)
			b.run("let the neutral page come", fetch.FulfillRequest(neutral, 200).WithBody(weather))
			b.until(`document.title === "Weather"`)
			b.wire.await(b, "POST", "/portal/leave", 1)
			b.expect(403)
			b.open("/portal/prove", 403) // no visit has begun meanwhile
		})
	}
}

// TestLeaveFrame leaves from a page in a frame: the page around it has to go as well.
func TestLeaveFrame(t *testing.T) {
	t.Parallel()
	base := program(t, "demo")
	embed := base + "/portal/embed"
	h := openHost(t, 1280, false)
	h.run("stand in for the neutral page",
		fetch.Enable().WithPatterns([]*fetch.RequestPattern{{URLPattern: views.NeutralPage}}))
	windows := make(chan string, 10)
	chromedp.ListenTarget(h.ctx, func(event any) {
		switch e := event.(type) {
		case *fetch.EventRequestPaused:
			go chromedp.Run(h.ctx, fetch.FulfillRequest(e.RequestID, 200).WithBody(weather))
		case *page.EventFrameNavigated:
			if e.Frame.ParentID == "" {
				windows <- e.Frame.URL
			}
		}
	})

	h.run("open the other page",
		chromedp.Navigate(strings.Replace(base, "localhost", "127.0.0.1", 1)+"/demo/embed?lang=en"))
	h.await(embed, `document.querySelector("#leave button")`)
	<-windows
	h.press(embed, "#leave button")

	select {
	case address := <-windows:
		if address != views.NeutralPage {
			t.Errorf("the window shows %s", address)
		}
	case <-time.After(20 * time.Second):
		t.Error("the window still shows the other page")
	}
}
