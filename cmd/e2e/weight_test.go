package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/network"
)

// maxWeight is how many bytes a page and its data may have on a first visit: compressed, headers and fonts included.
const maxWeight = 60_000

// Pages are light for a customer who has nothing cached.
func TestWeight(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{360, "en", true})
	weigh := func(path string) {
		t.Helper()
		b.run("clear the cache", network.ClearBrowserCache())
		b.mu.Lock()
		b.weighed = map[network.RequestID]bool{}
		b.received = 0
		b.mu.Unlock()
		b.open(path, 200)
		b.at(path)

		b.mu.Lock()
		defer b.mu.Unlock()
		t.Logf("%s weighs %.0f bytes", path, b.received)
		if b.received == 0 || b.received > maxWeight {
			t.Errorf("%s weighs %.0f bytes, want at most %d", path, b.received, maxWeight)
		}
	}
	weigh("/portal")
	toRecords(b)
	weigh("/portal/records")
}
