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

// look is how a customer visits: the width of the window in CSS pixels, the language, with scripts or without.
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

// phone reports whether the window is as narrow as a phone's.
func (l look) phone() bool { return l.width < 600 }

// tab is a window with its own cookies and cache, which it shares with no other test.
type tab struct {
	*testing.T
	look
	ctx  context.Context
	base string
	wire *recorder
	// cookies identifies the cookies and the cache.
	cookies cdp.BrowserContextID

	mu       sync.Mutex
	problems []string
	// expected is a status of 400 or more that the next page may have.
	expected int64
	// refused is a status of 400 or more that a script may get on any page.
	refused int64
	// weighed holds the requests since the last weighing began, and received counts the bytes of their responses,
	// headers included.
	weighed  map[network.RequestID]bool
	received float64
}

// openTab opens an empty window for the program at base. At the end of the test it must have seen no error in the
// console, no failed request, no violation of the content security policy and no leak.
func openTab(t *testing.T, base string, l look) *tab {
	t.Helper()
	needBrowser(t)
	b := &tab{T: t, look: l, base: base, wire: newRecorder(t)}

	chrome := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	// By default Chromium uses no proxy for its own machine.
	create := target.CreateBrowserContext().WithProxyServer(b.wire.URL).WithProxyBypassList("<-loopback>")
	cookies, err := create.Do(chrome)
	if err != nil {
		t.Fatal(err)
	}

	b.cookies = cookies
	t.Cleanup(func() { target.DisposeBrowserContext(cookies).Do(chrome) })
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(cookies).WithNewWindow(true).Do(chrome)
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(id))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	b.ctx = ctx
	chromedp.ListenTarget(ctx, b.listen)
	b.run(
		"open a window",
		network.Enable(),
		audits.Enable(),
		log.Enable(),
		b.metrics(l.width, 1),
		// Each of several windows is in front.
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

// metrics sets the size of the window in CSS pixels, as in a browser that is zoomed by scale.
func (b *tab) metrics(width int64, scale float64) chromedp.Action {
	return emulation.SetDeviceMetricsOverride(width, 900, scale, width < 600)
}

// listen records what a developer would see in red.
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
		if b.objects(e.Entry) {
			note("browser: %s %s", e.Entry.Text, strings.TrimPrefix(e.Entry.URL, b.base))
		}
	case *network.EventLoadingFailed:
		if !e.Canceled {
			note("a request failed: %s %s %s", e.Type, e.ErrorText, e.BlockedReason)
		}
	case *network.EventRequestWillBeSent:
		if b.weighed != nil {
			b.weighed[e.RequestID] = true
		}
	case *network.EventLoadingFinished:
		if b.weighed[e.RequestID] {
			b.received += e.EncodedDataLength
		}
	case *audits.EventIssueAdded:
		details, _ := json.Marshal(e.Issue.Details)
		note("browser: %s %s", e.Issue.Code, details)
	}
}

// objects reports whether an entry of the log is an error or a warning that the test does not expect.
func (b *tab) objects(entry *log.Entry) bool {
	if entry.Level != log.LevelError && entry.Level != log.LevelWarning {
		return false
	}
	for _, status := range []int64{b.expected, b.refused} {
		if status != 0 && strings.Contains(entry.Text, fmt.Sprintf("status of %d", status)) {
			return false
		}
	}

	return true
}

// expect allows pages to have a status of 400 or more.
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

// window opens an empty window that shares the cookies of the tab.
func (b *tab) window() target.ID {
	b.Helper()
	var id target.ID
	b.run("open a window", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		chrome := cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
		id, err = target.CreateTarget("about:blank").WithBrowserContextID(b.cookies).WithNewWindow(true).Do(chrome)
		return err
	}))

	return id
}

// run performs actions and ends the test if one fails.
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

// path returns the address of the page without the host.
func (b *tab) path() string {
	var location string
	if err := chromedp.Run(b.ctx, chromedp.Location(&location)); err != nil {
		return "?"
	}

	return strings.TrimPrefix(location, b.base)
}

