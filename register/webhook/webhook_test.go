package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestOnly2xxIsSuccess(t *testing.T) {
	t.Parallel()

	for code, want := range map[int]string{
		200: "", 201: "", 202: "", 204: "", 206: "", 299: "",
		300: "answered 300: redirects are not followed", 304: "answered 304: redirects are not followed",
		400: "answered 400", 401: "answered 401", 404: "answered 404", 410: "answered 410", 429: "answered 429",
		500: "answered 500", 503: "answered 503", 599: "answered 599", 999: "answered 999",
	} {
		server, c := receive(t, status(code))
		got, err := c.Post(t.Context(), delivery(server.URL))
		if got != code || text(err) != want {
			t.Errorf("%d: %d, %v", code, got, err)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()

	var requests atomic.Int32
	for _, code := range []int{301, 302, 303, 307, 308} {
		server, c := receive(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				requests.Add(1)
			}
			http.Redirect(w, r, "/elsewhere", code)
		})
		got, err := c.Post(t.Context(), delivery(server.URL+"/here"))
		if want := fmt.Sprintf("answered %d: redirects are not followed", code); got != code || text(err) != want {
			t.Errorf("%d: %d, %v", code, got, err)
		}
	}

	if requests.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestRequestIsAsDocumented(t *testing.T) {
	t.Parallel()

	type got struct {
		r    *http.Request
		body string
	}
	requests := make(chan got, 2)
	server, c := receive(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		requests <- got{r, string(b)}
	})
	c.clock = func() time.Time { return time.Unix(1777813389, 999) }
	for range 2 {
		if _, err := c.Post(t.Context(), delivery(server.URL+"/dar?tenant=7")); err != nil {
			t.Fatal(err)
		}

		g := <-requests
		if g.r.Method != http.MethodPost || g.r.RequestURI != "/dar?tenant=7" || g.body != body ||
			g.r.ContentLength != int64(len(body)) {
			t.Errorf("%s %s %d %q", g.r.Method, g.r.RequestURI, g.r.ContentLength, g.body)
		}

		for name, want := range map[string]string{
			"Content-Type":      "application/json",
			"User-Agent":        "dar-register/1",
			"X-DAR-Event":       "consent.withdrawal",
			"X-DAR-Timestamp":   "1777813389",
			"webhook-id":        "evt_0123456789abcdef01234567",
			"webhook-timestamp": "1777813389",
			"Cookie":            "",
			"Accept-Encoding":   "",
			"Authorization":     "",
			"Referer":           "",
		} {
			if value := g.r.Header.Get(name); value != want {
				t.Errorf("%s: %q, want %q", name, value, want)
			}
		}
	}
}

func TestHangingReceiverTimesOut(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server, c := receive(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	c.timeout = 50 * time.Millisecond

	code, err := c.Post(t.Context(), delivery(server.URL))
	if code != 0 || text(err) != "timed out" || errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", code, err)
	}
}

func TestTimeoutIsTenSeconds(t *testing.T) {
	t.Parallel()
	if c := New(Options{}); c.timeout != 10*time.Second {
		t.Error(c.timeout)
	}
}

func TestCallerCancels(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	server, c := receive(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if code, err := c.Post(ctx, delivery(server.URL)); code != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", code, err)
	}
}

func TestSlowHeaderTimesOut(t *testing.T) {
	t.Parallel()

	url, c := raw(t, func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n")

		for range time.Tick(5 * time.Millisecond) {
			if _, err := io.WriteString(conn, "a: b\r\n"); err != nil {
				return
			}
		}
	})
	c.timeout = 80 * time.Millisecond
	if code, err := c.Post(t.Context(), delivery(url)); code != 0 || text(err) != "timed out" {
		t.Errorf("%d, %v", code, err)
	}
}

func TestEndlessHeaderIsRefused(t *testing.T) {
	t.Parallel()

	for name, line := range map[string]string{
		"many": "a: b\r\n",
		"long": strings.Repeat("a", 4096),
	} {
		sent := make(chan int, 1)
		url, c := raw(t, func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			total := 0
			for total < 64<<20 {
				n, err := io.WriteString(conn, line)
				if total += n; err != nil {
					break
				}
			}

			sent <- total
		})

		code, err := c.Post(t.Context(), delivery(url))
		if code != 0 || text(err) != "connection broke or did not speak HTTP" {
			t.Errorf("%s: %d, %v", name, code, err)
		}
		if total := <-sent; total >= 64<<20 {
			t.Errorf("%s: everything was read", name)
		}
	}
}

// TestSlowOrEndlessBodyIsCutOff sends a success with a body that neither may occupy a worker nor undo the success.
func TestSlowOrEndlessBodyIsCutOff(t *testing.T) {
	t.Parallel()
	for name, isSlow := range map[string]bool{"slow": true, "endless": false} {
		done := make(chan int, 1)
		url, c := raw(t, func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
			chunk := bytes.Repeat([]byte("x"), 4096)
			pause := make(<-chan time.Time)
			if isSlow {
				chunk = chunk[:1]
				pause = time.Tick(5 * time.Millisecond)
			}

			total := 0
			for total < 256<<20 {
				n, err := conn.Write(chunk)
				if total += n; err != nil {
					break
				}
				if isSlow {
					<-pause
				}
			}

			done <- total
		})
		c.drainFor = 60 * time.Millisecond

		start := time.Now()
		code, err := c.Post(t.Context(), delivery(url))
		if code != 200 || err != nil {
			t.Errorf("%s: %d, %v", name, code, err)
		}
		if elapsed := time.Since(start); elapsed > 5*time.Second {
			t.Errorf("%s: took %v", name, elapsed)
		}
		if total := <-done; total >= 256<<20 {
			t.Errorf("%s: everything was read", name)
		}
	}
}

func TestCompressionIsOff(t *testing.T) {
	t.Parallel()
	if c := New(Options{}); !c.transport.DisableCompression {
		t.Error("a small compressed body may expand to a large one")
	}
}

func TestConnectionIsReused(t *testing.T) {
	t.Parallel()

	var opened atomic.Int32
	server, c := receive(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "thanks") })
	dial := c.dialer.DialContext
	c.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		opened.Add(1)
		return dial(ctx, network, address)
	}
	for range 5 {
		if _, err := c.Post(t.Context(), delivery(server.URL)); err != nil {
			t.Fatal(err)
		}
	}

	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections for five events", n)
	}
}

func TestProxyOfEnvironmentIsIgnored(t *testing.T) {
	t.Parallel()

	// net/http reads the environment once, so a test cannot set it. Without a Proxy function nothing reads it.
	if New(Options{}).transport.Proxy != nil {
		t.Error("deliveries go through a proxy")
	}
}
