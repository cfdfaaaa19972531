// Package operators reads the file that describes who runs a portal: any number of operators, each with its addresses,
// its account at the register and its look. Load checks the whole file at once and makes what pages need from it: a
// style sheet from colours and a picture from a logo. An operator provides only data, never CSS, HTML or SVG.
//
// The shape of the file and its decoding are in file.go; place.go, account.go, contact.go, palette.go and logo.go check
// one part of an operator each, advisers.go and limits.go too. docs/operators.md explains the file to an operator's
// engineer; Example is one, with comments.
package operators

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/static"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// Example is a file of one operator with comments, to begin with.
//
//go:embed example.toml
var Example string

// Operator is one operator, checked and ready.
type Operator struct {
	// Slug names it in sessions, logs and addresses: lower-case letters, digits and dashes.
	Slug string
	// Hosts are the Host headers by which it is found. Without any it stands on the portal's own host.
	Hosts []string
	// Base is the path under which its portal stands: /portal, or /o/SLUG/portal.
	Base string
	// AccountID and AccountSecret are its account at the register.
	AccountID     string
	AccountSecret env.Secret
	// Brand is its look, and Files holds what Brand names.
	Brand views.Brand
	Files *static.Files
	// FramingOrigins may show its embedded pages in a frame; each is exact: https://www.example.org.
	FramingOrigins []string
	// Advisers are those of its advisers who have a code of their own.
	Advisers []Adviser
	// AdviserSecret is the code that its advisers share; empty if they share none. Without it and without Advisers the
	// operator has no pages for advisers.
	AdviserSecret env.Secret
	// Limits bound what one address or adviser does in an hour; zero for the portal's own.
	Limits Limits
	// ReturnURLs are where customers may be sent back to; each is exact.
	ReturnURLs []string
	// Ratios are the contrasts of its colours; nil if it has no colours of its own.
	Ratios []Ratio
}

const (
	maxFile      = 1 << 20 // bytes
	maxOperators = 500
	// maxEntries bounds each list of addresses.
	maxEntries = 20
	maxHelp    = 6
	maxName    = 60 // characters
)

// Load reads the file at path and the files that it names by paths relative to its folder. Its error holds every
// mistake, one a line, each with the operator and the key, and never a secret.
func Load(path string) ([]Operator, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}

	return Parse(text, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		return readFile(name)
	})
}

// readFile reads a file, up to one byte more than is allowed.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}

	defer file.Close()

	return io.ReadAll(io.LimitReader(file, maxFile+1))
}

// Parse is Load for a text. Read reads the files that the text names.
func Parse(text []byte, read func(name string) ([]byte, error)) ([]Operator, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("the file has more than %d KiB", maxFile>>10)
	}

	entries, mistakes, err := decode(text)
	if err != nil {
		return nil, err
	}

	var operators []Operator
	for _, e := range entries {
		c := &checker{section: section{owner: e.owner(), mistakes: &mistakes}, read: read}
		o := c.check(e)
		c.refuseUnknown(e.unknown...)
		c.compare(o, operators)
		operators = append(operators, o)
	}

	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}

	return operators, nil
}

// checker turns one entry of the file into an Operator and notes every mistake.
type checker struct {
	section

	read func(name string) ([]byte, error)
}

var slugForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

func (c *checker) check(e *entry) Operator {
	o := Operator{Files: new(static.Files)}
	if o.Slug = c.required("slug", e.Slug); o.Slug != "" && !slugForm.MatchString(o.Slug) {
		c.refuse("slug", "must be 1 to 40 small letters, digits and dashes")
		o.Slug = ""
	}

	c.checkPlace(e, &o)
	c.checkAccount(e, &o)
	o.Brand.Name = c.name("name", c.required("name", e.Name))
	o.Brand.WelshName = c.name("name-cy", c.optional("name-cy", e.NameCy))
	c.checkLanguages(e, &o.Brand)
	c.checkContact(e, &o.Brand)
	c.checkHelp(e, &o.Brand)
	c.checkColours(e, &o)
	c.checkLogo(e, &o)
	c.checkAdviserSecret(e, &o)
	c.checkAdvisers(e, &o)
	c.checkLimits(e, &o)
	c.checkOrigins(e, &o)
	c.checkReturnURLs(e, &o)

	return o
}

// compare refuses what two operators cannot share.
func (c *checker) compare(o Operator, others []Operator) {
	for _, other := range others {
		if o.Slug != "" && o.Slug == other.Slug {
			c.refuse("slug", "two operators have it")
		}
		if o.AccountID != "" && o.AccountID == other.AccountID {
			c.refuse("account-id", "is also that of operator %q; each needs its own", other.Slug)
		}
		if o.Base == "" || o.Base != other.Base {
			continue
		}

		if len(o.Hosts) == 0 && len(other.Hosts) == 0 {
			c.refuse("path", "operator %q already stands at %s of the portal's own host", other.Slug, o.Base)
		}
		for _, host := range o.Hosts {
			if slices.Contains(other.Hosts, host) {
				c.refuse("hosts", "operator %q already stands at %s%s", other.Slug, host, o.Base)
			}
		}
	}
}

// name checks a name that customers read.
func (s section) name(key, name string) string {
	if utf8.RuneCountInString(name) > maxName {
		s.refuse(key, "has more than %d characters", maxName)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		s.refuse(key, "holds a character that cannot be seen")
	}
	if name != strings.TrimSpace(name) {
		s.refuse(key, "begins or ends with a space")
	}

	return name
}

func (c *checker) checkLanguages(e *entry, b *views.Brand) {
	for _, lang := range c.list("languages", e.Languages, maxEntries) {
		if !slices.Contains(i18n.Languages(), lang) {
			c.refuse("languages", "%q is not offered; there are en for English and cy for Welsh", lang)
			continue
		}
		b.Languages = append(b.Languages, lang)
	}

	if e.Languages.isEmpty() {
		c.refuse("languages", "is empty; leave it out to offer English and Welsh")
	}
}
