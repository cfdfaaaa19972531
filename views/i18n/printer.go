// Package i18n holds every word that the portal and the register's pages say, in English and Welsh, and
// prints dates, times and plurals in either. A translator works in en.json and cy.json alone.
package i18n

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the program must know London's clock on a machine that has no zone files
	"unicode"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

//go:embed en.json cy.json
var catalogues embed.FS

var printers = load()

// durationForm is the part of ISO 8601 that Duration reads.
var durationForm = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?$`)

var london = func() *time.Location {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	return zone
}()

// Printer says things in one language. It is safe for use by many goroutines.
type Printer struct {
	lang      string
	localizer *goi18n.Localizer
	// adviser is the same language for advisers, and twins are the keys that it has words of its own for; nil in itself and in
	// the customer's.
	adviser *Printer
	twins   map[string]bool
}

// twin ends the key of what an adviser is told in place of a customer: prove.lead.adviser stands beside prove.lead. What has
// none speaks to both; or it is the customer's to see or to have read out, and must reach them word for word: the list, what
// stopping means, and the page to hand over.
const twin = ".adviser"

// For returns the printer of "en" or "cy". Anything else is English.
func For(lang string) *Printer {
	if p, ok := printers[lang]; ok {
		return p
	}
	return printers["en"]
}

// ForAdviser is the printer of the same language that speaks to an adviser who helps a customer.
func (p *Printer) ForAdviser() *Printer { return p.adviser }

// Languages lists the languages that every text exists in, the default first.
func Languages() []string { return []string{"en", "cy"} }

// Lang is the printer's language, as an HTML lang attribute wants it.
func (p *Printer) Lang() string { return p.lang }

// T is the text of a key. Args are pairs of a placeholder's name and its value. A key that does not exist
// panics in a test, and is returned as it is anywhere else: a customer reads on.
func (p *Printer) T(key string, args ...any) string {
	return p.localize(&goi18n.LocalizeConfig{MessageID: p.spoken(key), TemplateData: pairs(key, args)})
}

// N is T for a text that depends on a number, which it may name as {{.Count}}.
func (p *Printer) N(key string, count int, args ...any) string {
	data := pairs(key, args)
	data["Count"] = count
	return p.localize(&goi18n.LocalizeConfig{MessageID: p.spoken(key), TemplateData: data, PluralCount: count})
}

// Date is the day on which t falls in London: 3 May 2026.
func (p *Printer) Date(t time.Time) string {
	t = t.In(london)
	return p.T("date.day", "Day", t.Day(), "Month", p.T(fmt.Sprintf("date.month.%d", t.Month())), "Year", t.Year())
}

// Clock is the time of day in London: 2:03pm.
func (p *Printer) Clock(t time.Time) string {
	t = t.In(london)
	if t.Hour() < 12 {
		return p.T("date.morning", "Time", t.Format("3:04"))
	}
	return p.T("date.afternoon", "Time", t.Format("3:04"))
}

// DateTime is both: 3 May 2026 at 2:03pm.
func (p *Printer) DateTime(t time.Time) string {
	return p.T("date.at", "Date", p.Date(t), "Clock", p.Clock(t))
}

// Duration is a length of time in words, from its ISO 8601 form: P2Y is 2 years. Only years, months, weeks and
// days are read, which is all that a retention period needs. Empty where the form is none of these.
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

// Country is the name of a country, from its ISO 3166-1 code: GB is the United Kingdom. Empty where there is
// no such country.
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

	// What is heard first is a letter, not a mark of direction (see ui.Name).
	heard := strings.TrimLeftFunc(last, func(r rune) bool { return unicode.Is(unicode.Cf, r) })
	if heard != "" && strings.ContainsRune("aeiouwyâêîôûŵŷ", unicode.ToLower([]rune(heard)[0])) {
		return p.T("list.and-vowel", "First", first, "Rest", last)
	}

	return p.T("list.and", "First", first, "Rest", last)
}

// spoken is the key of the words for whoever reads what this printer prints.
func (p *Printer) spoken(key string) string {
	if p.twins[key] {
		return key + twin
	}
	return key
}

func (p *Printer) localize(message *goi18n.LocalizeConfig) string {
	text, err := p.localizer.Localize(message)
	if missing := (*goi18n.MessageNotFoundErr)(nil); errors.As(err, &missing) && text == "" {
		text = message.MessageID
	}
	if err != nil && testing.Testing() {
		panic(fmt.Sprintf("text %q in %s: %v", message.MessageID, p.lang, err))
	}

	return text
}

func pairs(key string, args []any) map[string]any {
	if len(args)%2 != 0 {
		panic(fmt.Sprintf("text %q: arguments come in pairs of a name and a value", key))
	}

	data := make(map[string]any, len(args)/2+1)
	for i := 0; i < len(args); i += 2 {
		data[args[i].(string)] = args[i+1]
	}

	return data
}

func load() map[string]*Printer {
	bundle := goi18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	printers := map[string]*Printer{}
	for _, lang := range Languages() {
		file, err := bundle.LoadMessageFileFS(catalogues, lang+".json")
		if err != nil {
			panic(err)
		}

		adviser := &Printer{lang: lang, localizer: goi18n.NewLocalizer(bundle, lang), twins: map[string]bool{}}
		for _, message := range file.Messages {
			if key, ok := strings.CutSuffix(message.ID, twin); ok {
				adviser.twins[key] = true
			}
		}

		printers[lang] = &Printer{lang: lang, localizer: adviser.localizer, adviser: adviser}
	}

	return printers
}
