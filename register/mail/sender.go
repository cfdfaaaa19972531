package mail

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// DefaultFrom is who letters come from, where nothing else is said.
const DefaultFrom = "Data Access Register <no-reply@central.consent>"

// ErrClosed is what Send gives after Close.
var ErrClosed = errors.New("the mail sender is closed")

// errStale tells that a kept connection had died before anything of a letter was sent.
var errStale = errors.New("the kept connection is gone")

// Options are a Sender's. All but URL may be left empty.
type Options struct {
	// URL is the server that takes our letters, with the name and password that it wants, percent-encoded:
	// smtps://user:password@host:465 speaks TLS from the first byte, smtp://user:password@host:587 demands
	// STARTTLS. smtp+plain://localhost:1025 is unencrypted, without a password, and on loopback only. Without a
	// port it is the one above.
	URL string
	// From is the sender's address, with or without a name; DefaultFrom where it is empty.
	From string
	// MessageDomain is the right side of each Message-ID, and what the server is greeted with; From's domain where
	// it is empty.
	MessageDomain string
	// DKIM signs every letter, where it is not nil.
	DKIM *DKIM
	// RootCAs are the authorities that may vouch for the server; the system's where it is nil.
	RootCAs *x509.CertPool
	// Connections is how many letters go out at the same time, and how many connections are kept; 4 where it is 0.
	Connections int
	// Timeout is the longest that one letter may take, the wait for a connection included; 15 s where it is 0.
	Timeout time.Duration
	// IdleTimeout is how long a connection is kept for the next letter; 30 s where it is 0.
	IdleTimeout time.Duration
	// Clock dates the letters; time.Now where it is nil.
	Clock func() time.Time
}

// Letter is a message on its way to one address.
type Letter struct {
	// ID names the letter, and is the same on every try, so that whoever gets it twice can tell: the left side of its
	// Message-ID. Letters, digits, dashes, underscores and single dots.
	ID string
	// To is a bare address.
	To string
	// Handing is called when the server has the whole letter but for its end, without which it is none. Where it fails
	// the end is not sent, and Send answers its error. Nil does nothing.
	Handing func(context.Context) error
	Message
}

// Sender hands letters to one SMTP server, over a few connections that it keeps. It is safe for use by many
// goroutines.
type Sender struct {
	server        server
	from          *mail.Address
	messageDomain string
	signing       *dkim.SignOptions
	roots         *x509.CertPool
	timeout       time.Duration
	idleTimeout   time.Duration
	clock         func() time.Time

	slots chan struct{} // one is held for each letter on its way

	mu     sync.Mutex
	closed bool
	idle   []*connection
}

// server is what Options.URL says.
type server struct {
	host           string
	port           int
	implicit       bool // TLS from the first byte
	plain          bool // no TLS at all
	user, password string
}

// connection is one to the server.
type connection struct {
	smtp   *smtp.Client
	raw    net.Conn
	expire *time.Timer
}

// NewSender checks the options, and connects at the first letter only. Its error holds every mistake, and neither the
// URL's password nor the key.
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
	s.server, err = parseURL(o.URL)
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
		s.signing, err = o.DKIM.signing(domain)
		mistake(err)
	}
	if o.Connections < 0 || o.Timeout < 0 || o.IdleTimeout < 0 {
		mistake(errors.New("none of Connections, Timeout and IdleTimeout can be negative"))
	}
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("send mail: %w", errors.Join(mistakes...))
	}

	s.slots = make(chan struct{}, cmp.Or(o.Connections, 4))
	return s, nil
}

// parseURL reads Options.URL. Its errors quote nothing of it: a mistyped password can end up in any part.
func parseURL(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" ||
		u.Fragment != "" {
		return server{}, errors.New(
			"URL is not of the form smtps://user:password@host:465, with special characters percent-encoded",
		)
	}

	s := server{host: u.Hostname(), user: u.User.Username()}
	s.password, _ = u.User.Password()
	switch u.Scheme {
	case "smtp":
		s.port = 587
	case "smtps":
		s.port, s.implicit = 465, true
	case "smtp+plain":
		s.port, s.plain = 1025, true
		if ip := net.ParseIP(s.host); s.host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return server{}, errors.New(
				"URL: smtp+plain is for loopback only; use smtp, which demands STARTTLS, or smtps",
			)
		}
		if u.User != nil {
			return server{}, errors.New("URL: smtp+plain takes no password, for it would go unencrypted")
		}
	default:
		return server{}, errors.New("URL does not begin with smtp://, smtps:// or smtp+plain://")
	}

	if u.User != nil && (s.user == "" || s.password == "") {
		return server{}, errors.New("URL has a user without a password, or a password without a user")
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			return server{}, errors.New("URL has no port between 1 and 65535")
		}
	}

	return s, nil
}

