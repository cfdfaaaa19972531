package e2e

import (
	"strings"

	"github.com/chromedp/cdproto/page"
)

// inspect checks the page that the tab is at.
func (b *tab) inspect(name string) {
	b.Helper()
	b.inspectAsIs(name)
	b.inspectStretched(name)
}

// inspectAsIs checks it with axe-core in light and in dark, and that nothing is cut off or needs scrolling sideways.
func (b *tab) inspectAsIs(name string) {
	b.Helper()
	if lang := eval[string](b, "document.documentElement.lang"); lang != b.lang {
		b.Errorf("%s: the page is in %q, want %q", name, lang, b.lang)
	}

	// What is folded away is checked too.
	eval[any](b, `document.querySelectorAll("details").forEach(d => { d.open = true })`)
	for _, violation := range b.axe("true") {
		b.Errorf("%s: %s", name, violation)
	}

	b.run("choose dark colours", b.dark(true))
	for _, violation := range b.axe(`r.ruleId === "color-contrast" || r.ruleId === "link-in-text-block"`) {
		b.Errorf("%s in dark: %s", name, violation)
	}

	b.run("choose light colours", b.dark(false))

	b.fits(name)
}

// inspectStretched checks that it still fits with the text at 200 %, with wide text spacing, zoomed to 200 %, and at 320 CSS
// pixels (WCAG 2.2: 1.4.4, 1.4.10, 1.4.12).
func (b *tab) inspectStretched(name string) {
	b.Helper()
	if b.width < 600 {
		b.run("zoom", b.metrics(640, 2))
		b.fits(name + " zoomed to 200 %")
		b.run("narrow", b.metrics(320, 1))
		b.fits(name + " at 320 px")
		b.run("back", b.metrics(b.width, 1))
	}

	before := eval[float64](b, fontSize)
	b.run("enlarge text", page.SetFontSizes(&page.FontSizes{Standard: 32, Fixed: 26}))
	// A page may give up the larger letters of its wide layout as it goes over to the narrow one.
	if after := eval[float64](b, fontSize); after < 1.8*before {
		b.Errorf("%s: text of %v px becomes %v px at 200 %%", name, before, after)
	}

	b.fits(name + " with text at 200 %")
	b.run("shrink text", page.SetFontSizes(&page.FontSizes{Standard: 16, Fixed: 13}))

	eval[any](b, textSpacing)
	b.fits(name + " with wide text spacing")
	eval[any](b, `void document.adoptedStyleSheets.pop()`)
}

const fontSize = `parseFloat(getComputedStyle(document.querySelector("main p") ?? document.body).fontSize)`

const textSpacing = `(() => {
	const sheet = new CSSStyleSheet();
	sheet.replaceSync("* {line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important} p {margin-bottom: 2em !important}");
	document.adoptedStyleSheets.push(sheet);
})()`

// axe returns every violation, however small, of the rules of levels A and AA and of the best practices that meet the
// condition. Left out are the rules of level AAA and those that axe-core calls experimental.
func (b *tab) axe(condition string) []string {
	b.Helper()
	var found []string
	b.isolated("axe", axeCore, `(async () => {
		const values = axe.getRules().filter(r => (`+condition+`) && !r.tags.some(t => /aaa|experimental|deprecated|obsolete/.test(t))).map(r => r.ruleId);
		const result = await axe.run(document, {runOnly: {type: "rule", values}, resultTypes: ["violations"]});
		return result.violations.flatMap(v => v.nodes.map(n => v.id + " (" + v.impact + "): " + n.html.slice(0, 200) + " " + n.failureSummary.replace(/\s+/g, " ")));
	})()`, &found)

	return found
}

// fits fails the test where the page scrolls sideways, or text is cut off.
func (b *tab) fits(name string) {
	b.Helper()
	if found := eval[[]string](b, misfits); len(found) > 0 {
		b.Errorf("%s does not fit:\n\t%s", name, strings.Join(found, "\n\t"))
	}
}

// misfits walks every text and control that can be seen. Text for screen readers alone is one pixel wide on
// purpose, a link that skips to the content waits outside until it has the focus, and code and tables may scroll
// by themselves where the keyboard can get at them.
const misfits = `(() => {
	const found = [], width = document.documentElement.clientWidth;
	if (document.scrollingElement.scrollWidth > width) found.push("the page is " + document.scrollingElement.scrollWidth + " px wide in a window of " + width);
	const short = s => s.trim().replace(/\s+/g, " ").slice(0, 60);
	const hidden = e => {
		for (; e && e !== document.body; e = e.parentElement) {
			const s = getComputedStyle(e);
			if (e.offsetWidth <= 1 || e.offsetHeight <= 1 && s.overflow !== "visible" || s.clipPath !== "none" || s.clip !== "auto") return true;
			if (e.matches("a[href^='#']") && s.position === "absolute" || e.matches("a[href^='#']") && s.position === "fixed") return true;
		}
		return false;
	};
	const scrolls = e => {
		if (!e.closest("pre, table")) return false;
		const box = e.closest("[tabindex='0']");
		return box && /auto|scroll/.test(getComputedStyle(box).overflowX);
	};
	const check = (what, rects, e) => {
		if (!e.checkVisibility({visibilityProperty: true}) || hidden(e) || scrolls(e)) return;
		for (const r of rects) {
			if (r.width === 0 || r.height === 0) continue;
			if (r.left < -1 || r.right > width + 1) { found.push(what + " runs from " + r.left + " to " + r.right + " in a window of " + width); return; }
			for (let box = e; box && box !== document.body; box = box.parentElement) {
				const s = getComputedStyle(box), b = box.getBoundingClientRect();
				if (s.overflowX !== "visible" && (r.left < b.left - 1 || r.right > b.right + 1)) { found.push(what + " is cut off sideways by " + box.tagName); return; }
				if (/hidden|clip/.test(s.overflowY) && (r.top < b.top - 2 || r.bottom > b.bottom + 2)) { found.push(what + " is cut off by " + box.tagName); return; }
			}
		}
	};
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; n = texts.nextNode();) {
		if (!n.data.trim() || n.parentElement.closest("script, style, noscript template")) continue;
		const range = document.createRange();
		range.selectNodeContents(n);
		check("“" + short(n.data) + "”", range.getClientRects(), n.parentElement);
	}
	for (const e of document.body.querySelectorAll("input, button, select, textarea, img, svg")) check(e.tagName + " " + (e.id || e.name || short(e.textContent)), [e.getBoundingClientRect()], e);
	return found.slice(0, 8);
})()`
