package mail

import (
	"cmp"
	"time"

	"central.consent/dar/views/i18n"
)

// Purpose is what a customer confirms their identity for.
type Purpose string

const (
	// ShowList is for a portal that shows who can see the customer's energy data.
	ShowList Purpose = "list"
	// KnowCustomer is for a Data User that wants to know that it deals with the customer.
	KnowCustomer Purpose = "customer"
	// SetUpPasskey is for a link that goes on to the enrolment of a passkey.
	SetUpPasskey Purpose = "passkey"
)

// longestName is the length up to which the register accepts the display name of an account. A letter that asks for a
// confirmation never shortens it: its sentence has the whole name.
const longestName = 255

// LinkDetails is the content of a MagicLink letter.
type LinkDetails struct {
	// Language is "en" or "cy". Any other value means unknown, and the letter is in both languages.
	Language string
	// Org is the display name of the account that asks.
	Org string
	// Purpose defaults to ShowList.
	Purpose Purpose
	Meter   Meter
	// Link is the absolute URL of the page that asks for the confirmation, with its secret.
	Link string
	// Asked is when the challenge was started, Expires when the link stops working.
	Asked, Expires time.Time
	// MatchCode is true if the page asks for the match code, which was shown when the challenge was started.
	MatchCode bool
}

// MagicLink writes the letter that asks a customer to confirm their identity. Its texts are challenge.* and
// mail.link.* in views/i18n.
func MagicLink(d LinkDetails) Message {
	org := clean(d.Org, longestName)
	purpose := cmp.Or(d.Purpose, ShowList)

	return render(d.Language, func(text *i18n.Printer) letter {
		advice := text.T("mail.link.yours")
		if purpose == KnowCustomer {
			advice = text.T("mail.link.dealing", "Org", org)
		}

		minutes := int(d.Expires.Sub(d.Asked).Round(time.Minute) / time.Minute)
		blocks := []block{
			{paragraph: text.T("challenge.sentence", "Org", org)},
			{paragraph: text.T("challenge."+string(purpose), "Org", org)},
			{facts: []fact{
				{text.T("mail.fact.asks"), org},
				meterFact(text, d.Meter),
				{text.T("mail.fact.asked"), ukTime(text, d.Asked)},
			}},
			{paragraph: advice},
			{action: &action{text.T("mail.link.button"), d.Link}},
			{paragraph: text.N("mail.link.life", minutes, "Clock", text.Clock(d.Expires))},
		}

		ignore := text.T("mail.link.ignore")
		if d.MatchCode {
			blocks = append(blocks, block{paragraph: text.T("mail.link.code")})
			ignore = text.T("mail.link.ignore-code")
		}

		blocks = append(blocks,
			block{heading: text.T("mail.link.not-you")},
			block{paragraph: ignore},
			block{paragraph: text.T("mail.link.decline")},
			block{paragraph: text.T("mail.link.caller")},
		)

		return letter{
			subject: text.T("mail.link.subject", "Org", clean(d.Org, 80)),
			title:   text.T("mail.link.title"),
			blocks:  blocks,
			footer:  customerFooter(text),
		}
	})
}
