package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestKeyboard goes the journey without a mouse. Whatever has the focus on the way must be seen to have it, and
// not be covered.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, width := range []int64{1280, 360} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, program(t, "demo"), look{width, "en", true})
			b.open("/portal?lang=en", 200)
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
			b.at("/portal/records")
			b.markCard()
			b.tabTo("[data-e2e=card] a[href$='/withdraw']")
			b.enter()
			b.tabTo("form[action$='/withdraw'] button")
			b.enter()
			b.tabTo("a[href='/portal/records']")
			b.enter()
			if ended := b.text("#ended"); !strings.Contains(ended, organisation) {
				t.Errorf("%s is not among those that can no longer see: %s", organisation, ended)
			}
			b.tabTo("header form[action='/portal/sign-out'] button")
			b.enter()
			b.at("/portal/signed-out")
		})
	}
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

// tabTo presses Tab until the element that matches has the focus.
func (b *tab) tabTo(selector string) {
	b.Helper()
	for range 120 {
		if eval[bool](b, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			b.focusIsSeen()
			return
		}
		b.key(kb.Tab)
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
			if (e === document.body || e === document.documentElement || e.id === "main") return "";
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
