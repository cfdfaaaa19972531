package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// look is how a customer comes: the width of the window in CSS pixels, a language, with scripts or without.
type look struct {
	width  int64
	lang   string
	script bool
}

func (l look) String() string {
	script := "scripts"
	if !l.script {
		script = "no scripts"
	}
	return fmt.Sprintf("%s, %d px, %s", l.lang, l.width, script)
}

// tab is a window of its own: no cookie and no cache is shared with another test's.
type tab struct {
	*testing.T
	look
	ctx  context.Context
	base string
	wire *recorder
	// own holds the cookies.
	own cdp.BrowserContextID

	mu       sync.Mutex
	problems []string
	// expected is a status of 400 and more that the next page may have.
	expected int64
	// refused is one that a script may get, on whatever page.
	refused int64
	// received is how many bytes came over the network since it was last set to 0, headers included.
	received float64
}

// openTab opens an empty window for the program at base. At the end of the test it must have seen no error in the
// console, no failed request, no breach of the content security policy and no leak.
func openTab(t *testing.T, base string, l look) *tab {
	t.Helper()
	needBrowser(t)
	b := &tab{T: t, look: l, base: base, wire: newRecorder(t)}

	chrome := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	// Chromium does not use a proxy for its own machine unless it is told to.
	own, err := target.CreateBrowserContext().WithProxyServer(b.wire.URL).WithProxyBypassList("<-loopback>").Do(chrome)
	if err != nil {
		t.Fatal(err)
	}

	b.own = own
	t.Cleanup(func() { target.DisposeBrowserContext(own).Do(chrome) })
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(own).WithNewWindow(true).Do(chrome)
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(id))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	b.ctx = ctx
	chromedp.ListenTarget(ctx, b.listen)
	// Of several windows each is in front of its customer.
	b.run(
		"open a window",
		network.Enable(),
		audits.Enable(),
		log.Enable(),
		b.metrics(l.width, 1),
		emulation.SetFocusEmulationEnabled(true),
		emulation.SetScriptExecutionDisabled(!l.script),
	)
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, problem := range append(b.problems, b.wire.problems(base)...) {
			t.Error(problem)
		}
	})

	return b
}

// metrics sets the window's size in CSS pixels, as a browser does that is zoomed by scale.
func (b *tab) metrics(width int64, scale float64) chromedp.Action {
	return emulation.SetDeviceMetricsOverride(width, 900, scale, width < 600)
}

// listen notes what a developer would see in red.
func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	note := func(format string, args ...any) {
		if problem := fmt.Sprintf(format, args...); !slices.Contains(b.problems, problem) {
			b.problems = append(b.problems, problem)
		}
	}
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		note("exception: %v", e.ExceptionDetails)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning || e.Type == runtime.APITypeAssert {
			args, _ := json.Marshal(e.Args)
			note("console: %s", args)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level != log.LevelError && e.Entry.Level != log.LevelWarning {
			return
		}
		for _, status := range []int64{b.expected, b.refused} {
			if status != 0 && strings.Contains(e.Entry.Text, fmt.Sprintf("status of %d", status)) {
				return
			}
		}

		note("browser: %s %s", e.Entry.Text, strings.TrimPrefix(e.Entry.URL, b.base))
	case *network.EventLoadingFailed:
		if !e.Canceled {
			note("a request failed: %s %s %s", e.Type, e.ErrorText, e.BlockedReason)
		}
	case *network.EventLoadingFinished:
		b.received += e.EncodedDataLength
	case *audits.EventIssueAdded:
		details, _ := json.Marshal(e.Issue.Details)
		note("browser: %s %s", e.Issue.Code, details)
	}
}

// expect lets pages come with a status of 400 and more.
func (b *tab) expect(status int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = status
}

// another opens a second window of the same customer at a path.
func (b *tab) another(path string) *tab {
	b.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(b.window()))
	b.Cleanup(cancel)
	other := &tab{T: b.T, look: b.look, ctx: ctx, base: b.base, wire: b.wire}
	chromedp.ListenTarget(ctx, other.listen)
	other.run(
		"open another window",
		network.Enable(),
		log.Enable(),
		other.metrics(b.width, 1),
		emulation.SetFocusEmulationEnabled(true),
	)
	other.open(path, 200)
	b.Cleanup(func() {
		other.mu.Lock()
		defer other.mu.Unlock()
		for _, problem := range other.problems {
			b.Error(problem)
		}
	})

	return other
}

func (b *tab) window() (id target.ID) {
	b.Helper()
	b.run("open a window", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		chrome := cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
		id, err = target.CreateTarget("about:blank").WithBrowserContextID(b.own).WithNewWindow(true).Do(chrome)
		return err
	}))
	return id
}

