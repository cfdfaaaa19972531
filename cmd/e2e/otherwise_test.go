package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestOtherwise goes the journey as somebody does whose browser shows it in another way than it was drawn.
func TestOtherwise(t *testing.T) {
	t.Parallel()
	needBrowser(t)

	// Windows' high contrast, zoomed to 400 % of a window of 1280 by 1024, without scripts.
	t.Run("forced colours at 400 %", func(t *testing.T) {
		t.Parallel()
		b := openTab(t, program(t, "demo"), look{320, "cy", false})
		b.run(
			"force colours",
			emulation.SetDeviceMetricsOverride(320, 256, 4, true),
			emulation.SetEmulatedMedia().
				WithFeatures([]*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}),
		)
		walk(b, func(name string) {
			if !eval[bool](b, `matchMedia("(forced-colors: active)").matches`) {
				t.Fatal("the colours are not forced")
			}

			b.fits(name)
			// What is a surface in colour has to have an edge here.
			for _, edgeless := range eval[[]string](b, `[...document.querySelectorAll(".button, .field input, .card, .error-summary, .panel, .inset")]
				.filter(e => e.checkVisibility() && ["Top", "Left"].every(side => parseFloat(getComputedStyle(e)["border" + side + "Width"]) === 0))
				.map(e => e.outerHTML.slice(0, 100))`) {
				t.Errorf("%s: no edge is seen of %s", name, edgeless)
			}

			if height := eval[float64](
				b,
				`(document.querySelector(".leave") && getComputedStyle(document.querySelector(".leave")).position === "sticky") ? document.querySelector(".leave").offsetHeight : 0`,
			); height > 0 {
				t.Errorf("%s: the quick exit stays over %v of 256 px", name, height)
			}
		})
	})

	// Without style sheets a page is read from its beginning to its end.
	t.Run("no style sheets", func(t *testing.T) {
		t.Parallel()
		b := openTab(t, program(t, "demo"), look{1280, "en", true})
		walk(b, func(name string) {
			eval[any](b, `[...document.styleSheets].forEach(s => { s.disabled = true })`)
			if text := b.text("main"); len(text) < 80 {
				t.Errorf("%s says only %q", name, text)
			}
			if found := eval[[]string](
				b,
				`[...document.querySelectorAll("main h1, main button, main a[href], main input:not([type=hidden])")]
				.filter(e => !e.closest("details:not([open])") && !e.checkVisibility() && !e.closest("[hidden], dialog")).map(e => e.outerHTML.slice(0, 100))`,
			); len(
				found,
			) > 0 {
				t.Errorf("%s hides %v", name, found)
			}
			// What floats over the page with a style sheet must not be all that there is without one.
			if size := eval[float64](
				b,
				`Math.max(...[...document.querySelectorAll("svg, img")].map(e => e.getBoundingClientRect()).map(r => Math.min(r.width, r.height)), 0)`,
			); size > 360 {
				t.Errorf("%s: a picture is %v px wide and high", name, size)
			}
		})
	})
}

// TestWaitingIsHeard compares the accessibility tree of the waiting page with what somebody has to hear who does not see it, in
// this order: the quick exit, which page it is, the number, what to do, the code letter by letter, how long there is, and the ways
// on.
func TestWaitingIsHeard(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo", "--reidentification", "live"), look{360, "en", true})
	toProve(b)
	b.press("form[action='/portal/prove'] button")
	b.at("/portal/waiting")
	code := b.text(".match-code")

	var heard []string
	b.run("read the accessibility tree", chromedp.ActionFunc(func(ctx context.Context) error {
		// The library does not know all the words that a newer Chromium has for why a node is left out.
		var tree struct {
			Nodes []node `json:"nodes"`
		}
		err := cdp.Execute(ctx, "Accessibility.getFullAXTree", nil, &tree)
		heard = speak(tree.Nodes)

		return err
	}))
	speech := strings.Join(heard, "\n")
	for _, want := range []string{
		"link: Skip to the main content", "region: Quick exit", "status:", "button: Leave this page fast", "main:",
		"text: 23 1234 5678 901", "heading: Check your email", "list:", "text: Come back to this page and choose Continue.",
		"region: Your code", "text: " + strings.Join(strings.Split(code, ""), " "), "text: We are waiting for you to confirm.", "text: About 15 minutes left.",
		"link: Continue", "region: Nothing has arrived", "button: Send the email again", "region: If others read that mailbox", "link: Use another way", "status:", "contentinfo:",
	} {
		_, rest, found := strings.Cut(speech, want)
		if !found {
			t.Fatalf("after what came before, nobody hears %q:\n%s\n\nof\n%s", want, speech, strings.Join(heard, "\n"))
		}
		speech = rest
	}

	// The clock that runs, and the code as it is drawn, would be heard again and again.
	for _, never := range []string{"timer", "text: " + code, "14:5"} {
		if slices.ContainsFunc(heard, func(line string) bool { return strings.Contains(line, never) }) {
			t.Errorf("somebody hears %q", never)
		}
	}
}

// node is one of the accessibility tree.
type node struct {
	NodeID   string   `json:"nodeId"`
	ChildIDs []string `json:"childIds"`
	Ignored  bool     `json:"ignored"`
	Role     axValue  `json:"role"`
	Name     axValue  `json:"name"`
}

type axValue struct {
	Value any `json:"value"`
}

// speak lists what there is to hear: landmarks, headings, controls and texts, in their order.
func speak(nodes []node) (heard []string) {
	value := func(v any) string {
		text, _ := v.(string)
		return strings.Join(strings.Fields(text), " ")
	}
	byID := map[string]node{}
	for _, n := range nodes {
		byID[n.NodeID] = n
	}

	var read func(n node)
	read = func(n node) {
		role := value(n.Role.Value)
		name := value(n.Name.Value)
		leaf := slices.Contains([]string{"heading", "link", "button", "image"}, role)
		switch {
		case n.Ignored:
		case role == "StaticText":
			heard = append(heard, "text: "+name)
		case leaf || slices.Contains([]string{"banner", "main", "contentinfo", "region", "navigation", "list", "status", "alert", "timer"}, role):
			heard = append(heard, strings.TrimSpace(role+": "+name))
		}

		if leaf && !n.Ignored {
			return
		}
		for _, id := range n.ChildIDs {
			if child, ok := byID[id]; ok {
				read(child)
			}
		}
	}
	if len(nodes) > 0 {
		read(nodes[0])
	}

	return heard
}
