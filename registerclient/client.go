// Package registerclient is the typed way to the register's HTTP API: one method an operation. Types.go
// holds what goes over the wire, and each other file one resource. Clients fetch and renew their bearer
// token by themselves, are safe for many goroutines, and answer every failure with an *Error, whose text
// holds nothing personal and nothing secret.
package registerclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	userAgent = "dar-registerclient/1"

	// maxAnswer is far above the longest list of one meter point: whatever is longer is not an answer.
	maxAnswer = 32 << 20

	defaultTimeout = 10 * time.Second

	// firstBackoff doubles with each retry; longestBackoff is the most that a Retry-After may ask for
	// while a customer waits.
	firstBackoff   = 100 * time.Millisecond
	longestBackoff = 2 * time.Second
)

// Options is what a Client needs. BaseURL, AccountID and SecretKey are required.
type Options struct {
	// BaseURL is the root of the API, as http://localhost:5001/v1. Plain http is for loopback alone.
	BaseURL string
	// AccountID and SecretKey are the caller's account at the register.
	AccountID string
	SecretKey string
	// HTTP sends the requests; nil for a client of its own. Redirects are never followed, nor cookies kept.
	HTTP *http.Client
	// Timeout bounds each call as a whole, retries and the renewal of the token included; 0 for 10 s.
	Timeout time.Duration
	// Clock tells when the bearer token ends; nil for time.Now.
	Clock func() time.Time
	// Logger is told of retries; nil for none.
	Logger *slog.Logger
}

// Client calls the register as one account.
type Client struct {
	base    string
	http    *http.Client
	timeout time.Duration
	// backoff is firstBackoff, but in tests.
	backoff time.Duration
	logger  *slog.Logger
	// tokens is a pointer so that a Client which is printed by accident does not show its secrets.
	tokens *tokenSource
}

// New checks the options and returns a client. It calls nobody: the first call does.
func New(options Options) (*Client, error) {
	base, err := checkBaseURL(options.BaseURL)
	if err != nil {
		return nil, err
	}
	if options.AccountID == "" || strings.Contains(options.AccountID, ":") {
		return nil, errors.New("registerclient: AccountID is required, and holds no colon")
	}
	if options.SecretKey == "" {
		return nil, errors.New("registerclient: SecretKey is required")
	}
	if options.Timeout < 0 {
		return nil, errors.New("registerclient: Timeout is negative")
	}

	c := &Client{base: base, timeout: options.Timeout, backoff: firstBackoff, logger: options.Logger}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}

	c.http = new(http.Client)
	if options.HTTP != nil {
		*c.http = *options.HTTP
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 64
		transport.MaxResponseHeaderBytes = 64 << 10
		c.http.Transport = transport
	}

	// A redirect would carry the token and the meter point to an address that nobody configured.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http.Jar = nil

	clock := options.Clock
	if clock == nil {
		clock = time.Now
	}

	c.tokens = &tokenSource{client: c, account: options.AccountID, secret: options.SecretKey, clock: clock}
	return c, nil
}

// checkBaseURL returns the address without a slash at its end. Its errors leave the address out, which may
// hold a password.
func checkBaseURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return "", errors.New("registerclient: BaseURL is not an absolute http or https address")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", errors.New("registerclient: BaseURL must have no user, query or fragment")
	}

	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return "", errors.New("registerclient: BaseURL must be https, or http on a loopback address")
	}

	return strings.TrimRight(u.String(), "/"), nil
}

type requestIDKey struct{}

// WithRequestID makes calls with this context carry id as X-Request-ID, by which the logs of both programs
// are joined. An id that is longer than 128 characters, or holds any but visible ASCII, is not sent.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

type idempotencyKey struct{}

// keyedRetries is how often a POST that carries an Idempotency-Key may be sent again.
const keyedRetries = 2

// WithIdempotencyKey makes POSTs with this context carry key as Idempotency-Key: the register does what they ask
// once, and answers a repetition as it answered the first. Such a POST is sent again, twice at most, after a
// network failure or a 502, 503 or 504. A key has 1 to 255 characters of visible ASCII, otherwise the POST is
// not sent and fails with ErrInvalid; it is good for one request and 24 hours, and with another request it is
// refused with ErrUnprocessable. ImportAccessRecords does not carry it.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, key)
}

// call is one operation.
type call struct {
	// op says what was asked, in errors and logs.
	op     string
	method string
	// path is below the base, its segments escaped by segment.
	path  string
	query url.Values
	body  any
	// authorization replaces the bearer token where it is not nil; empty for an operation without credentials.
	authorization *string
	// retries is how often the call may be sent again after a network failure or a 502, 503 or 504.
	retries int
	// key is the Idempotency-Key; send sets it.
	key string
	// empty says that a success has no body.
	empty bool
	// once keeps even net/http from sending the request again over a new connection.
	once bool
}

