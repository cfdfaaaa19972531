package mail_test

import (
	"strings"
	"testing"

	"central.consent/dar/register/mail"
)

func TestMagicLink(t *testing.T) {
	t.Parallel()

	letter := mail.MagicLink(link("en"))
	page := strings.Join(wordsOf(t, letter), " ")
	for _, want := range []string{
		"Citizens Advice",
		"Ends in 901",
		"2:03pm",
		"15 minutes, until 2:18pm (UK time)",
		"asks for a code",
		link("").Link,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %q", want)
		}
	}

	if strings.Contains(letter.Text+letter.HTML, "2312345678901") {
		t.Error("it contains the whole number of the meter point")
	}

	uncoded := link("en")
	uncoded.MatchCode = false
	if letter := mail.MagicLink(uncoded); strings.Contains(letter.Text, "code") {
		t.Error("it mentions a code that the page does not ask for")
	}
}
