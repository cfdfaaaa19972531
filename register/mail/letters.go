// Package mail writes the register's letters, in English and in Welsh, and hands them to an SMTP server.
//
// A letter is a list of blocks (letter.go), drawn twice: as HTML by letter.templ and as text by text.go. So both parts
// of a message say the same. Every word comes from views/i18n.
package mail

import (
	"context"
	"strings"
	"time"
	"unicode"

	"central.consent/dar/views/i18n"
)

// Message is what a letter says, as its receiver gets it.
type Message struct {
	Subject string
	// Text and HTML are two forms of the same words.
	Text, HTML string
	// Language is "en", "cy" or "en, cy", as the header Content-Language wants it.
	Language string
}

// Meter is what a letter may tell of a meter point: letters are read by others, and stay in mailboxes for years.
type Meter struct {
	Gas bool
	// Ending are the last three digits of its number.
	Ending string
}

// MeterOf is the meter of an MPAN (13 digits, electricity) or MPRN (6 to 10 digits, gas).
func MeterOf(mpxn string) Meter {
	return Meter{Gas: len(mpxn) != 13, Ending: mpxn[max(0, len(mpxn)-3):]}
}

// Purpose is what a customer is asked to confirm for.
type Purpose string

const (
	// ShowList: a portal wants to show who can see the customer's energy data.
	ShowList Purpose = "list"
	// KnowCustomer: a Data User wants to know that it deals with the customer.
	KnowCustomer Purpose = "customer"
	// SetUpPasskey: the page behind the link goes on to enrol a passkey.
	SetUpPasskey Purpose = "passkey"
)

// LinkDetails are a MagicLink's.
type LinkDetails struct {
	// Language is "en" or "cy"; anything else stands for unknown, and the letter is in both.
	Language string
	// Org is the display name of the account that asks.
	Org string
	// Purpose is ShowList where it is none of the others.
	Purpose Purpose
	Meter   Meter
	// Link is the page that asks for the confirmation, with its secret: an absolute URL.
	Link string
	// Asked is when the challenge was started, Expires when the link stops working.
	Asked, Expires time.Time
	// MatchCode tells that the page will ask for the code shown where the challenge was started.
	MatchCode bool
}

// MagicLink asks a customer to confirm that it is them.
func MagicLink(d LinkDetails) Message {
	org := clean(d.Org, 80)
	return write(d.Language, func(text *i18n.Printer) letter {
		asks := "mail.link.list"
		yours := text.T("mail.link.yours")
		switch d.Purpose {
		case KnowCustomer:
			asks, yours = "mail.link.customer", text.T("mail.link.dealing", "Org", org)
		case SetUpPasskey:
			asks = "mail.link.passkey"
		}

		minutes := int(d.Expires.Sub(d.Asked).Round(time.Minute) / time.Minute)
		blocks := []block{
			{paragraph: text.T(asks, "Org", org)},
			{facts: []fact{
				{text.T("mail.fact.asks"), org},
				meterFact(text, d.Meter),
				{text.T("mail.fact.asked"), ukTime(text, d.Asked)},
			}},
			{paragraph: yours},
			{action: &action{text.T("mail.link.button"), d.Link}},
			{paragraph: text.N("mail.link.life", minutes, "Clock", text.Clock(d.Expires))},
		}
		ignore := "mail.link.ignore"
		if d.MatchCode {
			blocks = append(blocks, block{paragraph: text.T("mail.link.code")})
			ignore = "mail.link.ignore-code"
		}

		return letter{
			subject: text.T("mail.link.subject", "Org", org),
			title:   text.T("mail.link.title"),
			blocks: append(blocks,
				block{heading: text.T("mail.link.not-you")},
				block{paragraph: text.T(ignore)},
				block{paragraph: text.T("mail.link.decline")},
				block{paragraph: text.T("mail.link.caller")},
			),
			footer: customerFooter(text),
		}
	})
}

// PasskeyDetails are a PasskeyAdded's and a PasskeyRemoved's.
type PasskeyDetails struct {
	// Language is "en" or "cy"; anything else stands for unknown, and the letter is in both.
	Language string
	Meter    Meter
	// Device is the passkey's label; it may be empty.
	Device string
	At     time.Time
	// Contact is where the register can be reached, an address or a page. Where it is empty, the letter sends the
	// customer to the organisation that shows the list.
	Contact string
}

// PasskeyAdded tells a customer of a passkey that was enrolled for their meter point.
func PasskeyAdded(d PasskeyDetails) Message { return passkey(d, "added") }

// PasskeyRemoved tells a customer that a passkey of their meter point works no longer.
func PasskeyRemoved(d PasskeyDetails) Message { return passkey(d, "removed") }

