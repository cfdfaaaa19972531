package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/network"
)

// maxWeight is what a page and its data may weigh on a first visit: compressed, headers and fonts included; bytes.
const maxWeight = 60_000

// TestWeight loads pages as somebody does who has nothing cached.
func TestWeight(t *testing.T) {
	t.Parallel()
	needBrowser(t)
	b := openTab(t, program(t, "demo"), look{360, "en", true})
	weigh := func(path string) {
		t.Helper()
		b.run("forget what is cached", network.ClearBrowserCache())
		b.mu.Lock()
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
