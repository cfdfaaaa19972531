package mail_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
)

func TestPermanent(t *testing.T) {
	t.Parallel()

	config, pool := certificate(t)
	for _, test := range []struct {
		name      string
		prepare   func(*catcher.Catcher)
		permanent bool
		says      string
	}{
		{"the address is unknown", func(c *catcher.Catcher) { c.Refuse(550) }, true, "550 5.1.1"},
		{"the mailbox is full", func(c *catcher.Catcher) { c.Refuse(452) }, false, "452 4.1.1"},
		{"the contents are refused", func(c *catcher.Catcher) { c.RefuseContents(554) }, true, "554"},
		{"the server asks to try later", func(c *catcher.Catcher) { c.RefuseContents(451) }, false, "451"},
		{"the server is down", func(c *catcher.Catcher) { c.Down() }, false, "connect to the mail server"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			server := catch(t, catcher.Options{TLS: config, User: "register", Password: password})
			s := sender(t, mail.Options{URL: server.URL(), RootCAs: pool})
			test.prepare(server)
			err := s.Send(t.Context(), letter("1"))
			if err == nil || mail.Permanent(err) != test.permanent || !strings.Contains(err.Error(), test.says) {
				t.Errorf("permanent: %v: %v", mail.Permanent(err), err)
			}
			if err != nil && strings.Contains(err.Error(), "ustomer") {
				t.Errorf("the error names the customer: %v", err)
			}

			server.Refuse(0)
			server.RefuseContents(0)
			server.Up()
			if err := s.Send(t.Context(), letter("1")); err != nil {
				t.Errorf("the next attempt: %v", err)
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()

	mute := func(c *catcher.Catcher) { c.Mute(true) }
	refuseContents := func(c *catcher.Catcher) { c.RefuseContents(451) }
	refuseRecipient := func(c *catcher.Catcher) { c.Refuse(450) }
	down := func(c *catcher.Catcher) { c.Down() }
	nothing := func(*catcher.Catcher) {}
	lost := func(context.Context) error { return errors.New("lost") }
	// After the deadline the connection is closed before the end of the letter, or before the reply to it arrives.
	// The sender cannot tell which.
	late := func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	}

	for _, test := range []struct {
		name    string
		options mail.Options
		prepare func(*catcher.Catcher)
		handing func(context.Context) error
		unknown bool
		arrived int
	}{
		{"no reply to the end of the contents", mail.Options{}, mute, nil, true, 1},
		{"the end of the contents is refused", mail.Options{}, refuseContents, nil, false, 0},
		{"the recipient is refused", mail.Options{}, refuseRecipient, nil, false, 0},
		{"the server is down", mail.Options{}, down, nil, false, 0},
		{"handing fails", mail.Options{}, nothing, lost, false, 0},
		{"handing exceeds the timeout", mail.Options{Timeout: 100 * time.Millisecond}, nothing, late, true, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			server := catch(t, catcher.Options{})
			test.prepare(server)

			options := test.options
			options.URL = server.URL()
			s := sender(t, options)

			l := letter("1")
			l.Handing = test.handing
			err := s.Send(t.Context(), l)
			if err == nil || mail.Unknown(err) != test.unknown || mail.Permanent(err) {
				t.Errorf("unknown: %v, permanent: %v: %v", mail.Unknown(err), mail.Permanent(err), err)
			}
			if got := len(server.Messages()); got != test.arrived {
				t.Errorf("%d letters arrived, want %d", got, test.arrived)
			}
		})
	}
}

func TestWrongPasswordIsNotPermanent(t *testing.T) {
	t.Parallel()

	config, pool := certificate(t)
	server := catch(t, catcher.Options{TLS: config, User: "register", Password: "right"})
	s := sender(t, mail.Options{URL: strings.Replace(server.URL(), "right", "wr0ng", 1), RootCAs: pool})
	err := s.Send(t.Context(), letter("1"))
	if err == nil || mail.Permanent(err) || !strings.Contains(err.Error(), "535") ||
		strings.Contains(err.Error(), "wr0ng") {
		t.Errorf("%v", err)
	}
}
