// Package catcher is a mail server that sends nothing on: it keeps the last letters that it was given, in memory,
// and shows them. Tests read a mailed link from it; the demonstration's inbox is one. It listens on loopback alone,
// for what it holds is private.
package catcher

import (
	"context"
	"crypto/subtle"
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

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// maxLetter is the largest letter that is taken, in bytes. Ours have some 10 KB.
const maxLetter = 1 << 20

// Options say how the catcher listens. The zero value takes letters from anybody on the machine, unencrypted, on a
// port of the system's choice.
type Options struct {
	// Addr is host and port on loopback; "127.0.0.1:0" where it is empty.
	Addr string
	// Keep is how many letters are kept, the oldest being dropped for the newest; 100 where it is 0.
	Keep int
	// TLS offers STARTTLS, and with Implicit speaks TLS from the first byte, as port 465 does.
	TLS      *tls.Config
	Implicit bool
	// User and Password are demanded of every client, where User is not empty.
	User, Password string
	// Clock tells when a letter came; time.Now where it is nil.
	Clock func() time.Time
}

// Catcher is a running server. It is safe for use by many goroutines.
type Catcher struct {
	options  Options
	server   *smtp.Server
	listener *listener
	stopped  chan error

	mu             sync.Mutex
	letters        []Received
	taken          int
	change         chan struct{}
	refuseTo       int
	refuseContents int
	mute           bool
}

// Start listens and returns at once. Close it when it is no longer needed.
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
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
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
		listener: &listener{Listener: inner, open: map[*conn]bool{}, left: make(chan struct{})},
		stopped:  make(chan error, 1),
		change:   make(chan struct{}),
	}
	c.server = smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &session{catcher: c, conn: conn.Conn()}, nil
	}))
	c.server.Domain = "localhost"
	c.server.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are no news here
	c.server.MaxMessageBytes = maxLetter
	c.server.ReadTimeout = time.Minute
	c.server.WriteTimeout = 10 * time.Second
	c.server.EnableSMTPUTF8 = true
	c.server.AllowInsecureAuth = options.TLS == nil
	var serve net.Listener = c.listener
	if options.Implicit {
		serve = tls.NewListener(serve, options.TLS)
	} else {
		c.server.TLSConfig = options.TLS
	}

	go func() { c.stopped <- c.server.Serve(serve) }()
	return c, nil
}

// Close stops listening and hangs up on everybody. The letters can still be read.
func (c *Catcher) Close() error {
	// The server does not know its listener until Serve has run, which may be later than this.
	err := c.server.Close()
	c.listener.Close()
	return errors.Join(err, <-c.stopped)
}

// Addr is the host and port that it listens on.
func (c *Catcher) Addr() string { return c.listener.Addr().String() }

// URL is how mail.Options wants to be told of this server, its password included.
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

// Messages are the letters that are kept, the oldest first.
func (c *Catcher) Messages() []Received {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.letters)
}

// Clear forgets every letter.
func (c *Catcher) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.letters = nil
	c.changed()
}

// Changed is closed at the next letter, or when the letters are cleared. Ask for it before looking at Messages.
func (c *Catcher) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.change
}

// Wait returns the letters as soon as at least n are kept. Its error is the context's, when that ends first.
func (c *Catcher) Wait(ctx context.Context, n int) ([]Received, error) {
	for {
		change := c.Changed()
		if letters := c.Messages(); len(letters) >= n {
			return letters, nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d letters, %d came: %w", n, len(c.Messages()), context.Cause(ctx))
		}
	}
}

// Refuse answers every recipient with an SMTP code, such as 450 for later or 550 for never; 0 takes letters again.
func (c *Catcher) Refuse(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuseTo = code
}

// RefuseContents is Refuse after the letter has been read, as spam filters do.
func (c *Catcher) RefuseContents(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuseContents = code
}

// Mute takes letters, and then hangs up instead of saying so, until it is told false.
func (c *Catcher) Mute(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mute = on
}

