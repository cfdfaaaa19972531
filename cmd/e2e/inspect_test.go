package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
)

// inspect checks the page that the tab shows.
func (b *tab) inspect(name string) {
	b.Helper()
	b.inspectAsIs(name)
	b.inspectStretched(name)
}

// inspectAsIs checks the page with axe-core in light and in dark colours, and checks that nothing is cut off or needs
// scrolling sideways.
func (b *tab) inspectAsIs(name string) {
	b.Helper()
	if lang := eval[string](b, "document.documentElement.lang"); lang != b.lang {
		b.Errorf("%s: the page is in %q, want %q", name, lang, b.lang)
	}

	// What is folded is checked too.
	eval[any](b, `document.querySelectorAll("details").forEach(d => { d.open = true })`)
	// Without scripts a page can only tell by loading itself again that the customer has confirmed or that their time
	// is over (docs/decisions.md, Without scripts).
	rules := "true"
	if !b.script {
		rules = `r.ruleId !== "meta-refresh"`
	}
	for _, violation := range b.axe(rules) {
		b.Errorf("%s: %s", name, violation)
	}

	b.run("choose dark colours", b.dark(true))
	for _, violation := range b.axe(`r.ruleId === "color-contrast" || r.ruleId === "link-in-text-block"`) {
		b.Errorf("%s in dark: %s", name, violation)
	}

	b.run("choose light colours", b.dark(false))

	b.fits(name)
}

