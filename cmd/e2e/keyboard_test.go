package e2e

import (
	"fmt"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// maxTabs is how often a customer may have to press Tab for one step.
const maxTabs = 30

// shiftKey is the modifier of a key that is pressed with Shift.
const shiftKey = 8

// The journey without a mouse, from the number to the letter and through what the list offers. The element that has the
// focus always shows it and is not covered.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, l := range []look{{1280, "en", true}, {360, "en", true}, {360, "cy", true}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, program(t, "demo", "--reidentification", "live"), l)
			b.toWaitingByKeyboard()
			b.confirmByKeyboard(b.text(".match-code"))

			b.at("/portal/records")
			b.filterByKeyboard()
			if l.lang == "en" && l.width == 360 {
				b.withdrawSeveralByKeyboard()
			} else {
				b.withdrawByKeyboard()
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

// toWaitingByKeyboard leads a new customer to the page that waits for the letter.
func (b *tab) toWaitingByKeyboard() {
	b.Helper()
	b.open("/portal?lang="+b.lang, 200)
	b.key(kb.Tab)
	if first := eval[string](b, `document.activeElement.getAttribute("href")`); !strings.HasPrefix(first, "#") {
		b.Errorf("the first stop leads to %q, want a link that skips to the content", first)
	}

	b.checkFocus()
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
}

// confirmByKeyboard opens the letter in another window and types a wrong code and the right one.
func (b *tab) confirmByKeyboard(code string) {
	b.Helper()
	mail := b.another("/demo/inbox")
	for !eval[bool](mail, `!!document.querySelector("main h2 a")`) {
		mail.open("/demo/inbox", 200)
	}

	mail.tabTo("main h2 a")
	mail.enter()
	// The letter is of another origin: the page around sees only that the focus is inside, on the first link.
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
}

// filterByKeyboard filters the list by each field, starting from a link that filtered it by name.
func (b *tab) filterByKeyboard() {
	b.Helper()
	for _, field := range []string{"state", "reason"} {
		b.open("/portal/records?q=bright", 200)
		b.tabTo("#" + field)
		b.run("choose", chromedp.KeyEvent(kb.ArrowDown))
		b.tabTo(".filter button")
		b.showFiltered(field)
	}

	b.open("/portal/records?q=bright", 200)
	b.tabTo("#q")
	b.run("type over the text, which Tab has selected", chromedp.KeyEvent("nobody"))
	b.showFiltered("q")
}

// showFiltered sends the filter, waits for the list that it leaves, and shows the whole list again.
func (b *tab) showFiltered(field string) {
	b.Helper()
	b.key(kb.Enter)
	b.until(`document.activeElement.id === "found" && location.search.includes("` + field + `=") &&
		document.querySelectorAll("#list article").length < 5`)

	b.tabTo("#found a")
	b.key(kb.Enter)
	b.until(`document.readyState === "complete" && !location.search && !location.hash &&
		document.querySelectorAll("#list article").length === 5`)
}

// withdrawByKeyboard opens the details of a card, and stops the access with a reason.
func (b *tab) withdrawByKeyboard() {
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

// withdrawSeveralByKeyboard ticks two records, reviews them and stops them.
func (b *tab) withdrawSeveralByKeyboard() {
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

// letterByKeyboard copies a letter that holds the number, and passes the button that prints it.
func (b *tab) letterByKeyboard() {
	b.Helper()
	write := []cdpbrowser.PermissionType{cdpbrowser.PermissionTypeClipboardSanitizedWrite}
	b.run("let the page copy", cdpbrowser.GrantPermissions(write).WithBrowserContextID(b.cookies))
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

// Shift+Tab leads through the longest page from its end: nothing traps the focus.
func TestBackwards(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{1280, "en", true})
	toRecords(b)
	stops := eval[int](b, `document.querySelectorAll("a[href], button, input:not([type=hidden]), summary").length`)
	focused := map[string]bool{}
	for range stops + 2 {
		b.run("shift tab", chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(shiftKey)))
		b.checkFocus()
		focused[eval[string](b, `document.activeElement.outerHTML`)] = true
	}

	if len(focused) < 10 {
		t.Errorf("only %d stops: %v", len(focused), focused)
	}
}

// key presses a key.
func (b *tab) key(key string) {
	b.Helper()
	b.run("press a key", chromedp.KeyEvent(key))
}

// enter presses Enter and waits for the page that it leads to.
func (b *tab) enter() {
	b.Helper()
	b.load("press Enter", 200, chromedp.KeyEvent(kb.Enter))
}

// tabTo presses Tab until the element that matches has the focus.
func (b *tab) tabTo(selector string) {
	b.Helper()
	b.moveFocus(selector)
}

// tabBackTo is tabTo in the other direction.
func (b *tab) tabBackTo(selector string) {
	b.Helper()
	b.moveFocus(selector, chromedp.KeyModifiers(shiftKey))
}

func (b *tab) moveFocus(selector string, keys ...chromedp.KeyOption) {
	b.Helper()
	for n := range 120 {
		if eval[bool](b, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			b.checkFocus()
			if n > maxTabs {
				b.Errorf("%d times Tab to %s at %s", n, selector, b.path())
			}

			return
		}

		b.run("press Tab", chromedp.KeyEvent(kb.Tab, keys...))
		if selector == "iframe" {
			b.awaitFrames()
		}

		b.checkFocus()
	}

	b.Fatalf("no way to %s by Tab at %s", selector, b.path())
}

// awaitFrames waits until the focus has passed through the frames of the page, which are other processes.
func (b *tab) awaitFrames() {
	b.Helper()
	painted := `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`
	await := func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
	b.run("let the focus arrive", chromedp.Evaluate(painted, nil, await))
}

// focusFault is an expression that says why the focus cannot be seen, or "".
const focusFault = `(() => {
	const e = document.activeElement;
	if (e === document.body || e === document.documentElement || e.id === "main" || e.tagName === "IFRAME") return "";
	const name = e.outerHTML.slice(0, 120);
	const s = getComputedStyle(e), r = e.getBoundingClientRect();
	if ((s.outlineStyle === "none" || s.outlineWidth === "0px") && s.boxShadow === "none") {
		return "no sign of the focus on " + name;
	}
	if (r.bottom < 1 || r.top > innerHeight - 1 || r.right < 1 || r.left > innerWidth - 1) {
		return "outside the window: " + name;
	}
	const x = Math.min(Math.max(r.left + r.width / 2, 0), innerWidth - 1);
	const y = Math.min(Math.max(r.top + Math.min(r.height / 2, 20), 0), innerHeight - 1);
	const first = [...e.getClientRects()][0];
	const top = document.elementFromPoint(first.left + 3, y) ?? document.elementFromPoint(x, y);
	if (top && !e.contains(top) && !top.contains(e)) return name + " is under " + top.outerHTML.slice(0, 120);
	return "";
})()`

// checkFocus fails the test if the element that has the focus shows no sign of it, is outside the window or is under
// something else (WCAG 2.2: 2.4.7, 2.4.11).
func (b *tab) checkFocus() {
	b.Helper()
	if fault := eval[string](b, focusFault); fault != "" {
		b.Errorf("%s: %s", b.path(), fault)
	}
}
