package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// history returns where Back and Forward lead: the place of the page that is shown, the addresses and the titles.
func (b *tab) history() (at int64, addresses, titles []string) {
	b.Helper()
	b.run("read the history", chromedp.ActionFunc(func(ctx context.Context) error {
		current, entries, err := page.GetNavigationHistory().Do(ctx)
		at = current
		for _, e := range entries {
			addresses = append(addresses, strings.TrimPrefix(e.URL, b.base))
			titles = append(titles, e.Title)
		}

		return err
	}))

	return at, addresses, titles
}

// goTo goes to a place in the history, as Back does.
func (b *tab) goTo(place int) {
	b.Helper()
	b.run("go back", chromedp.ActionFunc(func(ctx context.Context) error {
		_, entries, err := page.GetNavigationHistory().Do(ctx)
		if err != nil {
			return err
		}

		return page.NavigateToHistoryEntry(entries[place].ID).Do(ctx)
	}))
}

// goBack goes to the page before.
func (b *tab) goBack() {
	b.Helper()
	at, _, _ := b.history()
	b.goTo(int(at) - 1)
}

// The titles in the history say nothing private. Back leads from the list to where the customer came from, sends no
// form twice, and leads from the review of a withdrawal to the list.
func TestHistory(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{360, "en", true})
	back := func(title string) {
		t.Helper()
		b.goBack()
		b.until(`document.readyState === "complete" && document.title.startsWith("` + title + `")`)
	}
	walk(b, func(name string) {
		_, _, titles := b.history()
		for _, title := range titles {
			if leak := leaks(title); leak != "" || strings.Contains(title, "Bright") {
				t.Errorf("%s: the history names %s", name, title)
			}
		}

		if name == "withdraw" {
			back("Who can see")
			b.markCard()
			b.press("[data-e2e=card] a[href$='/withdraw']")
		}
	})

	toRecords(b)
	_, addresses, _ := b.history()
	want := []string{"/portal?lang=en", "/portal", "/portal/records"}
	if end := addresses[len(addresses)-3:]; !slices.Equal(end, want) {
		t.Errorf("on the list the history ends with %v", end)
	}

	back("See who can")
	if at := b.path(); at != "/portal" {
		t.Errorf("Back leads to %s", at)
	}
}
