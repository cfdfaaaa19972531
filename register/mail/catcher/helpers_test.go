package catcher

import (
	"net/smtp"
	"strings"
	"testing"
)

// start starts a catcher that is closed with the test.
func start(t testing.TB, options Options) *Catcher {
	t.Helper()
	c, err := Start(options)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { c.Close() })

	return c
}

// post sends a letter to each of the addresses in to, which are separated by spaces.
func post(c *Catcher, to, letter string) error {
	return smtp.SendMail(c.Addr(), nil, "sender@example.com", strings.Fields(to), []byte(letter))
}
