package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// refreshTime is more than a browser without scripts takes to load the waiting page again.
const refreshTime = 25 * time.Second

// pause keeps the waiting page as it is in a browser without scripts, which would load it again during an inspection.
func pause(b *tab) {
	b.Helper()
	if !b.script {
		b.press("a[href$='/waiting?pause=yes']")
	}
}

// goOn asks on the waiting page whether the customer has confirmed.
func goOn(b *tab) {
	b.Helper()
	b.press(".waiting a.button[href*='/waiting/check']")
}

// reloads waits until the page has loaded itself again.
func (b *tab) reloads() {
	b.Helper()
	const loaded = `performance.timeOrigin`
	before := eval[float64](b, loaded)
	var now float64
	if !poll(refreshTime, func() bool {
		err := chromedp.Run(b.ctx, chromedp.Evaluate(loaded, &now))
		return err == nil && now != before
	}) {
		b.Fatalf("the page at %s does not load itself again", b.path())
	}

	b.until(`document.readyState === "complete"`)
}

// becomes waits until the page has loaded itself again and is in another state.
func (b *tab) becomes(state string) {
	b.Helper()
	var found bool
	if !poll(refreshTime, func() bool {
		err := chromedp.Run(
			b.ctx,
			chromedp.Evaluate(`!!document.querySelector("#waiting[data-state=`+state+`]")`, &found),
		)

		return err == nil && found
	}) {
		b.Fatalf("the page at %s never says %s", b.path(), state)
	}
}

// toLetter asks for a letter, in a browser without scripts.
func toLetter(b *tab) {
	b.Helper()
	toProve(b)
	b.press("form[action='/portal/prove'] button")
	b.at("/portal/waiting")
}

// toLink opens the link of the newest letter.
func toLink(b *tab) {
	b.Helper()
	b.open("/demo/inbox", 200)
	b.press("main h2 a")
	eval[any](b, `document.querySelector("iframe").focus()`)
	b.run("press the letter's button", chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	b.at("/id/link")
}

// Without scripts the waiting page finds out by itself that the customer has confirmed. It keeps the place of the
// reader, and adds one entry to the history.
func TestWaitingWithoutScripts(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, l := range []look{{360, "en", false}, {1280, "cy", false}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, program(t, "demo", "--reidentification", "live"), l)
			toLetter(b)
			b.reloads()
			b.at("/portal/waiting/refresh")
			before, _, _ := b.history()
			eval[any](b, `scrollTo(0, 300)`)
			b.reloads()
			if after, _, _ := b.history(); after != before {
				b.Errorf("the history grows from %d to %d", before, after)
			}
			if y := eval[float64](b, "scrollY"); y < 250 {
				b.Errorf("the reader is thrown back to %v", y)
			}

			// Another device of the customer has the letter.
			phone := openTab(t, b.base, look{360, l.lang, true})
			toLink(phone)
			phone.fill("#code", b.text(".match-code"))
			phone.press("form[action='/id/link'] button")
			b.reloads()
			b.at("/portal/records")
			b.inspect("records without scripts")
			b.markCard()
			b.press("[data-e2e=card] a[href$='/withdraw']")
			b.press("form[action$='/withdraw'] button")
			b.inspect("withdrawn without scripts")
		})
	}
}

// Without scripts the waiting page says that the customer has declined, or has typed three wrong codes, and then stays.
func TestWaitingEndsWithoutScripts(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo", "--reidentification", "live"), look{360, "en", false})
	phone := openTab(t, b.base, look{360, "en", false})
	toLetter(b)
	toLink(phone)
	phone.press("button[formaction='/id/link/decline']")
	b.becomes("declined")
	b.inspect("declined without scripts")

	b.press("#waiting a[href='/portal/prove']")
	b.press("form[action='/portal/prove'] button")
	b.at("/portal/waiting")
	toLink(phone)
	wrong := map[bool]string{true: "3333", false: "4444"}[b.text(".match-code") != "3333"]
	for _, status := range []int64{422, 422, 410} {
		phone.fill("#code", wrong)
		phone.pressFor("form[action='/id/link'] button", status)
	}

	b.becomes("wrong-code")
	b.inspect("wrong code without scripts")
}
