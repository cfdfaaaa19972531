package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestLive is the customer who is asked: the letter comes into the demonstration's inbox, its button leads out of the
// frame that it is shown in, and the code of the waiting page confirms.
func TestLive(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, l := range []look{{1280, "en", true}, {360, "en", false}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, program(t, "demo", "--reidentification", "live"), l)
			toProve(b)
			b.press("form[action='/portal/prove'] button")
			b.at("/portal/waiting")
			b.inspect("waiting")
			code := b.text(".match-code")
			b.open("/demo/inbox", 200)
			b.inspect("inbox")
			b.press("main h2 a")
			b.inspect("letter")
			// The letter is a page of another origin, out of the test's reach: as a customer without a mouse.
			eval[any](b, `document.querySelector("iframe").focus()`)
			b.run("press the letter's button", chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
			b.at("/id/link")
			b.inspect("link")
			b.fill("#code", code)
			b.press("form[action='/id/link'] button")
			b.at("/id/link/confirmed")
			b.open("/portal/waiting", 200)
			if !b.script {
				b.press("a[href='/portal/waiting/check']")
			}
			b.at("/portal/records")
		})
	}
}
