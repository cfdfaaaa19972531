package mail_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

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

// Both parts have the sentence that says who asks, word for word and with the whole display name, whatever it is for.
func TestMagicLinkHasTheSentence(t *testing.T) {
	t.Parallel()

	for language, sentence := range map[string]string{
		"en": "%s is requesting access to confirm your identity with the Central Access Register.",
		"cy": "Mae %s yn gofyn am fynediad i gadarnhau eich hunaniaeth gyda’r Gofrestr Mynediad Ganolog.",
	} {
		for _, purpose := range []mail.Purpose{"", mail.ShowList, mail.KnowCustomer, mail.SetUpPasskey} {
			for _, org := range []string{"Citizens Advice", "O’Neill & <Daughters>", strings.Repeat("x", 255)} {
				d := link(language)
				d.Purpose = purpose
				d.Org = org

				want := fmt.Sprintf(sentence, org)
				letter := mail.MagicLink(d)
				if text := strings.Join(strings.Fields(letter.Text), " "); !strings.Contains(text, want) {
					t.Errorf("%s %q: the text does not say %q:\n%s", language, purpose, want, letter.Text)
				}
				if parse(t, letter).Find("p").FilterFunction(func(_ int, p *goquery.Selection) bool {
					return p.Text() == want
				}).Length() != 1 {
					t.Errorf("%s %q: the HTML has no paragraph %q", language, purpose, want)
				}
			}
		}
	}
}
