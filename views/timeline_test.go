package views

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

var readAt = time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC)

func timelinePage() RecordsPage {
	until := record("b", "Until Ltd", BasisConsent)
	until.Until = day(2027, 5, 3)

	return RecordsPage{
		Page:       customer("en"),
		MeterPoint: meterPoint,
		ReadAt:     readAt,
		Discovered: []Sighting{acmeSighting()},
		Active:     []Record{record("a", "Open Ltd", BasisContract), until},
		Ended:      []Record{expiredRecord("c", "Over Ltd")},
	}
}

// The text beside the picture names every organisation, says when it had access, and leads to its card.
func TestTimelineSaysWhatItDraws(t *testing.T) {
	t.Parallel()
	doc := render(t, Records(timelinePage()))
	want := []string{
		"Acme Energy Services Ltd First seen on 1 June 2024, last seen on 28 February 2026.",
		"Open Ltd Since 14 January 2024, no end date.",
		"Until Ltd Since 14 January 2024, until 3 May 2027.",
		"Over Ltd From 14 January 2024 until 3 March 2024.",
	}
	rows := doc.Find("#timeline ol li")
	if rows.Length() != len(want) {
		t.Fatalf("%d rows, want %d", rows.Length(), len(want))
	}

	rows.Each(func(i int, row *goquery.Selection) {
		if got := words(row.Find("p")); got != want[i] {
			t.Errorf("row %d says %q, want %q", i, got, want[i])
		}
		if href := row.Find("a").AttrOr("href", ""); doc.Find("article"+href).Length() != 1 {
			t.Errorf("%q leads nowhere", href)
		}
	})
	if doc.Find("#timeline svg text").Length() != doc.Find("#timeline [aria-hidden] text").Length() {
		t.Error("a picture is read out")
	}
	for i, mark := range []string{".t-diamond", ".t-arrow", ".t-planned", ".t-over"} {
		if rows.Eq(i).Find(mark).Length() == 0 {
			t.Errorf("row %d has no %s", i, mark)
		}
	}
}

// A long list is folded, and no row is left out.
func TestTimelineFoldsRows(t *testing.T) {
	t.Parallel()
	page := timelinePage()
	for range 196 {
		handle := "m" + strings.Repeat("x", len(page.Active))
		page.Active = append(page.Active, record(handle, "Many Ltd", BasisContract))
	}

	doc := render(t, Records(page))
	rows := doc.Find("#timeline ol li").Length()
	folded := doc.Find("#timeline details li").Length()
	if rows != 200 || folded != 192 {
		t.Errorf("of 200 rows there are %d, and %d folded away", rows, folded)
	}
}

// Nothing is drawn outside the picture, even with unlikely dates.
func TestTimelineStaysInside(t *testing.T) {
	t.Parallel()
	for name, alter := range map[string]func(*Record){
		"today":             func(r *Record) { r.Since = readAt },
		"no beginning":      func(r *Record) { r.Since = time.Time{} },
		"in the future":     func(r *Record) { r.Since = readAt.AddDate(1, 0, 0) },
		"a hundred years":   func(r *Record) { r.Since, r.Until = readAt.AddDate(-50, 0, 0), readAt.AddDate(50, 0, 0) },
		"ends within hours": func(r *Record) { r.Until = readAt.Add(time.Hour) },
		"ended before":      func(r *Record) { r.State, r.EndedAt = RecordExpired, r.Since.AddDate(-1, 0, 0) },
	} {
		r := record("a", "Bright", BasisConsent)
		alter(&r)
		page := RecordsPage{Page: customer("en"), ReadAt: readAt}
		if r.EndedAt.IsZero() {
			page.Active = []Record{r}
		} else {
			page.Ended = []Record{r}
		}

		marks := render(t, Records(page)).Find("#timeline .t-bar [x], #timeline .t-bar [x1]")
		marks.Each(func(_ int, s *goquery.Selection) {
			for _, attribute := range []string{"x", "x1", "x2"} {
				value := s.AttrOr(attribute, "50%")
				if len(value) > 6 || strings.HasPrefix(value, "-") || value == "NaN%" {
					t.Errorf("%s: %s is at %s", name, goquery.NodeName(s), value)
				}
			}
		})
	}
}
