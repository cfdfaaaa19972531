package id

import (
	"time"

	"central.consent/dar/register/rules"
)

// LetterPage asks for the answer to a letter.
type LetterPage struct {
	Page

	FormToken string
	Kind      rules.LetterKind
	// Org is the display name of the account that added the contact or read the list; empty if no account did.
	Org string
	// Passkey is true if the letter is about a passkey. Contact is its device, or the masked address.
	Passkey bool
	Contact string
	Gas     bool
	// MeterEnding are the last digits of the meter point number.
	MeterEnding        string
	Written, OpenUntil time.Time
	// At is when the list was read, or the first day of new occupants.
	At time.Time
	// Mistake is the text key of what was wrong with the form; empty if nothing was.
	Mistake string
	// TriesLeft is how often a wrong code can still be typed.
	TriesLeft int
}

// contactKind returns the part of the text keys that stands for the kind of the contact.
func (m LetterPage) contactKind() string {
	if m.Passkey {
		return "passkey"
	}

	return "address"
}

// titleKey returns the text key of the title, which is that of the letter.
func (m LetterPage) titleKey() string {
	switch m.Kind {
	case rules.LetterAddition, rules.LetterRemoval:
		return "contact." + string(m.Kind) + "." + m.contactKind() + ".title"
	default:
		return "contact." + string(m.Kind) + ".title"
	}
}

// title returns the title of the page, marked if the form had a mistake.
func (m LetterPage) title() string {
	title := m.Text.T(m.titleKey())
	if m.Mistake != "" {
		return m.Text.T("ui.error-prefix", "Title", title)
	}

	return title
}

// field returns the id of the element that the error summary leads to.
func (m LetterPage) field() string {
	if m.codeMistake() != "" {
		return "code"
	}

	return "main"
}

// mistake returns what was wrong with the form, in words.
func (m LetterPage) mistake() string {
	if m.Mistake == mistakeWrongCode {
		return m.Text.N(m.Mistake, m.TriesLeft)
	}

	return m.Text.T(m.Mistake)
}

// codeMistake returns what was wrong with the code, in words; empty if nothing was.
func (m LetterPage) codeMistake() string {
	if m.Mistake == "" || m.Mistake == mistakeForm {
		return ""
	}

	return m.mistake()
}

// meterKey returns the text key of the meter.
func (m LetterPage) meterKey() string {
	if m.Gas {
		return "page.meter.gas"
	}

	return "page.meter.electricity"
}

// contactTermKey returns the text key of what the contact is.
func (m LetterPage) contactTermKey() string {
	if m.Passkey {
		return "mail.fact.device"
	}

	return "contact.fact.address"
}

// orgTermKey returns the text key of what the account did.
func (m LetterPage) orgTermKey() string {
	switch {
	case m.Kind == rules.LetterReading:
		return "id.fact.asks"
	case m.Passkey:
		return "contact.fact.through"
	default:
		return "contact.fact.says"
	}
}

// letterAction returns the address to which the first button of a letter's page sends the form.
func letterAction(kind rules.LetterKind) string {
	if kind == rules.LetterRemoval || kind == rules.LetterReading {
		return pathLetterDecline
	}

	return pathLetter
}