// Send hands a letter to the server, and returns when the server has taken it. Permanent tells whether another try
// is pointless, and Unknown whether the server may have the letter all the same: its answer can be lost, which is also
// what Letter.ID is for. No error names the address, the link or the password.
func (s *Sender) Send(ctx context.Context, letter Letter) error {
	written, err := s.compose(letter)
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

	for {
		conn, kept, err := s.connect(ctx)
		if err != nil {
			return err
		}

		err = conn.send(ctx, written, kept, letter.Handing)
		if err == nil {
			s.keep(conn)
			return nil
		}

		conn.raw.Close() // nobody knows in what state it is
		if !errors.Is(err, errStale) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("send a letter: %w", context.Cause(ctx))
		}
	}
}

// Close waits for the letters that are on their way, each no longer than Options.Timeout, and says goodbye to the
// server.
func (s *Sender) Close() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	s.mu.Unlock()
	if already {
		return nil
	}
	for range cap(s.slots) {
		s.slots <- struct{}{}
		defer func() { <-s.slots }() // a late Send then finds the sender closed
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

// connect gives a kept connection, or a new one.
func (s *Sender) connect(ctx context.Context) (conn *connection, kept bool, err error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, false, ErrClosed
	}
	if last := len(s.idle) - 1; last >= 0 {
		conn, s.idle = s.idle[last], s.idle[:last]
	}

	s.mu.Unlock()
	if conn != nil {
		conn.expire.Stop()
		return conn, true, nil
	}

	conn, err = s.dial(ctx)
	return conn, false, err
}

// keep puts a connection aside for the next letter, for a while.
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

// forget takes a connection from the idle ones, and tells whether it was still there.
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

