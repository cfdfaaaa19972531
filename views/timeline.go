package views

import (
	"slices"
	"strconv"
	"time"

	"central.consent/dar/views/i18n"
	"central.consent/dar/views/ui"
)

// The picture of who has had access since when. It is drawn in percent of its width, one line for each record, so
// that it fits a telephone and a sheet of paper alike; names and dates stand beside the lines as text and not in
// the picture, which is hidden from whoever cannot see it.

const (
	// The lines keep away from both edges, so that a mark at an end is not cut off; percent.
	timelineLeft, timelineWidth = 4.0, 91.0
	// shortest is how long a line is at least; percent.
	shortest = 1.5
	// rowsAtOnce are shown; more are folded away.
	rowsAtOnce = 8
	// farthest is how far ahead the picture looks: an end beyond it is drawn like none at all.
	farthest = 3 * 365 * 24 * time.Hour
)

// timeline is what there is to draw.
type timeline struct {
	from, to, now time.Time
	years         []place
	today         float64
	rows          []timelineRow
}

// place is a point on the line, and what stands there.
type place struct {
	x    float64
	text string
}

// timelineRow is one record. Kind is seen, active, ending or ended. X, now and end are percent: from the beginning until
// now it is certain, from now until its end it is planned.
type timelineRow struct {
	href, name, when, kind string
	x, now, end            float64
	// open is a record without an end, or with one that lies too far ahead.
	open bool
}

func (m RecordsPage) timeline() timeline {
	t := timeline{from: m.ReadAt, to: m.ReadAt, now: m.ReadAt}
	shown, headings := m.Shown(), m.headings()
	begins := func(at time.Time) {
		if !at.IsZero() && at.Before(t.from) {
			t.from = at
		}
	}
	for _, d := range shown.Discovered {
		begins(d.FirstSeen)
	}

	for _, r := range slices.Concat(shown.Active, shown.Ended) {
		begins(r.Since)
		if r.Until.After(t.to) && r.Until.Sub(t.now) <= farthest && r.EndedAt.IsZero() {
			t.to = r.Until
		}
	}

	// There is always some way ahead, for what has no end.
	if ahead := t.now.Add(max(t.now.Sub(t.from)/8, 30*24*time.Hour)); ahead.After(t.to) {
		t.to = ahead
	}
	if t.now.Sub(t.from) < 30*24*time.Hour {
		t.from = t.now.AddDate(0, -1, 0)
	}

	t.today = t.x(t.now)
	t.years = t.ticks()

	for i, d := range shown.Discovered {
		last := d.LastSeen
		if last.IsZero() {
			last = d.FirstSeen
		}
		t.rows = append(
			t.rows,
			timelineRow{
				href: "#seen-" + strconv.Itoa(i+1),
				name: ui.Name(d.Organisation),
				when: d.seen(m.Text),
				kind: "seen",
				x:    t.x(d.FirstSeen),
				now:  t.x(last),
				end:  t.x(last),
			},
		)
	}

	for _, r := range shown.Active {
		row := timelineRow{
			href: "#record-" + r.Handle,
			name: headings[r.Handle],
			kind: string(r.State),
			x:    t.x(r.Since),
			now:  t.today,
			end:  t.x(r.Until),
		}
		row.when = r.span(m.Text)
		if row.open = r.Until.IsZero() || r.Until.After(t.to); row.open {
			row.end = 100
		}

		t.rows = append(t.rows, row)
	}

	for _, r := range shown.Ended {
		end := t.x(r.EndedAt)
		t.rows = append(t.rows, timelineRow{
			href: "#record-" + r.Handle,
			name: headings[r.Handle],
			kind: "ended",
			x:    min(t.x(r.Since), end-shortest),
			now:  end,
			end:  end,
			when: m.Text.T("records.when.ended", "Since", m.Text.Date(r.Since), "Until", m.Text.Date(r.EndedAt)),
		})
	}

	return t
}

// span says since when and until when, and no more.
func (r Record) span(text *i18n.Printer) string {
	if r.Until.IsZero() {
		return text.T("timeline.open", "Since", text.Date(r.Since))
	}
	return text.T("timeline.until", "Since", text.Date(r.Since), "Until", text.Date(r.Until))
}

// x is where a moment lies, in percent of the width.
func (t timeline) x(at time.Time) float64 {
	share := float64(at.Sub(t.from)) / float64(t.to.Sub(t.from))
	return timelineLeft + timelineWidth*min(1, max(0, share))
}

// ticks are the beginnings of years, as many as there is room for.
func (t timeline) ticks() (years []place) {
	first := t.from.Year() + 1
	last := t.to.Year()
	step := 1
	for _, s := range []int{1, 2, 5, 10, 20, 50} {
		if step = s; (last-first)/s < 4 {
			break
		}
	}

	free := 0.0
	for year := first; year <= last; year++ {
		if (year-last)%step != 0 {
			continue
		}

		here := place{x: t.x(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))}
		// A line without a name is still a line: a name that would run into the one before is left out.
		if begins := starts(here.x); begins >= free {
			here.text, free = strconv.Itoa(year), begins+2*halfYear
		}

		years = append(years, here)
	}

	return years
}

// halfYear and halfToday are what half of a label takes at most, in percent of the narrowest picture with the largest letters.
const halfYear, halfToday = 14, 32

// starts is where the label of a year begins.
func starts(x float64) float64 {
	switch anchor(x, halfYear) {
	case "start":
		return x
	case "end":
		return x - 2*halfYear
	}

	return x - halfYear
}

// percent writes a place as SVG wants it.
func percent(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) + "%" }

// wide is how long a line between two places is.
func wide(from, to float64) string { return percent(max(shortest, to-from)) }

// anchor keeps a label inside the picture: near an edge it hangs to the other side. Room is what half of it takes.
func anchor(x, room float64) string {
	switch {
	case x < room:
		return "start"
	case x > 100-room:
		return "end"
	}

	return "middle"
}