// send makes one call and decodes its answer.
func send[T any](ctx context.Context, c *Client, what call) (*T, error) {
	var body []byte
	if what.body != nil {
		var err error
		if body, err = json.Marshal(what.body); err != nil {
			// The cause may quote a value.
			return nil, &Error{Op: what.op, Status: http.StatusBadRequest, reason: "the request cannot be encoded"}
		}
	}

	if strings.Contains(what.path, refusedSegment) {
		return nil, &Error{
			Op:     what.op,
			Status: http.StatusBadRequest,
			reason: "an identifier is empty, too long or not an identifier",
		}
	}

	if key, given := ctx.Value(idempotencyKey{}).(string); given && what.method == http.MethodPost {
		if !visible(key) || len(key) > 255 {
			return nil, &Error{
				Op:     what.op,
				Status: http.StatusBadRequest,
				reason: "the Idempotency-Key is not 1 to 255 characters of visible ASCII",
			}
		}
		what.key, what.retries = key, keyedRetries
	}

	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	var refused string
	for sent := 0; ; {
		authorization := what.authorization
		var token string
		if authorization == nil {
			var err *Error
			if token, err = c.tokens.bearer(ctx, refused); err != nil {
				return nil, err.during(what.op)
			}

			authorization = new(string)
			*authorization = "Bearer " + token
		}

		answer := new(T)
		err := c.attempt(ctx, what, body, *authorization, answer)
		if err == nil {
			return answer, nil
		}
		// A 401 refuses before it does anything, so that even a call which must not be repeated can be.
		if err.Status == http.StatusUnauthorized && token != "" && refused == "" {
			refused = token
			continue
		}
		if sent == what.retries || !errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			return nil, err
		}

		wait := err.RetryAfter
		if wait == 0 {
			wait = c.backoff<<sent + rand.N(c.backoff)
		}
		if wait > longestBackoff {
			return nil, err
		}

		c.logger.WarnContext(
			ctx,
			"register call is sent again",
			"op",
			what.op,
			"status",
			err.Status,
			"reason",
			err.reason,
		)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, err
		}

		sent++
	}
}

// attempt sends a request once.
func (c *Client) attempt(ctx context.Context, what call, body []byte, authorization string, answer any) *Error {
	var reader io.Reader
	media := ""
	switch {
	case body != nil:
		reader, media = bytes.NewReader(body), "application/json"
	case what.once:
		// net/http repeats a GET by itself when a kept connection breaks, but not with a body that it cannot
		// rewind. This one is empty, and nothing of it is sent.
		reader = io.MultiReader()
	}

	return c.exchange(ctx, c.http, what, reader, media, authorization, answer)
}

// exchange sends one request over via, with a body of the media type where that is not empty, and decodes its
// answer.
func (c *Client) exchange(
	ctx context.Context,
	via *http.Client,
	what call,
	body io.Reader,
	media, authorization string,
	answer any,
) *Error {
	address := c.base + what.path
	if len(what.query) > 0 {
		address += "?" + what.query.Encode()
	}

	req, err := http.NewRequestWithContext(ctx, what.method, address, body)
	if err != nil {
		return &Error{Op: what.op, Status: http.StatusBadRequest, reason: "the request cannot be made"}
	}

	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	if what.key != "" {
		req.Header.Set("Idempotency-Key", what.key)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	if id, _ := ctx.Value(requestIDKey{}).(string); visible(id) && len(id) <= 128 {
		req.Header.Set("X-Request-ID", id)
	}

	resp, err := via.Do(req)
	if err != nil {
		return networkError(ctx, what.op, err)
	}

	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return networkError(ctx, what.op, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		refusal := decodeError(what.op, resp.StatusCode, data)
		refusal.RetryAfter = c.retryAfter(resp.Header)
		return refusal
	}

	if len(data) > maxAnswer {
		return &Error{Op: what.op, Status: resp.StatusCode, reason: "the answer is too long"}
	}
	if what.empty && len(data) == 0 {
		return nil
	}
	if what.empty || json.Unmarshal(data, answer) != nil {
		return &Error{Op: what.op, Status: resp.StatusCode, reason: "the answer is not what the API describes"}
	}

	return nil
}

// retryAfter reads the header's both forms (RFC 9110, 10.2.3).
func (c *Client) retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(c.tokens.clock()))
	}

	return 0
}

// refusedSegment cannot come out of url.PathEscape.
const refusedSegment = "\x00"

// segment escapes one identifier for a path. What would lead to another path is refused by send.
func segment(id string) string {
	if id == "" || id == "." || id == ".." || len(id) > 512 {
		return refusedSegment
	}
	return url.PathEscape(id)
}

// visible reports whether s is not empty and holds nothing but visible ASCII.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}

	return s != ""
}

// setIf adds a query parameter that has a value.
func setIf[S ~string](query url.Values, name string, value S) {
	if value != "" {
		query.Set(name, string(value))
	}
}

// setLimit adds how many to answer at most, where that is given.
func setLimit(query url.Values, limit int) {
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
}

var _ fmt.Stringer = (*Client)(nil)

// String names the client without its secrets.
func (c *Client) String() string { return "register at " + c.base }
