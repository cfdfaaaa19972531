package registerclient

import (
	"context"
	"encoding/base64"
	"net/http"
	"sync"
	"time"
)

// tokenSource keeps the account's bearer token. However many goroutines need a new one, it is fetched once.
type tokenSource struct {
	client  *Client
	account string
	secret  string
	clock   func() time.Time

	mu      sync.Mutex
	token   string
	renewAt time.Time
	// fetch is under way while it is not nil.
	fetch *tokenFetch
}

// tokenFetch is one fetch, for all who wait. Token and err are set before done is closed.
type tokenFetch struct {
	done  chan struct{}
	token string
	err   *Error
}

// bearer returns a token that is not refused, the one that the register has just answered with 401; it is
// empty on a call's first try.
func (s *tokenSource) bearer(ctx context.Context, refused string) (string, *Error) {
	s.mu.Lock()
	if s.token != "" && s.token != refused && s.clock().Before(s.renewAt) {
		defer s.mu.Unlock()
		return s.token, nil
	}
	if s.fetch == nil {
		s.fetch = &tokenFetch{done: make(chan struct{})}
		// The fetch is everybody's: it outlives the caller who happened to come first.
		go s.run(context.WithoutCancel(ctx), s.fetch)
	}

	fetch := s.fetch
	s.mu.Unlock()

	select {
	case <-fetch.done:
		return fetch.token, fetch.err
	case <-ctx.Done():
		return "", networkError(ctx, opFetchToken, ctx.Err())
	}
}

// forget gives up a token that the register has answered with 401, where the call cannot be sent again.
func (s *tokenSource) forget(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == token {
		s.token = ""
	}
}

const opFetchToken = "fetch bearer token"

// run fetches a token and wakes all who wait for it. It ends within the client's timeout.
func (s *tokenSource) run(ctx context.Context, fetch *tokenFetch) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(s.account+":"+s.secret))
	asked := s.clock()
	answer, err := send[BearerToken](ctx, s.client, call{
		op: opFetchToken, method: http.MethodGet, path: "/auth/token", authorization: &basic, retries: 2,
	})
	switch {
	case err != nil:
		fetch.err = err.(*Error)
	case !visible(answer.Token):
		fetch.err = &Error{Op: opFetchToken, Status: http.StatusOK, reason: "the answer holds no token"}
	default:
		fetch.token = answer.Token
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetch = nil
	if fetch.err == nil {
		// A long life would overflow a Duration; a day is more than any register gives.
		life := time.Duration(min(max(answer.Expires, 0), 24*60*60)) * time.Second
		s.token = fetch.token
		s.renewAt = asked.Add(life - min(life/10, time.Minute))
	}

	close(fetch.done)
}
