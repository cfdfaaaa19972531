package mail

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// DefaultFrom is the sender of letters if Options.From is empty.
const DefaultFrom = "Central Access Register <no-reply@central.consent>"

// Options configures a Sender. Everything except URL is optional.
type Options struct {
	// URL is the SMTP server, with a percent-encoded user name and password if it wants them.
	// smtps://user:password@host:465 speaks TLS from the first byte, smtp://user:password@host:587 requires STARTTLS.
	// smtp+plain://localhost:1025 is unencrypted, takes no password, and is accepted on loopback only. The port
	// defaults to the one in these examples.
	URL string
	// From is the address of the sender, with or without a name. It defaults to DefaultFrom.
	From string
	// MessageDomain is the right side of each Message-ID and the name in EHLO. It defaults to the domain of From.
	MessageDomain string
	// DKIM signs every letter if it is not nil.
	DKIM *DKIM
	// RootCAs are the authorities that the server's certificate may come from. It defaults to those of the system.
	RootCAs *x509.CertPool
	// Connections is the largest number of letters sent at the same time, and of connections kept. It defaults to 4.
	Connections int
	// Timeout bounds the sending of one letter, the wait for a connection included. It defaults to 15 s.
	Timeout time.Duration
	// IdleTimeout is how long an idle connection is kept for the next letter. It defaults to 30 s.
	IdleTimeout time.Duration
	// Clock returns the date of a letter. It defaults to time.Now.
	Clock func() time.Time
}

// Letter is a message to one address.
type Letter struct {
	// ID is the left side of the Message-ID: letters, digits, dashes, underscores and single dots. It is the same on
	// every attempt, so that a recipient who gets the letter twice can tell.
	ID string
	// To is an address without a name.
	To string
	// Handing, if not nil, is called after the contents and before the end of the letter, without which the server
	// does not accept it. If it fails, the end is not sent and Send returns its error.
	Handing func(context.Context) error
	Message
}

// Sender sends letters to one SMTP server over a pool of connections. It is safe for concurrent use.
type Sender struct {
	server        server
	from          *mail.Address
	messageDomain string
	signing       *dkim.SignOptions
	roots         *x509.CertPool
	timeout       time.Duration
	idleTimeout   time.Duration
	clock         func() time.Time

	slots chan struct{} // each letter that is being sent holds one

	mu     sync.Mutex
	closed bool
	idle   []*connection
}

// NewSender checks the options. It connects only when the first letter is sent. The error reports every mistake, and
// contains neither the URL's password nor the DKIM key.
func NewSender(o Options) (*Sender, error) {
	s := &Sender{
		roots:       o.RootCAs,
		timeout:     cmp.Or(o.Timeout, 15*time.Second),
		idleTimeout: cmp.Or(o.IdleTimeout, 30*time.Second),
		clock:       o.Clock,
	}
	if s.clock == nil {
		s.clock = time.Now
	}

	var mistakes []error
	mistake := func(err error) {
		if err != nil {
			mistakes = append(mistakes, err)
		}
	}

	var err error
	s.server, err = parseServerURL(o.URL)
	mistake(err)

	if s.from, err = mail.ParseAddress(cmp.Or(o.From, DefaultFrom)); err != nil || hasControl(o.From) {
		mistake(errors.New("the sender From is not an e-mail address"))
		s.from = &mail.Address{}
	}

	_, domain, _ := strings.Cut(s.from.Address, "@")
	s.messageDomain = cmp.Or(o.MessageDomain, domain)
	if s.messageDomain != "" && !domainForm.MatchString(s.messageDomain) {
		mistake(errors.New("MessageDomain is not a domain"))
	}

	if o.DKIM != nil {
		s.signing, err = o.DKIM.signOptions(domain)
		mistake(err)
	}

	if o.Connections < 0 || o.Timeout < 0 || o.IdleTimeout < 0 {
		mistake(errors.New("the options Connections, Timeout and IdleTimeout must not be negative"))
	}

	if len(mistakes) > 0 {
		return nil, fmt.Errorf("send mail: %w", errors.Join(mistakes...))
	}

	s.slots = make(chan struct{}, cmp.Or(o.Connections, 4))

	return s, nil
}

// Send sends a letter, and returns nil once the server has accepted it.
//
// Permanent reports whether a retry is pointless. Unknown reports whether the server may have accepted the letter
// although Send failed: its reply can be lost, which is the other reason for Letter.ID. No error contains the address,
// the link or the password.
func (s *Sender) Send(ctx context.Context, letter Letter) error {
	l, err := s.compose(letter)
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()

	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return fmt.Errorf("send a letter: %w", context.Cause(ctx))
	}

	// The server may have closed kept connections, so try them until one works or a new one is made.
	for {
		conn, isKept, err := s.connect(ctx)
		if err != nil {
			return err
		}

		err = conn.send(ctx, l, isKept, letter.Handing)
		if err == nil {
			s.keep(conn)
			return nil
		}

		conn.raw.Close() // the state of the SMTP session is unknown
		if !errors.Is(err, errStale) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("send a letter: %w", context.Cause(ctx))
		}
	}
}

// Close waits for the letters that are being sent, each for at most Options.Timeout, and then ends the connections.
func (s *Sender) Close() error {
	s.mu.Lock()
	wasClosed := s.closed
	s.closed = true
	s.mu.Unlock()

	if wasClosed {
		return nil
	}

	for range cap(s.slots) {
		s.slots <- struct{}{}
		defer func() { <-s.slots }() // a Send that waits for a slot then returns ErrClosed
	}

	s.mu.Lock()
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()

	for _, conn := range idle {
		conn.quit()
	}

	return nil
}
