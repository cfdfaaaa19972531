package views

import (
	"slices"
	"strconv"
	"time"
)

// commissionerURL is the page on which customers can complain about any organisation.
const commissionerURL = "https://ico.org.uk/make-a-complaint/"

// maxFullCards is how many cards are shown in full. If there are more, each shows its main facts and unfolds the
// others, and the page has a filter.
const maxFullCards = 8

// RecordsPage lists the organisations that have access to the data of one meter point.
type RecordsPage struct {
	Page
	MeterPoint MeterPoint
	// ReadAt is when the list was read from the register.
	ReadAt time.Time
	// StillSeen are organisations that the DCC saw after their access had ended.
	StillSeen []Sighting
	// Discovered are the other organisations that the DCC saw, and that no record explains.
	Discovered []Sighting
	// Active are the records of organisations that can read data now.
	Active []Record
	// Excluded are the records that have not ended, of organisations that are suspended or have left the register.
	Excluded []Record
	// Ended are the records of organisations that could read data once.
	Ended []Record
	// LeftOut says which entries are not shown, because an organisation has too many.
	LeftOut []LeftOut
	// Return is nil if the customer came without a link from another site.
	Return *ReturnLink
	// Contacts is the register's page of the contacts that can open the list; empty for none. Advisers get no link.
	Contacts string
	// Filter narrows the list to Found, which is nil if the filter is empty.
	Filter Filter
	Found  *List
	// States and Bases are the choices of the filter that match at least one record.
	States, Bases []Option
}

// LeftOut is how many entries of an organisation the list leaves out.
type LeftOut struct {
	Organisation string
	Entries      int
}

// List holds the groups of the page.
type List struct {
	StillSeen  []Sighting
	Discovered []Sighting
	Active     []Record
	Excluded   []Record
	Ended      []Record
}

// Len is the number of records in the list.
func (l List) Len() int {
	return len(l.StillSeen) + len(l.Discovered) + len(l.Active) + len(l.Excluded) + len(l.Ended)
}

// All is the whole list, without the filter.
func (m RecordsPage) All() List {
	return List{m.StillSeen, m.Discovered, m.Active, m.Excluded, m.Ended}
}

// Shown is what the page lists.
func (m RecordsPage) Shown() List {
	if m.Found != nil {
		return *m.Found
	}
	return m.All()
}

// headings are the names of the records by their handles. They are numbered over the whole list, so that a filter
// does not change them.
func (m RecordsPage) headings() map[string]string {
	headings := map[string]string{}
	for _, group := range [][]Record{m.Active, m.Excluded, m.Ended} {
		for i, name := range numberedNames(m.Text, group) {
			headings[group[i].Handle] = name
		}
	}

	return headings
}

// answer says who has access: by name if there are few, else by number. Before all it says who was seen after its
// access had ended. Of organisations that are suspended or have left the register it says that, and that more is not
// known.
func (m RecordsPage) answer() string {
	answer := m.accessSentence()
	if names := sightingNames(m.StillSeen); len(names) > 0 {
		answer = m.Text.N("records.still-seen.answer", len(names), "Who", namesOrCount(m.Text, names)) + " " + answer
	}

	excluded := 0
	for _, state := range []RecordState{RecordSuspended, RecordLeft} {
		names := registrants(m.Excluded, state)
		if len(names) > 0 {
			answer += " " + m.Text.N("records.answer."+string(state), len(names), "Who", namesOrCount(m.Text, names))
			excluded += len(names)
		}
	}
	if excluded > 0 {
		answer += " " + m.Text.N("records.answer.unknown", excluded)
	}

	return answer
}

// accessSentence says who has access now, and who was seen.
func (m RecordsPage) accessSentence() string {
	active := organisations(m.Active)
	discovered := sightingNames(m.Discovered)

	known := m.Text.T("records.nobody")
	switch {
	case len(active) > 0:
		known = m.Text.T("records.known", "Who", namesOrCount(m.Text, active))
	case len(m.Excluded) > 0:
		known = m.Text.T("records.nobody.excluded")
	}
	if len(discovered) == 0 {
		return m.Text.T("records.answer", "Sentence", known)
	}

	seen := m.Text.N("records.seen", len(discovered), "Who", namesOrCount(m.Text, discovered))
	if len(active) == 0 {
		return m.Text.T("records.answer.but", "Known", known, "Seen", seen)
	}

	return m.Text.T("records.answer.and", "Known", known, "Seen", seen)
}

// foundCount says how many of how many records are shown.
func (m RecordsPage) foundCount() string {
	shown := m.Shown().Len()
	switch {
	case m.Found == nil:
		return m.Text.N("filter.all", shown)
	case shown == 0:
		return m.Text.T("filter.none")
	}

	return m.Text.N("filter.found", shown, "All", strconv.Itoa(m.All().Len()))
}

// filterable says that the list is too long to see at a glance, or is narrowed already.
func (m RecordsPage) filterable() bool { return m.Filter != (Filter{}) || m.All().Len() > maxFullCards }

// unfilteredURL leads to the whole list, and past the filter if the whole list has one.
func (m RecordsPage) unfilteredURL() string {
	if m.All().Len() > maxFullCards {
		return m.recordsURL() + "#found"
	}
	return m.recordsURL()
}

// groupTitle is the heading of a group of the list. That of the organisations that were still seen says that the
// customer stopped them only if that is so of each.
func (m RecordsPage) groupTitle(group string) string {
	hasExpired := func(s Sighting) bool { return !s.Stopped }
	if group == groupStillSeen && slices.ContainsFunc(m.Shown().StillSeen, hasExpired) {
		return m.Text.T("records.still-seen.title-ended")
	}

	return m.Text.T("records." + group + ".title")
}

// endedMeaning says what it means that access ended. It promises nothing while an organisation was seen after that.
func (m RecordsPage) endedMeaning() string {
	if len(m.StillSeen) > 0 {
		return m.Text.N("records.ended.should", len(m.Shown().Ended))
	}

	return m.Text.N("records.ended.meaning", len(m.Shown().Ended))
}

// groupClass is the style of the count of a group: of both groups that the DCC saw it is one.
func groupClass(group string) string {
	if group == groupStillSeen {
		group = groupDiscovered
	}

	return "count-" + group
}

// groupURL leads to one group of the whole list, which may be on this page.
func (m RecordsPage) groupURL(group string) string {
	if m.Found == nil {
		return "#" + group
	}
	return m.recordsURL() + "#" + group
}

// withdrawable is how many of the records can be stopped several at once; they stand first. A page in a frame stops
// nothing, and an adviser stops one record after the other.
func (m RecordsPage) withdrawable(records []Record) int {
	if m.listOnly() {
		return 0
	}

	count := 0
	for _, r := range records {
		if r.CanWithdraw {
			count++
		}
	}

	return count
}

// noneActive says that no organisation can see data now, as far as the register knows.
func (m RecordsPage) noneActive() string {
	if len(m.Excluded) > 0 {
		return m.Text.T("records.active.none.excluded")
	}
	return m.Text.T("records.active.none")
}

// registrants are the names of the organisations that registered the records in this state, each once and sorted.
func registrants(records []Record, states ...RecordState) []string {
	var names []string
	for _, r := range records {
		if slices.Contains(states, r.State) {
			names = append(names, r.registrant())
		}
	}
	slices.Sort(names)

	return slices.Compact(names)
}

// organisations are the names of all organisations that have one of the records, each once and sorted.
func organisations(records []Record) []string {
	var names []string
	for _, r := range records {
		names = append(names, r.organisations()...)
	}
	slices.Sort(names)

	return slices.Compact(names)
}