// Down hangs up on everybody, now and whenever somebody calls, until Up. The port stays taken.
func (c *Catcher) Down() { c.listener.setDown(true) }

// Up ends Down.
func (c *Catcher) Up() { c.listener.setDown(false) }

// Hangup closes the connections that are open, as servers do to idle ones, and takes new ones.
func (c *Catcher) Hangup() { c.listener.hangup() }

// Connections is how many clients have connected so far, and how many are connected now.
func (c *Catcher) Connections() (ever, now int) { return c.listener.count() }

// WaitAlone returns as soon as nobody is connected. Its error is the context's, when that ends first.
func (c *Catcher) WaitAlone(ctx context.Context) error {
	for {
		left, now := c.listener.someoneLeft()
		if now == 0 {
			return nil
		}
		select {
		case <-left:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d clients to leave: %w", now, context.Cause(ctx))
		}
	}
}

func (c *Catcher) changed() {
	close(c.change)
	c.change = make(chan struct{})
}

func (c *Catcher) take(from, to string, raw []byte) error {
	letter, err := read(raw)
	if err != nil {
		return &smtp.SMTPError{
			Code:         554,
			EnhancedCode: smtp.EnhancedCode{5, 6, 0},
			Message:      "The letter cannot be read: " + err.Error(),
		}
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken++
	letter.ID, letter.At, letter.From, letter.To = c.taken, c.options.Clock(), from, to
	c.letters = append(c.letters, letter)
	if extra := len(c.letters) - c.options.Keep; extra > 0 {
		c.letters = slices.Delete(c.letters, 0, extra)
	}

	c.changed()
	return nil
}

func (c *Catcher) refusal(contents bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	code := c.refuseTo
	if contents {
		code = c.refuseContents
	}
	if code == 0 {
		return nil
	}

	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "Refused, as asked"}
}

func (c *Catcher) isMute() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mute
}

// session is one client's connection.
type session struct {
	catcher *Catcher
	conn    net.Conn
	known   bool
	from    string
	to      []string
}

func (s *session) AuthMechanisms() []string {
	if s.catcher.options.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		want := s.catcher.options
		if subtle.ConstantTimeCompare([]byte(user+"\x00"+password), []byte(want.User+"\x00"+want.Password)) != 1 {
			return smtp.ErrAuthFailed
		}

		s.known = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.catcher.options.User != "" && !s.known {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.catcher.refusal(false); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.catcher.refusal(true); err != nil {
		return err
	}
	for _, to := range s.to {
		if err := s.catcher.take(s.from, to, raw); err != nil {
			return err
		}
	}

	if s.catcher.isMute() {
		return s.conn.Close()
	}

	return nil
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

// listener knows its open connections, so that they can be cut.
type listener struct {
	net.Listener

	mu   sync.Mutex
	open map[*conn]bool
	left chan struct{} // closed when somebody hangs up
	ever int
	down bool
}

type conn struct {
	net.Conn
	listener *listener
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}

		c := &conn{Conn: inner, listener: l}
		l.mu.Lock()
		l.ever++
		down := l.down
		if !down {
			l.open[c] = true
		}

		l.mu.Unlock()
		if !down {
			return c, nil
		}

		inner.Close()
	}
}

func (c *conn) Close() error {
	c.listener.mu.Lock()
	if c.listener.open[c] {
		delete(c.listener.open, c)
		close(c.listener.left)
		c.listener.left = make(chan struct{})
	}

	c.listener.mu.Unlock()
	return c.Conn.Close()
}

func (l *listener) hangup() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		c.Conn.Close() // the server notices, and closes c
	}
}

func (l *listener) setDown(down bool) {
	l.mu.Lock()
	l.down = down
	l.mu.Unlock()
	if down {
		l.hangup()
	}
}

func (l *listener) someoneLeft() (left <-chan struct{}, now int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left, len(l.open)
}

func (l *listener) count() (ever, now int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ever, len(l.open)
}
