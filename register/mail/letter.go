package mail

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"central.consent/dar/views/i18n"
)

// letter is a message in one language, before it is rendered.
type letter struct {
	text *i18n.Printer
	// below prints the language that follows below this letter. It is nil if none follows.
	below   *i18n.Printer
	subject string
	title   string
	blocks  []block
	footer  []string
}

// block is one part of a letter. Blocks stand below each other. Exactly one field is set.
type block struct {
	heading   string
	paragraph string
	facts     []fact
	steps     []string
	action    *action
	code      string // a line to copy, such as a request
	typed     string // a code to type elsewhere
}

// fact is a line of a table.
type fact struct{ label, value string }

// action is a link that looks like a button. Its URL is shown too, because some mail programs show no links.
type action struct{ label, url string }

// Languages returns the languages in which a letter can be written.
func Languages() []string { return i18n.Languages() }

// render writes a letter in one language, or in English followed by Welsh if the language is neither "en" nor "cy".
func render(language string, write func(*i18n.Printer) letter) Message {
	languages := []string{language}
	if !slices.Contains(Languages(), language) {
		languages = Languages()
	}

	var letters []letter
	var subjects []string
	var texts []string
	for i, lang := range languages {
		l := write(i18n.For(lang))
		l.text = i18n.For(lang)
		if i+1 < len(languages) {
			l.below = i18n.For(languages[i+1])
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
		panic(err) // a strings.Builder returns no error, and neither does the template
	}

	m.HTML = html.String()

	return m
}

// meterFact names the kind of the meter and the last digits of its number.
func meterFact(text *i18n.Printer, m Meter) fact {
	label := text.T("page.meter.electricity")
	if m.Gas {
		label = text.T("page.meter.gas")
	}

	return fact{label, text.T("mail.fact.ending", "Digits", clean(m.Ending, 3))}
}

// ukTime formats a moment in UK time.
func ukTime(text *i18n.Printer, at time.Time) string {
	return text.T("mail.uk-time", "When", text.DateTime(at))
}

// customerFooter is the footer of every letter to a customer.
func customerFooter(text *i18n.Printer) []string {
	return []string{text.T("mail.what"), text.T("mail.why"), text.T("mail.no-tracking"), text.T("mail.no-reply")}
}

// clean makes a stranger's text fit to print: one line of at most maxLength characters. It removes invisible
// characters, because a line end could forge a header or a paragraph, and a direction mark could reverse words.
func clean(text string, maxLength int) string {
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
	if runes := []rune(text); len(runes) > maxLength {
		return strings.TrimSpace(string(runes[:maxLength-1])) + "…"
	}

	return text
}
