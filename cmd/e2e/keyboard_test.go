package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestKeyboard goes the journey without a mouse, from the number to the letter that asks, and through what can be done on the
// list. Whatever has the focus on the way must be seen to have it, and not be covered.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, l := range []look{{1280, "en", true}, {360, "en", true}, {360, "cy", true}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, program(t, "demo", "--reidentification", "live"), l)
			b.open("/portal?lang="+l.lang, 200)
			b.key(kb.Tab)
			if first := eval[string](b, `document.activeElement.getAttribute("href")`); !strings.HasPrefix(first, "#") {
				t.Errorf("the first stop leads to %q, want a link that skips to the content", first)
			}

			b.focusIsSeen()
			b.key(kb.Enter)
			b.tabTo("#number")
			b.run("type", chromedp.KeyEvent(demoMPxN))
			b.enter()
			b.tabTo("form:has(input[name=confirmed]) button")
			b.enter()
			b.at("/portal/prove")
			b.tabTo("form[action='/portal/prove'] button")
			b.enter()
			b.at("/portal/waiting")
			code := b.text(".match-code")

			mail := b.another("/demo/inbox")
			for !eval[bool](mail, `!!document.querySelector("main h2 a")`) {
				mail.open("/demo/inbox", 200)
			}

			mail.tabTo("main h2 a")
			mail.enter()
			// The letter is of another origin: the page around sees only that the focus is in there, at the first link.
			mail.tabTo("iframe")
			mail.key(kb.Enter)
			mail.at("/id/link")
			mail.tabTo("#code")
			mail.run("type a wrong code", chromedp.KeyEvent("?"))
			mail.load("press Enter", 422, chromedp.KeyEvent(kb.Enter))
			mail.until(`document.activeElement.id === "error-summary"`)
			mail.tabTo("#code")
			mail.run("type the code", chromedp.KeyEvent(code))
			mail.enter()
			mail.at("/id/link/confirmed")

			b.at("/portal/records")
			b.narrowByKeyboard()
			if l.lang == "en" && l.width == 360 {
				b.stopSeveralByKeyboard()
			} else {
				b.stopByKeyboard()
			}

			b.letterByKeyboard()
			b.tabTo(".language a")
			b.key(kb.Enter)
			b.until(fmt.Sprintf(`document.readyState === "complete" && document.documentElement.lang !== %q`, l.lang))
			b.tabTo("header form[action='/portal/sign-out'] button")
			b.key(kb.Enter)
			b.at("/portal/signed-out")
		})
	}
}

// narrowByKeyboard narrows the list by each of the filter's fields, as somebody does who comes by a link that did so.
func (b *tab) narrowByKeyboard() {
	b.Helper()
	b.open("/portal/records?q=bright", 200)
	clear := func() {
		b.Helper()
		b.tabTo("#found a")
		b.key(kb.Enter)
		b.until(
			`document.readyState === "complete" && !location.search && !location.hash && document.querySelectorAll("#list article").length === 5`,
		)
	}
	for _, field := range []string{"#state", "#reason", "#q"} {
		b.tabTo(field)
		if field == "#q" {
			b.run("type in place of what is there, which Tab has marked", chromedp.KeyEvent("nobody"))
		} else {
			b.run("choose", chromedp.KeyEvent(kb.ArrowDown))
			b.tabTo(".filter button")
		}

		b.key(kb.Enter)
		b.until(
			`document.activeElement.id === "found" && location.search.includes("` + strings.TrimPrefix(
				field,
				"#",
			) + `=") && document.querySelectorAll("#list article").length < 5`,
		)
		if field == "#q" {
			clear()
			break
		}

		clear()
		b.open("/portal/records?q=bright", 200)
	}
}

// stopByKeyboard looks at a card's details, and stops the access with a reason.
func (b *tab) stopByKeyboard() {
	b.Helper()
	b.markCard()
	b.tabTo("[data-e2e=card] summary")
	b.key(kb.Enter)
	b.until(`document.querySelector("[data-e2e=card] details").open`)
	b.markCard()
	b.tabBackTo("[data-e2e=card] a[href$='/withdraw']")
	b.enter()
	b.tabTo("main form summary")
	b.key(kb.Enter)
	b.tabTo("input[name=why]")
	b.key(kb.ArrowDown)
	b.tabTo("form[action$='/withdraw'] .button")
	b.enter()
	b.tabTo("main .told a, main .buttons a")
	b.tabTo("main .buttons a[href='/portal/records']")
	b.enter()
	if ended := b.text("#ended"); !strings.Contains(ended, organisation) {
		b.Errorf("%s is not among those that can no longer see: %s", organisation, ended)
	}
}

