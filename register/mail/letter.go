package mail

import (
	"strings"
	"unicode/utf8"

	"central.consent/dar/views/i18n"
)

// letter is a message in one language, before it is drawn.
type letter struct {
	text    *i18n.Printer
	other   *i18n.Printer // of the language that follows below; nil where none does
	subject string
	title   string
	blocks  []block
	footer  []string
}

// block is one thing below the other. One of its fields is set.
type block struct {
	heading   string
	paragraph string
	facts     []fact
	steps     []string
	action    *action
	code      string // a line to be typed, not read
}

type fact struct{ label, value string }

// action is a link that stands out. Its address is also shown, for those whose mail program shows no links.
type action struct{ label, url string }

// width is that of the text part, in characters.
const width = 72

// plain draws a letter as text.
func (l letter) plain() string {
	var parts []string
	add := func(lines ...string) { parts = append(parts, strings.Join(lines, "\n")) }
	add(l.text.T("mail.name"))
	if l.other != nil {
		add(wrap(l.other.T("mail.below"), "", ""))
	}

	add(wrap(l.title, "", ""), strings.Repeat("-", min(width, utf8.RuneCountInString(l.title))))
	for _, b := range l.blocks {
		switch {
		case b.heading != "":
			add(wrap(b.heading, "", ""), strings.Repeat("-", min(width, utf8.RuneCountInString(b.heading))))
		case b.paragraph != "":
			add(wrap(b.paragraph, "", ""))
		case b.action != nil:
			add(b.action.label+":", b.action.url) // never wrapped: a broken link is no link
		case b.code != "":
			add("    " + b.code)
		}

		var lines []string
		for _, f := range b.facts {
			lines = append(lines, wrap(f.label+": "+f.value, "", "  "))
		}
		for i, step := range b.steps {
			lines = append(lines, wrap(step, string(rune('1'+i))+". ", "   "))
		}
		if lines != nil {
			add(lines...)
		}
	}

	add(strings.Repeat("-", width))
	for _, line := range l.footer {
		add(wrap(line, "", ""))
	}

	return strings.Join(parts, "\n\n") + "\n"
}

// wrap breaks a text into lines of the width. The first begins with first, the others with rest.
func wrap(text, first, rest string) string {
	var all strings.Builder
	line := first
	fresh := true
	for _, word := range strings.Fields(text) {
		if !fresh && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			all.WriteString(line + "\n")
			line, fresh = rest, true
		}
		if !fresh {
			line += " "
		}

		line += word
		fresh = false
	}

	return all.String() + line
}
