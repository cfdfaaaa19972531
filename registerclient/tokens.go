package registerclient

import (
	"context"
	"encoding/base64"
	"net/http"
	"sync"
	"time"
)

// tokenSource keeps the bearer token of the account. Concurrent callers that need a new token share one fetch.
type tokenSource struct {
	client  *Client
	account string
	secret  string
	clock   func() time.Time

	mu      sync.Mutex
	token   string
	renewAt time.Time
	// fetch is the fetch under way; nil if there is none.
	fetch *tokenFetch
}

// tokenFetch is one fetch of a token, shared by all callers that wait for it. Token and err are set before done is
// closed.
type tokenFetch struct {
	done  chan struct{}
	token string
	err   *Error
}

// bearer returns a valid token. Refused is the token that the register has refused with 401, which is not returned
// again; it is empty on the first attempt of a call.
func (s *tokenSource) bearer(ctx context.Context, refused string) (string, *Error) {
	s.mu.Lock()
	if s.token != "" && s.token != refused && s.clock().Before(s.renewAt) {
		defer s.mu.Unlock()
		return s.token, nil
	}

	if s.fetch == nil {
		s.fetch = &tokenFetch{done: make(chan struct{})}
		// All waiting callers share the fetch, so it goes on if the caller that started it gives up.
		go s.run(context.WithoutCancel(ctx), s.fetch)
	}

	fetch := s.fetch
	s.mu.Unlock()

	select {
	case <-fetch.done:
		return fetch.token, fetch.err
	case <-ctx.Done():
		return "", networkError(ctx, fetchToken, ctx.Err())
	}
}

// forget drops a token that the register has refused with 401, after a call that cannot be sent again.
func (s *tokenSource) forget(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == token {
		s.token = ""
	}
}

// fetchToken is the name of the operation.
const fetchToken = "fetch bearer token"

// run fetches a token and wakes all callers that wait for it. It ends within the timeout of the client.
func (s *tokenSource) run(ctx context.Context, fetch *tokenFetch) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(s.account+":"+s.secret))
	requestedAt := s.clock()
	response, err := perform[BearerToken](ctx, s.client, operation{
		name:          fetchToken,
		method:        http.MethodGet,
		path:          "/auth/token",
		authorization: &basic,
		retries:       2,
	})

	switch {
	case err != nil:
		fetch.err = err
	case !visibleASCII(response.Token):
		fetch.err = &Error{Op: fetchToken, Status: http.StatusOK, reason: "the response holds no token"}
	default:
		fetch.token = response.Token
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetch = nil
	if fetch.err == nil {
		s.token = fetch.token
		s.renewAt = requestedAt.Add(usableFor(response.Expires))
	}

	close(fetch.done)
}

// usableFor returns how long a token is used that expires after some seconds. It is renewed a little earlier.
func usableFor(seconds int) time.Duration {
	// A longer life would overflow time.Duration. No register gives a token more than a day.
	const longest = 24 * 60 * 60
	life := time.Duration(min(max(seconds, 0), longest)) * time.Second

	return life - min(life/10, time.Minute)
}
