// Package e2e drives the real programs with a real browser: the journeys of a customer and of an adviser in Chromium,
// with and without scripts, on a phone and on a desk, in both languages. Every page is inspected for accessibility and
// for leaks. Two more files examine the repository itself: layout_test.go says which package may import which, and
// size_test.go how long files and functions may be.
//
// A test skips if it lacks Chromium or a package from npm; if CI is set it fails. `make test` installs both.
//
// A tab (tab_test.go) is a window of one customer, behind a recorder (recorder_test.go) that sees all that goes over
// the wire. A host (host_test.go) is a window at a page that shows the portal in a frame. To add a page, let walk visit
// it (journey_test.go). To add a check of every page, add it to inspect (inspect_test.go).
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// root is the path of the repository from this package.
const root = "../.."

// nodeModules is where .ci/tools installs axe-core, html-validate and Lighthouse.
const nodeModules = root + "/.cache/npm/node_modules"

var (
	// bin is the folder into which the programs under test are built.
	bin string
	// browser is the Chromium that all tabs share.
	browser context.Context
	// axeCore is the script of axe-core, which checks pages for accessibility.
	axeCore string
	// missing names what the browser tests lack, or is empty if they can run.
	missing string
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

// run starts the browser, runs the tests and returns the exit status.
func run(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "dar-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)

	axe, err := os.ReadFile(nodeModules + "/axe-core/axe.min.js")
	if err != nil {
		missing = "axe-core"
		return m.Run()
	}

	chromium, err := exec.LookPath("chromium")
	if err != nil {
		missing = "chromium"
		return m.Run()
	}

	axeCore = string(axe)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), chromiumOptions(chromium)...)
	defer stop()

	// The protocol of a newer Chromium has events that the library does not know. It would print each.
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	defer cancel()
	if err := chromedp.Run(ctx); err != nil {
		missing = "a Chromium that starts (" + err.Error() + ")"
	}

	browser = ctx

	return m.Run()
}

// chromiumOptions are those of the shared browser, which calls nowhere by itself.
func chromiumOptions(chromium string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium),
		chromedp.Headless,
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-features", "AutofillServerCommunication,Translate,MediaRouter,OptimizationHints"),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("hide-scrollbars", true),
	}
}
