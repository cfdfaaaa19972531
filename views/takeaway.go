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
	"meter-point",
	"restarted",
	"renewed",
	"shows",
	"meaning",
	"recipients",
	"source",
	"notice",
	"pages",
	"rights",
	"kept-where",
	"kept-long",
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
	// RegistrantStatus is empty while the organisation that registered the record takes part in the register, and so
	// is Registrant, which says in words that it does not.
	RegistrantStatus RegistrantStatus
	Registrant       string
	// When is the period of the access in sentences, and that it was started again.
	When string
	// Restart is nil, and Renewed is zero, if there was none. Restarted is the restart as a sentence.
	Restart   *Restart
	Restarted string
	Renewed   time.Time
	// Meaning is what the basis or the status means, as the page says it.
	Meaning string
	// Recipients are those that get the data from the organisation.
	Recipients []Recipient
	// DataSource is in the organisation's own words.
	DataSource string
	// PrivacyNotices name their controllers.
	PrivacyNotices []PrivacyNotice
	// Controllers are all responsible organisations with their pages, the lead first.
	Controllers []Controller
	// KeptWhere and KeptLong are a country and a time in words; empty if they are not known.
	KeptWhere, KeptLong string
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
		entries = append(entries, m.entry(groupEnded, r))
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
		Meaning:      m.Text.N("records."+group+".meaning", 1),
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

		Restart:     r.Restart,
		Restarted:   r.restarted(m.Text),
		Renewed:     r.Renewed,
		Meaning:     ui.Unmarked(r.basisMeaning(m.Text)),
		Recipients:  r.Recipients,
		DataSource:  r.DataSource,
		Controllers: r.Controllers,
	}
	if group == groupEnded {
		e.When = r.endedPeriod(m.Text)
	}
	if e.Restarted != "" {
		e.When = e.Restarted + " " + e.When
	}
	for _, notice := range r.PrivacyNotices {
		notice.Controller = cmp.Or(notice.Controller, r.Organisation)
		e.PrivacyNotices = append(e.PrivacyNotices, notice)
	}
	if r.Storage != nil {
		e.KeptWhere = m.Text.Country(r.Storage.Country)
		e.KeptLong = m.Text.Duration(r.Storage.Retention)
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
		m.MeterPoint.Number,
		e.Restarted,
		m.day(e.Renewed),
		m.shows(e.Data),
		e.Meaning,
		e.recipients(),
		e.DataSource,
		m.notices(e.PrivacyNotices),
		e.pages(func(c Controller) string { return c.ContactURL }),
		e.pages(func(c Controller) string { return c.PrivacyURL }),
		e.KeptWhere,
		e.KeptLong,
		e.Registrant,
	}
}

// shows is what each kind of data can tell about a household.
func (m RecordsPage) shows(data []DataType) string {
	parts := make([]string, len(data))
	for i, d := range data {
		key := "records.data." + d.Key
		parts[i] = m.Text.T(key) + ": " + m.Text.T(key+".reveals")
	}

	return strings.Join(parts, "; ")
}

// notices are the privacy notices with their addresses.
func (m RecordsPage) notices(notices []PrivacyNotice) string {
	parts := make([]string, len(notices))
	for i, n := range notices {
		parts[i] = ui.Unmarked(m.noticeName(n)) + ": " + n.URL
	}

	return strings.Join(parts, "; ")
}

// noticeName names a privacy notice that has its controller.
func (m RecordsPage) noticeName(n PrivacyNotice) string {
	return m.Text.T("records.notice-link", "Org", ui.Name(n.Controller), "Version", ui.Name(n.Version))
}

// recipients are those that get the data from the organisation, each with its part.
func (e Entry) recipients() string {
	parts := make([]string, len(e.Recipients))
	for i, recipient := range e.Recipients {
		parts[i] = recipient.Name + " (" + recipient.Role + ")"
		if recipient.PrivacyURL != "" {
			parts[i] += ": " + recipient.PrivacyURL
		}
	}

	return strings.Join(parts, "; ")
}

// pages are the addresses of one kind, with the names of their organisations.
func (e Entry) pages(address func(Controller) string) string {
	var parts []string
	for _, c := range e.Controllers {
		if page := address(c); page != "" {
			parts = append(parts, c.Name+": "+page)
		}
	}

	return strings.Join(parts, "; ")
}

// day is a date in words; empty for none.
func (m RecordsPage) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return m.Text.Date(t)
}
