// Package i18n holds every word that the portal and the register's pages say, in English and Welsh, and prints dates,
// times and plurals in either. A translator edits en.json and cy.json, and nothing else.
package i18n

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed en.json cy.json
var catalogues embed.FS

var printers = load()

// adviserSuffix ends the key of a text for advisers: prove.lead.adviser is for them what prove.lead is for customers. A
// text without one is for both. Texts that the customer sees or hears word for word have none: the list, what stopping
// means, and the page to hand over.
const adviserSuffix = ".adviser"

// Printer prints texts in one language. It is safe for concurrent use.
type Printer struct {
	lang      string
	localizer *goi18n.Localizer
	// adviser is the printer of the same language for advisers; nil in that printer itself.
	adviser *Printer
	// adviserKeys are the keys that have a text for advisers. Only the printer for advisers has them.
	adviserKeys map[string]bool
}

// For returns the printer of "en" or "cy". Any other language is English.
func For(lang string) *Printer {
	if p, ok := printers[lang]; ok {
		return p
	}
	return printers["en"]
}

// ForAdviser returns the printer of the same language that speaks to an adviser who helps a customer.
func (p *Printer) ForAdviser() *Printer { return p.adviser }

// Languages lists the languages of the catalogues, the default first.
func Languages() []string { return []string{"en", "cy"} }

// Lang returns the printer's language, for an HTML lang attribute.
func (p *Printer) Lang() string { return p.lang }

// T returns the text of a key. Args are pairs of a placeholder's name and its value. For a key that does not exist, T
// panics in a test, and returns the key in production, so that the customer still has a page.
func (p *Printer) T(key string, args ...any) string {
	return p.localize(&goi18n.LocalizeConfig{MessageID: p.messageID(key), TemplateData: templateData(key, args)})
}

// N is T for a text that depends on a number. The text may use the number as {{.Count}}.
func (p *Printer) N(key string, count int, args ...any) string {
	data := templateData(key, args)
	data["Count"] = count
	return p.localize(&goi18n.LocalizeConfig{MessageID: p.messageID(key), TemplateData: data, PluralCount: count})
}

// messageID is the key of the text for the printer's readers.
func (p *Printer) messageID(key string) string {
	if p.adviserKeys[key] {
		return key + adviserSuffix
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

func templateData(key string, args []any) map[string]any {
	if len(args)%2 != 0 {
		panic(fmt.Sprintf("text %q: arguments come in pairs of a name and a value", key))
	}

	data := make(map[string]any, len(args)/2+1)
	for i := 0; i < len(args); i += 2 {
		data[args[i].(string)] = args[i+1]
	}

	return data
}

// load reads the catalogues. They are part of the program, so an error is a mistake in the program.
func load() map[string]*Printer {
	bundle := goi18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)

	loaded := map[string]*Printer{}
	for _, lang := range Languages() {
		file, err := bundle.LoadMessageFileFS(catalogues, lang+".json")
		if err != nil {
			panic(err)
		}

		adviser := &Printer{lang: lang, localizer: goi18n.NewLocalizer(bundle, lang), adviserKeys: map[string]bool{}}
		for _, message := range file.Messages {
			if key, ok := strings.CutSuffix(message.ID, adviserSuffix); ok {
				adviser.adviserKeys[key] = true
			}
		}

		loaded[lang] = &Printer{lang: lang, localizer: adviser.localizer, adviser: adviser}
	}

	return loaded
}
