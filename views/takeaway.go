package views

import (
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
}

// Entry is one record of the shown list as it is taken away: in the words of the page, and flat.
type Entry struct {
	// Handle finds the record in the session, and goes no further. Group is discovered, active or ended.
	Handle, Group string
	Organisation  string
	// Status is in words, as on the page.
	Status string
	Data   []DataType
	// Reason is empty for one that gave none. Why and Purpose are empty then too.
	Reason       Basis
	Why, Purpose string
	// Since, Until and Ended are zero where there is no such day.
	Since, Until, Ended time.Time
	// Others are responsible too; Teller told the register on their behalf.
	Others            []string
	Teller, Reference string
	Contact           string
	// Changed are sentences, the newest change first.
	Changed []string
	// When is a sentence.
	When string
}

// Entries are what the page shows, in its order.
func (m RecordsPage) Entries() []Entry {
	shown := m.Shown()
	entries := make([]Entry, 0, shown.Len())
	for _, d := range shown.Discovered {
		entries = append(entries, Entry{
			Handle:       d.Handle,
			Group:        "discovered",
			Organisation: d.Organisation,
			Status:       m.Text.T("records.discovered.badge"),
			Data:         d.DataTypes,
			Since:        d.FirstSeen,
			Until:        d.LastSeen,
			Reference:    d.Reference,
			When:         d.seen(m.Text),
		})
	}

	add := func(group string, r Record) {
		e := Entry{
			Handle:       r.Handle,
			Group:        group,
			Organisation: r.Organisation,
			Status:       m.Text.T("records.state." + string(r.State)),
			Data:         r.DataTypes,
			Reason:       r.Basis,
			Why:          r.reason(m.Text),
			Purpose:      r.Purpose,
			Since:        r.Since,
			Until:        r.Until,
			Ended:        r.EndedAt,
			Teller:       r.DataUser,
			Reference:    r.Reference,
			When:         ui.Unmarked(r.when(m.Text)),
			Contact:      r.lead().ContactURL,
		}
		if r.lead().PrivacyURL != "" {
			e.Contact = r.lead().PrivacyURL
		}
		if group == "ended" {
			e.When = m.Text.T("records.when.ended", "Since", m.Text.Date(r.Since), "Until", m.Text.Date(r.EndedAt))
		}
		if names := r.responsibles(); len(names) > 1 {
			e.Others = names[1:]
		}

		for _, c := range r.Changes {
			what := c.sentences(m.Text)
			if c.Purpose != "" {
				what = append(what, m.Text.T("records.changed.purpose")+" “"+c.Purpose+"”.")
			}
			e.Changed = append(
				e.Changed,
				ui.Unmarked(m.Text.T("records.changed.on", "Date", m.Text.Date(c.At))+" "+strings.Join(what, " ")),
			)
		}

		entries = append(entries, e)
	}
	for _, r := range shown.Active {
		add("active", r)
	}
	for _, r := range shown.Ended {
		add("ended", r)
	}

	return entries
}

// Row is an entry as a line of a table, under Columns.
func (m RecordsPage) Row(e Entry) []string {
	data := make([]string, len(e.Data))
	for i, d := range e.Data {
		data[i] = m.Text.T("records.data." + d.Key)
	}

	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return m.Text.Date(t)
	}
	return []string{
		e.Organisation, e.Status, strings.Join(data, "; "), e.Why, e.Purpose, day(e.Since), day(e.Until), day(e.Ended),
		strings.Join(e.Others, "; "), e.Teller, e.Reference, e.Contact,
		strings.Join(e.Changed, " "),
	}
}

// Answer is the one sentence that the page begins with.
func (m RecordsPage) Answer() string { return ui.Unmarked(m.answer()) }
