package mail

import (
	"time"

	"central.consent/dar/views/i18n"
)

// TenancyDetails is the content of a TenancyQuestion letter.
type TenancyDetails struct {
	// Language is "en" or "cy". Any other value means unknown, and the letter is in both languages.
	Language string
	Meter    Meter
	Reply    ReplyPage
	// MovedIn is the first day of the new occupants.
	MovedIn time.Time
}

// TenancyQuestion writes the letter that asks an earlier household whether it still lives there, after a report of a
// change of tenancy. Its texts are contact.tenancy.* and mail.contact.* in views/i18n.
func TenancyQuestion(d TenancyDetails) Message {
	return render(d.Language, func(text *i18n.Printer) letter {
		blocks := []block{
			{paragraph: text.T("contact.tenancy.body", "Date", text.Date(d.MovedIn))},
			{facts: []fact{
				meterFact(text, d.Meter),
				{text.T("contact.fact.moved"), text.Date(d.MovedIn)},
			}},
			{paragraph: text.T("contact.tenancy.moved")},
			{heading: text.T("mail.contact.tenancy.here")},
			{paragraph: text.T("mail.contact.tenancy.say")},
			{paragraph: text.T("contact.tenancy.until-then")},
		}
		blocks = append(blocks, d.Reply.blocks(text)...)
		blocks = append(blocks, block{paragraph: text.T("mail.contact.caller")})

		return letter{
			subject: text.T("contact.tenancy.title"),
			title:   text.T("contact.tenancy.title"),
			blocks:  blocks,
			footer:  customerFooter(text),
		}
	})
}

// TieDetails is the content of a TenancyTie letter.
type TieDetails struct {
	// Language is "en" or "cy". Any other value means unknown, and the letter is in both languages.
	Language string
	// Org is the display name of the account that gave the register the reader's address.
	Org   string
	Meter Meter
}

// TenancyTie writes the letter to each of two households that claim the same home. An administrator decides, so there
// is nothing to answer. Its texts are mail.contact.tie.* in views/i18n.
func TenancyTie(d TieDetails) Message {
	org := clean(d.Org, longestName)

	return render(d.Language, func(text *i18n.Printer) letter {
		return letter{
			subject: text.T("mail.contact.tie.title"),
			title:   text.T("mail.contact.tie.title"),
			blocks: []block{
				{paragraph: text.T("mail.contact.tie.body")},
				{facts: []fact{meterFact(text, d.Meter), {text.T("mail.contact.tie.gave"), org}}},
				{paragraph: text.T("mail.contact.tie.means")},
				{paragraph: text.T("mail.contact.tie.decides")},
				{heading: text.T("mail.contact.tie.help")},
				{paragraph: text.T("mail.contact.tie.ask", "Org", org)},
			},
			footer: customerFooter(text),
		}
	})
}
