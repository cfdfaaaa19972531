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

func TestSendOverEveryKindOfConnection(t *testing.T) {
	t.Parallel()

	config, pool := certificate(t)
	for _, test := range []struct {
		name   string
		server catcher.Options
	}{
		{"unencrypted on loopback", catcher.Options{}},
		{"STARTTLS", catcher.Options{TLS: config}},
		{
			"STARTTLS with a password",
			catcher.Options{TLS: config, User: "register@central.consent", Password: password},
		},
		{"TLS from the first byte", catcher.Options{TLS: config, Implicit: true}},
		{"TLS from the first byte with a password", catcher.Options{
			TLS:      config,
			Implicit: true,
			User:     "register",
			Password: password,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			server := catch(t, test.server)
			s := sender(t, mail.Options{URL: server.URL(), RootCAs: pool, Clock: func() time.Time { return asked }})
			sent := letter("job-42")
			if err := s.Send(t.Context(), sent); err != nil {
				t.Fatal(err)
			}

			got := server.Messages()[0]
			if got.From != "no-reply@central.consent" || got.To != sent.To {
				t.Errorf("from %q to %q", got.From, got.To)
			}
			if got.Subject != sent.Subject || got.Text != sent.Text || got.HTML != sent.HTML {
				t.Errorf("arrived as %q\n%s\n%s", got.Subject, got.Text, got.HTML)
			}

			for name, want := range map[string]string{
				"From": `"Central Access Register" <no-reply@central.consent>`, "To": "<" + sent.To + ">",
				"Message-Id": "<job-42@central.consent>", "Date": "Sun, 03 May 2026 13:03:00 +0000",
				"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Content-Language": "en, cy",
				"X-Mailer": "", "User-Agent": "",
			} {
				if got := got.Header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}

			if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/alternative;") {
				t.Errorf("the content type is %s", kind)
			}
		})
	}
}

func TestHandingIsCalledBeforeTheEnd(t *testing.T) {
	t.Parallel()

	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL()})
	for i := range 2 { // over a new connection, and over a kept one
		calls := 0
		l := letter("1")
		l.Handing = func(context.Context) error {
			if calls++; len(server.Messages()) != i {
				t.Error("the server has the letter already")
			}
			return nil
		}
		if err := s.Send(t.Context(), l); err != nil || calls != 1 || len(server.Messages()) != i+1 {
			t.Errorf("%d calls, %d letters: %v", calls, len(server.Messages()), err)
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()

	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL(), IdleTimeout: time.Hour})
	if err := s.Send(t.Context(), letter("1")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := server.WaitAlone(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), letter("2")); !errors.Is(err, mail.ErrClosed) || mail.Permanent(err) {
		t.Errorf("after Close: %v", err)
	}
}

func TestNewSenderReportsEveryMistake(t *testing.T) {
	t.Parallel()

	_, err := mail.NewSender(mail.Options{
		URL: "http://user:hunter2@host", From: "nobody", MessageDomain: "a b",
		DKIM: &mail.DKIM{Domain: "-", Selector: "", Key: "hunter3"}, Timeout: -1,
	})
	if err == nil {
		t.Fatal("the options were accepted")
	}
	for _, want := range []string{
		"URL", "From", "MessageDomain", "DKIM: Domain", "DKIM: Selector", "DKIM: Key", "Timeout",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not mention %s: %v", want, err)
		}
	}

	if strings.Contains(err.Error(), "hunter") {
		t.Errorf("the error shows a secret: %v", err)
	}
}