// open loads a path, and must get the status.
func (b *tab) open(path string, status int64) {
	b.Helper()
	b.load("open "+path, status, chromedp.Navigate(b.base+path))
}

// press clicks a link or a button that leads to another page, which must have status 200.
func (b *tab) press(selector string) {
	b.Helper()
	b.pressFor(selector, 200)
}

// pressFor is press for a page with another status.
func (b *tab) pressFor(selector string, status int64) {
	b.Helper()
	b.load("press "+selector, status, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

// click clicks an element that does not lead to another page.
func (b *tab) click(selector string) {
	b.Helper()
	b.run("click "+selector, chromedp.Click(selector, chromedp.ByQuery))
}

// load waits for the page that the actions lead to.
func (b *tab) load(what string, status int64, actions ...chromedp.Action) {
	b.Helper()
	expected := int64(0)
	if status >= 400 {
		expected = status
	}

	b.expect(expected)
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

// at waits until the tab has loaded a path, to which a script may have to lead.
func (b *tab) at(path string) {
	b.Helper()
	var location, state string
	arrived := poll(20*time.Second, func() bool {
		evaluate := chromedp.Evaluate("document.readyState", &state)
		if err := chromedp.Run(b.ctx, chromedp.Location(&location), evaluate); err != nil {
			return false
		}

		u, err := url.Parse(location)

		return err == nil && u.Path == path && state == "complete"
	})
	if !arrived {
		b.Fatalf("wait for %s: still at %s (%s)", path, location, state)
	}
}

// until waits until a condition holds in the page, whichever the page is by then.
func (b *tab) until(condition string) {
	b.Helper()
	held := poll(10*time.Second, func() bool {
		var holds bool
		err := chromedp.Run(b.ctx, chromedp.Evaluate(condition, &holds))
		return err == nil && holds
	})
	if !held {
		b.Fatalf("at %s this never held: %s", b.path(), condition)
	}
}

// fill replaces the text of a field.
func (b *tab) fill(selector, text string) {
	b.Helper()
	b.run("find "+selector, chromedp.Focus(selector, chromedp.ByQuery))
	eval[any](b, fmt.Sprintf("document.querySelector(%q).select()", selector))
	b.run("fill "+selector, chromedp.KeyEvent(text))
}

// text returns the visible text of the first element that matches.
func (b *tab) text(selector string) string {
	b.Helper()
	var text string
	b.run("read "+selector, chromedp.Text(selector, &text, chromedp.ByQuery, chromedp.NodeReady))

	return strings.Join(strings.Fields(text), " ")
}

// dark chooses the colour scheme of the customer.
func (b *tab) dark(on bool) chromedp.Action {
	scheme := "light"
	if on {
		scheme = "dark"
	}

	feature := &emulation.MediaFeature{Name: "prefers-color-scheme", Value: scheme}

	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{feature})
}

// isolated runs an expression, and awaits its promise, out of reach of the scripts of the page and of its content
// security policy.
func (b *tab) isolated(what, prepare, expression string, into any) {
	b.Helper()
	b.run(what, chromedp.ActionFunc(func(ctx context.Context) error {
		// Without scripts a promise is never kept. The scripts of the page, which were not read, stay unread.
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

		_, thrown, err := runtime.Evaluate(prepare).WithContextID(world).Do(ctx)
		if err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		if thrown != nil {
			return fmt.Errorf("prepare: %w", thrown)
		}

		value, err := awaitIn(ctx, world, expression)
		if err != nil {
			return err
		}

		return json.Unmarshal(value, into)
	}))
}

// awaitIn runs an expression in a world of a page, awaits its promise, and returns its value as JSON, or nothing for
// undefined.
func awaitIn(ctx context.Context, world runtime.ExecutionContextID, expression string) ([]byte, error) {
	result, thrown, err := runtime.Evaluate(expression).
		WithContextID(world).
		WithAwaitPromise(true).
		WithReturnByValue(true).
		WithUserGesture(true).
		Do(ctx)
	if err != nil {
		return nil, err
	}
	if thrown != nil {
		return nil, thrown
	}

	return result.Value, nil
}
