package catcher

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestStartRequiresLoopback(t *testing.T) {
	t.Parallel()

	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:25", "example.com:25", "nonsense"} {
		if c, err := Start(Options{Addr: addr}); err == nil {
			c.Close()
			t.Errorf("listening on %s", addr)
		}
	}

	if c, err := Start(Options{Implicit: true}); err == nil {
		c.Close()
		t.Error("implicit TLS without a certificate is accepted")
	}
}

func TestOldestLetterIsDropped(t *testing.T) {
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
		t.Error("letters remain after Clear")
	}
}

func TestOneLetterPerRecipient(t *testing.T) {
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

func TestWait(t *testing.T) {
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
		t.Error("a letter was accepted while down")
	}

	c.Up()
	if err := post(c, "a@example.com", "Subject: x\r\n\r\nHello\r\n"); err != nil {
		t.Errorf("no letter is accepted after Up: %v", err)
	}
}
