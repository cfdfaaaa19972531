package registerclient

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestOperationsWithoutResponseBody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		call   func(context.Context, *Client) error
		target string
	}{
		{
			func(ctx context.Context, c *Client) error {
				return c.DeletePasskeyCredential(ctx, testIR, "cred_0123456789abcdef01234567")
			},
			"/v1/identity-records/" + testIR + "/credentials/cred_0123456789abcdef01234567",
		},
		{
			func(ctx context.Context, c *Client) error { return c.DeleteWebhook(ctx, testWID) },
			"/v1/webhooks/" + testWID,
		},
	} {
		f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.Header.Get("X-Request-Id") {
			case "deleted":
				w.WriteHeader(http.StatusNoContent)
			case "unknown":
				w.WriteHeader(http.StatusNotFound)
			default:
				io.WriteString(w, "{}")
			}
		})
		c := f.client(t)
		if err := test.call(WithRequestID(t.Context(), "deleted"), c); err != nil {
			t.Error(err)
		}
		if err := test.call(WithRequestID(t.Context(), "unknown"), c); !isOnly(err, ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
		if err := test.call(t.Context(), c); !isOnly(err, ErrInternal) {
			t.Errorf("a body that should be empty: %v, want ErrInternal", err)
		}
		if sent := f.received()[0]; sent.method != http.MethodDelete || sent.target != test.target || sent.body != "" {
			t.Errorf("sent %s %s %q, want DELETE %s", sent.method, sent.target, sent.body, test.target)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the client followed to %s", r.RequestURI)
	}))
	t.Cleanup(elsewhere.Close)

	for _, status := range []int{301, 302, 303, 307, 308} {
		f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.RequestURI, status)
		})
		query := ListAccessRecordsQuery{ReidentificationToken: testToken}
		_, err := f.client(t).ListAccessRecords(t.Context(), testMPxN, query)
		if !isOnly(err, ErrInternal) {
			t.Errorf("%d: %v, want ErrInternal", status, err)
		}
	}
}

func TestInvalidResponses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		response string
	}{
		{"not JSON", "<html>"},
		{"another type", `{"exists": "yes"}`},
		{"empty", ""},
		{"too long", `{"mpxn":"` + strings.Repeat("x", maxResponse) + `"}`},
		{"two documents", `{} {}`},
	}
	for _, test := range tests {
		f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, test.response) })
		if _, err := f.client(t).IdentityRecordExists(t.Context(), testMPxN); !isOnly(err, ErrInternal) {
			t.Errorf("%s: %v, want ErrInternal", test.name, err)
		}
		if n := len(f.received()); n != 1 {
			t.Errorf("%s: asked %d times, want 1", test.name, n)
		}
	}
}

// A server that does not speak HTTP, or a broken one, causes an error that does not quote it.
func TestResponsesThatAreNotHTTP(t *testing.T) {
	t.Parallel()
	for _, response := range []string{
		"", "hello\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
		"HTTP/1.1 302 Found\r\nLocation: http://%zz/" + testToken + "\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 128<<10) + "\r\n\r\n{}",
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}

		go respondRaw(listener, response)

		c := newTestClient(t, func(o *Options) { o.BaseURL = "http://" + listener.Addr().String() })
		_, err = c.VerifyAccessRecord(t.Context(), "ak_1")
		if err == nil || strings.Contains(err.Error(), testToken) || strings.Contains(err.Error(), "hello") {
			t.Errorf("%.40q: %v", response, err)
		}

		listener.Close()
	}
}

// respondRaw sends response to every request until the listener is closed.
func respondRaw(listener net.Listener, response string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}

		http.ReadRequest(bufio.NewReader(conn))
		io.WriteString(conn, response)
		conn.Close()
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-Request-Id") {
		case "drip":
			for {
				select {
				case <-done:
					return
				case <-r.Context().Done():
					return
				case <-time.After(5 * time.Millisecond):
					io.WriteString(w, " ")
					w.(http.Flusher).Flush()
				}
			}
		default:
			select {
			case <-done:
			case <-r.Context().Done():
			}
		}
	})
	t.Cleanup(func() { close(done) })

	for _, id := range []string{"hang", "drip"} {
		c := f.client(t, func(o *Options) { o.Timeout = 200 * time.Millisecond })
		start := time.Now()
		_, err := c.IdentityRecordExists(WithRequestID(t.Context(), id), testMPxN)
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want ErrUnavailable for a deadline", id, err)
		}
		if elapsed := time.Since(start); elapsed > 2*time.Second {
			t.Errorf("%s: took %v", id, elapsed)
		}

		ctx, cancel := context.WithTimeout(WithRequestID(t.Context(), id), 100*time.Millisecond)
		_, err = f.client(t).IdentityRecordExists(ctx, testMPxN)
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want ErrUnavailable for the caller's deadline", id, err)
		}

		cancel()
	}
}
