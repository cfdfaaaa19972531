package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// listLength returns how many records the list shows.
func (b *tab) listLength() int {
	b.Helper()
	return eval[int](b, `document.querySelectorAll("#list article").length`)
}

// The filter of the list works in place with scripts, and by loading the page without.
func TestFilter(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	base := program(t, "demo")
	for _, l := range []look{{1280, "en", true}, {360, "cy", true}, {360, "en", false}} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			b := openTab(t, base, l)
			toRecords(b)
			b.open("/portal/records?q=bright", 200)
			b.inspect("filtered")
			if n := b.listLength(); n != 1 {
				t.Errorf("%d are called Bright, want 1", n)
			}

			b.fill("#q", "nobody")
			if b.script {
				b.filterInPlace()
			} else {
				b.press("form.filter button")
			}

			if n := b.listLength(); n != 0 {
				t.Errorf("%d are called nobody", n)
			}

			b.inspect("no match")
			if b.script {
				b.showAllInPlace()
				b.open("/portal/records?q=nobody", 200)
			}

			b.press("#found a")
			if n := b.listLength(); n != 5 {
				t.Errorf("the whole list has %d", n)
			}
		})
	}
}

// filterInPlace sends the filter, whose script must not load the page again.
func (b *tab) filterInPlace() {
	b.Helper()
	eval[any](b, `document.querySelector("#q").mark = true`)
	b.click("form.filter button")
	b.run("await the list", chromedp.Poll(`document.activeElement.id === "found"`, nil))
	if !eval[bool](b, `document.querySelector("#q").mark === true`) {
		b.Error("the page was loaded again")
	}
	if path := b.path(); path != "/portal/records?q=nobody" {
		b.Errorf("the address is %s", path)
	}

	other := eval[string](b, `document.querySelector("#language a").getAttribute("href")`)
	if !strings.HasSuffix(other, "&q=nobody") {
		b.Errorf("the other language is at %s", other)
	}
}

// showAllInPlace empties the filter.
func (b *tab) showAllInPlace() {
	b.Helper()
	eval[any](b, `void (document.querySelector("#q").value = "")`)
	b.click("form.filter button")
	whole := `document.activeElement.id === "found" && document.querySelectorAll("#list article").length === 5`
	b.run("await the whole list", chromedp.Poll(whole, nil))
	if path := b.path(); path != "/portal/records" {
		b.Errorf("the address is %s", path)
	}
}

// A customer ticks two records, reviews them and stops them.
func TestWithdrawSeveral(t *testing.T) {
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
				b.click("input[name=record]:not(:checked)")
			}

			b.press("#several button")
			b.inspect("several")
			b.press("form[action^='/portal/records/several'] button")
			b.inspect("stopped")
			if n := eval[int](b, `document.querySelectorAll("main .reference").length`); n != 2 {
				t.Errorf("%d have a reference, want 2", n)
			}
		})
	}
}

// A letter to an organisation can hold the meter point number, which no address may hold.
func TestLetterToOrganisation(t *testing.T) {
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
