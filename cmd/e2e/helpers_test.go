package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// demoMPxN is the meter point of the demonstration. Its check digit is wrong, as published.
const demoMPxN = "2312345678901"

// needBrowser skips the test if there is no browser. If CI is set it fails the test, because a skipped test looks like
// one that passed.
func needBrowser(t *testing.T) {
	t.Helper()
	if missing != "" {
		lacks(t, missing)
	}
}

// needNode skips the test if there is no Node with its packages. If CI is set it fails the test.
func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		lacks(t, "node")
	}
	if _, err := os.Stat(nodeModules + "/lighthouse"); err != nil {
		lacks(t, "Lighthouse")
	}
}

func lacks(t *testing.T, tool string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("no %s; `make test` installs what is missing", tool)
	}
	t.Skipf("no %s; `make test` installs what is missing", tool)
}

// poll calls holds every 50 milliseconds until it returns true. It returns false if that takes longer than limit.
func poll(limit time.Duration, holds func() bool) bool {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()

	for deadline := time.Now().Add(limit); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			return false
		}
	}

	return true
}

// secret matches what a browser or a log must never contain: token-refs, and the keys of records and identities.
var secret = regexp.MustCompile(`\b(mlr|pks|ir|ak)_[0-9a-f]{24}\b`)

// published matches what the way to a passkey and back carries by its specification: a single-use page whose secret
// moves from its address into a cookie, and the token that comes back with a code that only this browser gets.
var published = regexp.MustCompile(
	`(\?session=|dar-passkey=|[?&]dar-passkey-token=|\\u0026dar-passkey-token=)(pks|mlr)_[0-9a-f]{24}`,
)

// leaks names the first secret or meter point number in text, however it is spaced, or returns "".
func leaks(text string) string {
	text = published.ReplaceAllString(text, "")
	if found := secret.FindString(text); found != "" {
		return found
	}
	if strings.Contains(strings.NewReplacer(" ", "", "%20", "", "+", "", "-", "").Replace(text), demoMPxN) {
		return "the meter point number"
	}

	return ""
}

// builds holds, for each program, a function that builds it the first time.
var builds sync.Map

// build compiles a program of this repository once, and returns the path of its executable.
func build(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(bin, name)
	once, _ := builds.LoadOrStore(name, sync.OnceValue(func() error {
		out, err := exec.Command("go", "build", "-o", path, root+"/cmd/"+name).CombinedOutput()
		if err != nil {
			return fmt.Errorf("build %s: %w\n%s", name, err, out)
		}

		return nil
	}))
	if err := once.(func() error)(); err != nil {
		t.Fatal(err)
	}

	return path
}

// program starts a program of this repository on a free port, and returns its address when it accepts connections. The
// program is stopped after the test, and must not have logged anything personal or secret by then.
func program(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := build(t, name)
	output, input, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}

	cmd := exec.Command(path, append([]string{"--addr", freeAddress(t)}, args...)...)
	cmd.Stdout = input
	cmd.Stderr = input
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	input.Close()
	address := make(chan string, 1)
	ended := make(chan struct{})
	var printed strings.Builder
	go func() {
		defer close(ended)
		readOutput(output, &printed, address)
	}()
	t.Cleanup(func() {
		stop(t, name, cmd, ended)
		checkLog(t, name, printed.String())
	})

	select {
	case found := <-address:
		if poll(10*time.Second, func() bool { return accepts(found) }) {
			return found
		}
	case <-ended:
	case <-time.After(time.Minute):
	}

	t.Fatalf("%s does not serve", name)

	return ""
}

// addressLine matches the line in which a program prints its address.
var addressLine = regexp.MustCompile(`(?:stands|is) at (http://localhost:[0-9]+)`)

// readOutput copies what a program prints until it ends, and sends the first address in it.
func readOutput(output io.Reader, printed *strings.Builder, address chan<- string) {
	for lines := bufio.NewReader(output); ; {
		line, err := lines.ReadString('\n')
		printed.WriteString(line)
		if found := addressLine.FindStringSubmatch(line); found != nil {
			select {
			case address <- found[1]:
			default:
			}
		}

		if err != nil {
			return
		}
	}
}

// stop interrupts a program and waits until it ends.
func stop(t *testing.T, name string, cmd *exec.Cmd, ended <-chan struct{}) {
	t.Helper()
	cmd.Process.Signal(os.Interrupt)
	kill := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer kill.Stop()

	<-ended
	// The gallery is a tool and does not catch the signal.
	if err := cmd.Wait(); err != nil && name != "gallery" {
		t.Errorf("%s ended badly: %v", name, err)
	}
}

// checkLog fails the test if the log of a program holds a secret, and shows its end if the test has failed.
func checkLog(t *testing.T, name, log string) {
	t.Helper()
	if leak := leaks(strings.ReplaceAll(log, "Look up the meter point "+demoMPxN, "")); leak != "" {
		t.Errorf("the log of %s holds %s", name, leak)
	}
	if t.Failed() {
		t.Logf("the end of what %s printed:\n%s", name, log[max(0, len(log)-1500):])
	}
}

// accepts reports whether a server accepts connections at the address.
func accepts(address string) bool {
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		return false
	}

	conn.Close()

	return true
}

// freeAddress returns an address of this machine on which nothing listens at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()

	return fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
}
