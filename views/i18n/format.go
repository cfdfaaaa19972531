package i18n

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the program must know London's clock on a machine without zone files
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// durationForm is the part of ISO 8601 that Duration reads.
var durationForm = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?$`)

var london = func() *time.Location {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}

	return zone
}()

// Date returns the day on which t falls in London: 3 May 2026.
func (p *Printer) Date(t time.Time) string {
	t = t.In(london)
	month := p.T(fmt.Sprintf("date.month.%d", t.Month()))

	return p.T("date.day", "Day", t.Day(), "Month", month, "Year", t.Year())
}

// Clock returns the time of day in London: 2:03pm.
func (p *Printer) Clock(t time.Time) string {
	t = t.In(london)
	if t.Hour() < 12 {
		return p.T("date.morning", "Time", t.Format("3:04"))
	}

	return p.T("date.afternoon", "Time", t.Format("3:04"))
}

// DateTime returns both: 3 May 2026 at 2:03pm.
func (p *Printer) DateTime(t time.Time) string {
	return p.T("date.at", "Date", p.Date(t), "Clock", p.Clock(t))
}

// Duration returns an ISO 8601 duration in words: P2Y is 2 years. It reads years, months, weeks and days only, which is
// all that a retention period needs. For any other form it returns the empty string.
func (p *Printer) Duration(iso string) string {
	parts := durationForm.FindStringSubmatch(iso)
	if parts == nil {
		return ""
	}

	var words []string
	for i, key := range []string{"duration.years", "duration.months", "duration.weeks", "duration.days"} {
		if count, err := strconv.Atoi(parts[i+1]); err == nil {
			words = append(words, p.N(key, count))
		}
	}

	return p.List(words)
}

// Country returns the name of a country from its ISO 3166-1 code: GB is the United Kingdom. If there is no such
// country, it returns the empty string.
func (p *Printer) Country(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() {
		return ""
	}

	return display.Regions(language.MustParse(p.lang)).Name(region)
}

// List joins names: a, b and c. Welsh says ac before a vowel.
func (p *Printer) List(names []string) string {
	if len(names) == 0 {
		return ""
	}

	last := names[len(names)-1]
	if len(names) == 1 {
		return last
	}

	first := names[0]
	for _, name := range names[1 : len(names)-1] {
		first = p.T("list.comma", "First", first, "Rest", name)
	}
	if beginsWithVowel(last) {
		return p.T("list.and-vowel", "First", first, "Rest", last)
	}

	return p.T("list.and", "First", first, "Rest", last)
}

// beginsWithVowel says that the first letter of a name is a Welsh vowel. A mark of direction before it (see ui.Name) is
// not a letter.
func beginsWithVowel(name string) bool {
	letters := strings.TrimLeftFunc(name, func(r rune) bool { return unicode.Is(unicode.Cf, r) })
	return letters != "" && strings.ContainsRune("aeiouwyâêîôûŵŷ", unicode.ToLower([]rune(letters)[0]))
}
