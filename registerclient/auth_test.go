package registerclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tokenServer gives out token-1, token-2 and so on, accepts the newest alone, and lets each fetch wait for gate.
type tokenServer struct {
	*httptest.Server
	issued  atomic.Int64
	calls   atomic.Int64
	revoked atomic.Bool
	expires int
	gate    func(fetch int64)
}

func newTokenServer(t *testing.T, expires int, gate func(fetch int64)) *tokenServer {
	t.Helper()
	s := &tokenServer{expires: expires, gate: gate}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/auth/token" {
			n := s.issued.Add(1)
			if s.gate != nil {
				s.gate(n)
			}

			s.revoked.Store(false)
			fmt.Fprintf(w, `{"bearer-token": "token-%d", "expires": %d}`, n, s.expires)
			return
		}

		s.calls.Add(1)
		if s.revoked.Load() || r.Header.Get("Authorization") != fmt.Sprintf("Bearer token-%d", s.issued.Load()) {
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"response": {}, "errors": [{"error-code": "AUTH002", "message": "no"}]}`)
			return
		}

		io.WriteString(w, `{"exists": true}`)
	}))
	t.Cleanup(s.Close)

	return s
}

func (s *tokenServer) client(t *testing.T, clock func() time.Time) *Client {
	t.Helper()
	c, err := New(
		Options{
			BaseURL:   s.URL + "/v1",
			AccountID: testAccount,
			SecretKey: testSecret,
			Clock:     clock,
			Timeout:   5 * time.Second,
		},
	)
	if err != nil {
		t.Fatal(err)
	}

	return c
}

// together runs call in n goroutines, and fails the test for each error.
func together(t *testing.T, n int, call func() error) {
	t.Helper()
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			if err := call(); err != nil {
				t.Error(err)
			}
		})
	}

	group.Wait()
}

func TestTokenIsFetchedOnceForAll(t *testing.T) {
	t.Parallel()
	s := newTokenServer(t, 7200, func(int64) { time.Sleep(50 * time.Millisecond) })
	c := s.client(t, nil)
	together(t, 100, func() error { _, err := c.IdentityRecordExists(t.Context(), testMPxN); return err })
	if got := s.issued.Load(); got != 1 {
		t.Errorf("%d tokens for 100 callers, want 1", got)
	}
}

func TestTokenIsFetchedOnceAfterA401(t *testing.T) {
	t.Parallel()
	s := newTokenServer(t, 7200, func(int64) { time.Sleep(20 * time.Millisecond) })
	c := s.client(t, nil)
	for round := range int64(5) {
		together(t, 50, func() error { _, err := c.IdentityRecordExists(t.Context(), testMPxN); return err })
		if got := s.issued.Load(); got != round+1 {
			t.Fatalf("round %d: %d tokens, want %d", round, got, round+1)
		}
		s.revoked.Store(true)
	}
}

// A call that was answered 401 for an old token must not throw away the new one that others have fetched since.
func TestLate401KeepsTheNewToken(t *testing.T) {
	t.Parallel()
	s := newTokenServer(t, 7200, nil)
	c := s.client(t, nil)
	old, err := c.tokens.bearer(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}

	renewed, err := c.tokens.bearer(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}

	late, err := c.tokens.bearer(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	if old == renewed || late != renewed || s.issued.Load() != 2 {
		t.Errorf("tokens %q, %q, %q from %d fetches", old, renewed, late, s.issued.Load())
	}
}

// A register that refuses every token is asked for one new token, and then believed.
func TestOneRenewalACall(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	c := f.client(t)
	for _, call := range []func() error{
		func() error { _, err := c.IdentityRecordExists(t.Context(), testMPxN); return err },
		func() error { _, err := c.Reidentify(t.Context(), ReidentifyRequest{}); return err },
	} {
		before := len(f.sent())
		if err := call(); !isOnly(err, ErrUnauthorized) {
			t.Errorf("%v, want ErrUnauthorized", err)
		}
		if n := len(f.sent()) - before; n != 2 {
			t.Errorf("sent %d times, want 2", n)
		}
	}
}

// A 401 came before anything was done, so that even a POST and a single-use reading go again, body and all.
func TestCallIsRepeatedAfterA401(t *testing.T) {
	t.Parallel()
	var refuse atomic.Bool
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) {
		if refuse.CompareAndSwap(true, false) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, "{}")
	})
	c := f.client(t)
	for _, call := range []func() error{
		func() error { _, err := c.Reidentify(t.Context(), ReidentifyRequest{MPxN: testMPxN}); return err },
		func() error {
			_, err := c.ListAccessRecords(t.Context(), testMPxN, ListAccessRecordsQuery{ReidentificationToken: testToken})
			return err
		},
	} {
		refuse.Store(true)
		before := len(f.sent())
		if err := call(); err != nil {
			t.Error(err)
		}

		sent := f.sent()[before:]
		if len(sent) != 2 || sent[0].body != sent[1].body || sent[0].target != sent[1].target {
			t.Errorf("sent %v, want the same twice", sent)
		}
	}
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		expires int
		// lasts is how long after its issue a token is used.
		lasts time.Duration
	}{
		{"two hours", 7200, 2*time.Hour - time.Minute},
		{"a minute", 60, 54 * time.Second},
		{"no life", 0, 0},
		{"negative", -5, 0},
		{"absurd", 1 << 60, 24*time.Hour - time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var now atomic.Pointer[time.Time]
			start := time.Date(2026, 5, 3, 13, 3, 9, 0, time.UTC)
			now.Store(&start)
			s := newTokenServer(t, test.expires, nil)
			c := s.client(t, func() time.Time { return *now.Load() })
			ask := func(after time.Duration, want int64) {
				t.Helper()
				at := start.Add(after)
				now.Store(&at)
				if _, err := c.IdentityRecordExists(t.Context(), testMPxN); err != nil {
					t.Fatal(err)
				}
				if got := s.issued.Load(); got != want {
					t.Errorf("%d tokens after %v, want %d", got, after, want)
				}
			}
			ask(0, 1)
			if test.lasts > 0 {
				ask(test.lasts-time.Second, 1)
			}

			ask(test.lasts, 2)
		})
	}
}

func TestWaiterLeavesAndFetchGoesOn(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	release := make(chan struct{})
	s := newTokenServer(t, 7200, func(int64) { close(arrived); <-release })
	c := s.client(t, nil)

	// The first caller starts the fetch and gives up: it is gone at once, and its fetch serves the second.
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := c.IdentityRecordExists(ctx, testMPxN); first <- err }()
	<-arrived
	second := make(chan error, 1)
	go func() { _, err := c.IdentityRecordExists(t.Context(), testMPxN); second <- err }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
		t.Errorf("the waiter that gave up got %v, want context.Canceled alone", err)
	}

	close(release)
	if err := <-second; err != nil {
		t.Errorf("the waiter that stayed got %v", err)
	}
	if got := s.issued.Load(); got != 1 {
		t.Errorf("%d tokens, want 1", got)
	}
}

func TestFailedFetchIsToldToAllAndTriedAnew(t *testing.T) {
	t.Parallel()
	var good atomic.Bool
	var fetches atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/v1/auth/token":
			io.WriteString(w, "{}")
		case good.Load():
			io.WriteString(w, `{"bearer-token": "t", "expires": 7200}`)
		default:
			fetches.Add(1)
			time.Sleep(50 * time.Millisecond)
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(
				w,
				`{"response": {"transaction-id": "tid_0123456789abcdef01234567"}, "errors": [{"error-code": "AUTH005", "message": "wrong secret"}]}`,
			)
		}
	}))
	t.Cleanup(server.Close)
	c, err := New(Options{BaseURL: server.URL + "/v1", AccountID: testAccount, SecretKey: testSecret})
	if err != nil {
		t.Fatal(err)
	}

	together(t, 20, func() error {
		_, err := c.IdentityRecordExists(t.Context(), testMPxN)
		if !isOnly(err, ErrUnauthorized) {
			return fmt.Errorf("%w, want ErrUnauthorized", err)
		}

		const want = "register: ask whether an identity record exists: fetch bearer token: status 401 AUTH005 (tid_0123456789abcdef01234567)"
		if err.Error() != want {
			return fmt.Errorf("%q, want %q", err, want)
		}

		return nil
	})
	if got := fetches.Load(); got != 1 {
		t.Errorf("%d fetches for 20 waiters, want 1", got)
	}

	good.Store(true)
	if _, err := c.IdentityRecordExists(t.Context(), testMPxN); err != nil {
		t.Errorf("after the register came to its senses: %v", err)
	}
}

func TestTokensThatAreNone(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`{}`, `{"bearer-token": "", "expires": 5}`, `{"bearer-token": "a\r\nX-Evil: b", "expires": 5}`, `[]`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v1/auth/token" {
				t.Errorf("%s was used as a token", answer)
			}
			io.WriteString(w, answer)
		}))
		c, err := New(Options{BaseURL: server.URL + "/v1", AccountID: testAccount, SecretKey: testSecret})
		if err != nil {
			t.Fatal(err)
		}

		_, err = c.IdentityRecordExists(t.Context(), testMPxN)
		if !isOnly(err, ErrInternal) || strings.Contains(err.Error(), "Evil") {
			t.Errorf("%s: %v, want ErrInternal", answer, err)
		}

		server.Close()
	}
}
