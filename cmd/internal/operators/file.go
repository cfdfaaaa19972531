package operators

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// document is the whole file.
type document struct {
	Operators *toml.Primitive `toml:"operator"`
}

// entry is one [[operator]] of the file.
type entry struct {
	Slug              text            `toml:"slug"`
	Hosts             list            `toml:"hosts"`
	Path              text            `toml:"path"`
	AccountID         text            `toml:"account-id"`
	AccountSecret     text            `toml:"account-secret"` // refused: it belongs in a file
	AccountSecretFile text            `toml:"account-secret-file"`
	Name              text            `toml:"name"`
	NameCy            text            `toml:"name-cy"`
	Languages         list            `toml:"languages"`
	ContactURL        text            `toml:"contact-url"`
	Phone             text            `toml:"phone"`
	Email             text            `toml:"email"`
	Help              *toml.Primitive `toml:"help"`
	Colours           *toml.Primitive `toml:"colours"`
	Logo              text            `toml:"logo"`
	LogoDark          text            `toml:"logo-dark"`
	LogoSaysName      flag            `toml:"logo-says-name"`
	AdviserSecret     text            `toml:"adviser-secret"` // refused: it belongs in a file
	AdviserSecretFile text            `toml:"adviser-secret-file"`
	FramingOrigins    list            `toml:"framing-origins"`
	ReturnURLs        list            `toml:"return-urls"`

	// The tables in it are decoded one by one, so that a mistake in one does not hide those in the others.
	help       []helpEntry
	helpErr    error
	colours    coloursEntry
	coloursErr error

	number  int // 1 for the first of the file
	unknown []string
}

// helpEntry is one [[operator.help]]: a link with its text in each language.
type helpEntry struct {
	URL text `toml:"url"`
	En  text `toml:"en"`
	Cy  text `toml:"cy"`
}

func (h helpEntry) text(lang string) text {
	if lang == "cy" {
		return h.Cy
	}
	return h.En
}

// coloursEntry is [operator.colours].
type coloursEntry struct {
	Accent       text `toml:"accent"`
	OnAccent     text `toml:"on-accent"`
	Panel        text `toml:"panel"`
	OnPanel      text `toml:"on-panel"`
	DarkAccent   text `toml:"dark-accent"`
	DarkOnAccent text `toml:"dark-on-accent"`
	DarkPanel    text `toml:"dark-panel"`
	DarkOnPanel  text `toml:"dark-on-panel"`
}

// owner names the operator in a mistake.
func (e *entry) owner() string {
	if e.Slug.value != "" {
		return fmt.Sprintf("operator %q", e.Slug.value)
	}

	return fmt.Sprintf("operator %d", e.number)
}

// notTables is the mistake of a key that must be a list of tables.
const notTables = "must be a list of tables, each begun by its name in double brackets"

// decode decodes the file into its entries. Mistakes are those that belong to no operator; err means that the text is
// not TOML.
func decode(content []byte) (entries []*entry, mistakes []error, err error) {
	var d document
	meta, err := toml.Decode(string(content), &d)
	if err != nil {
		return nil, nil, err
	}

	file := section{owner: "the file", mistakes: &mistakes}
	isList := d.Operators == nil || meta.PrimitiveDecode(*d.Operators, &entries) == nil
	if !isList {
		file.refuse("operator", notTables)
	} else if len(entries) == 0 || len(entries) > maxOperators {
		file.refuse("operator", "1 to %d operators are wanted, each begun by [[operator]]", maxOperators)
	}

	isRefused := len(mistakes) > 0
	if isRefused {
		entries = nil
	}

	for i, e := range entries {
		e.number = i + 1
		e.decodeTables(meta)
	}

	for _, key := range findUnknown(meta, entries) {
		if !isRefused || !strings.HasPrefix(key, "operator.") {
			file.refuseUnknown(key)
		}
	}

	return entries, mistakes, nil
}

func (e *entry) decodeTables(meta toml.MetaData) {
	if e.Help != nil {
		e.helpErr = meta.PrimitiveDecode(*e.Help, &e.help)
	}
	if e.Colours != nil {
		e.coloursErr = meta.PrimitiveDecode(*e.Colours, &e.colours)
	}
}

// findUnknown gives each entry the keys in it that the decoder has no field for, and returns those outside of every
// entry.
//
// The decoder names a key without its place in a list: operator.colour and not operator[2].colour. The place is
// counted, which works because keys come in the order of the file and each [[operator]] is a key too. A list that is
// written inline has one key only; its unknown keys are returned with the list's name.
func findUnknown(meta toml.MetaData, entries []*entry) (outside []string) {
	headers := 0
	for _, key := range meta.Keys() {
		if key.String() == "operator" {
			headers++
		}
	}

	undecoded := map[string]bool{}
	for _, key := range meta.Undecoded() {
		undecoded[key.String()] = true
	}

	var current *entry
	operators := 0
	links := 0
	reported := ""
	for _, key := range meta.Keys() {
		name := key.String()
		switch {
		case name == "operator" && headers == len(entries):
			current = entries[operators]
			operators++
			links = 0
			reported = ""
		case name == "operator.help":
			links++
		}

		// The decoder accepts keys in another case. They are refused too.
		isUnknown := undecoded[name] || name != strings.ToLower(name)
		isReported := reported != "" && strings.HasPrefix(name, reported+".")
		if !isUnknown || isReported {
			continue
		}

		reported = name
		inside, isInside := strings.CutPrefix(name, "operator.")
		if current == nil || !isInside {
			outside = append(outside, name)
		} else if !current.isRefused(inside) {
			current.unknown = append(current.unknown, current.numbered(inside, links))
		}
	}

	return outside
}

// isRefused reports whether a key lies in a table that is refused as a whole.
func (e *entry) isRefused(key string) bool {
	return e.helpErr != nil && strings.HasPrefix(key, "help.") ||
		e.coloursErr != nil && strings.HasPrefix(key, "colours.")
}

// numbered writes a key of a help link with the link's place: help[2].colour. Links that are written inline have no
// place; their keys are returned as they are.
func (e *entry) numbered(key string, link int) string {
	inside, ok := strings.CutPrefix(key, "help.")
	if !ok || link == 1 && len(e.help) != 1 {
		return key
	}

	return fmt.Sprintf("help[%d].%s", link, inside)
}
