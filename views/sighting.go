package views

import (
	"slices"
	"strconv"
	"time"

	"central.consent/dar/views/i18n"
)

// citizensAdviceURL is the site at which customers get help with an organisation that does not stop.
const citizensAdviceURL = "https://www.citizensadvice.org.uk/"

// smartEnergyCodeURL is the site at which customers report an organisation that reads data without a record.
const smartEnergyCodeURL = "https://smartenergycodecompany.co.uk/"

// Sighting is a discovered access: the DCC saw an organisation read the meter's data, and the organisation has no
// record that says why. If it had one, and was seen after that ended, EndedAt is set.
type Sighting struct {
	// Handle names it in the addresses of this session, as a record's does.
	Handle       string
	Organisation string
	// Reference is the organisation's Smart Energy Code reference, as SEC-OU-00429.
	Reference string
	// FirstSeen and LastSeen are days. LastSeen is zero if the organisation was seen once.
	FirstSeen time.Time
	LastSeen  time.Time
	DataTypes []DataType
	// EndedAt is when the access ended after which the organisation was still seen; zero if it was not.
	EndedAt time.Time
	// Stopped says that the customer ended that access.
	Stopped bool
}

// StillSeen reports whether the organisation was seen after its access had ended.
func (s Sighting) StillSeen() bool { return !s.EndedAt.IsZero() }

// days says when the DCC saw the organisation, in days: the DCC reports no times.
func (s Sighting) days(text *i18n.Printer) string {
	first := text.Date(s.FirstSeen)
	last := text.Date(s.LastSeen)
	if s.LastSeen.IsZero() || first == last {
		return text.T("records.discovered.once", "First", first)
	}

	return text.T("records.discovered.between", "First", first, "Last", last)
}

// ended says when the access ended after which the organisation was still seen.
func (s Sighting) ended(text *i18n.Printer) string {
	if s.Stopped {
		return text.T("records.ended.stopped", "Date", text.Date(s.EndedAt))
	}

	return text.T("records.still-seen.ended", "Date", text.Date(s.EndedAt))
}

// status says in words how the sighting stands, as the customer takes it away.
func (s Sighting) status(text *i18n.Printer) string {
	switch {
	case !s.StillSeen():
		return text.T("records.discovered.badge")
	case s.Stopped:
		return text.T("records.still-seen.title")
	default:
		return text.T("records.still-seen.title-ended")
	}
}

// sightingNames are the names of the organisations that were seen, each once and sorted.
func sightingNames(sightings []Sighting) []string {
	var names []string
	for _, s := range sightings {
		names = append(names, s.Organisation)
	}
	slices.Sort(names)

	return slices.Compact(names)
}

// sightingID is the id of a sighting on the page, by its place in its group.
func sightingID(s Sighting, i int) string {
	if s.StillSeen() {
		return "still-seen-" + strconv.Itoa(i+1)
	}

	return "seen-" + strconv.Itoa(i+1)
}
