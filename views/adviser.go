package views

import (
	"slices"
	"time"

	"central.consent/dar/views/i18n"
	"central.consent/dar/views/ui"
)

// AdviserSignInPage asks an adviser for their name and code.
type AdviserSignInPage struct {
	Page
	// Named says that advisers have names and codes of their own, and Shared that they share a code. If both are true,
	// the shared code needs no name.
	Named  bool
	Shared bool
	// Name is what the adviser has typed.
	Name string
}

// codeLabel names the field of the code.
func (m AdviserSignInPage) codeLabel() string {
	if m.Named {
		return m.Text.T("adviser.signin.code")
	}
	return m.Text.T("adviser.signin.label")
}

// nameHint says that the shared code needs no name; empty if there is none.
func (m AdviserSignInPage) nameHint() string {
	if m.Shared {
		return m.Text.T("adviser.signin.name.hint-shared")
	}
	return m.Text.T("adviser.signin.name.hint")
}

// HandoverPage is a page to print that the customer takes home. It holds no code, and no whole meter point number but
// in letters.
type HandoverPage struct {
	Page
	// MeterPoint has the last three digits only.
	MeterPoint MeterPoint
	// ReadAt is when the list was read from the register.
	ReadAt     time.Time
	StillSeen  []Sighting
	Discovered []Sighting
	Active     []Record
	Excluded   []Record
	Ended      []Record
	// Letters are those that the customer wants with it, and WithNumber says that they hold the whole number.
	Letters    []LetterPage
	WithNumber bool
	// Stopped are the records that were stopped in this session.
	Stopped []Receipt
	// PortalURL is the address of the portal in full; empty if that is not known.
	PortalURL string
}

// Receipt is the register's receipt for a record that the customer had stopped.
type Receipt struct {
	Record Record
	// At is when the register ended the access.
	At time.Time
	// Reference finds the withdrawal at the register.
	Reference string
}

// stillSeenTitle is the heading of the organisations that were seen after their access had ended.
func (m HandoverPage) stillSeenTitle() string {
	return RecordsPage{Page: m.Page, StillSeen: m.StillSeen}.groupTitle(groupStillSeen)
}

// lead says which meter point the page is about, when the list was read, and by which operator.
func (m HandoverPage) lead() string {
	return m.Text.T("adviser.handover.what."+m.MeterPoint.fuel(),
		"Digits", m.MeterPoint.Number, "When", m.Text.DateTime(m.ReadAt), "Brand", m.Brand.Name)
}

// wants says that the customer wants the letter about a record.
func (m HandoverPage) wants(handle string) bool {
	return slices.ContainsFunc(m.Letters, func(l LetterPage) bool { return l.handle() == handle })
}

// handoverEntry is what the customer takes home of one record.
type handoverEntry struct {
	handle string
	names  string
	// lines say what, why and how long.
	lines []string
	// reference is the Smart Energy Code reference of registrant; empty if there is none.
	registrant string
	reference  string
}

// handoverRecords are entries of records. The period of those that have not ended is in short.
func handoverRecords(text *i18n.Printer, records []Record) []handoverEntry {
	var entries []handoverEntry
	for _, r := range records {
		period := r.shortPeriod(text)
		if !r.EndedAt.IsZero() {
			period = r.endedPeriod(text)
		}

		entries = append(entries, handoverEntry{
			handle: r.Handle,
			names:  r.allNames(text),
			lines: []string{
				dataNames(text, r.DataTypes),
				text.T("records.in-short.why", "Why", r.basisName(text)),
				period,
			},
			registrant: r.registrant(),
			reference:  r.OrganisationReference,
		})
	}

	return entries
}

// handoverSightings are entries of sightings.
func handoverSightings(text *i18n.Printer, sightings []Sighting) []handoverEntry {
	var entries []handoverEntry
	for _, s := range sightings {
		lines := []string{dataNames(text, s.DataTypes), s.days(text)}
		if s.StillSeen() {
			lines = append(lines, s.ended(text))
		}

		entries = append(entries, handoverEntry{
			handle:     s.Handle,
			names:      ui.Name(s.Organisation),
			lines:      lines,
			registrant: s.Organisation,
			reference:  s.Reference,
		})
	}

	return entries
}
