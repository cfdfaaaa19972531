package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// aliveTimeout is how long a kept connection has to reply to NOOP before it counts as dead.
const aliveTimeout = 3 * time.Second

// errStale means that a kept connection was dead before anything of a letter was sent.
var errStale = errors.New("the kept connection is closed")

// connection is an SMTP session that has passed the greeting and the authentication.
type connection struct {
	smtp *smtp.Client
	raw  net.Conn
	// expire closes the connection while it is idle.
	expire *time.Timer
}

// connect takes an idle connection from the pool, or makes a new one.
func (s *Sender) connect(ctx context.Context) (conn *connection, isKept bool, err error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, false, ErrClosed
	}

	if last := len(s.idle) - 1; last >= 0 {
		conn = s.idle[last]
		s.idle = s.idle[:last]
	}
	s.mu.Unlock()

	if conn != nil {
		conn.expire.Stop()
		return conn, true, nil
	}

	conn, err = s.dial(ctx)

	return conn, false, err
}

// keep returns a connection to the pool until it expires.
func (s *Sender) keep(conn *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()

	conn.expire = time.AfterFunc(s.idleTimeout, func() {
		if s.forget(conn) {
			conn.quit()
		}
	})
	s.idle = append(s.idle, conn)
}

// forget removes a connection from the pool, and reports whether it was there.
func (s *Sender) forget(conn *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()

	for i, other := range s.idle {
		if other == conn {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			return true
		}
	}

	return false
}

// dial connects to the server and authenticates.
func (s *Sender) dial(ctx context.Context) (*connection, error) {
	conn := &connection{}
	unwatch := func() bool { return true }
	defer func() { unwatch() }()

	tlsConfig := &tls.Config{ServerName: s.server.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	dialer := func(dialling context.Context, network, address string) (net.Conn, error) {
		raw, err := new(net.Dialer).DialContext(dialling, network, address)
		if err != nil {
			return nil, err
		}

		// go-mail greets and authenticates without a context, so close the connection when ctx ends.
		conn.raw = raw
		unwatch = context.AfterFunc(ctx, func() { raw.Close() })
		if !s.server.implicit {
			return raw, nil
		}

		secure := tls.Client(raw, tlsConfig)

		return secure, secure.HandshakeContext(dialling)
	}

	client, err := gomail.NewClient(s.server.host, s.clientOptions(tlsConfig, dialer)...)
	if err != nil {
		return nil, fmt.Errorf("connect to the mail server: %w", err)
	}

	if conn.smtp, err = client.DialToSMTPClientWithContext(ctx); err == nil {
		return conn, nil
	}

	if conn.raw != nil {
		conn.raw.Close() // go-mail leaves it open
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("connect to the mail server: %w", context.Cause(ctx))
	}

	// The text of a reply may repeat what the server was given, so only its code is reported. A code of 5xx is about
	// our settings here and not about the letter, which can be sent once they are corrected: it is not permanent.
	if reply := (*textproto.Error)(nil); errors.As(err, &reply) {
		return nil, fmt.Errorf("connect to the mail server: it replied %d", reply.Code)
	}

	return nil, fmt.Errorf("connect to the mail server: %w", err)
}

// clientOptions configures go-mail for the server.
func (s *Sender) clientOptions(tlsConfig *tls.Config, dialer gomail.DialContextFunc) []gomail.Option {
	options := []gomail.Option{
		gomail.WithPort(s.server.port),
		gomail.WithTimeout(s.timeout),
		gomail.WithHELO(s.messageDomain),
		gomail.WithTLSConfig(tlsConfig),
		gomail.WithDialContextFunc(dialer),
	}

	switch {
	case s.server.plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	case s.server.implicit:
		options = append(options, gomail.WithSSL())
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}

	if s.server.user != "" {
		options = append(options,
			gomail.WithUsername(s.server.user),
			gomail.WithPassword(s.server.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin),
		)
	}

	return options
}

// send sends one letter. Its error is errStale, that of handing, or a *failure.
func (c *connection) send(ctx context.Context, l envelope, isKept bool, handing func(context.Context) error) error {
	stop := context.AfterFunc(ctx, func() { c.raw.Close() }) // go-mail sends without a context
	defer stop()

	if isKept && !c.isAlive() {
		return errStale
	}

	deadline, _ := ctx.Deadline()
	if err := c.raw.SetDeadline(deadline); err != nil {
		return failed(ctx, "set a deadline", err)
	}

	// A needless SMTPUTF8 makes the next server refuse a letter that it could accept.
	c.smtp.SkipSMTPUTF8(!l.utf8)

	if err := c.smtp.Mail(l.from); err != nil {
		return failed(ctx, "name the sender", err)
	}
	if err := c.smtp.Rcpt(l.to); err != nil {
		return refused(ctx, "name the recipient", err)
	}

	data, err := c.smtp.Data()
	if err != nil {
		return refused(ctx, "begin the contents", err)
	}
	if _, err := data.Write(l.contents); err != nil {
		return failed(ctx, "send the contents", err)
	}

	if handing != nil {
		if err := handing(ctx); err != nil {
			return fmt.Errorf("send a letter: %w", err)
		}
	}

	if err := data.Close(); err != nil {
		f := refused(ctx, "end the contents", err)
		f.unknown = f.code < 400 // no refusal arrived
		return f
	}

	return nil
}

// isAlive reports whether the server still replies on a kept connection.
func (c *connection) isAlive() bool {
	return c.raw.SetDeadline(time.Now().Add(aliveTimeout)) == nil && c.smtp.Noop() == nil
}

// quit ends the session. It waits one second for the reply.
func (c *connection) quit() {
	defer c.raw.Close()

	if c.raw.SetDeadline(time.Now().Add(time.Second)) == nil {
		_ = c.smtp.Quit() // the connection is closed in any case
	}
}
