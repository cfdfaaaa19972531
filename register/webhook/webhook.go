// Package webhook tells a Data User of one event: it signs the body and posts it to the address that the Data User
// registered. That address is a stranger's input, so that most of the package is about where it may not lead:
// address.go holds the rules for the URL and for the IP address behind it. When to send, and when again, is
// the outbox's business.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	userAgent = "dar-register/1"

	// timeout bounds one delivery as a whole, from the look-up of the name to the answer's header.
	timeout = 10 * time.Second

	// Nothing in an answer's body matters. What is short is read so that the connection can be used again; what is
	// not is cut off, and the connection with it.
	maxAnswer   = 64 << 10
	drainFor    = time.Second
	maxHeader   = 16 << 10
	perHost     = 4
	idleTimeout = 90 * time.Second
)

// Options sets up a Client; the zero value is right for a register on the internet.
type Options struct {
	// Local is for a register which itself is on loopback, as the demonstration is: receivers there are allowed too.
	Local bool
	// Clock gives the time of signatures; nil for time.Now.
	Clock func() time.Time
}

// Client posts events. It is safe for many goroutines; make one and keep it.
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
	// URL is the subscription's callback-url.
	URL string
	// EventID stays the same over all retries.
	EventID   string
	EventType string
	// QueuedAt decides, in a rotation, which secret X-DAR-Signature uses.
	QueuedAt time.Time
	// Body is the event's envelope, sent and signed as it is.
	Body    []byte
	Secrets Secrets
}

// New returns a client with connections of its own.
func New(options Options) *Client {
	c := &Client{local: options.Local, clock: options.Clock, timeout: timeout, drainFor: drainFor}
	if c.clock == nil {
		c.clock = time.Now
	}

	// Checked here, the address is the one that is connected to, whatever a name answered when it was asked before.
	c.dialer = &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		return checkAddress(address, c.local)
	}}
	// Not http.DefaultTransport's clone, which goes through the proxy of the environment. HTTP/2 stays off, so that a
	// delivery that hangs holds up no other on its connection.
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

// Post sends the event once, within ten seconds. Only an answer of 2xx is no error. Status is 0 where there was no
// answer. The error's text is short and names neither address, secret nor body: it may be logged, and shown to the
// Data User. It wraps context.Canceled where the caller gave up, which says nothing of the receiver.
func (c *Client) Post(ctx context.Context, d Delivery) (status int, err error) {
	// The rules may be stricter now than when the address was registered.
	if CheckURL(d.URL, c.local) != nil {
		return 0, errAddress
	}

	header, err := sign(d, c.clock())
	if err != nil {
		return 0, err
	}

	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0, errAddress
	}

	req.Header = header
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, explain(ctx, err)
	}

	defer resp.Body.Close()
	// The status is all that is asked for: a body that drips must not hold a worker for the rest of the time.
	stop := time.AfterFunc(c.drainFor, cancel)
	defer stop.Stop()
	io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))

	switch {
	case resp.StatusCode >= 200 && resp.StatusCode <= 299:
		return resp.StatusCode, nil
	case resp.StatusCode >= 300 && resp.StatusCode <= 399:
		return resp.StatusCode, fmt.Errorf("answered %d: redirects are not followed", resp.StatusCode)
	default:
		return resp.StatusCode, fmt.Errorf("answered %d", resp.StatusCode)
	}
}

// sign makes the header of a delivery: the published signature, and that of Standard Webhooks.
func sign(d Delivery, now time.Time) (http.Header, error) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	standard, err := d.Secrets.standard(d.EventID, timestamp, d.Body, now)
	if err != nil {
		return nil, err
	}

	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", userAgent)
	header.Set("X-DAR-Event", d.EventType)
	header.Set("X-DAR-Timestamp", timestamp)
	header.Set("X-DAR-Signature", d.Secrets.published(d.Body, d.QueuedAt, now))
	header.Set("webhook-id", d.EventID)
	header.Set("webhook-timestamp", timestamp)
	header.Set("webhook-signature", standard)

	return header, nil
}

var (
	errSecret    = errors.New("signing secret is malformed")
	errCancelled = fmt.Errorf("interrupted: %w", context.Canceled)
	errTimeout   = errors.New("timed out")
	errTrust     = errors.New("certificate is not trusted")
	errTLS       = errors.New("TLS handshake failed")
	errNoName    = errors.New("host name is not found")
	errLookup    = errors.New("host name cannot be looked up")
	errRefused   = errors.New("connection was refused")
	errUnreached = errors.New("host cannot be reached")
	errBroken    = errors.New("connection broke or did not speak HTTP")
)

// explain keeps of err what is safe to show. A *url.Error holds the address; other errors quote the other side.
func explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errAddress):
		return errAddress
	case errors.Is(ctx.Err(), context.Canceled):
		return errCancelled
	case ctx.Err() != nil:
		return errTimeout
	}

	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return errNoName
		}
		return errLookup
	}

	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return errTrust
	}

	_, record := errors.AsType[tls.RecordHeaderError](err)
	operation, _ := errors.AsType[*net.OpError](err)
	switch {
	// An alert comes as the operation "remote error" or "local error".
	case record, errors.Is(err, http.ErrSchemeMismatch), operation != nil && strings.HasSuffix(operation.Op, " error"):
		return errTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		return errRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return errUnreached
	case operation != nil && operation.Timeout():
		return errTimeout
	default:
		return errBroken
	}
}
