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
	Advisers          *toml.Primitive `toml:"adviser"`
	Limits            *toml.Primitive `toml:"limits"`

	// The tables in it are decoded one by one, so that a mistake in one does not hide those in the others.
	help        []helpEntry
	helpErr     error
	colours     coloursEntry
	coloursErr  error
	advisers    []adviserEntry
	advisersErr error
	limits      limitsEntry
	limitsErr   error

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

// adviserEntry is one [[operator.adviser]].
type adviserEntry struct {
	Name       text `toml:"name"`
	Secret     text `toml:"secret"` // refused: only its hash belongs here
	SecretHash text `toml:"secret-hash"`
}

// limitsEntry is [operator.limits].
type limitsEntry struct {
	StartsPerAddress         number `toml:"starts-per-address"`
	LookUpsPerAddress        number `toml:"look-ups-per-address"`
	AdviserStartsPerAddress  number `toml:"adviser-starts-per-address"`
	AdviserLookUpsPerAddress number `toml:"adviser-look-ups-per-address"`
	StartsPerAdviser         number `toml:"starts-per-adviser"`
	LookUpsPerAdviser        number `toml:"look-ups-per-adviser"`
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
	if e.Advisers != nil {
		e.advisersErr = meta.PrimitiveDecode(*e.Advisers, &e.advisers)
	}
	if e.Limits != nil {
		e.limitsErr = meta.PrimitiveDecode(*e.Limits, &e.limits)
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
	tables := map[string]int{} // how many of each list of tables this operator has so far
	reported := ""
	for _, key := range meta.Keys() {
		name := key.String()
		switch {
		case name == "operator" && headers == len(entries):
			current = entries[operators]
			operators++
			clear(tables)
			reported = ""
		case name == "operator.help" || name == "operator.adviser":
			tables[strings.TrimPrefix(name, "operator.")]++
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
			current.unknown = append(current.unknown, current.numbered(inside, tables))
		}
	}

	return outside
}

// isRefused reports whether a key lies in a table that is refused as a whole.
func (e *entry) isRefused(key string) bool {
	return e.helpErr != nil && strings.HasPrefix(key, "help.") ||
		e.coloursErr != nil && strings.HasPrefix(key, "colours.") ||
		e.advisersErr != nil && strings.HasPrefix(key, "adviser.") ||
		e.limitsErr != nil && strings.HasPrefix(key, "limits.")
}

// numbered writes a key of a table in a list with the table's place: help[2].colour. Tables that are written inline
// have no place; their keys are returned as they are.
func (e *entry) numbered(key string, tables map[string]int) string {
	for list, length := range map[string]int{"help": len(e.help), "adviser": len(e.advisers)} {
		inside, ok := strings.CutPrefix(key, list+".")
		if ok && (tables[list] != 1 || length == 1) {
			return fmt.Sprintf("%s[%d].%s", list, tables[list], inside)
		}
	}

	return key
}
