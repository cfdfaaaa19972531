package mail_test

import (
	"strings"
	"testing"

	"central.consent/dar/register/mail"
)

func TestServerURL(t *testing.T) {
	t.Parallel()

	for _, good := range []string{
		"smtp://host", "smtps://host/", "smtp://user:hunter2@host:2525", "smtps://user:hunter2@[2001:db8::1]:465",
		"smtp+plain://localhost", "smtp+plain://127.0.0.1:1025", "smtp+plain://[::1]:1025",
	} {
		sender(t, mail.Options{URL: good})
	}

	for _, bad := range []string{
		"", "host:25", "smtp://", "smtp:host", "smtp://user@host", "smtp://:hunter2@host",
		"smtp://user:hunter2/x@host", "smtp://user:12/hunter2@host",
		"smtp://user:hunter2#@host", "smtp://user:hunter2?@host", "smtp://user:hunter2%@host",
		"smtp://user:hunter2@host:0", "smtp://user:hunter2@host:65536",
		"smtp://host/hunter2", "smtp://host?hunter2", "smtp+plain://host", "smtp+plain://10.0.0.1",
		"smtp+plain://user:hunter2@localhost", "hunter2://host",
	} {
		_, err := mail.NewSender(mail.Options{URL: bad})
		if err == nil {
			t.Errorf("%s was accepted", bad)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the password: %v", bad, err)
		}
	}
}
