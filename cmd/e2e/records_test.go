package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestNarrowedList narrows the list, with a script in place and without one by loading the page anew.
func TestNarrowedList(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	for _, l := range []look{{1280, "en", true}, {360, "cy", true}, {360, "en", false}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, l)
			toRecords(b)
			b.open("/portal/records?q=bright", 200)
			b.inspect("narrowed")
			if got := eval[int](b, `document.querySelectorAll("#list article").length`); got != 1 {
				t.Errorf("%d are called Bright, want 1", got)
			}

			b.fill("#q", "nobody")
			if b.script {
				eval[any](b, `document.querySelector("#q").mark = true`)
				b.run(
					"show",
					chromedp.Click("form.filter button", chromedp.ByQuery),
					chromedp.Poll(`document.activeElement.id === "found"`, nil),
				)
				if !eval[bool](b, `document.querySelector("#q").mark === true`) {
					t.Error("the page was loaded anew")
				}
				if path := b.path(); path != "/portal/records?q=nobody" {
					t.Errorf("the address is %s", path)
				}

				other := eval[string](b, `document.querySelector("#language a").getAttribute("href")`)
				if !strings.HasSuffix(other, "&q=nobody") {
					t.Errorf("the other language is at %s", other)
				}
			} else {
				b.press("form.filter button")
			}

			if got := eval[int](b, `document.querySelectorAll("#list article").length`); got != 0 {
				t.Errorf("%d are called nobody", got)
			}

			b.inspect("no match")
			if b.script {
				eval[any](b, `void (document.querySelector("#q").value = "")`)
				b.run(
					"show all",
					chromedp.Click("form.filter button", chromedp.ByQuery),
					chromedp.Poll(
						`document.activeElement.id === "found" && document.querySelectorAll("#list article").length === 5`,
						nil,
					),
				)
				if path := b.path(); path != "/portal/records" {
					t.Errorf("the address is %s", path)
				}

				b.open("/portal/records?q=nobody", 200)
			}

			b.press("#found a")
			if got := eval[int](b, `document.querySelectorAll("#list article").length`); got != 5 {
				t.Errorf("the whole list has %d", got)
			}
		})
	}
}

// TestSeveralAtOnce ticks two, looks through them, and stops them.
func TestSeveralAtOnce(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	for _, l := range []look{{360, "en", true}, {1280, "cy", false}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, program(t, "demo"), l)
			toRecords(b)
			b.pressFor("#several button", 422)
			b.inspect("none chosen")
			b.open("/portal/records", 200)
			for range 2 {
				b.run("tick", chromedp.Click("input[name=record]:not(:checked)", chromedp.ByQuery))
			}

			b.press("#several button")
			b.inspect("several")
			b.press("form[action^='/portal/records/several'] button")
			b.inspect("stopped")
			if got := eval[int](b, `document.querySelectorAll("main .reference").length`); got != 2 {
				t.Errorf("%d have a reference, want 2", got)
			}
		})
	}
}

// TestLetter puts the meter point number into a letter, which no address may hold.
func TestLetter(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{360, "en", true})
	toRecords(b)
	b.press("#discovered a[href$='/letter']")
	b.inspect("report")
	b.press("form.number-choice button")
	if text := b.text("#letter"); !strings.Contains(text, "23 1234 5678 901") {
		t.Errorf("the number is not in the letter: %s", text)
	}
}
