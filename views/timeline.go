package views

import (
	"slices"
	"strconv"
	"time"

	"central.consent/dar/views/ui"
)

// The timeline is a picture of the periods of access, with one line for each record. It is drawn in percent of its
// width, so that it fits both a telephone and a sheet of paper. Names and dates are text beside the lines, not part of
// the picture, and the picture is hidden from screen readers.

// Lengths are percent of the width of the picture.
const (
	// The lines keep away from both edges, so that a mark at an end is not cut off.
	timelineMargin = 4.0
	timelineWidth  = 91.0
	// minBar is the least length of a line.
	minBar = 1.5
	// halfYearLabel and halfTodayLabel are the most that half of a label takes, in the narrowest picture with the
	// largest letters.
	halfYearLabel  = 14
	halfTodayLabel = 32
)

const (
	// maxRows is how many rows are shown. The others are folded away.
	maxRows = 8
	// horizon is how far ahead the picture looks. A later end is drawn as if there were none.
	horizon = 3 * 365 * 24 * time.Hour
	// month is the least time before and after today that the picture shows.
	month = 30 * 24 * time.Hour
)

// The kinds of marks in the legend, as the ends of their class names and text keys. The row of an active record has the
// state of the record as its kind, and the legend calls it active, or open if it has no end.
const (
	rowStillSeen = "still-seen"
	rowSighting  = "seen"
	rowActive    = "active"
	rowOpen      = "open"
	rowExcluded  = "excluded"
	rowEnded     = "ended"
)

// timeline is what there is to draw.
type timeline struct {
	from, to, now time.Time
	years         []yearMark
	today         float64 // percent
	rows          []timelineRow
}

// yearMark is the beginning of a year.
type yearMark struct {
	x float64 // percent
	// label is empty if there is no room for it.
	label string
}

// timelineRow is one record. The access is certain from x to now, and planned from now to end; all are percent.
type timelineRow struct {
	href, name, period string
	// kind is still-seen, seen, excluded, ended, or the state of an active record.
	kind        string
	x, now, end float64
	// open is a record without an end, or with one beyond the horizon.
	open bool
	// stop is the end after which an organisation was still seen.
	stop float64
}

// class is the name of the style of a row.
func (r timelineRow) class() string {
	if r.kind == rowStillSeen {
		return "t-" + rowSighting
	}

	return "t-" + r.kind
}

// timeline is the picture of the shown list.
func (m RecordsPage) timeline() timeline {
	shown := m.Shown()
	t := newTimeline(shown, m.ReadAt)
	headings := m.headings()

	for i, s := range shown.StillSeen {
		row := t.sightingRow(s)
		row.href = "#" + sightingID(s, i)
		row.name = ui.Name(s.Organisation)
		row.period = s.ended(m.Text) + " " + s.days(m.Text)
		t.rows = append(t.rows, row)
	}
	for i, s := range shown.Discovered {
		row := t.sightingRow(s)
		row.href = "#" + sightingID(s, i)
		row.name = ui.Name(s.Organisation)
		row.period = s.days(m.Text)
		t.rows = append(t.rows, row)
	}
	for _, r := range shown.Active {
		row := t.activeRow(r)
		row.href = "#" + r.id()
		row.name = headings[r.Handle]
		row.period = r.shortPeriod(m.Text)
		t.rows = append(t.rows, row)
	}
	for _, r := range shown.Excluded {
		row := t.excludedRow(r)
		row.href = "#" + r.id()
		row.name = headings[r.Handle]
		row.period = m.Text.T("records.state."+string(r.State)) + ". " + r.shortPeriod(m.Text)
		t.rows = append(t.rows, row)
	}
	for _, r := range shown.Ended {
		row := t.endedRow(r)
		row.href = "#" + r.id()
		row.name = headings[r.Handle]
		row.period = r.endedPeriod(m.Text)
		t.rows = append(t.rows, row)
	}

	return t
}

// newTimeline is a picture without rows, over a time that holds the whole list.
func newTimeline(list List, now time.Time) timeline {
	t := timeline{from: now, to: now, now: now}
	for _, s := range slices.Concat(list.StillSeen, list.Discovered) {
		t.include(s.FirstSeen)
		t.include(s.EndedAt)
	}
	for _, r := range slices.Concat(list.Active, list.Excluded, list.Ended) {
		t.include(r.Since)
		if r.Until.After(t.to) && r.Until.Sub(now) <= horizon && r.EndedAt.IsZero() {
			t.to = r.Until
		}
	}

	// There is always some room after today, because the arrows of open records need it.
	if ahead := now.Add(max(now.Sub(t.from)/8, month)); ahead.After(t.to) {
		t.to = ahead
	}
	if now.Sub(t.from) < month {
		t.from = now.AddDate(0, -1, 0)
	}

	t.today = t.x(now)
	t.years = t.yearMarks()

	return t
}

