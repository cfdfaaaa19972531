package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"central.consent/dar/registerclient"
)

// host is a window at somebody else's page, in a browser of its own that takes cookies of third parties or does not. To
// that page localhost, where the portal is, is another site.
type host struct {
	*testing.T
	ctx context.Context
}

// openHost starts a browser, for what it does with cookies is decided at its start.
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
		chromedp.Flag(
			"disable-dev-shm-usage",
			true,
		),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("disable-popup-blocking", false),
		// One process, so that the frame can be looked into as a part of the page.
		chromedp.Flag(
			"disable-features",
			"IsolateOrigins,site-per-process,Translate",
		),
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

func (h *host) run(what string, actions ...chromedp.Action) {
	h.Helper()
	if err := chromedp.Run(h.ctx, actions...); err != nil {
		h.Fatalf("%s: %v", what, err)
	}
}

// inFrame runs an expression in the frame whose address begins so, in a world of its own; false where there is no such frame.
func inFrame[T any](h *host, address, expression string) (value T, ok bool) {
	h.Helper()
	err := chromedp.Run(h.ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		tree, err := page.GetFrameTree().Do(ctx)
		if err != nil {
			return err
		}

		found := find(tree, address)
		if found == nil {
			return fmt.Errorf("no frame at %s", address)
		}

		world, err := page.CreateIsolatedWorld(found.ID).Do(ctx)
		if err != nil {
			return err
		}

		result, thrown, err := runtime.Evaluate(expression).
			WithContextID(world).
			WithAwaitPromise(true).
			WithReturnByValue(true).
			WithUserGesture(true).
			Do(ctx)
		if err != nil || thrown != nil {
			return fmt.Errorf("%v %v", err, thrown)
		}

		ok = true
		if len(result.Value) == 0 {
			return nil
		}

		return json.Unmarshal(result.Value, &value)
	}))
	if err != nil {
		return value, false
	}

	return value, ok
}

func find(tree *page.FrameTree, address string) *cdp.Frame {
	if strings.HasPrefix(tree.Frame.URL, address) {
		return tree.Frame
	}
	for _, child := range tree.ChildFrames {
		if found := find(child, address); found != nil {
			return found
		}
	}

	return nil
}

// await waits until an expression holds in the frame at an address.
func (h *host) await(address, expression string) {
	h.Helper()
	for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
		if held, _ := inFrame[bool](h, address, "!!("+expression+")"); held {
			return
		}
	}

	text, _ := inFrame[string](
		h,
		address[:strings.Index(address, "/portal")],
		"location.href + document.body.innerText",
	)
	h.Fatalf("%s never holds at %s: %s", expression, address, text)
}

