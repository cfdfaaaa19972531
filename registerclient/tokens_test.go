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
	"testing/synctest"
	"time"
)

// tokenRegister issues token-1, token-2 and so on, and accepts only the newest one. Each fetch waits for gate.
type tokenRegister struct {
	issued  atomic.Int64
	revoked atomic.Bool
	expires int
	gate    func()
}

func (s *tokenRegister) client(t *testing.T, clock func() time.Time) *Client {
	t.Helper()
	return newTestClient(t, transport(s.respond).option, func(o *Options) { o.Clock = clock })
}

func (s *tokenRegister) respond(r *http.Request) (status int, header http.Header, body string) {
	if isTokenRequest(r) {
		n := s.issued.Add(1)
		if s.gate != nil {
			s.gate()
		}

		s.revoked.Store(false)

		return http.StatusOK, nil, fmt.Sprintf(`{"bearer-token": "token-%d", "expires": %d}`, n, s.expires)
	}

	if s.revoked.Load() || r.Header.Get("Authorization") != fmt.Sprintf("Bearer token-%d", s.issued.Load()) {
		refusal := `{"response": {}, "errors": [{"error-code": "AUTH002", "message": "no"}]}`
		return http.StatusUnauthorized, nil, refusal
	}

	return http.StatusOK, nil, `{"exists": true}`
}

// together runs call in n goroutines of a synctest bubble. It calls release once all of them wait, and fails the test
// for each error.
func together(t *testing.T, n int, release func(), call func() error) {
	t.Helper()
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			if err := call(); err != nil {
				t.Error(err)
			}
		})
	}

	synctest.Wait()
	release()
	group.Wait()
}

func TestTokenFetchIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &tokenRegister{expires: 7200, gate: func() { <-gate }}
		c := s.client(t, nil)
		together(t, 100, func() { close(gate) }, func() error {
			_, err := c.IdentityRecordExists(t.Context(), testMPxN)
			return err
		})
		if got := s.issued.Load(); got != 1 {
			t.Errorf("%d tokens for 100 callers, want 1", got)
		}
	})
}

func TestTokenFetchAfter401IsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &tokenRegister{expires: 7200, gate: func() { <-gate }}
		c := s.client(t, nil)
		for round := range int64(5) {
			together(t, 50, func() { gate <- struct{}{} }, func() error {
				_, err := c.IdentityRecordExists(t.Context(), testMPxN)
				return err
			})
			if got := s.issued.Load(); got != round+1 {
				t.Fatalf("round %d: %d tokens, want %d", round, got, round+1)
			}

			s.revoked.Store(true)
		}
	})
}

// A call that got 401 for an old token must not drop the new one that others have fetched since.
func TestLate401KeepsTheNewToken(t *testing.T) {
	t.Parallel()
	s := &tokenRegister{expires: 7200}
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

// If every token is refused, a call fetches one new token and then returns the error.
func TestTokenIsRenewedOnceACall(t *testing.T) {
	t.Parallel()
	f := newFakeRegister(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	c := f.client(t)
	for _, call := range []func() error{
		func() error { _, err := c.IdentityRecordExists(t.Context(), testMPxN); return err },
		func() error { _, err := c.Reidentify(t.Context(), ReidentifyRequest{}); return err },
	} {
		before := len(f.received())
		if err := call(); !isOnly(err, ErrUnauthorized) {
			t.Errorf("%v, want ErrUnauthorized", err)
		}
		if n := len(f.received()) - before; n != 2 {
			t.Errorf("sent %d times, want 2", n)
		}
	}
}

// A 401 comes before anything is done, so even a POST and a single-use reading are sent again, body included.
func TestCallIsRepeatedAfter401(t *testing.T) {
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
			query := ListAccessRecordsQuery{ReidentificationToken: testToken}
			_, err := c.ListAccessRecords(t.Context(), testMPxN, query)
			return err
		},
	} {
		refuse.Store(true)
		before := len(f.received())
		if err := call(); err != nil {
			t.Error(err)
		}

		sent := f.received()[before:]
		if len(sent) != 2 || sent[0].body != sent[1].body || sent[0].target != sent[1].target {
			t.Errorf("sent %v, want the same twice", sent)
		}
	}
}

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		expires int
		// usedFor is how long after its issue a token is used.
		usedFor time.Duration
	}{
		{"two hours", 7200, 2*time.Hour - time.Minute},
		{"a minute", 60, 54 * time.Second},
		{"no lifetime", 0, 0},
		{"negative", -5, 0},
		{"absurd", 1 << 60, 24*time.Hour - time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var now atomic.Pointer[time.Time]
			start := time.Date(2026, 5, 3, 13, 3, 9, 0, time.UTC)
			now.Store(&start)
			s := &tokenRegister{expires: test.expires}
			c := s.client(t, func() time.Time { return *now.Load() })
			callAfter := func(elapsed time.Duration, want int64) {
				t.Helper()
				at := start.Add(elapsed)
				now.Store(&at)
				if _, err := c.IdentityRecordExists(t.Context(), testMPxN); err != nil {
					t.Fatal(err)
				}
				if got := s.issued.Load(); got != want {
					t.Errorf("%d tokens after %v, want %d", got, elapsed, want)
				}
			}

			callAfter(0, 1)
			if test.usedFor > 0 {
				callAfter(test.usedFor-time.Second, 1)
			}

			callAfter(test.usedFor, 2)
		})
	}
}