// inspectStretched checks that the page still fits with the text at 200 %, with wide text spacing, zoomed to 200 %, and
// at 320 CSS pixels (WCAG 2.2: 1.4.4, 1.4.10, 1.4.12).
func (b *tab) inspectStretched(name string) {
	b.Helper()
	if b.phone() {
		b.run("zoom", b.metrics(640, 2))
		b.fits(name + " zoomed to 200 %")
		b.run("narrow", b.metrics(320, 1))
		b.fits(name + " at 320 px")
		b.run("restore", b.metrics(b.width, 1))
	}

	before := eval[float64](b, fontSize)
	b.run("enlarge text", page.SetFontSizes(&page.FontSizes{Standard: 32, Fixed: 26}))
	// A page may lose the larger letters of its wide layout when it changes to the narrow one.
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
	sheet.replaceSync("* {line-height: 1.5 !important; letter-spacing: .12em !important;" +
		" word-spacing: .16em !important} p {margin-bottom: 2em !important}");
	document.adoptedStyleSheets.push(sheet);
})()`

// axeRun is an expression that runs the rules of axe-core that meet a condition on r and returns every violation,
// however small. It leaves out the rules of level AAA and those that axe-core calls experimental.
func axeRun(condition string) string {
	return `(async () => {
		const left = /aaa|experimental|deprecated|obsolete/;
		const rules = axe.getRules().filter(r => (` + condition + `) && !r.tags.some(t => left.test(t)));
		const values = rules.map(r => r.ruleId);
		const result = await axe.run(document, {runOnly: {type: "rule", values}, resultTypes: ["violations"]});
		return result.violations.flatMap(v => v.nodes.map(n => v.id + " (" + v.impact + "): " +
			n.html.slice(0, 200) + " " + n.failureSummary.replace(/\s+/g, " ")));
	})()`
}

// axe returns the violations that axe-core finds on the page by the rules that meet the condition.
func (b *tab) axe(condition string) []string {
	b.Helper()
	var found []string
	b.isolated("axe", axeCore, axeRun(condition), &found)

	return found
}

// fits fails the test if the page scrolls sideways or text is cut off.
func (b *tab) fits(name string) {
	b.Helper()
	if found := eval[[]string](b, misfits); len(found) > 0 {
		b.Errorf("%s does not fit:\n\t%s", name, strings.Join(found, "\n\t"))
	}
}

// misfits examines every text and control that can be seen. Text for screen readers only is one pixel wide on purpose,
// a link that skips to the content waits outside until it has the focus, and code and tables may scroll by themselves
// if the keyboard can reach them.
const misfits = `(() => {
	const found = [], width = document.documentElement.clientWidth, page = document.scrollingElement.scrollWidth;
	if (page > width) found.push("the page is " + page + " px wide in a window of " + width);
	const short = s => s.trim().replace(/\s+/g, " ").slice(0, 60);
	const hidden = e => {
		for (; e && e !== document.body; e = e.parentElement) {
			const s = getComputedStyle(e);
			if (e.offsetWidth <= 1 || e.offsetHeight <= 1 && s.overflow !== "visible") return true;
			if (s.clipPath !== "none" || s.clip !== "auto") return true;
			if (e.matches("a[href^='#']") && (s.position === "absolute" || s.position === "fixed")) return true;
		}
		return false;
	};
	const scrolls = e => {
		if (!e.closest("pre, table")) return false;
		const box = e.closest("[tabindex='0']");
		return box && /auto|scroll/.test(getComputedStyle(box).overflowX);
	};
	const outside = (r, e) => {
		if (r.left < -1 || r.right > width + 1) {
			return " runs from " + r.left + " to " + r.right + " in a window of " + width;
		}
		for (let box = e; box && box !== document.body; box = box.parentElement) {
			const s = getComputedStyle(box), b = box.getBoundingClientRect();
			if (s.overflowX !== "visible" && (r.left < b.left - 1 || r.right > b.right + 1)) {
				return " is cut off sideways by " + box.tagName;
			}
			if (/hidden|clip/.test(s.overflowY) && (r.top < b.top - 2 || r.bottom > b.bottom + 2)) {
				return " is cut off by " + box.tagName;
			}
		}
		return "";
	};
	const check = (what, rects, e) => {
		if (!e.checkVisibility({visibilityProperty: true}) || hidden(e) || scrolls(e)) return;
		for (const r of rects) {
			const how = r.width === 0 || r.height === 0 ? "" : outside(r, e);
			if (how) { found.push(what + how); return; }
		}
	};
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; n = texts.nextNode();) {
		if (!n.data.trim() || n.parentElement.closest("script, style, noscript template")) continue;
		const range = document.createRange();
		range.selectNodeContents(n);
		check("“" + short(n.data) + "”", range.getClientRects(), n.parentElement);
	}
	for (const e of document.body.querySelectorAll("input, button, select, textarea, img, svg")) {
		check(e.tagName + " " + (e.id || e.name || short(e.textContent)), [e.getBoundingClientRect()], e);
	}
	return found.slice(0, 8);
})()`

// badPage has one fault for each check of this package.
const badPage = `<!DOCTYPE html><html lang="en"><head><title>Bad</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/style.css"><script src="/script.js"></script></head>
<body><main><h1>Bad</h1><p class="pale">pale</p><img src="/image.png">
<p class="long">Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch</p><div class="cut"><p>cut off</p></div>
<p style="color: red">inline</p><img alt="" src="http://elsewhere.example/x.png"><p>mlr_0123456789abcdef01234567</p>
<a href="/next?mpxn=2312%203456%2078901">next</a></main></body></html>`

const badStyle = `.pale { color: #ccc } .long { font-size: 60px }
.cut { height: 5px; overflow: hidden; white-space: nowrap }`

const badScript = `console.error("canary"); document.querySelector("nothing").canary()`

// badFaults are the faults of badPage, as the checks name them.
var badFaults = []string{
	"image-alt",
	"color-contrast",
	"px wide in a window of 360",
	"“cut off” is cut off",
	"Content Security Policy",
	"404",
	"asked elsewhere",
	"the address holds the meter point",
	"the answer holds mlr_",
}

// The checks find what they are for, with scripts and without. A check that finds nothing looks like a page without
// faults.
func TestChecks(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	server := httptest.NewServer(http.HandlerFunc(serveBadPage))
	t.Cleanup(server.Close)
	for _, script := range []bool{true, false} {
		t.Run(look{360, "en", script}.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, server.URL, look{360, "en", script})
			b.open("/", 200)
			found := append(b.axe("true"), eval[[]string](b, misfits)...)
			b.press("a")

			want := badFaults
			if script {
				want = append(want[:len(want):len(want)], "console: ", "exception: ")
			}

			// The messages of the browser arrive at any time.
			var text string
			complete := poll(5*time.Second, func() bool {
				b.mu.Lock()
				defer b.mu.Unlock()
				text = strings.Join(append(append(found, b.problems...), b.wire.problems(server.URL)...), "\n")
				return absent(text, want) == ""
			})
			if !complete {
				t.Errorf("nothing was found about %q; only:\n%s", absent(text, want), text)
			}

			b.mu.Lock()
			defer b.mu.Unlock()
			b.problems = nil
			b.wire.forget()
		})
	}
}

func serveBadPage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src *")
	switch r.URL.Path {
	case "/style.css":
		w.Header().Set("Content-Type", "text/css")
		io.WriteString(w, badStyle)
	case "/script.js":
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, badScript)
	case "/image.png":
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, badPage)
	}
}

// absent returns the first of want that text does not contain, or "".
func absent(text string, want []string) string {
	for _, part := range want {
		if !strings.Contains(text, part) {
			return part
		}
	}

	return ""
}
