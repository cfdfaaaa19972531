package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/static"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// listen records what a screen reader announces: the text of a live region that changes, and what gets the focus.
const listen = `(() => {
	window.heard = [];
	const regions = "[role=status], [role=alert], [aria-live]";
	const region = ({target}) => (target.closest ? target : target.parentElement)?.closest(regions);
	const speaks = (region) => region?.checkVisibility() && region.ariaLive !== "off" && region.innerText.trim();
	new MutationObserver((changes) => {
		for (const changed of new Set(changes.map(region))) if (speaks(changed)) heard.push(changed.innerText);
	}).observe(document.body, {
		subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["hidden"],
	});
	document.addEventListener("focusin", ({target}) => heard.push(target.innerText));
})()`

// settled waits until a part that was swapped in has been announced.
var settled = chromedp.Evaluate(
	`new Promise((done) => requestAnimationFrame(() => setTimeout(done)))`,
	nil,
	func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) },
)

// brands are the product's own look and those of the demonstration's operators.
func brands(t testing.TB) []operators.Operator {
	t.Helper()
	loaded, err := operators.Load("../demo/operators/operators.toml")
	if err != nil {
		t.Fatal(err)
	}

	return append([]operators.Operator{ownLook}, loaded...)
}

// everyPage lists the pages of all brands.
func everyPage(t testing.TB) []page {
	t.Helper()
	var listed []page
	for _, o := range brands(t) {
		listed = append(listed, pages(o)...)
	}

	return listed
}

func render(t testing.TB, c templ.Component) *goquery.Document {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}

	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}

	return doc
}

// visit is a page of a customer who has scripts.
func visit() views.Page {
	return views.Page{
		Text:      i18n.For("en"),
		Brand:     views.Brand{Name: "Adviceline"},
		FormToken: "t",
		SignedIn:  true,
	}
}

// firstRecord is a record with a handle that is easy to write.
func firstRecord() views.Record {
	r := joint()
	r.Handle = "h1"

	return r
}

// patience is how long a test may use a window. It does not run while the test waits for other tests to end.
const patience = time.Minute

// startBrowser starts Chromium, in which a test and its subtests open windows.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no Chromium to test the scripts in")
		}
		t.Skip("there is no Chromium")
	}

	options := append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	run(t, ctx)

	return ctx
}

// browser starts Chromium with a page of the handler. Trouble returns everything that went wrong in the browser.
func browser(t *testing.T, h http.Handler) (ctx context.Context, address string, trouble func() []string) {
	t.Helper()
	server := httptest.NewServer(secured(h))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(startBrowser(t), patience)
	t.Cleanup(cancel)

	var mu sync.Mutex
	var troubles []string
	chromedp.ListenTarget(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			troubles = append(troubles, e.Entry.Text)
		case *runtime.EventExceptionThrown:
			troubles = append(troubles, e.ExceptionDetails.Error())
		}
	})
	run(t, ctx, log.Enable())

	return ctx, server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()

		return slices.Clone(troubles)
	}
}

// window opens another window of the browser, with a server of its own.
func window(
	t *testing.T,
	chromium context.Context,
	h http.Handler,
) (ctx context.Context, open func(path string) chromedp.Action) {
	t.Helper()
	server := httptest.NewServer(secured(h))
	t.Cleanup(server.Close)
	ctx, cancel := chromedp.NewContext(chromium)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	run(t, ctx, emulation.SetFocusEmulationEnabled(true))

	return ctx, func(path string) chromedp.Action { return chromedp.Navigate(server.URL + path) }
}

func run(t *testing.T, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// newMux serves the static files at the addresses that the pages use.
func newMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/static/", http.StripPrefix("/static/", static.Handler()))

	return mux
}

func serve(component templ.Component) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { _ = component.Render(r.Context(), w) }
}

// lost closes the connection without a response, like a network that is down.
func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// noContent has nothing to say.
func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// comes waits until a condition is true in the window, also across pages and with scripts disabled.
func comes(condition string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
		defer cancel()
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			var held bool
			if err := chromedp.Evaluate("!!("+condition+")", &held).Do(ctx); err == nil && held {
				return nil
			}

			select {
			case <-ticker.C:
			case <-ctx.Done():
				return fmt.Errorf("it never came that %s", condition)
			}
		}
	})
}

// countsAtMost fails the test if the counter exceeds a number within a time.
func countsAtMost(t *testing.T, counter *atomic.Int32, most int32, within time.Duration, what string) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for end := time.After(within); ; {
		if got := counter.Load(); got > most {
			t.Errorf("%s: %d, want at most %d", what, got, most)
			return
		}

		select {
		case <-ticker.C:
		case <-end:
			return
		}
	}
}

// checkFocus fails the test unless the focus is on an element, and the sentence was announced once. If the sentence is
// empty, nothing must have been announced.
func checkFocus(t *testing.T, ctx context.Context, focus, sentence string) {
	t.Helper()
	var actual string
	var heard []string
	matches := fmt.Sprintf(
		`document.activeElement.matches(%q) ? "" : document.activeElement.outerHTML.slice(0, 100)`,
		focus,
	)
	run(t, ctx, chromedp.Evaluate(matches, &actual), chromedp.Evaluate(`window.heard`, &heard))
	if actual != "" {
		t.Errorf("the focus is on %s, want %s", actual, focus)
	}

	times := 0
	for _, announced := range heard {
		if sentence == "" || strings.Contains(announced, sentence) {
			times++
		}
	}

	if sentence == "" && times > 0 || sentence != "" && times != 1 {
		t.Errorf("%q is heard %d times: %q", sentence, times, heard)
	}
}

// checkTrouble fails the test if anything went wrong in the browser.
func checkTrouble(t *testing.T, trouble func() []string) {
	t.Helper()
	if found := trouble(); len(found) > 0 {
		t.Errorf("the browser complains: %q", found)
	}
}
