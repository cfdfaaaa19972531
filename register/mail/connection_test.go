package mail_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
)

func TestEncryptionIsRequired(t *testing.T) {
	t.Parallel()

	config, pool := certificate(t)
	plain := catch(t, catcher.Options{})
	secure := catch(t, catcher.Options{TLS: config, User: "register", Password: password})
	for _, test := range []struct {
		name    string
		options mail.Options
	}{
		{"no STARTTLS", mail.Options{URL: "smtp://" + plain.Addr()}},
		{"no STARTTLS, with a password", mail.Options{URL: "smtp://register:" + "secret@" + plain.Addr()}},
		{"an untrusted certificate", mail.Options{URL: secure.URL()}},
		{"no implicit TLS", mail.Options{
			URL:     "smtps://" + secure.Addr(),
			RootCAs: pool,
			Timeout: 5 * time.Second,
		}},
	} {
		err := sender(t, test.options).Send(t.Context(), letter("1"))
		if err == nil || mail.Permanent(err) || strings.Contains(err.Error(), "secret") ||
			strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", test.name, err)
		}
	}

	if len(plain.Messages())+len(secure.Messages()) > 0 {
		t.Error("a letter was sent")
	}
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()

	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL(), IdleTimeout: time.Hour})
	send := func(id string) {
		t.Helper()
		if err := s.Send(t.Context(), letter(id)); err != nil {
			t.Fatal(err)
		}
	}
	send("1")
	send("2")
	if total, _ := server.Connections(); total != 1 {
		t.Errorf("two letters took %d connections", total)
	}

	server.Hangup()
	send("3")
	if total, _ := server.Connections(); total != 2 || len(server.Messages()) != 3 {
		t.Errorf("after the server closed the connection: %d connections and %d letters", total, len(server.Messages()))
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()

	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL(), IdleTimeout: time.Millisecond})
	if err := s.Send(t.Context(), letter("1")); err != nil {
		t.Fatal(err)
	}
	if err := server.WaitAlone(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()

	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL(), Connections: 3})
	var sends sync.WaitGroup
	for i := range 60 {
		sends.Go(func() {
			if err := s.Send(t.Context(), letter(fmt.Sprint("job-", i))); err != nil {
				t.Error(err)
			}
		})
	}

	sends.Wait()
	if total, _ := server.Connections(); total > 3 || len(server.Messages()) != 60 {
		t.Errorf("%d letters over %d connections", len(server.Messages()), total)
	}
}

func TestSilentServerTimesOut(t *testing.T) {
	t.Parallel()

	for _, scheme := range []string{"smtp+plain", "smtp", "smtps"} {
		t.Run(scheme+" when the context ends", func(t *testing.T) {
			t.Parallel()

			s := sender(t, mail.Options{URL: scheme + "://" + silentServer(t), Timeout: time.Hour})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if err := s.Send(ctx, letter("1")); !errors.Is(err, context.DeadlineExceeded) || mail.Permanent(err) {
				t.Errorf("%v", err)
			}
		})
		t.Run(scheme+" after the timeout", func(t *testing.T) {
			t.Parallel()

			s := sender(t, mail.Options{
				URL:         scheme + "://" + silentServer(t),
				Timeout:     20 * time.Millisecond,
				Connections: 1,
			})
			if err := s.Send(t.Context(), letter("1")); err == nil || mail.Permanent(err) {
				t.Errorf("%v", err)
			}
			if err := s.Send(t.Context(), letter("2")); err == nil || mail.Permanent(err) {
				t.Errorf("the next letter: %v", err)
			}
		})
	}
}
