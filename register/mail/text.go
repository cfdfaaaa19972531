package mail

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// width is the length of a line of the text part, in characters.
const width = 72

// plain renders a letter as text.
func (l letter) plain() string {
	parts := []string{l.text.T("mail.name")}
	if l.below != nil {
		parts = append(parts, wrap(l.below.T("mail.below"), "", ""))
	}

	parts = append(parts, underlined(l.title))
	for _, b := range l.blocks {
		parts = append(parts, b.plain())
	}

	parts = append(parts, strings.Repeat("-", width))
	for _, line := range l.footer {
		parts = append(parts, wrap(line, "", ""))
	}

	return strings.Join(parts, "\n\n") + "\n"
}

// plain renders a block as text.
func (b block) plain() string {
	switch {
	case b.heading != "":
		return underlined(b.heading)
	case b.paragraph != "":
		return wrap(b.paragraph, "", "")
	case b.action != nil:
		return b.action.label + ":\n" + b.action.url // not wrapped: a link with a line end does not work
	case b.code != "":
		return "    " + b.code
	case b.typed != "":
		return "    " + b.typed
	}

	var lines []string
	for _, f := range b.facts {
		lines = append(lines, wrap(f.label+": "+f.value, "", "  "))
	}
	for i, step := range b.steps {
		lines = append(lines, wrap(step, strconv.Itoa(i+1)+". ", "   "))
	}

	return strings.Join(lines, "\n")
}

// underlined returns a heading with a line below it.
func underlined(heading string) string {
	return wrap(heading, "", "") + "\n" + strings.Repeat("-", min(width, utf8.RuneCountInString(heading)))
}

// wrap breaks a text into lines of the width. The first line begins with firstIndent, the others with indent.
func wrap(text, firstIndent, indent string) string {
	var lines strings.Builder
	line := firstIndent
	isEmpty := true

	for word := range strings.FieldsSeq(text) {
		if !isEmpty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines.WriteString(line + "\n")
			line = indent
			isEmpty = true
		}
		if !isEmpty {
			line += " "
		}

		line += word
		isEmpty = false
	}

	return lines.String() + line
}
