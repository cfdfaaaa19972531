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

// neutralHTML is what the tests serve as the neutral page, in base64.
var neutralHTML = base64.StdEncoding.EncodeToString(
	[]byte(`<!DOCTYPE html><link rel="icon" href="data:,"><title>Weather</title>`),
)

// intercept pauses every request for the neutral page and passes it to paused.
func (b *tab) intercept(paused func(*fetch.EventRequestPaused)) {
	b.Helper()
	b.wire.allow("www.bbc.co.uk:443") // a browser connects before it asks
	chromedp.ListenTarget(b.ctx, func(event any) {
		if e, ok := event.(*fetch.EventRequestPaused); ok {
			paused(e)
		}
	})
	b.run(
		"stand in for the neutral page",
		fetch.Enable().WithPatterns([]*fetch.RequestPattern{{URLPattern: views.NeutralPage}}),
	)
}

// serveNeutral serves the neutral page to the tab. It returns the method and the Referer of each request for it.
func (b *tab) serveNeutral() <-chan string {
	b.Helper()
	requests := make(chan string, 10)
	b.intercept(func(e *fetch.EventRequestPaused) {
		referer, _ := e.Request.Headers["Referer"].(string)
		requests <- e.Request.Method + " " + referer
		go chromedp.Run(b.ctx, fetch.FulfillRequest(e.RequestID, 200).WithBody(neutralHTML))
	})

	return requests
}

// leave presses the quick exit.
func (b *tab) leave() {
	b.Helper()
	b.click("#leave button")
}

// awaitNeutral waits until the tab shows the neutral page, which must not learn from where the customer came.
func (b *tab) awaitNeutral(requests <-chan string) {
	b.Helper()
	select {
	case request := <-requests:
		if request != "GET " {
			b.Errorf("the neutral page was asked by %q", request)
		}
	case <-time.After(10 * time.Second):
		b.Fatalf("still at %s", b.path())
	}

	b.until(`document.title === "Weather"`)
}

// session returns the session cookie of the tab.
func (b *tab) session() string {
	b.Helper()
	var value string
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

// statusFor returns the status of a page for a client that kept the session cookie.
func statusFor(t *testing.T, url, session string) int {
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

// leaveByShift presses Shift three times in a row, after keys that do not count.
func (b *tab) leaveByShift() {
	b.Helper()
	for range 2 { // Tab between them starts the count again
		b.key(kb.Shift)
		b.key(kb.Tab)
	}

	b.run("capital", chromedp.KeyEvent("A", chromedp.KeyModifiers(8)))
	for _, want := range []string{"", "Press Shift 2 more times to leave.", "Press Shift once more to leave."} {
		if status := b.text("#leave [role=status]"); status != want {
			b.Errorf("the quick exit says %q, want %q", status, want)
		}

		b.key(kb.Shift)
	}
}

// After the quick exit from the list, by each way that there is, the session is over and Back does not lead to the
// list.
func TestLeave(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	for name, test := range map[string]struct {
		script bool
		leave  func(*tab)
	}{
		"button":                 {true, (*tab).leave},
		"button without scripts": {false, (*tab).leave},
		"Shift three times":      {true, (*tab).leaveByShift},
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

			requests := b.serveNeutral()
			session := b.session()
			test.leave(b)
			b.awaitNeutral(requests)
			_, addresses, _ := b.history()
			private := func(address string) bool { return strings.HasPrefix(address, "/portal/") }
			if test.script && slices.ContainsFunc(addresses, private) {
				t.Errorf("the history holds more than the start: %v", addresses)
			}

			// Neither Back nor the address shows the list.
			b.goBack()
			b.expect(403)
			b.until(`document.readyState === "complete" && location.href.startsWith("` + base + `/portal")`)
			b.open("/portal/records", 403)
			if text := b.text("main"); strings.Contains(text, organisation) {
				t.Errorf("the list is still there: %s", text)
			}
			if status := statusFor(t, base+"/portal/prove", session); status != 403 {
				t.Errorf("the session still works: %d", status)
			}
		})
	}
}

// The quick exit in one window takes the other window away too.
func TestLeaveEveryWindow(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{360, "en", true})
	toRecords(b)
	other := b.another("/portal/records")
	otherRequests := other.serveNeutral()
	requests := b.serveNeutral()
	b.leave()
	b.awaitNeutral(requests)
	other.awaitNeutral(otherRequests)
}

// The quick exit in a frame takes the page around away too.
func TestLeaveFrame(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	embed := base + "/portal/embed"
	h := openHost(t, 1280, false)
	h.run(
		"stand in for the neutral page",
		fetch.Enable().WithPatterns([]*fetch.RequestPattern{{URLPattern: views.NeutralPage}}),
	)
	windows := make(chan string, 10)
	chromedp.ListenTarget(h.ctx, func(event any) {
		switch e := event.(type) {
		case *fetch.EventRequestPaused:
			go chromedp.Run(h.ctx, fetch.FulfillRequest(e.RequestID, 200).WithBody(neutralHTML))
		case *page.EventFrameNavigated:
			if e.Frame.ParentID == "" {
				windows <- e.Frame.URL
			}
		}
	})

	h.run("open the other page", chromedp.Navigate(embedder(base)+"?lang=en"))
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

// leaveDuring is a request that is under way at the quick exit, and what starts it.
type leaveDuring struct {
	method string
	path   string
	begin  func(*tab)
}

var leaveDuringTests = map[string]leaveDuring{
	"a form": {"POST", "/portal/prove", func(b *tab) {
		toProve(b)
		b.wire.hold("/portal/prove")
		b.click("form[action='/portal/prove'] button")
	}},
	"a poll": {"GET", "/portal/waiting/status", func(b *tab) {
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
		b.click("main form[action='/portal/meter'] button")
	}},
}

// The response to a request that is under way at the quick exit leads nowhere and starts nothing, however long the
// neutral page takes to load.
func TestLeaveDuringRequest(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	_, err := asOrganisation(t, base).CreateIdentityRecord(t.Context(), registerclient.CreateIdentityRecordRequest{
		PIIPrincipal: registerclient.PIIPrincipal{MPxN: "1234567", MoveInDate: "2022-06-30"},
		ExpressedBy:  "data-subject",
		Email:        new("other@example.com"),
	})
	if err != nil {
		t.Fatal(err)
	}

	for name, test := range leaveDuringTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, look{360, "en", true})
			test.begin(b)
			paused := make(chan fetch.RequestID, 10)
			b.intercept(func(e *fetch.EventRequestPaused) { paused <- e.RequestID })
			eval[any](b, `setInterval(() => fetch("/portal/healthz"), 20)`)
			ended := b.wire.count(test.method, test.path)
			b.leave()
			neutral := <-paused
			if test.method == "POST" {
				b.wire.await(b, test.method, test.path, ended+1) // the browser has given the form up
			}

			b.wire.release()
			// The second request after the response shows that the page has had the response.
			b.wire.await(b, test.method, test.path, ended+1)
			b.wire.await(b, "GET", "/portal/healthz", b.wire.count("GET", "/portal/healthz")+2)
			b.run("let the neutral page load", fetch.FulfillRequest(neutral, 200).WithBody(neutralHTML))
			b.until(`document.title === "Weather"`)
			b.wire.await(b, "POST", "/portal/leave", 1)
			b.expect(403)
			b.open("/portal/prove", 403) // no visit has begun in the meantime
		})
	}
}
