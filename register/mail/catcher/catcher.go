// Package catcher is an SMTP server that forwards nothing. It keeps the last letters in memory and shows them: tests
// read a mailed link from it, and the demonstration has it as its inbox. It listens on loopback only, because the
// letters are private.
package catcher

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"central.consent/dar/internal/web/address"
)

// maxLetter is the largest letter that is accepted, in bytes. The register's letters have about 10 KB.
const maxLetter = 1 << 20

// Options configures a Catcher. The zero value accepts unencrypted letters without a password, on a port that the
// system chooses.
type Options struct {
	// Addr is a host and port on loopback. It defaults to "127.0.0.1:0".
	Addr string
	// Keep is the number of letters that are kept; the oldest is dropped first. It defaults to 100.
	Keep int
	// TLS offers STARTTLS. With Implicit the server speaks TLS from the first byte, as on port 465.
	TLS      *tls.Config
	Implicit bool
	// User and Password are required of every client if User is not empty.
	User, Password string
	// Clock returns the time at which a letter arrives. It defaults to time.Now.
	Clock func() time.Time
}

// Catcher is a running server. It is safe for concurrent use.
type Catcher struct {
	options  Options
	server   *smtp.Server
	listener *listener
	stopped  chan error

	mu             sync.Mutex
	letters        []Received
	received       int           // letters so far, the dropped ones included
	changed        chan struct{} // closed when letters changes
	refuseTo       int           // the reply to every recipient; 0 accepts
	unknown        string        // a recipient that does not exist
	refuseContents int           // the reply to every letter; 0 accepts
	mute           bool
}

// Start listens and returns at once. Call Close to stop the server.
func Start(options Options) (*Catcher, error) {
	if options.Addr == "" {
		options.Addr = "127.0.0.1:0"
	}
	if options.Keep == 0 {
		options.Keep = 100
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}

	host, _, err := net.SplitHostPort(options.Addr)
	if err != nil {
		return nil, fmt.Errorf("catch mail: %w", err)
	}
	if !address.IsLoopback(host) {
		return nil, fmt.Errorf("catch mail: %s is not on loopback", host)
	}
	if options.Implicit && options.TLS == nil {
		return nil, errors.New("catch mail: Implicit needs TLS")
	}

	inner, err := net.Listen("tcp", options.Addr)
	if err != nil {
		return nil, fmt.Errorf("catch mail: %w", err)
	}

	c := &Catcher{
		options:  options,
		listener: newListener(inner),
		stopped:  make(chan error, 1),
		changed:  make(chan struct{}),
	}
	c.server = smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &session{catcher: c, conn: conn.Conn()}, nil
	}))
	c.server.Domain = "localhost"
	c.server.ErrorLog = log.New(io.Discard, "", 0) // clients that disconnect are expected
	c.server.MaxMessageBytes = maxLetter
	c.server.ReadTimeout = time.Minute
	c.server.WriteTimeout = 10 * time.Second
	c.server.EnableSMTPUTF8 = true
	c.server.AllowInsecureAuth = options.TLS == nil

	var serving net.Listener = c.listener
	if options.Implicit {
		serving = tls.NewListener(serving, options.TLS)
	} else {
		c.server.TLSConfig = options.TLS
	}

	go func() { c.stopped <- c.server.Serve(serving) }()

	return c, nil
}

// Close stops listening and closes every connection. The letters can still be read.
func (c *Catcher) Close() error {
	// The server does not know its listener before Serve has run, which may be after this call.
	err := c.server.Close()
	c.listener.Close()

	return errors.Join(err, <-c.stopped)
}

// Addr returns the host and port of the server.
func (c *Catcher) Addr() string { return c.listener.Addr().String() }

// URL returns the server as a value of mail.Options.URL, with the password.
func (c *Catcher) URL() string {
	u := url.URL{Scheme: "smtp+plain", Host: c.Addr()}
	switch {
	case c.options.Implicit:
		u.Scheme = "smtps"
	case c.options.TLS != nil:
		u.Scheme = "smtp"
	}

	if c.options.User != "" {
		u.User = url.UserPassword(c.options.User, c.options.Password)
	}

	return u.String()
}

// Messages returns the letters that are kept, the oldest first.
func (c *Catcher) Messages() []Received {
	c.mu.Lock()
	defer c.mu.Unlock()

	return slices.Clone(c.letters)
}

// Clear drops every letter.
func (c *Catcher) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.letters = nil
	c.signal()
}

// Changed returns a channel that is closed when the next letter arrives or the letters are cleared. Call it before
// Messages.
func (c *Catcher) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.changed
}

// Wait returns the letters once at least n are kept. It returns the context's error if that ends first.
func (c *Catcher) Wait(ctx context.Context, n int) ([]Received, error) {
	for {
		changed := c.Changed()
		if letters := c.Messages(); len(letters) >= n {
			return letters, nil
		}

		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d letters, %d came: %w", n, len(c.Messages()), context.Cause(ctx))
		}
	}
}

// Refuse replies to every recipient with this SMTP code, such as 450 for later or 550 for never. 0 accepts again.
func (c *Catcher) Refuse(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.refuseTo = code
}

// RefuseRecipient replies to one address with 550, as a server does that has no such mailbox. No address accepts all
// again.
func (c *Catcher) RefuseRecipient(to string) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.unknown = to
}

// RefuseContents is like Refuse, but replies after the letter has been read, as spam filters do.
func (c *Catcher) RefuseContents(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.refuseContents = code
}

// Mute makes the server accept letters and then close the connection without a reply, until it is called with false.
func (c *Catcher) Mute(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.mute = on
}

// Down closes every connection, the present ones and the new ones, until Up. The port stays in use.
func (c *Catcher) Down() { c.listener.setDown(true) }

// Up ends Down.
func (c *Catcher) Up() { c.listener.setDown(false) }

// Hangup closes the present connections, as servers do to idle ones, and accepts new ones.
func (c *Catcher) Hangup() { c.listener.closeConnections() }

// Connections returns the number of connections so far, and of those that are open now.
func (c *Catcher) Connections() (ever, now int) { return c.listener.count() }

// WaitAlone returns once no client is connected. It returns the context's error if that ends first.
func (c *Catcher) WaitAlone(ctx context.Context) error {
	for {
		closed, open := c.listener.nextClose()
		if open == 0 {
			return nil
		}

		select {
		case <-closed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d clients to disconnect: %w", open, context.Cause(ctx))
		}
	}
}

// signal wakes those who wait for a change. The caller holds mu.
func (c *Catcher) signal() {
	close(c.changed)
	c.changed = make(chan struct{})
}