// The first caller starts the fetch and gives up: it returns at once, and its fetch serves the second caller.
func TestTokenFetchOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &tokenRegister{expires: 7200, gate: func() { <-gate }}
		c := s.client(t, nil)

		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { _, err := c.IdentityRecordExists(ctx, testMPxN); first <- err }()
		synctest.Wait()

		second := make(chan error, 1)
		go func() { _, err := c.IdentityRecordExists(t.Context(), testMPxN); second <- err }()
		synctest.Wait()

		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
			t.Errorf("the caller that gave up got %v, want context.Canceled alone", err)
		}

		close(gate)
		if err := <-second; err != nil {
			t.Errorf("the caller that stayed got %v", err)
		}
		if got := s.issued.Load(); got != 1 {
			t.Errorf("%d tokens, want 1", got)
		}
	})
}

// All waiting callers get the error of a failed fetch, and the next call fetches again.
func TestFailedTokenFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		accept := false
		fetches := 0
		c := newTestClient(t, transport(func(r *http.Request) (int, http.Header, string) {
			switch {
			case !isTokenRequest(r):
				return http.StatusOK, nil, "{}"
			case accept:
				return http.StatusOK, nil, validToken
			}

			fetches++
			<-gate

			return http.StatusUnauthorized, nil, `{"response": {"transaction-id": "tid_0123456789abcdef01234567"},
				"errors": [{"error-code": "AUTH005", "message": "wrong secret"}]}`
		}).option)

		together(t, 20, func() { close(gate) }, func() error {
			_, err := c.IdentityRecordExists(t.Context(), testMPxN)
			if !isOnly(err, ErrUnauthorized) {
				return fmt.Errorf("%w, want ErrUnauthorized", err)
			}

			const want = "register: ask whether an identity record exists: fetch bearer token: status 401 AUTH005 " +
				"(tid_0123456789abcdef01234567)"
			if err.Error() != want {
				return fmt.Errorf("%w, want %q", err, want)
			}

			return nil
		})
		if fetches != 1 {
			t.Errorf("%d fetches for 20 callers, want 1", fetches)
		}

		accept = true
		if _, err := c.IdentityRecordExists(t.Context(), testMPxN); err != nil {
			t.Errorf("after the register accepts the secret: %v", err)
		}
	})
}

func TestInvalidTokens(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`,
		`{"bearer-token": "", "expires": 5}`,
		`{"bearer-token": "a\r\nX-Evil: b", "expires": 5}`,
		`[]`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isTokenRequest(r) {
				t.Errorf("%s was used as a token", body)
			}

			io.WriteString(w, body)
		}))
		c := newTestClient(t, func(o *Options) { o.BaseURL = server.URL + "/v1" })
		_, err := c.IdentityRecordExists(t.Context(), testMPxN)
		if !isOnly(err, ErrInternal) || strings.Contains(err.Error(), "Evil") {
			t.Errorf("%s: %v, want ErrInternal", body, err)
		}

		server.Close()
	}
}