// stopSeveralByKeyboard ticks two, looks them through, and stops them.
func (b *tab) stopSeveralByKeyboard() {
	b.Helper()
	for range 2 {
		b.tabTo("input[name=record]:not(:checked)")
		b.key(" ")
	}

	b.tabTo("#several button")
	b.enter()
	b.tabTo("form[action^='/portal/records/several'] .button")
	b.enter()
	b.tabTo("main .buttons a[href='/portal/records']")
	b.enter()
}

// letterByKeyboard copies a letter with the number in it, and comes by the button that prints it.
func (b *tab) letterByKeyboard() {
	b.Helper()
	b.run(
		"let the page copy",
		cdpbrowser.GrantPermissions([]cdpbrowser.PermissionType{cdpbrowser.PermissionTypeClipboardSanitizedWrite}).
			WithBrowserContextID(b.own),
	)
	b.tabTo("a[href$='/letter']")
	b.enter()
	b.tabTo("form.number-choice button")
	b.enter()
	b.until(`document.activeElement.id === "text"`)
	b.tabTo("[data-copy]")
	b.key(kb.Enter)
	b.until(`document.getElementById("copied").textContent !== ""`)
	b.tabTo("[data-print]")
}

// TestBackwards tabs through the longest page from its end: nothing traps the focus.
func TestBackwards(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{1280, "en", true})
	toRecords(b)
	stops := eval[int](b, `document.querySelectorAll("a[href], button, input:not([type=hidden]), summary").length`)
	seen := map[string]bool{}
	for range stops + 2 {
		b.run("shift tab", chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(8)))
		b.focusIsSeen()
		seen[eval[string](b, `document.activeElement.outerHTML`)] = true
	}

	if len(seen) < 10 {
		t.Errorf("only %d stops: %v", len(seen), seen)
	}
}

func (b *tab) key(key string) {
	b.Helper()
	b.run("press a key", chromedp.KeyEvent(key))
}

// enter presses the key and waits for the page that it leads to.
func (b *tab) enter() {
	b.Helper()
	b.load("press Enter", 200, chromedp.KeyEvent(kb.Enter))
}

// sensible is how often somebody may have to press Tab for one step.
const sensible = 30

// tabTo presses Tab until the element that matches has the focus.
func (b *tab) tabTo(selector string) { b.Helper(); b.step(selector) }

// tabBackTo goes the other way.
func (b *tab) tabBackTo(selector string) {
	b.Helper()
	b.step(selector, chromedp.KeyModifiers(8))
}

func (b *tab) step(selector string, keys ...chromedp.KeyOption) {
	b.Helper()
	for n := range 120 {
		if eval[bool](b, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			b.focusIsSeen()
			if n > sensible {
				b.Errorf("%d times Tab to %s at %s", n, selector, b.path())
			}
			return
		}

		b.run("press Tab", chromedp.KeyEvent(kb.Tab, keys...))
		if selector == "iframe" {
			// It is another process that the focus goes through.
			b.run(
				"let the focus arrive",
				chromedp.Evaluate(
					`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`,
					nil,
					func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) },
				),
			)
		}

		b.focusIsSeen()
	}

	b.Fatalf("no way to %s by Tab at %s", selector, b.path())
}

// focusIsSeen fails the test where what has the focus shows no sign of it, is outside the window or under
// something else (WCAG 2.2: 2.4.7, 2.4.11).
func (b *tab) focusIsSeen() {
	b.Helper()
	var problem string
	b.run("look at the focus", chromedp.ActionFunc(func(ctx context.Context) error {
		return chromedp.Evaluate(`(() => {
			const e = document.activeElement;
			if (e === document.body || e === document.documentElement || e.id === "main" || e.tagName === "IFRAME") return "";
			const name = e.outerHTML.slice(0, 120);
			const s = getComputedStyle(e), r = e.getBoundingClientRect();
			if ((s.outlineStyle === "none" || s.outlineWidth === "0px") && s.boxShadow === "none") return "no sign of the focus on " + name;
			const x = Math.min(Math.max(r.left + r.width / 2, 0), innerWidth - 1), y = Math.min(Math.max(r.top + Math.min(r.height / 2, 20), 0), innerHeight - 1);
			if (r.bottom < 1 || r.top > innerHeight - 1 || r.right < 1 || r.left > innerWidth - 1) return "outside the window: " + name;
			const top = document.elementFromPoint([...e.getClientRects()][0].left + 3, y) ?? document.elementFromPoint(x, y);
			if (top && !e.contains(top) && !top.contains(e)) return name + " is under " + top.outerHTML.slice(0, 120);
			return "";
		})()`, &problem).Do(ctx)
	}))
	if problem != "" {
		b.Errorf("%s: %s", b.path(), problem)
	}
}
