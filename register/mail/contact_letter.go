package mail

import (
	"time"

	"central.consent/dar/views/i18n"
)

// Contact is what a letter says of an e-mail address or a passkey with which a household can confirm.
type Contact struct {
	// Address is the masked address, such as c*****r@example.com; empty for a passkey.
	Address string
	// Device is the label of the passkey. It may be empty.
	Device string
}

// kind returns the part of the text keys that stands for the kind of the contact.
func (c Contact) kind() string {
	if c.Address == "" {
		return "passkey"
	}

	return "address"
}

// facts returns the address, or the device of the passkey.
func (c Contact) facts(text *i18n.Printer) []fact {
	if c.Address != "" {
		return []fact{{text.T("contact.fact.address"), clean(c.Address, 320)}}
	}
	if device := clean(c.Device, 60); device != "" {
		return []fact{{text.T("mail.fact.device"), device}}
	}

	return nil
}

// ReplyPage is the page on which a letter is answered. Opening it changes nothing: an answer counts only with the code,
// which mail scanners do not type.
type ReplyPage struct {
	// Link is the absolute URL of the page, with its secret.
	Link string
	// Code is what the page asks for.
	Code string
	// OpenUntil is when the letter can no longer be answered.
	OpenUntil time.Time
}

// blocks returns the code, the link, and what they are worth.
func (p ReplyPage) blocks(text *i18n.Printer) []block {
	return []block{
		{paragraph: text.T("mail.contact.code")},
		{typed: clean(p.Code, 10)},
		{action: &action{text.T("mail.contact.button"), p.Link}},
		{paragraph: text.T("mail.contact.until", "Date", text.Date(p.OpenUntil))},
	}
}

// AdditionDetails is the content of a ContactAddition letter.
type AdditionDetails struct {
	// Language is "en" or "cy". Any other value means unknown, and the letter is in both languages.
	Language string
	// Org is the display name of the account that added the contact.
	Org     string
	Contact Contact
	Meter   Meter
	Reply   ReplyPage
	// StandsAt is when the contact can confirm at the earliest if nobody objects. Zero means that waiting is not
	// enough.
	StandsAt time.Time
	// Reminder is true if the register has written about the contact before.
	Reminder bool
}

// ContactAddition writes the letter that asks a household whether a new contact is theirs. Its texts are
// contact.addition.* and mail.contact.* in views/i18n.
func ContactAddition(d AdditionDetails) Message {
	org := clean(d.Org, longestName)
	kind := d.Contact.kind()

	return render(d.Language, func(text *i18n.Printer) letter {
		title := text.T("contact.addition." + kind + ".title")
		subject := title
		blocks := []block{{paragraph: text.T("contact.addition."+kind+".body", "Org", org)}}
		if d.Reminder {
			subject = text.T("mail.contact.reminder", "Subject", title)
			blocks = append(blocks, block{paragraph: text.T("mail.contact.addition.again")})
		}

		who := text.T("contact.fact.says")
		if d.Contact.Address == "" {
			who = text.T("contact.fact.through")
		}

		facts := []fact{{who, org}}
		facts = append(facts, d.Contact.facts(text)...)
		facts = append(facts, meterFact(text, d.Meter))

		wait := text.T("mail.contact.addition.never")
		if !d.StandsAt.IsZero() {
			wait = text.T("mail.contact.addition.wait", "Date", text.Date(d.StandsAt))
		}

		blocks = append(blocks,
			block{facts: facts},
			block{paragraph: text.T("contact.addition.means")},
			block{paragraph: text.T("mail.contact.addition.yes")},
		)
		blocks = append(blocks, d.Reply.blocks(text)...)
		blocks = append(blocks,
			block{heading: text.T("mail.contact.addition.not-you")},
			block{paragraph: text.T("mail.contact.addition.no")},
			block{paragraph: wait},
			block{paragraph: text.T("mail.contact.caller")},
		)

		return letter{subject: subject, title: title, blocks: blocks, footer: customerFooter(text)}
	})
}

// RemovalDetails is the content of a ContactRemoval letter.
type RemovalDetails struct {
	// Language is "en" or "cy". Any other value means unknown, and the letter is in both languages.
	Language string
	// Contact is the contact to be removed. It is removed when Reply is no longer open.
	Contact Contact
	Meter   Meter
	Reply   ReplyPage
	// Asked is when the removal was asked for.
	Asked time.Time
}

// ContactRemoval writes the letter to a contact that another one asked to remove. Its texts are contact.removal.* and
// mail.contact.* in views/i18n.
func ContactRemoval(d RemovalDetails) Message {
	kind := d.Contact.kind()

	return render(d.Language, func(text *i18n.Printer) letter {
		facts := append(d.Contact.facts(text), meterFact(text, d.Meter), askedFact(text, d.Asked))
		blocks := []block{
			{paragraph: text.T("contact.removal." + kind + ".body")},
			{facts: facts},
			{paragraph: text.T("contact.removal.wait", "Date", text.Date(d.Reply.OpenUntil))},
			{paragraph: text.T("contact.removal.means")},
			{paragraph: text.T("mail.contact.removal.keep")},
		}
		blocks = append(blocks, d.Reply.blocks(text)...)
		blocks = append(blocks,
			block{heading: text.T("mail.contact.removal.agree")},
			block{paragraph: text.T("mail.contact.removal.nothing")},
			block{paragraph: text.T("mail.contact.caller")},
		)

		return letter{
			subject: text.T("contact.removal." + kind + ".title"),
			title:   text.T("contact.removal." + kind + ".title"),
			blocks:  blocks,
			footer:  customerFooter(text),
		}
	})
}

// ReadingDetails is the content of a ContactReading letter.
type ReadingDetails struct {
	// Language is "en" or "cy". Any other value means unknown, and the letter is in both languages.
	Language string
	// Org is the display name of the account that read the list.
	Org   string
	Meter Meter
	Reply ReplyPage
	// At is when the list was read.
	At time.Time
}

// ContactReading writes the letter that tells a household that somebody with a new contact opened their list. Its texts
// are contact.reading.* and mail.contact.* in views/i18n.
func ContactReading(d ReadingDetails) Message {
	org := clean(d.Org, longestName)

	return render(d.Language, func(text *i18n.Printer) letter {
		blocks := []block{
			{paragraph: text.T("contact.reading.body", "Org", org)},
			{paragraph: text.T("contact.reading.new")},
			{facts: []fact{
				{text.T("mail.fact.asks"), org},
				meterFact(text, d.Meter),
				{text.T("mail.fact.when"), ukTime(text, d.At)},
			}},
			{paragraph: text.T("contact.reading.yours")},
			{heading: text.T("mail.contact.reading.not-you")},
			{paragraph: text.T("mail.contact.reading.no")},
		}
		blocks = append(blocks, d.Reply.blocks(text)...)
		blocks = append(blocks, block{paragraph: text.T("mail.contact.caller")})

		return letter{
			subject: text.T("contact.reading.title"),
			title:   text.T("contact.reading.title"),
			blocks:  blocks,
			footer:  customerFooter(text),
		}
	})
}

// askedFact says when something was asked.
func askedFact(text *i18n.Printer, at time.Time) fact {
	return fact{text.T("mail.fact.asked"), ukTime(text, at)}
}
