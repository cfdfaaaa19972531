// Package webhook delivers an event to a Data User: it signs the body and posts it to the URL that the Data User
// registered.
//
// The URL is a stranger's input, so most of the package restricts where it may lead: url.go holds the rules for the
// URL, destination.go the rules for the IP address behind it. The package register/outbox decides when to send and
// when to retry.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	userAgent = "dar-register/1"

	// timeout bounds a whole delivery, from the DNS lookup to the header of the response.
	timeout = 10 * time.Second

	// The body of a response is ignored. Up to maxDrain bytes of it are read, for at most drainFor, so that the
	// connection can be reused; a longer body closes the connection.
	maxDrain = 64 << 10
	drainFor = time.Second

	maxHeader   = 16 << 10 // bytes of a response's header
	perHost     = 4        // idle connections kept for each host
	idleTimeout = 90 * time.Second
)

// Options configures a Client. The zero value suits a register on the internet.
type Options struct {
	// Local also allows receivers on loopback. Set it only if the register itself runs on loopback, as the
	// demonstration does.
	Local bool
	// Clock returns the time that signatures carry. It defaults to time.Now.
	Clock func() time.Time
}

// Client posts events. It is safe for concurrent use and keeps connections, so create one and reuse it.
type Client struct {
	local     bool
	clock     func() time.Time
	timeout   time.Duration
	drainFor  time.Duration
	dialer    *net.Dialer
	transport *http.Transport
	http      *http.Client
}

// Delivery is one event for one subscription.
type Delivery struct {
	// URL is the callback-url of the subscription.
	URL string
	// EventID stays the same over all attempts.
	EventID string
	// EventType is sent as X-DAR-Event, such as consent.withdrawal.
	EventType string
	// QueuedAt selects the secret of X-DAR-Signature during a rotation.
	QueuedAt time.Time
	// Body is the JSON of the event. It is sent and signed unchanged.
	Body []byte
	// Secrets are the signing secrets of the subscription.
	Secrets Secrets
}

// New returns a client with its own connections.
func New(options Options) *Client {
	c := &Client{local: options.Local, clock: options.Clock, timeout: timeout, drainFor: drainFor}
	if c.clock == nil {
		c.clock = time.Now
	}

	// Control runs after name resolution and before each connection, so a name cannot resolve to a public address
	// when it is checked and to a private one when it is dialled (DNS rebinding).
	c.dialer = &net.Dialer{Control: func(network, address string, _ syscall.RawConn) error {
		return checkDestination(network, address, c.local)
	}}

	// A clone of http.DefaultTransport would use the proxy of the environment. HTTP/2 stays off, so that a delivery
	// that hangs does not block another one on the same connection.
	c.transport = &http.Transport{
		DialContext:            c.dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    perHost,
		IdleConnTimeout:        idleTimeout,
	}
	c.http = &http.Client{
		Transport:     c.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}

	return c
}

// Post makes one attempt to deliver the event, within ten seconds. It returns nil only for a status of 2xx. The
// status is 0 if no response arrived.
//
// The error is short and contains neither URL, secret nor body, so it may be logged and shown to the Data User. It
// wraps context.Canceled if the caller cancelled ctx, which says nothing about the receiver.
func (c *Client) Post(ctx context.Context, d Delivery) (status int, err error) {
	// The rules may be stricter now than when the URL was registered.
	if CheckURL(d.URL, c.local) != nil {
		return 0, errAddress
	}

	header, err := sign(d, c.clock())
	if err != nil {
		return 0, err
	}

	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0, errAddress
	}

	request.Header = header

	response, err := c.http.Do(request)
	if err != nil {
		return 0, explain(ctx, err)
	}
	defer response.Body.Close()

	// Only the status counts: a slow body must not occupy a worker for the rest of the timeout.
	stop := time.AfterFunc(c.drainFor, cancel)
	defer stop.Stop()

	io.Copy(io.Discard, io.LimitReader(response.Body, maxDrain))

	switch {
	case response.StatusCode >= 200 && response.StatusCode <= 299:
		return response.StatusCode, nil
	case response.StatusCode >= 300 && response.StatusCode <= 399:
		return response.StatusCode, fmt.Errorf("answered %d: redirects are not followed", response.StatusCode)
	default:
		return response.StatusCode, fmt.Errorf("answered %d", response.StatusCode)
	}
}
