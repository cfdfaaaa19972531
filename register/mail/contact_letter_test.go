package mail_test

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/mail"
)

var newAddress = mail.Contact{Address: "c*****r@example.com"}

func reply() mail.ReplyPage {
	return mail.ReplyPage{Link: link("").Link, Code: "K7QX", OpenUntil: asked.AddDate(0, 0, 30)}
}

func addition(language string) mail.AdditionDetails {
	return mail.AdditionDetails{
		Language: language,
		Org:      "Bright Energy",
		Contact:  newAddress,
		Meter:    mail.MeterOf("2312345678901"),
		Reply:    reply(),
		StandsAt: asked.AddDate(0, 0, 30),
	}
}

func removal(language string) mail.RemovalDetails {
	return mail.RemovalDetails{
		Language: language,
		Contact:  newAddress,
		Meter:    mail.MeterOf("1234567890"),
		Reply:    reply(),
		Asked:    asked,
	}
}

func reading(language string) mail.ReadingDetails {
	return mail.ReadingDetails{
		Language: language,
		Org:      "Citizens Advice",
		Meter:    mail.MeterOf("2312345678901"),
		Reply:    reply(),
		At:       asked,
	}
}

func tenancy(language string) mail.TenancyDetails {
	return mail.TenancyDetails{
		Language: language,
		Meter:    mail.MeterOf("2312345678901"),
		Reply:    reply(),
		MovedIn:  time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC),
	}
}

func tie(language string) mail.TieDetails {
	return mail.TieDetails{Language: language, Org: "Bright Energy", Meter: mail.MeterOf("2312345678901")}
}

// contactLetters returns the letters about contacts and tenancies in a language, by the name of their golden file.
func contactLetters(language string) map[string]mail.Message {
	reminder := addition(language)
	reminder.Contact = mail.Contact{Device: "Mair’s phone"}
	reminder.StandsAt = time.Time{}
	reminder.Reminder = true

	device := removal(language)
	device.Contact = mail.Contact{Device: "Mair’s phone"}

	return map[string]mail.Message{
		"contact-addition." + language: mail.ContactAddition(addition(language)),
		"contact-reminder." + language: mail.ContactAddition(reminder),
		"contact-removal." + language:  mail.ContactRemoval(removal(language)),
		"contact-passkey." + language:  mail.ContactRemoval(device),
		"contact-reading." + language:  mail.ContactReading(reading(language)),
		"tenancy-question." + language: mail.TenancyQuestion(tenancy(language)),
		"tenancy-tie." + language:      mail.TenancyTie(tie(language)),
	}
}

// Every letter that is answered on a page has the code and the link in both parts, and says until when and that the
// link alone decides nothing. The reader's language is not known.
func TestAnswerableLetters(t *testing.T) {
	t.Parallel()

	for name, letter := range map[string]mail.Message{
		"addition": mail.ContactAddition(addition("")),
		"removal":  mail.ContactRemoval(removal("")),
		"reading":  mail.ContactReading(reading("")),
		"tenancy":  mail.TenancyQuestion(tenancy("")),
	} {
		page := strings.Join(wordsOf(t, letter), " ")
		text := strings.Join(strings.Fields(letter.Text), " ")
		for _, want := range []string{
			"K7QX",
			reply().Link,
			"You can answer until 2 June 2026. Opening the page changes nothing.",
			"Gallwch ateb tan 2 Mehefin 2026.",
		} {
			if !strings.Contains(page, want) || !strings.Contains(text, want) {
				t.Errorf("%s: it does not say %q in both parts", name, want)
			}
		}
		if letter.Language != "en, cy" {
			t.Errorf("%s: it is in %q, want both languages", name, letter.Language)
		}
	}
}

// The letter about a new contact says how long it waits, and says so differently if waiting is not enough.
func TestAdditionSaysHowLongItWaits(t *testing.T) {
	t.Parallel()

	for at, want := range map[time.Time]string{
		asked.AddDate(0, 0, 7): "it can open your list from 10 May 2026.",
		{}:                     "If nobody answers, it cannot open your list.",
	} {
		details := addition("en")
		details.StandsAt = at
		letter := mail.ContactAddition(details)
		if text := strings.Join(strings.Fields(letter.Text), " "); !strings.Contains(text, want) {
			t.Errorf("%v: it does not say %q:\n%s", at, want, letter.Text)
		}
	}
}

// The tie has nothing to press: an administrator decides.
func TestTieHasNoLink(t *testing.T) {
	t.Parallel()

	letter := mail.TenancyTie(tie(""))
	if parse(t, letter).Find("a").Length() > 0 || strings.Contains(letter.Text, "http") {
		t.Errorf("it has a link:\n%s", letter.Text)
	}
}
