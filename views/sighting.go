package views

import (
	"slices"
	"strconv"
	"time"

	"central.consent/dar/views/i18n"
)

// smartEnergyCodeURL is the site at which customers report an organisation that reads data without a record.
const smartEnergyCodeURL = "https://smartenergycodecompany.co.uk/"

// Sighting is a discovered access: the DCC saw an organisation read the meter's data, and the organisation has no
// record that says why.
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
}

// days says when the DCC saw the organisation, in days: the DCC reports no times.
func (s Sighting) days(text *i18n.Printer) string {
	first := text.Date(s.FirstSeen)
	last := text.Date(s.LastSeen)
	if s.LastSeen.IsZero() || first == last {
		return text.T("records.discovered.once", "First", first)
	}

	return text.T("records.discovered.between", "First", first, "Last", last)
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

// sightingID is the id of a sighting on the page, by its place in the list.
func sightingID(i int) string { return "seen-" + strconv.Itoa(i+1) }
