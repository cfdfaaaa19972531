// Package i18n holds every word that the portal and the register's pages say, in English and Welsh, and
// prints dates, times and plurals in either. A translator works in en.json and cy.json alone.
package i18n

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"
	_ "time/tzdata" // the program must know London's clock on a machine that has no zone files

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed en.json cy.json
var catalogues embed.FS

var printers = load()

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
}

// For returns the printer of "en" or "cy". Anything else is English.
func For(lang string) *Printer {
	if p, ok := printers[lang]; ok {
		return p
	}
	return printers["en"]
}

// Languages lists the languages that every text exists in, the default first.
func Languages() []string { return []string{"en", "cy"} }

// Lang is the printer's language, as an HTML lang attribute wants it.
func (p *Printer) Lang() string { return p.lang }

// T is the text of a key. Args are pairs of a placeholder's name and its value. A key that does not exist
// panics in a test, and is returned as it is anywhere else: a customer reads on.
func (p *Printer) T(key string, args ...any) string {
	return p.localize(&goi18n.LocalizeConfig{MessageID: key, TemplateData: pairs(key, args)})
}

// N is T for a text that depends on a number, which it may name as {{.Count}}.
func (p *Printer) N(key string, count int, args ...any) string {
	data := pairs(key, args)
	data["Count"] = count
	return p.localize(&goi18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: count})
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
		if _, err := bundle.LoadMessageFileFS(catalogues, lang+".json"); err != nil {
			panic(err)
		}
		printers[lang] = &Printer{lang: lang, localizer: goi18n.NewLocalizer(bundle, lang)}
	}
	return printers
}