func (s *Sender) dial(ctx context.Context) (*connection, error) {
	conn := &connection{}
	unwatch := func() bool { return true }
	defer func() { unwatch() }()
	tlsConfig := &tls.Config{ServerName: s.server.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	options := []gomail.Option{
		gomail.WithPort(s.server.port),
		gomail.WithTimeout(s.timeout),
		gomail.WithHELO(s.messageDomain),
		gomail.WithTLSConfig(tlsConfig),
		gomail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			raw, err := new(net.Dialer).DialContext(dialing, network, address)
			if err != nil {
				return nil, err
			}

			// go-mail greets and signs in without a context: when ours ends, the connection is cut under it.
			conn.raw = raw
			unwatch = context.AfterFunc(ctx, func() { raw.Close() })
			if !s.server.implicit {
				return raw, nil
			}

			secure := tls.Client(raw, tlsConfig)
			return secure, secure.HandshakeContext(dialing)
		}),
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
		options = append(options, gomail.WithUsername(s.server.user), gomail.WithPassword(s.server.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}

	client, err := gomail.NewClient(s.server.host, options...)
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
	// The server's words can repeat what it was given, so its code has to do. A code of 5 is about our settings here,
	// not about the letter, which can go out when somebody has mended them: it is not permanent.
	if answer := (*textproto.Error)(nil); errors.As(err, &answer) {
		return nil, fmt.Errorf("connect to the mail server: it answered %d", answer.Code)
	}

	return nil, fmt.Errorf("connect to the mail server: %w", err)
}

// send hands over one letter. Its error is errStale, handing's or a *failure.
func (c *connection) send(ctx context.Context, l envelope, kept bool, handing func(context.Context) error) error {
	stop := context.AfterFunc(ctx, func() { c.raw.Close() }) // go-mail sends without a context
	defer stop()
	if kept {
		if c.raw.SetDeadline(time.Now().Add(aliveTimeout)) != nil || c.smtp.Noop() != nil {
			return errStale
		}
	}

	deadline, _ := ctx.Deadline()
	if err := c.raw.SetDeadline(deadline); err != nil {
		return c.failed(ctx, "set a deadline", err)
	}

	c.smtp.SkipSMTPUTF8(!l.utf8) // asked for without need, it makes the next server refuse what it could take
	if err := c.smtp.Mail(l.from); err != nil {
		return c.failed(ctx, "name the sender", err)
	}
	if err := c.smtp.Rcpt(l.to); err != nil {
		return c.refused(ctx, "name the recipient", err)
	}

	data, err := c.smtp.Data()
	if err != nil {
		return c.refused(ctx, "begin the contents", err)
	}
	if _, err := data.Write(l.contents); err != nil {
		return c.failed(ctx, "hand over the contents", err)
	}
	if handing != nil {
		if err := handing(ctx); err != nil {
			return fmt.Errorf("send a letter: %w", err)
		}
	}

	if err := data.Close(); err != nil {
		f := c.refused(ctx, "end the contents", err)
		f.unknown = f.code < 400 // it refused nothing that we could hear
		return f
	}

	return nil
}

// failed makes an error of what the server answered. Its words can repeat the address, so its codes have to do.
func (c *connection) failed(ctx context.Context, step string, err error) *failure {
	f := &failure{step: step}
	if answer := (*textproto.Error)(nil); errors.As(err, &answer) {
		f.code, f.status = answer.Code, statusForm.FindString(answer.Msg)
	} else if ctx.Err() != nil {
		f.ended = context.Cause(ctx)
	}

	return f
}

// refused is failed where the answer is about the letter, and a code of 5 is for good.
func (c *connection) refused(ctx context.Context, step string, err error) *failure {
	f := c.failed(ctx, step, err)
	f.permanent = f.code >= 500
	return f
}

// quit says goodbye, and does not wait for the answer for long.
func (c *connection) quit() {
	defer c.raw.Close()
	if c.raw.SetDeadline(time.Now().Add(time.Second)) == nil {
		_ = c.smtp.Quit() // who does not hear a goodbye has gone already
	}
}

// failure is why a letter was not taken.
type failure struct {
	step      string
	code      int    // of SMTP; 0 where the server gave none
	status    string // the enhanced code of RFC 3463, such as 5.1.1; may be empty
	ended     error  // why the context ended, where that cut it short
	permanent bool
	unknown   bool
}

func (f *failure) Error() string {
	switch {
	case f.ended != nil:
		return fmt.Sprintf("send a letter: %s: %v", f.step, f.ended)
	case f.code == 0:
		return "send a letter: " + f.step
	}

	return strings.TrimSpace(fmt.Sprintf("send a letter: %s: the mail server answered %d %s", f.step, f.code, f.status))
}

// Permanent tells whether trying a letter again is pointless: the server refused its address or its contents for
// good, or the letter could not be written at all. That the server is down, does not know us, refuses our own
// address or asks us to come later is not permanent.
func Permanent(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.permanent
}

func (f *failure) Unwrap() error { return f.ended }

// Unknown tells whether the server may have the letter although Send failed: it was given the whole of it, and nobody
// heard whether it took it.
func Unknown(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.unknown
}

// envelope is a letter as the server wants it: addresses in angle brackets, and the signed contents.
type envelope struct {
	from, to string
	utf8     bool // an address has letters beyond ASCII
	contents []byte
}

// compose writes the letter. What could add a header or a recipient is refused, not cleaned: our own letters have
// none.
func (s *Sender) compose(letter Letter) (envelope, error) {
	refuse := func(why string) (envelope, error) {
		return envelope{}, &failure{step: "write it: " + why, permanent: true}
	}
	to, err := mail.ParseAddress(letter.To)
	switch {
	case len(letter.ID) > 128 || !idForm.MatchString(letter.ID):
		return refuse("its ID is not letters, digits, dashes, underscores and single dots")
	case err != nil || to.Address != letter.To || hasControl(letter.To):
		return refuse("its recipient is not a bare address")
	case letter.Subject == "" || hasControl(letter.Subject):
		return refuse("its subject is empty or has control characters")
	case letter.Text == "" || letter.HTML == "":
		return refuse("one of its two parts is empty")
	case !languageForm.MatchString(letter.Language):
		return refuse("its language is none")
	}

	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(s.from)
	message.ToMailAddress(to)
	message.Subject(letter.Subject)
	message.SetDateWithValue(s.clock())
	message.SetMessageIDWithValue(letter.ID + "@" + s.messageDomain)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies
	message.SetGenHeader("X-Auto-Response-Suppress", "All")  // the same for Exchange
	message.SetGenHeader("Content-Language", letter.Language)
	message.SetBodyString(gomail.TypeTextPlain, letter.Text)
	message.AddAlternativeString(gomail.TypeTextHTML, letter.HTML)
	var written bytes.Buffer
	if _, err := message.WriteTo(&written); err != nil {
		return refuse("go-mail cannot")
	}

	contents := written.Bytes()
	if s.signing != nil {
		var signed bytes.Buffer
		if err := dkim.Sign(&signed, &written, s.signing); err != nil {
			return envelope{}, &failure{step: "sign it"}
		}
		contents = signed.Bytes()
	}

	from := mail.Address{Address: s.from.Address}
	return envelope{
		from:     from.String(),
		to:       to.String(),
		utf8:     !isASCII(from.Address + to.Address),
		contents: contents,
	}, nil
}

// aliveTimeout is how long a kept connection has to show that it is alive.
const aliveTimeout = 3 * time.Second

var (
	statusForm = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)
	idForm     = regexp.MustCompile(`^[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*$`)
	domainForm = regexp.MustCompile(
		`^[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?(\.[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?)*$`,
	)
	languageForm = regexp.MustCompile(`^[a-z]{2}(, [a-z]{2})*$`)
)

func hasControl(text string) bool {
	return strings.ContainsFunc(text, unicode.IsControl) || strings.ContainsAny(text, "\u2028\u2029")
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}
