package views

import (
	"slices"
	"strconv"
	"time"

	"central.consent/dar/views/i18n"
)

// smartEnergyCodeURL is the site at which customers report an organisation that reads data without a record.
const smartEnergyCodeURL = "https://smartenergycodecompany.co.uk/"

// Discovered is a discovered access: an organisation that reads the meter's data without a record of why.
type Discovered struct {
	// Handle names it in the addresses of this session, as a record's does.
	Handle       string
	Organisation string
	// Reference is the organisation's Smart Energy Code reference, as SEC-OU-00429.
	Reference string
	// FirstSeen and LastSeen are the days of the first and the last sighting. LastSeen is zero if there was one.
	FirstSeen time.Time
	LastSeen  time.Time
	DataTypes []DataType
}

// sightings says when the DCC saw the organisation, in days: the DCC reports no times.
func (d Discovered) sightings(text *i18n.Printer) string {
	first := text.Date(d.FirstSeen)
	last := text.Date(d.LastSeen)
	if d.LastSeen.IsZero() || first == last {
		return text.T("records.discovered.once", "First", first)
	}

	return text.T("records.discovered.between", "First", first, "Last", last)
}

// discoveredNames are the names of the discovered organisations, each once and sorted.
func discoveredNames(discovered []Discovered) []string {
	var names []string
	for _, d := range discovered {
		names = append(names, d.Organisation)
	}
	slices.Sort(names)

	return slices.Compact(names)
}

// discoveredID is the id of a discovered access on the page, by its place in the list.
func discoveredID(i int) string { return "seen-" + strconv.Itoa(i+1) }