// press clicks in the frame with a real mouse, for a tab opens for a person alone.
func (h *host) press(address, selector string) {
	h.Helper()
	h.await(address, fmt.Sprintf("document.querySelector(%q)", selector))
	at, ok := inFrame[[2]float64](
		h,
		address,
		fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center"});
		return new Promise(done => setTimeout(() => { const r = e.getBoundingClientRect(); done([r.left + r.width / 2, r.top + r.height / 2]) }, 200)) })()`, selector),
	)
	if !ok {
		h.Fatalf("no %s", selector)
	}

	var box [2]float64
	h.run(
		"find the frame",
		chromedp.Evaluate(
			`(() => { const r = document.querySelector("iframe").getBoundingClientRect(); return [r.left, r.top] })()`,
			&box,
		),
	)
	h.run("press "+selector, chromedp.MouseClickXY(box[0]+at[0], box[1]+at[1]))
}

// tabTo presses Tab, from the page around or within the frame, until the element of the frame has the focus.
func (h *host) tabTo(address, selector string) {
	h.Helper()
	for range sensible {
		h.run("press Tab", chromedp.KeyEvent(kb.Tab))
		if has, _ := inFrame[bool](
			h,
			address,
			fmt.Sprintf(`document.hasFocus() && document.activeElement.matches(%q)`, selector),
		); has {
			return
		}
	}

	h.Fatalf("no way to %s by Tab at %s", selector, address)
}

// tabOut presses Tab until the focus has gone through the whole frame, and is in it no more: it is a part of the page like others.
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

func TestEmbedded(t *testing.T) {
	t.Parallel()
	for name, blocked := range map[string]bool{"third-party cookies blocked": true, "third-party cookies allowed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needBrowser(t)
			base := program(t, "demo")
			embed := base + "/portal/embed"
			embedder := strings.Replace(base, "localhost", "127.0.0.1", 1) + "/demo/embed"
			h := openHost(t, 1280, blocked)
			h.run("open the other page", chromedp.Navigate(embedder+"?lang=en"))
			h.await(embed, `document.querySelector("#number")`)
			h.grows()
			h.axe(embed, "start")
			h.tabTo(embed, "#number")
			h.run("type", chromedp.KeyEvent(demoMPxN), chromedp.KeyEvent(kb.Enter))
			h.await(embed, `document.querySelector("input[name=confirmed]")`)
			h.tabTo(embed, "form:has(input[name=confirmed]) button") // the answer to a form takes the address of a page
			h.run("press Enter", chromedp.KeyEvent(kb.Enter))
			h.await(embed+"/prove", `document.querySelector("#method")`)
			h.tabTo(embed+"/prove", "form[action='/portal/embed/prove'] button")
			h.run("press Enter", chromedp.KeyEvent(kb.Enter))
			h.await(embed+"/records", `document.querySelector("#active")`)
			h.tabOut(embed + "/records")
			h.grows()
			h.axe(embed+"/records", "records")
			var title string
			h.run("read the title", chromedp.Evaluate(`document.querySelector("iframe").title`, &title))
			if !strings.HasPrefix(title, "Who can see your energy data") {
				t.Errorf("the frame is called %q", title)
			}

			// The cookie is kept for this pair of sites, and the portal's own pages know nothing of it.
			h.run("look at the cookies", chromedp.ActionFunc(func(ctx context.Context) error {
				cookies, err := network.GetCookies().WithURLs([]string{base + "/portal"}).Do(ctx)
				for _, c := range cookies {
					if strings.Contains(c.Name, "session") &&
						(c.PartitionKey == nil || !c.Secure || c.SameSite != network.CookieSameSiteNone) {
						t.Errorf("the session's cookie is %+v", c)
					}
				}

				return err
			}))

			inFrame[any](
				h,
				embed+"/records",
				`void ([...document.querySelectorAll("#active article")].find(a => a.textContent.includes("`+organisation+`")).querySelector("a[href$='/withdraw']").id = "stop")`,
			)
			h.press(embed+"/records", "#stop")
			h.await(embed+"/records/", `document.querySelector("form[data-new-tab]")`)
			h.axe(embed+"/records/", "leave the frame")
			tabs := chromedp.WaitNewTarget(h.ctx, func(info *target.Info) bool { return info.Type == "page" })
			h.press(embed+"/records/", "form[data-new-tab] button")
			var id target.ID
			select {
			case id = <-tabs:
			case <-time.After(20 * time.Second):
				t.Fatal("no tab opened")
			}

			if got := recordState(t, base); got != registerclient.StateActive {
				t.Fatalf("in the frame the record became %s", got)
			}

			ctx, cancel := chromedp.NewContext(h.ctx, chromedp.WithTargetID(id))
			defer cancel()
			tab := &host{T: t, ctx: ctx}
			tab.run("go on", chromedp.WaitVisible("form[action='/portal/ticket'] button", chromedp.ByQuery),
				chromedp.Click("form[action='/portal/ticket'] button", chromedp.ByQuery),
				chromedp.WaitVisible("form[action$='/withdraw'] button", chromedp.ByQuery))
			if got := recordState(t, base); got != registerclient.StateActive {
				t.Fatalf("the ticket stopped the record: %s", got)
			}

			var heading, location string
			tab.run(
				"stop",
				chromedp.Text("h1", &heading, chromedp.ByQuery),
				chromedp.Location(&location),
				chromedp.Click(
					"form[action$='/withdraw'] button",
					chromedp.ByQuery,
				),
				chromedp.WaitVisible(".panel", chromedp.ByQuery),
			)
			if !strings.Contains(heading, organisation) || !strings.HasPrefix(location, base+"/portal/records/") {
				t.Errorf("the tab is at %s, and asks %q", location, heading)
			}
			if got := recordState(t, base); got != registerclient.StateRevoked {
				t.Errorf("the record is %s", got)
			}

			// Back at the frame.
			inFrame[any](h, embed+"/records/", `location.assign("/portal/embed/records")`)
			h.await(
				embed+"/records",
				`document.querySelector("#ended")?.textContent.includes("`+organisation+`") && !document.querySelector("#active").textContent.includes("`+organisation+`")`,
			)
		})
	}
}

// grows checks that the frame is as high as its page, so that nothing scrolls inside.
func (h *host) grows() {
	h.Helper()
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		var height float64
		h.run(
			"read the frame's height",
			chromedp.Evaluate(`document.querySelector("iframe").getBoundingClientRect().height`, &height),
		)
		inside, _ := inFrame[float64](h, frameAddress(h), `document.documentElement.scrollHeight`)
		if inside > 300 && height >= inside && height < inside+2 {
			return
		}
		if time.Since(start) > 10*time.Second {
			h.Fatalf("the frame is %v high, its page %v", height, inside)
		}
	}
}

func frameAddress(h *host) string {
	var address string
	h.run("read the frame's address", chromedp.Evaluate(`document.querySelector("iframe").src.split("?")[0]`, &address))
	return address
}

// axe holds axe-core against the page in the frame.
func (h *host) axe(address, name string) {
	h.Helper()
	found, ok := inFrame[[]string](h, address, axeCore+`; (async () => {
		const values = axe.getRules().filter(r => !r.tags.some(t => /aaa|experimental|deprecated|obsolete/.test(t))).map(r => r.ruleId);
		const result = await axe.run(document, {runOnly: {type: "rule", values}, resultTypes: ["violations"]});
		return result.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.html.slice(0, 200) + " " + n.failureSummary));
	})()`)
	if !ok {
		h.Errorf("%s: axe did not run", name)
	}
	for _, violation := range found {
		h.Errorf("%s: %s", name, violation)
	}
}

// TestFramedByListedAlone holds pages of other origins against the portal: one that is not listed, and one that is but
// stands itself in a frame of one that is not. Both show the plain link, or nothing of the portal.
func TestFramedByListedAlone(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	listed := strings.Replace(base, "localhost", "127.0.0.1", 1) + "/demo/embed"
	mux := http.NewServeMux()
	serve := func(path, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><title>Other</title><body>`+body)
		})
	}
	serve("/unlisted", `<script src="`+base+`/portal/embed.js"></script>`)
	serve("/nested", `<iframe src="`+listed+`"></iframe>`)
	serve("/records", `<iframe src="`+base+`/portal"></iframe>`)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	h := openHost(t, 800, false)
	h.run("a listed origin", chromedp.Navigate(listed))
	h.await(base+"/portal/embed", `document.querySelector("#number")`)

	for _, path := range []string{"/unlisted", "/nested", "/records"} {
		h.run(path, chromedp.Navigate(server.URL+path))
		time.Sleep(2 * time.Second)
		if text, ok := inFrame[string](h, base, "document.body.innerText"); ok {
			t.Errorf("%s: the portal shows in the frame: %s", path, text)
		}
	}

	h.run(
		"the link in its place",
		chromedp.Navigate(server.URL+"/unlisted"),
		chromedp.WaitVisible(
			`a[href="`+base+`/portal?lang=en"]`,
			chromedp.ByQuery,
		),
		chromedp.WaitNotPresent("iframe", chromedp.ByQuery),
	)
}
