package views

import (
	"cmp"
	"strings"
	"time"

	"central.consent/dar/views/ui"
)

// Columns are the parts of an Entry in the order of a table, as the ends of their text keys: takeaway.column.<Column>.
var Columns = []string{
	"organisation",
	"status",
	"data",
	"why",
	"purpose",
	"since",
	"until",
	"ended",
	"others",
	"teller",
	"reference",
	"contact",
	"changed",
	"registrant",
}

// The groups of the list, as the ends of their text keys.
const (
	groupStillSeen  = "still-seen"
	groupDiscovered = "discovered"
	groupActive     = "active"
	groupExcluded   = "excluded"
	groupEnded      = "ended"
)

// Entry is one record of the shown list as the customer takes it away: flat, and in the words of the page.
type Entry struct {
	// Handle finds the record in the session. It is not written to any file.
	Handle string
	// Group is still-seen, discovered, active, excluded or ended.
	Group        string
	Organisation string
	// Status is in words, as on the page.
	Status string
	Data   []DataType
	// Basis is empty for a discovered access, and so are BasisName and Purpose.
	Basis Basis
	// BasisName is the legal basis in words, with the claim of DataUser if there is one.
	BasisName string
	Purpose   string
	// Since, Until and Ended are zero if there is no such day.
	Since, Until, Ended time.Time
	// Others are the other responsible organisations.
	Others []string
	// DataUser is the organisation that registered the record for Organisation; empty if that did so itself.
	DataUser  string
	Reference string
	Contact   string
	// Changed are sentences, the newest change first.
	Changed []string
	// RegistrantStatus is empty while the organisation that registered the record takes part in the register, and so is
	// Registrant, which says in words that it does not.
	RegistrantStatus RegistrantStatus
	Registrant       string
	// When is the period of the access as a sentence.
	When string
}

// Answer is the sentence that the page begins with.
func (m RecordsPage) Answer() string { return ui.Unmarked(m.answer()) }

// Entries are what the page shows, in its order.
func (m RecordsPage) Entries() []Entry {
	shown := m.Shown()
	entries := make([]Entry, 0, shown.Len())
	for _, s := range shown.StillSeen {
		e := m.sightingEntry(groupStillSeen, s)
		e.When = s.ended(m.Text) + " " + e.When
		entries = append(entries, e)
	}
	for _, s := range shown.Discovered {
		entries = append(entries, m.sightingEntry(groupDiscovered, s))
	}
	for _, r := range shown.Active {
		entries = append(entries, m.entry(groupActive, r))
	}
	for _, r := range shown.Excluded {
		entries = append(entries, m.entry(groupExcluded, r))
	}
	for _, r := range shown.Ended {
		e := m.entry(groupEnded, r)
		e.When = r.endedPeriod(m.Text)
		entries = append(entries, e)
	}

	return entries
}

func (m RecordsPage) sightingEntry(group string, s Sighting) Entry {
	return Entry{
		Handle:       s.Handle,
		Group:        group,
		Organisation: s.Organisation,
		Status:       s.status(m.Text),
		Data:         s.DataTypes,
		Since:        s.FirstSeen,
		Until:        s.LastSeen,
		Ended:        s.EndedAt,
		Reference:    s.Reference,
		When:         s.days(m.Text),
	}
}

func (m RecordsPage) entry(group string, r Record) Entry {
	e := Entry{
		Handle:       r.Handle,
		Group:        group,
		Organisation: r.Organisation,
		Status:       m.Text.T("records.state." + string(r.State)),
		Data:         r.DataTypes,
		Basis:        r.Basis,
		BasisName:    r.basisName(m.Text),
		Purpose:      r.Purpose,
		Since:        r.Since,
		Until:        r.Until,
		Ended:        r.EndedAt,
		DataUser:     r.DataUser,
		Reference:    r.Reference,
		When:         ui.Unmarked(r.period(m.Text)),
		Contact:      cmp.Or(r.lead().PrivacyURL, r.lead().ContactURL),

		RegistrantStatus: r.RegistrantStatus,
		Registrant:       ui.Unmarked(r.registrantSentence(m.Text)),
	}
	if r.DataUser != "" {
		e.BasisName += ". " + ui.Unmarked(r.basisMeaning(m.Text))
	}
	if names := r.organisations(); len(names) > 1 {
		e.Others = names[1:]
	}
	for _, c := range r.Changes {
		e.Changed = append(e.Changed, c.summary(m.Text))
	}

	return e
}

// Row is an entry as a line of a table, in the order of Columns.
func (m RecordsPage) Row(e Entry) []string {
	return []string{
		e.Organisation,
		e.Status,
		dataNames(m.Text, e.Data),
		e.BasisName,
		e.Purpose,
		m.day(e.Since),
		m.day(e.Until),
		m.day(e.Ended),
		strings.Join(e.Others, "; "),
		e.DataUser,
		e.Reference,
		e.Contact,
		strings.Join(e.Changed, " "),
		e.Registrant,
	}
}

// day is a date in words; empty for none.
func (m RecordsPage) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return m.Text.Date(t)
}
