package catcher

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/smtp"
	"strings"
	"testing"
	"time"
)

func start(t testing.TB, options Options) *Catcher {
	t.Helper()
	c, err := Start(options)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { c.Close() })
	return c
}

func post(c *Catcher, to, letter string) error {
	return smtp.SendMail(c.Addr(), nil, "sender@example.com", strings.Fields(to), []byte(letter))
}

func TestItListensOnLoopbackAlone(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:25", "example.com:25", "nonsense"} {
		if c, err := Start(Options{Addr: addr}); err == nil {
			c.Close()
			t.Errorf("it listens on %s", addr)
		}
	}

	if c, err := Start(Options{Implicit: true}); err == nil {
		c.Close()
		t.Error("it speaks TLS without a certificate")
	}
}

func TestTheOldestLetterGoesFirst(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC)
	c := start(t, Options{Keep: 2, Clock: func() time.Time { return now }})
	for i := range 3 {
		if err := post(c, "a@example.com", fmt.Sprintf("Subject: %d\r\n\r\nHello\r\n", i)); err != nil {
			t.Fatal(err)
		}
	}

	letters := c.Messages()
	if len(letters) != 2 || letters[0].Subject != "1" || letters[1].ID != 3 || !letters[1].At.Equal(now) {
		t.Errorf("kept %+v", letters)
	}

	c.Clear()
	if len(c.Messages()) != 0 {
		t.Error("it remembers")
	}
}

func TestEachRecipientHasALetter(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	if err := post(c, "a@example.com b@example.com", "Subject: Both\r\n\r\nHello\r\n"); err != nil {
		t.Fatal(err)
	}

	letters := c.Messages()
	if len(letters) != 2 || letters[0].To != "a@example.com" || letters[1].To != "b@example.com" ||
		letters[0].From != "sender@example.com" {
		t.Errorf("got %+v", letters)
	}
}

func TestPartsAreDecoded(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	letter := strings.ReplaceAll(`Subject: =?utf-8?q?Cod_=C5=B5?=
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

dolen=3Dhir, t=C5=B7
--x
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+dMW3PC9wPg==
--x--
`, "\n", "\r\n")
	if err := post(c, "a@example.com", letter); err != nil {
		t.Fatal(err)
	}

	got := c.Messages()[0]
	if got.Subject != "Cod ŵ" || got.Text != "dolen=hir, tŷ" || got.HTML != "<p>tŷ</p>" ||
		!bytes.Equal(got.Raw, []byte(letter)) {
		t.Errorf("got %q, %q, %q", got.Subject, got.Text, got.HTML)
	}
	if err := post(c, "a@example.com", "no header at all"); err == nil {
		t.Error("it took what is no letter")
	}
}

func TestWaitReturnsWithTheLetterOrTheContext(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	sent := make(chan error, 1)
	go func() { sent <- post(c, "a@example.com", "Subject: x\r\n\r\nHello\r\n") }()
	if letters, err := c.Wait(t.Context(), 1); err != nil || len(letters) != 1 {
		t.Errorf("%d letters, %v", len(letters), err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Wait(ended, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestDownAndUp(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	c.Down()
	if err := post(c, "a@example.com", "Subject: x\r\n\r\nHello\r\n"); err == nil {
		t.Error("it took a letter while down")
	}

	c.Up()
	if err := post(c, "a@example.com", "Subject: x\r\n\r\nHello\r\n"); err != nil {
		t.Errorf("it is not up again: %v", err)
	}
}
