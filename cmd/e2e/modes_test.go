package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// edgeless is an expression that lists the surfaces without a border. A tick box that the browser draws has an edge of
// the system's colour and, in Chromium, no border.
const edgeless = `[...document.querySelectorAll(".button, .field input, .card, .error-summary, .panel, .inset")]
	.filter(e => e.checkVisibility())
	.filter(e => !e.matches("[type=checkbox]") || getComputedStyle(e).appearance === "none")
	.filter(e => ["Top", "Left"].every(side => parseFloat(getComputedStyle(e)["border" + side + "Width"]) === 0))
	.map(e => e.outerHTML.slice(0, 100))`

// stickyHeight is an expression for the height of a quick exit that stays over the page, or 0.
const stickyHeight = `(() => {
	const leave = document.querySelector(".leave");
	return leave && getComputedStyle(leave).position === "sticky" ? leave.offsetHeight : 0;
})()`

// The journey in the high contrast of Windows, zoomed to 400 % of a window of 1280 by 1024, without scripts.
func TestForcedColours(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{320, "cy", false})
	forced := []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}
	b.run(
		"force colours",
		emulation.SetDeviceMetricsOverride(320, 256, 4, true),
		emulation.SetEmulatedMedia().WithFeatures(forced),
	)
	walk(b, func(name string) {
		if !eval[bool](b, `matchMedia("(forced-colors: active)").matches`) {
			t.Fatal("the colours are not forced")
		}

		b.fits(name)
		// A surface that its colour shows elsewhere needs a border here.
		for _, surface := range eval[[]string](b, edgeless) {
			t.Errorf("%s: no edge is seen of %s", name, surface)
		}

		if height := eval[float64](b, stickyHeight); height > 0 {
			t.Errorf("%s: the quick exit stays over %v of 256 px", name, height)
		}
	})
}

// unseen is an expression that lists headings, links and controls that are not visible.
const unseen = `[...document.querySelectorAll("main h1, main button, main a[href], main input:not([type=hidden])")]
	.filter(e => !e.closest("details:not([open])") && !e.checkVisibility() && !e.closest("[hidden], dialog"))
	.map(e => e.outerHTML.slice(0, 100))`

// largestPicture is an expression for the smaller side of the largest picture, in px.
const largestPicture = `Math.max(...[...document.querySelectorAll("svg, img")]
	.map(e => e.getBoundingClientRect()).map(r => Math.min(r.width, r.height)), 0)`

// The journey without style sheets: a page is then read from its beginning to its end.
func TestNoStyleSheets(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{1280, "en", true})
	walk(b, func(name string) {
		eval[any](b, `[...document.styleSheets].forEach(s => { s.disabled = true })`)
		if text := b.text("main"); len(text) < 80 {
			t.Errorf("%s says only %q", name, text)
		}
		if found := eval[[]string](b, unseen); len(found) > 0 {
			t.Errorf("%s hides %v", name, found)
		}
		// Without its style sheet a picture that floats over the page must not fill it.
		if size := eval[float64](b, largestPicture); size > 360 {
			t.Errorf("%s: a picture is %v px wide and high", name, size)
		}
	})
}
