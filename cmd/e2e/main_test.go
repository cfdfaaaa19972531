// Package e2e drives the real programs with a real browser: the customer's journey on Chromium, with and without
// scripts, on a phone and on a desk, in both languages, checked for accessibility and for leaks on every page.
// Without Chromium and axe-core its tests skip; where CI is set, they fail. `make test` brings both.
//
// To add a page, let walk visit it; to add a check of every page, add it to inspect.
package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// root is the repository, seen from here.
const root = "../.."

// demoMPxN is the demonstration's meter point. Its check digit is wrong, as published.
const demoMPxN = "2312345678901"

// secret finds what a browser or a log must never see: token-refs, and the keys of records and identities.
var secret = regexp.MustCompile(`\b(mlr|pks|ir|ak)_[0-9a-f]{24}\b`)

var (
	// bin is where the programs under test are built.
	bin     string
	browser context.Context
	axeCore string
	// missing says what the browser tests lack; empty when they can run.
	missing string
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "dar-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}

	defer os.RemoveAll(bin)

	chromium, err := exec.LookPath("chromium")
	if err != nil {
		missing = "chromium"
		return m.Run()
	}

	axe, err := os.ReadFile(root + "/.cache/axe-core/axe.min.js")
	if err != nil {
		missing = "axe-core"
		return m.Run()
	}

	axeCore = string(axe)

	allocator, stop := chromedp.NewExecAllocator(
		context.Background(),
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
		chromedp.Flag(
			"disable-background-timer-throttling",
			true,
		),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	defer stop()
	// The protocol of a newer Chromium has events that the library does not know; it would print each.
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	defer cancel()
	if err := chromedp.Run(ctx); err != nil {
		missing = "a Chromium that starts (" + err.Error() + ")"
	}

	browser = ctx
	return m.Run()
}

// needBrowser skips the test where there is no browser, or fails it in CI: a skipped test must never look green there.
func needBrowser(t *testing.T) {
	t.Helper()
	switch {
	case missing == "":
	case os.Getenv("CI") != "":
		t.Fatalf("no %s; `make test` installs what is missing", missing)
	default:
		t.Skipf("no %s; `make test` installs what is missing", missing)
	}
}

var built sync.Map // name -> func() error

// whereabouts is the line in which a program says that it serves.
var whereabouts = regexp.MustCompile(`(?:stands|is) at (http://localhost:[0-9]+)`)

// program starts a command of this repository on a free port, and returns its address once it serves. It is stopped
// at the end of the test, and must by then have logged nothing that is personal or secret.
func program(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(bin, name)
	build, _ := built.LoadOrStore(name, sync.OnceValue(func() error {
		out, err := exec.Command("go", "build", "-o", path, root+"/cmd/"+name).CombinedOutput()
		if err != nil {
			return fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
		return nil
	}))
	if err := build.(func() error)(); err != nil {
		t.Fatal(err)
	}

	output, input, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}

	cmd := exec.Command(path, append([]string{"--addr", freeAddress(t)}, args...)...)
	cmd.Stdout, cmd.Stderr = input, input
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	input.Close()
	address := make(chan string, 1)
	ended := make(chan struct{})
	var said strings.Builder
	go func() {
		defer close(ended)
		for lines := bufio.NewReader(output); ; {
			line, err := lines.ReadString('\n')
			said.WriteString(line)
			if found := whereabouts.FindStringSubmatch(line); found != nil {
				select {
				case address <- found[1]:
				default:
				}
			}

			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		kill := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
		defer kill.Stop()
		<-ended
		err := cmd.Wait()
		// The gallery is a tool, and just dies.
		if err != nil && name != "gallery" {
			t.Errorf("%s ended badly: %v", name, err)
		}

		log := strings.ReplaceAll(said.String(), "Look up the meter point "+demoMPxN, "")
		if leak := leaks(log); leak != "" {
			t.Errorf("the log of %s holds %s", name, leak)
		}
		if t.Failed() {
			t.Logf("the end of what %s said:\n%s", name, log[max(0, len(log)-1500):])
		}
	})
	select {
	case found := <-address:
		for range 100 {
			if conn, err := net.Dial("tcp", strings.TrimPrefix(found, "http://")); err == nil {
				conn.Close()
				return found
			}
			time.Sleep(20 * time.Millisecond)
		}
	case <-ended:
	case <-time.After(time.Minute):
	}

	t.Fatalf("%s does not serve", name)
	return ""
}

// freeAddress is one that nobody listens on just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}

	defer listener.Close()
	return fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
}
