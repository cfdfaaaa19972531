package registertest

import (
	"regexp"
	"testing"

	"central.consent/dar/register/mail"
	"central.consent/dar/register/mail/catcher"
)

// Inbox is a mail server that keeps the letters of a register.
type Inbox struct{ *catcher.Catcher }

// NewInbox starts a mail server that stops when the test ends, and returns it with a sender for WithMail.
func NewInbox(t testing.TB) (Inbox, *mail.Sender) {
	t.Helper()

	server, err := catcher.Start(catcher.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})

	sender, err := mail.NewSender(mail.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := sender.Close(); err != nil {
			t.Error(err)
		}
	})

	return Inbox{server}, sender
}

// mailedLink matches the link of a magic-link letter.
var mailedLink = regexp.MustCompile(regexp.QuoteMeta(PublicURL) + `/id/link\?token=[A-Za-z0-9_-]+`)

var (
	// mailedReply matches the link of a letter that can be answered, and mailedCode its code.
	mailedReply = regexp.MustCompile(regexp.QuoteMeta(PublicURL) + `/id/letter\?token=[A-Za-z0-9_-]+`)
	mailedCode  = regexp.MustCompile(`(?m)^    ([2-9A-Z]{4})\r?$`)
)

// Reply returns the link and the code in the latest letter that can be answered.
func (i Inbox) Reply(t testing.TB) (link, code string) {
	t.Helper()

	letters := i.Messages()
	for n := len(letters) - 1; n >= 0; n-- {
		link := mailedReply.FindString(letters[n].Text)
		code := mailedCode.FindStringSubmatch(letters[n].Text)
		if link != "" && code != nil {
			return link, code[1]
		}
	}

	t.Fatalf("no link to answer by in %d letters", len(letters))

	return "", ""
}

// Link returns the link in the latest letter that has one.
func (i Inbox) Link(t testing.TB) string {
	t.Helper()

	letters := i.Messages()
	for n := len(letters) - 1; n >= 0; n-- {
		if link := mailedLink.FindString(letters[n].Text); link != "" {
			return link
		}
	}

	t.Fatalf("no link in %d letters", len(letters))

	return ""
}
