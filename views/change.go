package views

import (
	"strings"
	"time"

	"central.consent/dar/views/i18n"
	"central.consent/dar/views/ui"
)

// Change is one change of a record: what the record said before. A field is empty if it stayed the same.
type Change struct {
	At             time.Time
	Added, Removed []DataType
	// Organisation was the sole or lead controller.
	Organisation string
	Basis        Basis
	// Purpose is in the organisation's own words.
	Purpose string
	// EndMoved says that the record had another end, which is Until. Until is zero if there was no end.
	EndMoved bool
	Until    time.Time
}

// sentences describe the change, except for the purpose, which is in the organisation's language.
func (c Change) sentences(text *i18n.Printer) []string {
	var sentences []string
	if len(c.Added) > 0 {
		sentences = append(sentences, text.T("records.changed.added", "What", dataNames(text, c.Added)))
	}
	if len(c.Removed) > 0 {
		sentences = append(sentences, text.T("records.changed.removed", "What", dataNames(text, c.Removed)))
	}
	if c.Organisation != "" {
		sentences = append(sentences, text.T("records.changed.organisation", "Org", ui.Name(c.Organisation)))
	}
	if c.Basis != "" {
		sentences = append(sentences, text.T("records.changed.basis", "Why", text.T("records.basis."+string(c.Basis))))
	}
	if c.EndMoved && c.Until.IsZero() {
		sentences = append(sentences, text.T("records.changed.no-end"))
	} else if c.EndMoved {
		sentences = append(sentences, text.T("records.changed.until", "Until", text.Date(c.Until)))
	}

	return sentences
}

// summary is the whole change as plain text on one line.
func (c Change) summary(text *i18n.Printer) string {
	sentences := c.sentences(text)
	if c.Purpose != "" {
		sentences = append(sentences, text.T("records.changed.purpose")+" “"+c.Purpose+"”.")
	}
	date := text.T("records.changed.on", "Date", text.Date(c.At))

	return ui.Unmarked(date + " " + strings.Join(sentences, " "))
}
