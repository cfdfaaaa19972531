package mail_test

import (
	"strings"
	"testing"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
)

func TestLetterCannotAddHeaderOrRecipient(t *testing.T) {
	t.Parallel()

	server := catch(t, catcher.Options{})
	s := sender(t, mail.Options{URL: server.URL()})
	for name, spoil := range map[string]func(*mail.Letter){
		"a line end in the subject":     func(l *mail.Letter) { l.Subject = "Hello\r\nBcc: victim@example.com" },
		"a bare line feed":              func(l *mail.Letter) { l.Subject = "Hello\nBcc: victim@example.com" },
		"a bare carriage return":        func(l *mail.Letter) { l.Subject = "Hello\rBcc: victim@example.com" },
		"a NUL in the subject":          func(l *mail.Letter) { l.Subject = "Hello\x00" },
		"no subject":                    func(l *mail.Letter) { l.Subject = "" },
		"a line end in the address":     func(l *mail.Letter) { l.To = "a@example.com\r\nRCPT TO:<b@example.com>" },
		"a line end in a quoted name":   func(l *mail.Letter) { l.To = "\"a\r\nb\"@example.com" },
		"two addresses":                 func(l *mail.Letter) { l.To = "a@example.com, victim@example.com" },
		"an address with a name":        func(l *mail.Letter) { l.To = "A <a@example.com>" },
		"an address literal":            func(l *mail.Letter) { l.To = "a@[127.0.0.1]" },
		"a bare host name":              func(l *mail.Letter) { l.To = "root@mailhost" },
		"no address":                    func(l *mail.Letter) { l.To = "" },
		"a line end in the ID":          func(l *mail.Letter) { l.ID = "1\r\nBcc: victim@example.com" },
		"an angle bracket in the ID":    func(l *mail.Letter) { l.ID = "1>" },
		"no ID":                         func(l *mail.Letter) { l.ID = "" },
		"a line end in the language":    func(l *mail.Letter) { l.Language = "en\r\nBcc: victim@example.com" },
		"a line end after the language": func(l *mail.Letter) { l.Language = "en\n" },
		"no text":                       func(l *mail.Letter) { l.Text = "" },
		"no HTML":                       func(l *mail.Letter) { l.HTML = "" },
	} {
		l := letter("1")
		spoil(&l)
		err := s.Send(t.Context(), l)
		if !mail.Permanent(err) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "example.com") {
			t.Errorf("%s: the error names an address: %v", name, err)
		}
	}

	if total, _ := server.Connections(); total > 0 {
		t.Error("a connection was made")
	}

	l := letter("dots")
	l.Text = "A line\n.\nQUIT\n" + l.Text
	if err := s.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if got := server.Messages()[0].Text; got != l.Text {
		t.Errorf("a line with a single full stop ended the letter: %q", got)
	}
}
