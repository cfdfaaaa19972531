package views

import (
	"time"

	"central.consent/dar/views/ui"
)

// The kinds of a letter about a discovered access: a report, and a complaint to an organisation that went on reading.
const (
	letterDiscovered = "discovered"
	letterStillSeen  = "still-seen"
)

// LetterPage is a letter ready to be copied or printed. It goes to an organisation, or is about a discovered access.
type LetterPage struct {
	Page
	MeterPoint MeterPoint
	// Kind says what the letter asks for, and is the end of its text keys: a legal basis, elsewhere, earlier, delete,
	// discovered or still-seen.
	Kind string
	// Record is the access of the organisation that the letter goes to.
	Record Record
	// Sighting is what the letter is about, if Kind is discovered or still-seen.
	Sighting Sighting
	// Day is the date of the letter.
	Day time.Time
	// WithNumber says that the customer wants the meter point number in the letter.
	WithNumber bool
	// StoppedReference is the register's reference, if the customer stopped the access in this session.
	StoppedReference string
	// Filter is how the list was narrowed. The way back keeps it.
	Filter Filter
}

func (m LetterPage) aboutDiscovered() bool { return m.Kind == letterDiscovered }

func (m LetterPage) aboutStillSeen() bool { return m.Kind == letterStillSeen }

func (m LetterPage) handle() string {
	if m.aboutDiscovered() || m.aboutStillSeen() {
		return m.Sighting.Handle
	}
	return m.Record.Handle
}

func (m LetterPage) title() string {
	if m.aboutDiscovered() {
		return m.Text.T("letter.report.title", "Org", ui.Name(m.Sighting.Organisation))
	}
	if m.aboutStillSeen() {
		return m.Text.T("letter.title", "Org", ui.Name(m.Sighting.Organisation))
	}

	names := m.Record.shortNames(m.Text, ui.Name(m.Record.Organisation))

	return m.Text.T("letter.title", "Org", names)
}

// sightings say in the letter which organisation the DCC saw, and when.
func (m LetterPage) sightings() string {
	return m.Text.T("records.discovered.letter.seen",
		"Org", ui.Name(m.Sighting.Organisation),
		"Reference", ui.Name(m.Sighting.Reference),
		"Seen", m.Sighting.days(m.Text))
}

// stop says in the letter when the access ended after which the organisation was still seen.
func (m LetterPage) stop() string {
	key := "letter.still-seen.ended"
	if m.Sighting.Stopped {
		key = "letter.still-seen.stopped"
	}

	return m.Text.T(key, "Date", m.Text.Date(m.Sighting.EndedAt))
}

// accessAndPeriod says in the letter who has or had access, and for how long.
func (m LetterPage) accessAndPeriod() string {
	names := m.Record.allNames(m.Text)
	if m.Record.isExcluded() {
		return m.Text.T("letter.facts.excluded", "Org", names) + " " + m.Record.shortPeriod(m.Text)
	}
	if m.Record.EndedAt.IsZero() {
		return m.Text.T("letter.facts.active", "Org", names) + " " + m.Record.shortPeriod(m.Text)
	}

	return m.Text.T("letter.facts.ended", "Org", names) + " " + m.Record.endedPeriod(m.Text)
}

// registrant says in the letter that the organisation which registered the record does not take part in the register.
func (m LetterPage) registrant() string {
	return m.Text.T("letter.registrant."+string(m.Record.RegistrantStatus), "Org", ui.Name(m.Record.registrant()))
}

// basis is the legal basis in the words of a letter.
func (m LetterPage) basis() string {
	if m.Record.fromEarlierOccupant() {
		return m.Text.T("letter.why.earlier")
	}
	return m.Text.T("letter.why." + string(m.Record.Basis))
}
