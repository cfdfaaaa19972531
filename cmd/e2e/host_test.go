package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// host is a window at a page that shows the portal in a frame. It has a browser of its own. The page is at 127.0.0.1:
// to it localhost, where the portal is, is another site.
type host struct {
	*testing.T
	ctx context.Context
}

// openHost starts a browser, because a browser decides at its start whether it takes the cookies of third parties.
func openHost(t *testing.T, width int64, blockThirdParties bool) *host {
	t.Helper()
	needBrowser(t)
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}

	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium),
		chromedp.Headless,
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("disable-popup-blocking", false),
		// In one process the test can look into the frame as a part of the page.
		chromedp.Flag("disable-features", "IsolateOrigins,site-per-process,Translate"),
		chromedp.Flag("disable-site-isolation-trials", true),
	}
	if blockThirdParties {
		options = append(options, chromedp.Flag("test-third-party-cookie-phaseout", true))
	}

	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	h := &host{T: t, ctx: ctx}
	h.run("open a window", network.Enable(), emulation.SetDeviceMetricsOverride(width, 900, 1, false))

	return h
}

// embedder returns the address of the demonstration's page that shows the portal in a frame.
func embedder(base string) string {
	return strings.Replace(base, "localhost", "127.0.0.1", 1) + "/demo/embed"
}

// run performs actions and ends the test if one fails.
func (h *host) run(what string, actions ...chromedp.Action) {
	h.Helper()
	if err := chromedp.Run(h.ctx, actions...); err != nil {
		h.Fatalf("%s: %v", what, err)
	}
}

// inFrame runs an expression in the frame whose address begins so, out of reach of the scripts of the page. It returns
// false if there is no such frame, or the expression fails.
func inFrame[T any](h *host, address, expression string) (value T, ok bool) {
	h.Helper()
	err := chromedp.Run(h.ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		tree, err := page.GetFrameTree().Do(ctx)
		if err != nil {
			return err
		}

		frame := findFrame(tree, address)
		if frame == nil {
			return fmt.Errorf("no frame at %s", address)
		}

		world, err := page.CreateIsolatedWorld(frame.ID).Do(ctx)
		if err != nil {
			return err
		}

		result, err := awaitIn(ctx, world, expression)
		if err != nil || len(result) == 0 {
			return err
		}

		return json.Unmarshal(result, &value)
	}))

	return value, err == nil
}

// findFrame returns the first frame whose address begins so, or nil.
func findFrame(tree *page.FrameTree, address string) *cdp.Frame {
	if strings.HasPrefix(tree.Frame.URL, address) {
		return tree.Frame
	}
	for _, child := range tree.ChildFrames {
		if found := findFrame(child, address); found != nil {
			return found
		}
	}

	return nil
}

// await waits until a condition holds in the frame at an address.
func (h *host) await(address, condition string) {
	h.Helper()
	held := poll(20*time.Second, func() bool {
		holds, _ := inFrame[bool](h, address, "!!("+condition+")")
		return holds
	})
	if held {
		return
	}

	base, _, _ := strings.Cut(address, "/portal")
	text, _ := inFrame[string](h, base, "location.href + document.body.innerText")
	h.Fatalf("at %s this never held: %s: %s", address, condition, text)
}

// centre is an expression that scrolls an element into the middle of its frame and returns where its centre is.
const centre = `(() => {
	const e = document.querySelector(%q);
	e.scrollIntoView({block: "center"});
	return new Promise(done => setTimeout(() => {
		const r = e.getBoundingClientRect();
		done([r.left + r.width / 2, r.top + r.height / 2]);
	}, 200));
})()`

// press clicks in the frame with a real mouse, because a tab opens only for a person.
func (h *host) press(address, selector string) {
	h.Helper()
	h.await(address, fmt.Sprintf("document.querySelector(%q)", selector))
	at, ok := inFrame[[2]float64](h, address, fmt.Sprintf(centre, selector))
	if !ok {
		h.Fatalf("no %s", selector)
	}

	var frame [2]float64
	corner := `(() => { const r = document.querySelector("iframe").getBoundingClientRect(); return [r.left, r.top] })()`
	h.run("find the frame", chromedp.Evaluate(corner, &frame))
	h.run("press "+selector, chromedp.MouseClickXY(frame[0]+at[0], frame[1]+at[1]))
}

// tabTo presses Tab, in the page around or in the frame, until the element of the frame has the focus.
func (h *host) tabTo(address, selector string) {
	h.Helper()
	condition := fmt.Sprintf(`document.hasFocus() && document.activeElement.matches(%q)`, selector)
	for range maxTabs {
		h.run("press Tab", chromedp.KeyEvent(kb.Tab))
		if has, _ := inFrame[bool](h, address, condition); has {
			return
		}
	}

	h.Fatalf("no way to %s by Tab at %s", selector, address)
}

// tabOut presses Tab until the focus has gone through the whole frame and left it, as it does with any part of a page.
func (h *host) tabOut(address string) {
	h.Helper()
	last := ""
	for range 120 {
		h.run("press Tab", chromedp.KeyEvent(kb.Tab))
		var inside bool
		h.run("look where the focus is", chromedp.Evaluate(`document.activeElement.tagName === "IFRAME"`, &inside))
		if !inside {
			if !strings.Contains(last, "/accessibility") {
				h.Errorf("the focus left the frame after %s", last)
			}
			return
		}

		last, _ = inFrame[string](h, address, `document.activeElement.outerHTML`)
	}

	h.Fatalf("Tab never leads out of the frame, but to %s", last)
}

// fitsFrame checks that the frame is as high as its page, so that nothing scrolls inside.
func (h *host) fitsFrame() {
	h.Helper()
	var src string
	var height, inside float64
	h.run("read the frame's address", chromedp.Evaluate(`document.querySelector("iframe").src.split("?")[0]`, &src))
	fits := poll(10*time.Second, func() bool {
		h.run(
			"read the frame's height",
			chromedp.Evaluate(`document.querySelector("iframe").getBoundingClientRect().height`, &height),
		)
		inside, _ = inFrame[float64](h, src, `document.documentElement.scrollHeight`)

		return inside > 300 && height >= inside && height < inside+2
	})
	if !fits {
		h.Fatalf("the frame is %v high, its page %v", height, inside)
	}
}

// axe checks the page in the frame with axe-core.
func (h *host) axe(address, name string) {
	h.Helper()
	violations, ok := inFrame[[]string](h, address, axeCore+"; "+axeRun("true"))
	if !ok {
		h.Errorf("%s: axe did not run", name)
	}
	for _, violation := range violations {
		h.Errorf("%s: %s", name, violation)
	}
}