func passkey(d PasskeyDetails, what string) Message {
	device := clean(d.Device, 60)
	contact := clean(d.Contact, 200)
	return write(d.Language, func(text *i18n.Printer) letter {
		facts := []fact{meterFact(text, d.Meter), {text.T("mail.fact.when"), ukTime(text, d.At)}}
		if device != "" {
			facts = append(facts, fact{text.T("mail.fact.device"), device})
		}

		tell := text.T("mail.passkey.tell-organisation")
		if contact != "" {
			tell = text.T("mail.passkey.tell-register", "Contact", contact)
		}

		return letter{
			subject: text.T("mail.passkey." + what + ".subject"),
			title:   text.T("mail.passkey." + what + ".title"),
			blocks: []block{
				{paragraph: text.T("mail.passkey." + what + ".body")},
				{facts: facts},
				{paragraph: text.T("mail.passkey." + what + ".yours")},
				{heading: text.T("mail.passkey.not-you")},
				{steps: []string{text.T("mail.passkey.password"), tell}},
			},
			footer: customerFooter(text),
		}
	})
}

// UndeliveredDetails are an Undelivered's.
type UndeliveredDetails struct {
	// Language is "en" or "cy"; anything else stands for unknown, and the letter is in both.
	Language string
	// Event is the event's type, such as consent.withdrawal; EventID and WebhookID are the API's.
	Event, EventID, WebhookID string
	// Host is the endpoint's, without its path: paths hold secrets.
	Host string
	// Attempts is how often it was tried, Since when the first time was.
	Attempts int
	Since    time.Time
	// Reason is what the last try met, in a few words.
	Reason string
	// List and Redeliver are the two calls of the API that help, as full URLs.
	List, Redeliver string
}

// Undelivered tells a Data User's engineers that an event has been given up.
func Undelivered(d UndeliveredDetails) Message {
	event := clean(d.Event, 60)
	host := clean(d.Host, 253)
	return write(d.Language, func(text *i18n.Printer) letter {
		return letter{
			subject: text.T("mail.undelivered.subject", "Event", event, "Host", host),
			title:   text.T("mail.undelivered.title"),
			blocks: []block{
				{paragraph: text.N("mail.undelivered.body", d.Attempts)},
				{facts: []fact{
					{text.T("mail.fact.event"), event},
					{text.T("mail.fact.event-id"), clean(d.EventID, 100)},
					{text.T("mail.fact.webhook"), clean(d.WebhookID, 100)},
					{text.T("mail.fact.endpoint"), host},
					{text.T("mail.fact.since"), ukTime(text, d.Since)},
					{text.T("mail.fact.reason"), clean(d.Reason, 200)},
				}},
				{heading: text.T("mail.undelivered.again")},
				{paragraph: text.T("mail.undelivered.list")},
				{code: "GET " + clean(d.List, 500)},
				{paragraph: text.T("mail.undelivered.redeliver")},
				{code: "POST " + clean(d.Redeliver, 500)},
				{paragraph: text.T("mail.undelivered.same")},
			},
			footer: []string{text.T("mail.undelivered.why"), text.T("mail.no-reply")},
		}
	})
}

func meterFact(text *i18n.Printer, m Meter) fact {
	label := text.T("page.meter.electricity")
	if m.Gas {
		label = text.T("page.meter.gas")
	}
	return fact{label, text.T("mail.fact.ending", "Digits", clean(m.Ending, 3))}
}

func ukTime(text *i18n.Printer, at time.Time) string {
	return text.T("mail.uk-time", "When", text.DateTime(at))
}

func customerFooter(text *i18n.Printer) []string {
	return []string{text.T("mail.what"), text.T("mail.why"), text.T("mail.no-tracking"), text.T("mail.no-reply")}
}

// write draws a letter in one language, or in English and then in Welsh.
func write(language string, in func(*i18n.Printer) letter) Message {
	languages := []string{language}
	if language != "en" && language != "cy" {
		languages = i18n.Languages()
	}

	var letters []letter
	var subjects, texts []string
	for i, lang := range languages {
		l := in(i18n.For(lang))
		l.text = i18n.For(lang)
		if i+1 < len(languages) {
			l.other = i18n.For(languages[i+1])
		}

		letters = append(letters, l)
		subjects = append(subjects, l.subject)
		texts = append(texts, l.plain())
	}

	m := Message{
		Subject:  strings.Join(subjects, " / "),
		Text:     strings.Join(texts, "\n\n"+strings.Repeat("=", width)+"\n\n\n"),
		Language: strings.Join(languages, ", "),
	}
	var html strings.Builder
	if err := page(m.Subject, letters).Render(context.Background(), &html); err != nil {
		panic(err) // memory takes every write, and the template has no other error
	}

	m.HTML = html.String()
	return m
}

// clean makes one line of at most so many characters from a text that somebody else wrote. It drops what cannot be
// seen: line ends could forge a header or another paragraph, and marks of direction turn words around.
func clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}

		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return strings.TrimSpace(string(runes[:most-1])) + "…"
	}

	return text
}