// include moves the beginning of the picture back to a moment, if there is one.
func (t *timeline) include(at time.Time) {
	if !at.IsZero() && at.Before(t.from) {
		t.from = at
	}
}

func (t timeline) sightingRow(s Sighting) timelineRow {
	last := s.LastSeen
	if last.IsZero() {
		last = s.FirstSeen
	}

	row := timelineRow{kind: rowSighting, x: t.x(s.FirstSeen), now: t.x(last), end: t.x(last)}
	if s.StillSeen() {
		row.kind = rowStillSeen
		row.stop = t.x(s.EndedAt)
	}

	return row
}

func (t timeline) activeRow(r Record) timelineRow {
	row := timelineRow{kind: string(r.State), x: t.x(r.Since), now: t.today, end: t.x(r.Until)}
	if r.Until.IsZero() || r.Until.After(t.to) {
		row.open = true
		row.end = 100
	}

	return row
}

// excludedRow ends today: what comes after is not known.
func (t timeline) excludedRow(r Record) timelineRow {
	return timelineRow{kind: rowExcluded, x: t.x(r.Since), now: t.today, end: t.today}
}

func (t timeline) endedRow(r Record) timelineRow {
	end := t.x(r.EndedAt)
	return timelineRow{kind: rowEnded, x: min(t.x(r.Since), end-minBar), now: end, end: end}
}

// firstRows are the rows that are shown, and moreRows those that are folded away.
func (t timeline) firstRows() []timelineRow { return t.rows[:min(maxRows, len(t.rows))] }

func (t timeline) moreRows() []timelineRow { return t.rows[min(maxRows, len(t.rows)):] }

// x is the place of a moment, in percent of the width.
func (t timeline) x(at time.Time) float64 {
	share := float64(at.Sub(t.from)) / float64(t.to.Sub(t.from))
	return timelineMargin + timelineWidth*min(1, max(0, share))
}

// yearMarks are the beginnings of years, at most four or so.
func (t timeline) yearMarks() []yearMark {
	first := t.from.Year() + 1
	last := t.to.Year()
	step := 1
	for _, years := range []int{1, 2, 5, 10, 20, 50} {
		step = years
		if (last-first)/step < 4 {
			break
		}
	}

	var marks []yearMark
	free := 0.0 // the first place for the next label
	for year := first; year <= last; year++ {
		if (year-last)%step != 0 {
			continue
		}

		mark := yearMark{x: t.x(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))}
		// A label that would run into the one before is left out. The line of the year stays.
		if start := labelStart(mark.x); start >= free {
			mark.label = strconv.Itoa(year)
			free = start + 2*halfYearLabel
		}

		marks = append(marks, mark)
	}

	return marks
}

// legendKinds are the kinds of marks in the picture.
func (t timeline) legendKinds() []string {
	drawn := map[string]bool{}
	for _, row := range t.rows {
		switch {
		case slices.Contains([]string{rowStillSeen, rowSighting, rowExcluded, rowEnded}, row.kind):
			drawn[row.kind] = true
		default:
			drawn[rowActive] = true
			drawn[rowOpen] = drawn[rowOpen] || row.open
		}
	}

	kinds := []string{rowStillSeen, rowSighting, rowActive, rowOpen, rowExcluded, rowEnded}

	return slices.DeleteFunc(kinds, func(kind string) bool { return !drawn[kind] })
}

// legendRow is the row that the legend draws for a kind of mark.
func legendRow(kind string) timelineRow {
	switch kind {
	case rowStillSeen:
		return timelineRow{kind: kind, x: 22, now: 78, end: 78, stop: 50}
	case rowSighting:
		return timelineRow{kind: kind, x: 22, now: 78, end: 78}
	case rowOpen:
		return timelineRow{kind: kind, x: 2, now: 30, open: true}
	case rowExcluded, rowEnded:
		return timelineRow{kind: kind, x: 8, now: 92, end: 92}
	}

	return timelineRow{kind: kind, x: 4, now: 62, end: 94}
}

// plannedEnd is the end of the planned part of a line.
func (r timelineRow) plannedEnd() float64 { return max(r.end, r.now+minBar) }

// start is the beginning of a line.
func (r timelineRow) start() float64 { return min(r.x, r.now-minBar) }

// labelStart is the beginning of the label of a year.
func labelStart(x float64) float64 {
	switch anchor(x, halfYearLabel) {
	case "start":
		return x
	case "end":
		return x - 2*halfYearLabel
	}

	return x - halfYearLabel
}

// anchor keeps a label inside the picture: near an edge, the whole label is on the other side of its place. Half is
// what half of the label takes.
func anchor(x, half float64) string {
	switch {
	case x < half:
		return "start"
	case x > 100-half:
		return "end"
	}

	return "middle"
}

// percent writes a place or a length for SVG.
func percent(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) + "%" }

// length is the length of a line between two places.
func length(from, to float64) string { return percent(max(minBar, to-from)) }
