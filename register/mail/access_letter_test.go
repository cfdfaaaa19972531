package mail_test

import (
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/mail"
)

// accessDetails is a letter with every kind of change, the narrowest first.
func accessDetails(language string) mail.AccessDetails {
	stop := asked.AddDate(0, 0, -3)
	end := asked.AddDate(2, 0, 0)

	return mail.AccessDetails{
		Language: language,
		Org:      "Bright Energy",
		Meter:    mail.MeterOf("2312345678901"),
		At:       asked,
		Changes: []mail.AccessChange{
			{Kind: mail.AccessShorter, Date: end},
			{Kind: mail.AccessFewerOrganisations},
			{Kind: mail.AccessLessData, Data: []string{"MTH-EXPORT"}},
			{Kind: mail.AccessOtherFacts},
			{Kind: mail.AccessRenewed, Date: end},
			{Kind: mail.AccessOtherName},
			{Kind: mail.AccessOtherPurpose},
			{Kind: mail.AccessOtherReason},
			{Kind: mail.AccessLonger},
			{Kind: mail.AccessMoreOrganisations},
			{Kind: mail.AccessMoreData, Data: []string{"HH-CONSUMPTION", "TARIFF-IMPORT", "NEWER"}},
			{Kind: mail.AccessStartedAgain, Date: stop},
		},
	}
}

// accessLetters returns the letters about changed access in a language, by the name of their golden file.
func accessLetters(language string) map[string]mail.Message {
	renewed := accessDetails(language)
	renewed.Changes = []mail.AccessChange{{Kind: mail.AccessRenewed, Date: asked.AddDate(1, 0, 0)}}

	return map[string]mail.Message{
		"access-changed." + language: mail.AccessChanged(accessDetails(language)),
		"access-renewed." + language: mail.AccessChanged(renewed),
	}
}

// The widest change comes first, in the title and in the list.
func TestWidestChangeComesFirst(t *testing.T) {
	t.Parallel()

	for kind, title := range map[mail.AccessChangeKind]string{
		mail.AccessStartedAgain:      "Bright Energy can see your energy data again, after you stopped it",
		mail.AccessMoreData:          "Bright Energy gave itself access to more of your energy data",
		mail.AccessMoreOrganisations: "Bright Energy named more organisations that can have your energy data",
		mail.AccessLonger:            "Bright Energy can now see your energy data for longer",
		mail.AccessOtherPurpose:      "Bright Energy changed its access to your energy data",
		mail.AccessRenewed:           "Bright Energy renewed its access to your energy data",
	} {
		details := accessDetails("en")
		details.Changes = []mail.AccessChange{
			{Kind: mail.AccessShorter, Date: asked},
			{Kind: mail.AccessLessData},
			{Kind: kind, Date: asked},
		}
		letter := mail.AccessChanged(details)
		if letter.Subject != title {
			t.Errorf("%s: the subject is %q, want %q", kind, letter.Subject, title)
		}
	}

	text := strings.Join(strings.Fields(mail.AccessChanged(accessDetails("en")).Text), " ")
	from := 0
	for _, sentence := range []string{
		"You stopped its access on 30 April 2026.",
		"Data added: How much you use, every half hour; Your price plan for what you use; Another kind of meter data.",
		"More organisations are responsible",
		"The access has no end date any more.",
		"Data taken out:",
		"The access ends earlier, on 3 May 2028.",
	} {
		at := strings.Index(text[from:], sentence)
		if at < 0 {
			t.Fatalf("the letter does not say %q after the wider changes:\n%s", sentence, text)
		}

		from += at
	}
}

// A letter has nothing to press: no page of the register shows the list.
func TestAccessLetterHasNoLink(t *testing.T) {
	t.Parallel()

	letter := mail.AccessChanged(accessDetails(""))
	if page := parse(t, letter); page.Find("a").Length() > 0 || strings.Contains(letter.Text, "http") {
		t.Errorf("the letter has a link:\n%s", letter.Text)
	}
	if letter.Language != "en, cy" {
		t.Errorf("it is in %q, want both languages", letter.Language)
	}

	var none mail.AccessDetails
	none.Org = "Bright Energy"
	none.At = time.Now()
	if subject := mail.AccessChanged(none).Subject; !strings.HasPrefix(subject, "Bright Energy changed") {
		t.Errorf("without changes the subject is %q", subject)
	}
}
