package mail

import (
	"time"

	"central.consent/dar/views/i18n"
)

// PasskeyDetails is the content of a PasskeyAdded or PasskeyRemoved letter.
type PasskeyDetails struct {
	// Language is "en" or "cy". Any other value means unknown, and the letter is in both languages.
	Language string
	Meter    Meter
	// Device is the label of the passkey. It may be empty.
	Device string
	At     time.Time
	// Contact is an address or a page of the register. If it is empty, the letter sends the customer to the
	// organisation that shows the list.
	Contact string
}

// PasskeyAdded writes the letter that tells a customer of a new passkey for their meter point. Its texts are
// mail.passkey.added.* in views/i18n.
func PasskeyAdded(d PasskeyDetails) Message { return passkeyLetter(d, "added") }

// PasskeyRemoved writes the letter that tells a customer that a passkey of their meter point no longer works. Its texts
// are mail.passkey.removed.* in views/i18n.
func PasskeyRemoved(d PasskeyDetails) Message { return passkeyLetter(d, "removed") }

// passkeyLetter writes the letter for a change, "added" or "removed".
func passkeyLetter(d PasskeyDetails, change string) Message {
	device := clean(d.Device, 60)
	contact := clean(d.Contact, 200)

	return render(d.Language, func(text *i18n.Printer) letter {
		facts := []fact{meterFact(text, d.Meter), {text.T("mail.fact.when"), ukTime(text, d.At)}}
		if device != "" {
			facts = append(facts, fact{text.T("mail.fact.device"), device})
		}

		tell := text.T("mail.passkey.tell-organisation")
		if contact != "" {
			tell = text.T("mail.passkey.tell-register", "Contact", contact)
		}

		return letter{
			subject: text.T("mail.passkey." + change + ".subject"),
			title:   text.T("mail.passkey." + change + ".title"),
			blocks: []block{
				{paragraph: text.T("mail.passkey." + change + ".body")},
				{facts: facts},
				{paragraph: text.T("mail.passkey." + change + ".yours")},
				{heading: text.T("mail.passkey.not-you")},
				{steps: []string{text.T("mail.passkey.password"), tell}},
			},
			footer: customerFooter(text),
		}
	})
}
