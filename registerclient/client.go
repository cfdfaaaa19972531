// Package registerclient is the typed client of the register's HTTP API, with one method for each operation.
//
// The files types*.go hold what goes over the wire; each other file holds the operations of one resource. A Client
// fetches and renews its bearer token by itself and is safe for concurrent use. Every failure of a call is an *Error.
// Its text holds no personal data and no secrets.
package registerclient

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const defaultTimeout = 10 * time.Second

// Options configures a Client. BaseURL, AccountID and SecretKey are required.
type Options struct {
	// BaseURL is the root of the API, such as http://localhost:5001/v1. Plain http is allowed for loopback only.
	BaseURL string
	// AccountID and SecretKey are the caller's account at the register.
	AccountID string
	SecretKey string
	// HTTP sends the requests; nil for a client of its own. Redirects are not followed and cookies are not kept.
	HTTP *http.Client
	// Timeout limits a whole call, including retries and the renewal of the token; 0 for 10 s.
	Timeout time.Duration
	// Clock says when the bearer token expires; nil for time.Now.
	Clock func() time.Time
	// Logger logs retries; nil for no log.
	Logger *slog.Logger
}

// Client calls the register as one account.
type Client struct {
	base    string
	http    *http.Client
	timeout time.Duration
	// backoff is firstBackoff, except in tests.
	backoff time.Duration
	logger  *slog.Logger
	// tokens is a pointer, so that a Client that is printed by mistake does not show its secrets.
	tokens *tokenSource
}

var _ fmt.Stringer = (*Client)(nil)

// String names the client without its secrets.
func (c *Client) String() string { return "register at " + c.base }

// New checks the options and returns a client. It sends no request.
func New(options Options) (*Client, error) {
	base, err := checkBaseURL(options.BaseURL)
	if err != nil {
		return nil, err
	}
	if options.AccountID == "" || strings.Contains(options.AccountID, ":") {
		return nil, errors.New("registerclient: AccountID is required, and must not contain a colon")
	}
	if options.SecretKey == "" {
		return nil, errors.New("registerclient: SecretKey is required")
	}
	if options.Timeout < 0 {
		return nil, errors.New("registerclient: Timeout is negative")
	}

	c := &Client{
		base:    base,
		http:    newHTTPClient(options.HTTP),
		timeout: options.Timeout,
		backoff: firstBackoff,
		logger:  options.Logger,
	}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}

	c.tokens = &tokenSource{
		client:  c,
		account: options.AccountID,
		secret:  options.SecretKey,
		clock:   options.Clock,
	}
	if c.tokens.clock == nil {
		c.tokens.clock = time.Now
	}

	return c, nil
}

// newHTTPClient returns a copy of configured, or a client with a transport of its own if that is nil.
func newHTTPClient(configured *http.Client) *http.Client {
	client := new(http.Client)
	if configured != nil {
		*client = *configured
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 64
		transport.MaxResponseHeaderBytes = 64 << 10
		client.Transport = transport
	}

	// A redirect would send the token and the meter point to an address that is not configured.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil

	return client
}

// checkBaseURL returns the address without a trailing slash. Its errors do not quote the address, which may contain a
// password.
func checkBaseURL(address string) (string, error) {
	u, err := url.Parse(address)
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
