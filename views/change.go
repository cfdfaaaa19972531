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
	// OrganisationsAdded and OrganisationsRemoved are controllers and recipients, but for the lead.
	OrganisationsAdded, OrganisationsRemoved []string
	// Organisation was the sole or lead controller.
	Organisation string
	Basis        Basis
	// Purpose is in the organisation's own words.
	Purpose string
	// EndMoved says that the record had another end, which is Until. Until is zero if there was no end.
	EndMoved bool
	Until    time.Time
	// Longer says that the end was moved later, or away.
	Longer bool
	// Began is the day that the organisation gave before for the begin or the renewal of the access.
	Began time.Time
	// Facts are what else the record said otherwise.
	Facts []PastFact
}

// PastFact is one thing that a record said before a change.
type PastFact struct {
	Kind PastFactKind
	// Organisation is the one that it is about.
	Organisation string
	// Words are the organisation's own, or a version; URL is an address. Either may be empty.
	Words, URL string
	// Storage is set if Kind is PastStorage.
	Storage Storage
}

// PastFactKind is what a PastFact is about, and the end of its text keys.
type PastFactKind string

// The kinds of facts. Those that begin with No say that the record said nothing about it.
const (
	PastNotice      PastFactKind = "notice"
	PastNoNotice    PastFactKind = "no-notice"
	PastContact     PastFactKind = "contact"
	PastRights      PastFactKind = "rights"
	PastNoRights    PastFactKind = "no-rights"
	PastRole        PastFactKind = "role"
	PastRecipient   PastFactKind = "recipient"
	PastStorage     PastFactKind = "storage"
	PastNoStorage   PastFactKind = "no-storage"
	PastReference   PastFactKind = "reference"
	PastNoReference PastFactKind = "no-reference"
	PastSource      PastFactKind = "source"
	PastNoSource    PastFactKind = "no-source"
)

// widens says that the record has allowed more since: more data, more organisations, or a longer time.
func (c Change) widens() bool { return len(c.Added) > 0 || len(c.OrganisationsAdded) > 0 || c.Longer }

// sentences describe the change, except for the purpose, which is in the organisation's language.
func (c Change) sentences(text *i18n.Printer) []string {
	var sentences []string
	say := func(key string, args ...any) { sentences = append(sentences, text.T("records.changed."+key, args...)) }
	if len(c.Added) > 0 {
		say("added", "What", dataNames(text, c.Added))
	}
	if len(c.OrganisationsAdded) > 0 {
		say("organisations-added", "Who", joinedNames(c.OrganisationsAdded))
	}
	if c.EndMoved && c.Until.IsZero() {
		say("no-end")
	} else if c.EndMoved {
		say("until", "Until", text.Date(c.Until))
	}
	if len(c.Removed) > 0 {
		say("removed", "What", dataNames(text, c.Removed))
	}
	if len(c.OrganisationsRemoved) > 0 {
		say("organisations-removed", "Who", joinedNames(c.OrganisationsRemoved))
	}
	if c.Organisation != "" {
		say("organisation", "Org", ui.Name(c.Organisation))
	}
	if c.Basis != "" {
		say("basis", "Why", text.T("records.basis."+string(c.Basis)))
	}
	if !c.Began.IsZero() {
		say("began", "Date", text.Date(c.Began))
	}
	for _, fact := range c.Facts {
		sentences = append(sentences, fact.sentence(text))
	}

	return sentences
}

// sentence says what the record said before.
func (f PastFact) sentence(text *i18n.Printer) string {
	words := ui.Name(f.Words)
	switch f.Kind {
	case PastNotice:
		words = text.T("records.notice-link", "Org", ui.Name(f.Organisation), "Version", words)
	case PastRole:
		words = text.T("records.role." + f.Words)
	case PastStorage:
		words = f.Storage.words(text)
	}

	args := []any{"Org", ui.Name(f.Organisation), "Words", words, "URL", ui.Name(f.URL)}
	if f.Kind == PastRecipient && f.URL != "" {
		return text.T("records.changed.recipient-link", args...)
	}

	return text.T("records.changed."+string(f.Kind), args...)
}

// joinedNames lists names, perhaps many.
func joinedNames(names []string) string {
	marked := make([]string, len(names))
	for i, name := range names {
		marked[i] = ui.Name(name)
	}

	return strings.Join(marked, "; ")
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
