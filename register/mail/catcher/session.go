package catcher

import (
	"crypto/subtle"
	"io"
	"net"
	"slices"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is the SMTP session of one client.
type session struct {
	catcher       *Catcher
	conn          net.Conn
	authenticated bool
	from          string
	to            []string
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.catcher.options.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		given := []byte(user + "\x00" + password)
		want := []byte(s.catcher.options.User + "\x00" + s.catcher.options.Password)
		if subtle.ConstantTimeCompare(given, want) != 1 {
			return smtp.ErrAuthFailed
		}

		s.authenticated = true

		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.catcher.options.User != "" && !s.authenticated {
		return smtp.ErrAuthRequired
	}

	s.from = from

	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.catcher.recipientRefusal(to); err != nil {
		return err
	}

	s.to = append(s.to, to)

	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}

	if err := s.catcher.contentsRefusal(); err != nil {
		return err
	}

	for _, to := range s.to {
		if err := s.catcher.accept(s.from, to, raw); err != nil {
			return err
		}
	}

	if s.catcher.isMute() {
		return s.conn.Close()
	}

	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() {
	s.from = ""
	s.to = nil
}

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// accept keeps a letter for one recipient.
func (c *Catcher) accept(from, to string, raw []byte) error {
	letter, err := parse(raw)
	if err != nil {
		return &smtp.SMTPError{
			Code:         554,
			EnhancedCode: smtp.EnhancedCode{5, 6, 0},
			Message:      "The letter cannot be read: " + err.Error(),
		}
	}

	c.mu.Lock()
	defer c.mu.Unlock()

	c.received++
	letter.ID = c.received
	letter.At = c.options.Clock()
	letter.From = from
	letter.To = to

	c.letters = append(c.letters, letter)
	if extra := len(c.letters) - c.options.Keep; extra > 0 {
		c.letters = slices.Delete(c.letters, 0, extra)
	}

	c.signal()

	return nil
}

// recipientRefusal returns the error that Refuse or RefuseRecipient has set for a recipient, or nil.
func (c *Catcher) recipientRefusal(to string) error {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.unknown != "" && to == c.unknown {
		return refusal(550)
	}

	return refusal(c.refuseTo)
}

// contentsRefusal returns the error that RefuseContents has set, or nil.
func (c *Catcher) contentsRefusal() error {
	c.mu.Lock()
	defer c.mu.Unlock()

	return refusal(c.refuseContents)
}

func (c *Catcher) isMute() bool {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.mute
}

// refusal returns the SMTP error of a code, or nil for 0.
func refusal(code int) error {
	if code == 0 {
		return nil
	}

	return &smtp.SMTPError{
		Code:         code,
		EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1},
		Message:      "Refused, as asked",
	}
}