// run does what the test cannot go on without.
func (b *tab) run(what string, actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.Fatalf("%s, at %s: %v", what, b.path(), err)
	}
}

// eval runs an expression in the page and returns its value. It works without scripts too.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	var v T
	b.run(expression, chromedp.Evaluate(expression, &v))
	return v
}

// path is where the tab is, without the host.
func (b *tab) path() string {
	var location string
	if err := chromedp.Run(b.ctx, chromedp.Location(&location)); err != nil {
		return "?"
	}
	return strings.TrimPrefix(location, b.base)
}

// open goes to a path by its address, and must get the status.
func (b *tab) open(path string, status int64) {
	b.Helper()
	b.load("open "+path, status, chromedp.Navigate(b.base+path))
}

// press clicks on a link or a button that leads to another page, which must come with status 200.
func (b *tab) press(selector string) {
	b.Helper()
	b.pressFor(selector, 200)
}

func (b *tab) pressFor(selector string, status int64) {
	b.Helper()
	b.load("press "+selector, status, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

// load waits for the page that the actions lead to.
func (b *tab) load(what string, status int64, actions ...chromedp.Action) {
	b.Helper()
	b.mu.Lock()
	b.expected = 0
	if status >= 400 {
		b.expected = status
	}

	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	resp, err := chromedp.RunResponse(ctx, actions...)
	if err != nil {
		b.Fatalf("%s, at %s: %v", what, b.path(), err)
	}
	if resp == nil || resp.Status != status {
		b.Fatalf("%s: %+v, want status %d", what, resp, status)
	}
}

// at waits until the tab is at a path, where a script may have to bring it.
func (b *tab) at(path string) {
	b.Helper()
	b.run("wait for "+path, chromedp.ActionFunc(func(ctx context.Context) error {
		for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			var location, state string
			err := chromedp.Run(ctx, chromedp.Location(&location), chromedp.Evaluate("document.readyState", &state))
			if u, _ := url.Parse(location); err == nil && u != nil && u.Path == path && state == "complete" {
				return nil
			}
			if time.Since(start) > 20*time.Second {
				return fmt.Errorf("still at %s (%s)", location, state)
			}
		}
	}))
}

// until waits for a condition to hold in whatever page is there by then.
func (b *tab) until(condition string) {
	b.Helper()
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
		var holds bool
		if err := chromedp.Run(b.ctx, chromedp.Evaluate(condition, &holds)); err == nil && holds {
			return
		}
	}

	b.Fatalf("at %s it never came that %s", b.path(), condition)
}

// fill types into a field, in place of what is there.
func (b *tab) fill(selector, text string) {
	b.Helper()
	b.run("find "+selector, chromedp.Focus(selector, chromedp.ByQuery))
	eval[any](b, fmt.Sprintf("document.querySelector(%q).select()", selector))
	b.run("fill "+selector, chromedp.KeyEvent(text))
}

// text is what the customer reads in the first element that matches.
func (b *tab) text(selector string) string {
	b.Helper()
	var text string
	b.run("read "+selector, chromedp.Text(selector, &text, chromedp.ByQuery, chromedp.NodeReady))
	return strings.Join(strings.Fields(text), " ")
}

// dark chooses the customer's colour scheme.
func (b *tab) dark(on bool) chromedp.Action {
	scheme := "light"
	if on {
		scheme = "dark"
	}
	return emulation.SetEmulatedMedia().
		WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}})
}

// isolated runs an expression, and the promise that it gives, out of reach of the page's scripts and of its
// content security policy.
func (b *tab) isolated(what, prepare, expression string, into any) {
	b.Helper()
	b.run(what, chromedp.ActionFunc(func(ctx context.Context) error {
		// Without scripts a promise is never kept. The page's own, which were not read, stay unread.
		if !b.script {
			if err := emulation.SetScriptExecutionDisabled(false).Do(ctx); err != nil {
				return err
			}
			defer emulation.SetScriptExecutionDisabled(true).Do(ctx)
		}

		tree, err := page.GetFrameTree().Do(ctx)
		if err != nil {
			return err
		}

		world, err := page.CreateIsolatedWorld(tree.Frame.ID).Do(ctx)
		if err != nil {
			return err
		}
		if _, thrown, err := runtime.Evaluate(prepare).WithContextID(world).Do(ctx); err != nil || thrown != nil {
			return fmt.Errorf("prepare: %v %v", err, thrown)
		}

		value, thrown, err := runtime.Evaluate(expression).
			WithContextID(world).
			WithAwaitPromise(true).
			WithReturnByValue(true).
			Do(ctx)
		if err != nil || thrown != nil {
			return fmt.Errorf("%v %v", err, thrown)
		}

		return json.Unmarshal(value.Value, into)
	}))
}
