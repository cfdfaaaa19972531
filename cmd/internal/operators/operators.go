// Package operators reads the file that tells a portal who runs it: any number of operators, each with its addresses,
// its account at the register and its look. Load checks the whole file at once and makes what pages need of it: a
// style sheet from colours and a picture from a logo. An operator brings data alone, never CSS, HTML or SVG.
//
// docs/operators.md tells the operator's engineer about the file; Example is one, with comments.
package operators

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/static"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// Example is a file of one operator, with comments, for whoever begins.
//
//go:embed example.toml
var Example string

// Operator is one operator, checked and ready.
type Operator struct {
	// Slug names it in sessions, logs and addresses: small letters, digits and dashes.
	Slug string
	// Hosts are the Host headers by which it is found. Without any it stands on the portal's own host.
	Hosts []string
	// Base is the path under which its portal stands: /portal, or /o/SLUG/portal.
	Base string
	// AccountID and AccountSecret are its account at the register.
	AccountID     string
	AccountSecret env.Secret
	// Brand is its look, and Files what Brand names.
	Brand views.Brand
	Files *static.Files
	// FramingOrigins may show its embedded pages in a frame; each is exact: https://www.example.org.
	FramingOrigins []string
	// AdviserSecret opens the pages on which its advisers help customers; empty where it has none.
	AdviserSecret env.Secret
	// ReturnURLs are where customers may be sent back to; each is exact.
	ReturnURLs []string
	// Ratios are the contrasts of its colours; nil where it has none of its own.
	Ratios []Ratio
}

const (
	maxFile      = 1 << 20 // bytes
	maxOperators = 500
	// maxEntries bounds each list of addresses.
	maxEntries = 20
	maxHelp    = 6
	maxName    = 60   // characters
	maxURL     = 2000 // bytes
)

// Load reads the file at path and the files that it names, whose paths begin at its folder. Its error holds every
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

// readFile reads a file, and no more of it than any of ours may have.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}

	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxFile+1))
}

// Parse is Load for a text, with the function that reads the files which it names.
func Parse(text []byte, read func(name string) ([]byte, error)) ([]Operator, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("the file has more than %d KiB", maxFile>>10)
	}

	values := map[string]any{}
	if _, err := toml.Decode(string(text), &values); err != nil {
		return nil, err
	}

	var mistakes []error
	file := &table{values: values, asked: map[string]bool{}, whose: "the file", mistakes: &mistakes}
	tables := file.subs("operator")
	if _, ok := values["operator"]; !ok || len(tables) > maxOperators {
		file.refuse("operator", "1 to %d operators are wanted, each begun by [[operator]]", maxOperators)
		tables = nil
	}

	file.done()
	var all []Operator
	for i, t := range tables {
		t.path = ""
		t.whose = fmt.Sprintf("operator %d", i+1)
		if slug, ok := t.values["slug"].(string); ok && slug != "" {
			t.whose = fmt.Sprintf("operator %q", slug)
		}

		o := readOperator(t, read)
		t.done()
		compare(t, o, all)
		all = append(all, o)
	}

	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}

	return all, nil
}

// compare refuses what two operators cannot share.
func compare(t *table, o Operator, others []Operator) {
	for _, other := range others {
		if o.Slug != "" && o.Slug == other.Slug {
			t.refuse("slug", "two operators have it")
		}
		if o.AccountID != "" && o.AccountID == other.AccountID {
			t.refuse("account-id", "is also that of operator %q; each needs its own", other.Slug)
		}
		if o.Base == "" || o.Base != other.Base {
			continue
		}
		if len(o.Hosts) == 0 && len(other.Hosts) == 0 {
			t.refuse("path", "operator %q already stands at %s of the portal's own host", other.Slug, o.Base)
		}
		for _, host := range o.Hosts {
			if slices.Contains(other.Hosts, host) {
				t.refuse("hosts", "operator %q already stands at %s%s", other.Slug, host, o.Base)
			}
		}
	}
}

var (
	slugForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	accountForm = regexp.MustCompile(`^[a-z0-9_-]{3,64}$`)
	hostForm    = regexp.MustCompile(
		`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$`,
	)
)

func readOperator(t *table, read func(string) ([]byte, error)) Operator {
	var o Operator
	if o.Slug = t.required("slug"); o.Slug != "" && !slugForm.MatchString(o.Slug) {
		t.refuse("slug", "must be 1 to 40 small letters, digits and dashes")
		o.Slug = ""
	}

	readPlace(t, &o)
	readAccount(t, &o, read)

	o.Files = new(static.Files)
	o.Brand.Name = readName(t, "name", t.required("name"))
	o.Brand.WelshName = readName(t, "name-cy", t.text("name-cy"))
	readLanguages(t, &o.Brand)
	readContact(t, &o.Brand)
	readColours(t, &o)
	readLogo(t, &o, read)

	readAdvisers(t, &o, read)
	for _, origin := range t.list("framing-origins", maxEntries) {
		if !isOrigin(origin) {
			t.refuse(
				"framing-origins",
				"%q is not an exact origin such as https://www.example.org: without a path, a wildcard or a slash at the end",
				origin,
			)
		}
		o.FramingOrigins = append(o.FramingOrigins, origin)
	}

	for _, address := range t.list("return-urls", maxEntries) {
		if u, ok := webAddress(address); !ok || u.Fragment != "" {
			t.refuse("return-urls", "%q is not an exact https address such as https://www.example.org/back", address)
		}
		o.ReturnURLs = append(o.ReturnURLs, address)
	}

	return o
}

func readPlace(t *table, o *Operator) {
	for _, host := range t.list("hosts", maxEntries) {
		if !isHost(host) {
			t.refuse(
				"hosts",
				"%q is not a host name such as energy.example.org: in small letters, without https:// and without a path",
				host,
			)
			continue
		}
		o.Hosts = append(o.Hosts, host)
	}

	_, hasHosts := t.values["hosts"]
	o.Base = t.text("path")
	switch {
	case o.Base == "" && hasHosts:
		o.Base = "/portal"
	case o.Base == "":
		t.refuse("hosts", "is missing; without a host of its own an operator needs a path")
	case o.Base != "/portal" && o.Base != "/o/"+o.Slug+"/portal":
		t.refuse("path", "must be /portal or /o/%s/portal", o.Slug)
		o.Base = ""
	}

	if all, ok := t.values["hosts"].([]any); ok && len(all) == 0 {
		t.refuse("hosts", "is empty; leave it out for the portal's own host")
	}
}

func readAccount(t *table, o *Operator, read func(string) ([]byte, error)) {
	if o.AccountID = t.required("account-id"); o.AccountID != "" && !accountForm.MatchString(o.AccountID) {
		t.refuse("account-id", "must be 3 to 64 small letters, digits, dashes and underscores")
	}
	if _, ok := t.value("account-secret"); ok {
		t.refuse(
			"account-secret",
			"a secret never stands in this file: write it to a file of its own, and name that with account-secret-file",
		)
	}

	name := t.required("account-secret-file")
	if name == "" {
		return
	}

	text, err := read(name)
	secret := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		t.refuse("account-secret-file", "%v", err)
	case secret == "" || len(secret) > 4096 || strings.ContainsAny(secret, "\r\n"):
		t.refuse("account-secret-file", "%s does not hold a secret of one line", name)
	default:
		o.AccountSecret = env.NewSecret(secret)
	}
}

// leastAdviserSecret is how many characters keep the secret of the advisers from being guessed.
const leastAdviserSecret = 16

func readAdvisers(t *table, o *Operator, read func(string) ([]byte, error)) {
	if _, ok := t.value("adviser-secret"); ok {
		t.refuse(
			"adviser-secret",
			"a secret never stands in this file: write it to a file of its own, and name that with adviser-secret-file",
		)
	}

	name := t.text("adviser-secret-file")
	if name == "" {
		return
	}

	text, err := read(name)
	secret := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		t.refuse("adviser-secret-file", "%v", err)
	case len(secret) < leastAdviserSecret || len(secret) > 200 || strings.ContainsAny(secret, "\r\n"):
		t.refuse(
			"adviser-secret-file",
			"%s does not hold a secret of one line, with %d characters or more",
			name,
			leastAdviserSecret,
		)
	case secret == o.AccountSecret.Reveal():
		t.refuse("adviser-secret-file", "holds the account's secret, which is for the portal alone")
	default:
		o.AdviserSecret = env.NewSecret(secret)
	}
}

func readName(t *table, key, name string) string {
	if utf8.RuneCountInString(name) > maxName {
		t.refuse(key, "has more than %d characters", maxName)
	}

	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			t.refuse(key, "holds a character that cannot be seen")
			break
		}
	}

	if name != "" && name != strings.TrimSpace(name) {
		t.refuse(key, "begins or ends with a space")
	}

	return name
}

func readLanguages(t *table, b *views.Brand) {
	for _, lang := range t.list("languages", maxEntries) {
		if !slices.Contains(i18n.Languages(), lang) {
			t.refuse("languages", "%q is not offered; there are en for English and cy for Welsh", lang)
			continue
		}
		b.Languages = append(b.Languages, lang)
	}

	if v, ok := t.values["languages"].([]any); ok && len(v) == 0 {
		t.refuse("languages", "is empty; leave it out to offer English and Welsh")
	}
}

func readContact(t *table, b *views.Brand) {
	if b.ContactURL = t.text("contact-url"); b.ContactURL != "" {
		if _, ok := webAddress(b.ContactURL); !ok {
			t.refuse("contact-url", "is not an https address such as https://www.example.org/contact")
		}
	}

	if b.Phone = t.text(
		"phone",
	); b.Phone != "" &&
		(strings.Trim(b.Phone, "0123456789+() -") != "" || !strings.ContainsAny(b.Phone, "0123456789") || len(b.Phone) > 30) {
		t.refuse("phone", "is not a telephone number such as 0800 000 0000")
	}
	if b.Email = t.text("email"); b.Email != "" {
		if parsed, err := mail.ParseAddress(
			b.Email,
		); err != nil || parsed.Address != b.Email || len(b.Email) > 254 ||
			strings.ContainsAny(b.Email, `"?&%#`) {
			t.refuse("email", "is not an e-mail address such as help@example.org")
		}
	}

	_, hasURL := t.values["contact-url"]
	_, hasPhone := t.values["phone"]
	_, hasEmail := t.values["email"]
	if !hasURL && !hasPhone && !hasEmail {
		t.refuse("contact-url", "is missing, and so are phone and email: customers need a way to get help")
	}

	links := t.subs("help")
	if len(links) > maxHelp {
		t.refuse("help", "has %d links, and may have at most %d", len(links), maxHelp)
		return
	}

	for _, link := range links {
		help := views.HelpLink{URL: link.required("url"), Text: map[string]string{}}
		if _, ok := webAddress(help.URL); help.URL != "" && !ok {
			link.refuse("url", "is not an https address such as https://www.example.org/energy")
		}

		for _, lang := range i18n.Languages() {
			if slices.Contains(b.Offered(), lang) {
				help.Text[lang] = readName(link, lang, link.required(lang))
			} else {
				link.text(lang)
			}
		}

		link.done()
		b.Help = append(b.Help, help)
	}
}

// keyOf is the setting that a failing pair is mended with.
func keyOf(t theme, p pair, hasPanel bool) string {
	key := "accent"
	switch {
	case p.text == "on-accent":
		key = "on-accent"
	case p.on == "panel" && hasPanel:
		key = "on-panel"
	case p.on == "panel":
		key = "on-accent"
	}

	if t == dark {
		key = "dark-" + key
	}

	return key
}

func readColours(t *table, o *Operator) {
	c := t.sub("colours")
	if c == nil {
		return
	}

	chosen := map[theme]choice{}
	sound := true
	one := func(key string, must bool) (colour, bool) {
		text := ""
		if must {
			text = c.required(key)
		} else {
			text = c.text(key)
		}

		parsed, ok := parseColour(text)
		if text != "" && !ok {
			c.refuse(key, "%q is not a colour such as #0b4f56", text)
		}

		_, written := c.values[key]
		sound = sound && (ok || !must && !written)
		return parsed, ok
	}
	for _, th := range []theme{light, dark} {
		prefix := map[theme]string{light: "", dark: "dark-"}[th]
		var choice choice
		choice.accent, _ = one(prefix+"accent", true)
		choice.onAccent, _ = one(prefix+"on-accent", true)
		var ok bool
		choice.panel, choice.hasPanel = one(prefix+"panel", false)
		if choice.onPanel, ok = one(prefix+"on-panel", false); ok != choice.hasPanel && sound {
			c.refuse(prefix+"panel", "goes together with %son-panel: give both or neither", prefix)
			sound = false
		}

		chosen[th] = choice
	}

	c.done()
	if !sound {
		return
	}

	l := chosen[light]
	d := chosen[dark]
	if !l.hasPanel {
		l.panel, l.onPanel = l.accent, l.onAccent
	}
	if !d.hasPanel {
		made := darkPanel(l)
		d.panel, d.onPanel = made.panel, made.onPanel
	}

	own := map[theme]tokens{light: derive(light, l), dark: derive(dark, d)}
	for _, th := range []theme{light, dark} {
		for i, r := range ratios(th, own[th]) {
			if r.Contrast < leastContrast {
				c.refuse(
					keyOf(th, pairs[i], chosen[th].hasPanel),
					"for %s colours, %s on %s has a contrast of %s, and needs 4.5:1",
					r.Theme,
					r.Text,
					r.On,
					r,
				)
			}
			o.Ratios = append(o.Ratios, r)
		}
	}

	o.Brand.Sheet = o.Files.Add("brand.css", sheet(own))
	o.Brand.Icon = o.Files.Add("icon.svg", icon(own[light]))
}

// String is the ratio as people write it, cut off and not rounded: 4.499 is no 4.50:1.
func (r Ratio) String() string {
	return strconv.FormatFloat(float64(int(r.Contrast*100))/100, 'f', 2, 64) + ":1"
}

func readLogo(t *table, o *Operator, read func(string) ([]byte, error)) {
	picture := func(key string) *views.Image {
		name := t.text(key)
		if name == "" {
			return nil
		}

		file, err := read(name)
		if err != nil {
			t.refuse(key, "%v", err)
			return nil
		}

		content, ext, size, err := logo(file)
		if err != nil {
			t.refuse(key, "%s: %v", name, err)
			return nil
		}

		return &views.Image{URL: o.Files.Add(key+ext, content), Width: size.X, Height: size.Y}
	}
	o.Brand.Logo, o.Brand.DarkLogo = picture("logo"), picture("logo-dark")
	o.Brand.LogoSaysName = t.flag("logo-says-name")
	if _, ok := t.values["logo"]; !ok {
		for _, key := range []string{"logo-dark", "logo-says-name"} {
			if _, ok := t.values[key]; ok {
				t.refuse(key, "needs a logo")
			}
		}
	}
}

// isHost reports whether a text is a host name as browsers send it, with a port where it is not the scheme's own.
func isHost(text string) bool {
	host := text
	port := ""
	if h, p, err := net.SplitHostPort(text); err == nil {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 || n == 443 || n == 80 || strconv.Itoa(n) != p {
			return false
		}
		host, port = h, p
	}

	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback() && (ip.To4() != nil || port != "")
	}

	return len(host) <= 253 && hostForm.MatchString(host)
}

// isOrigin reports whether a text is an origin exactly as a browser would write it.
func isOrigin(text string) bool {
	rest, ok := strings.CutPrefix(text, "https://")
	return ok && len(text) <= maxURL && isHost(rest) && strings.Trim(rest, "0123456789.:[]") != ""
}

// webAddress reads an https address that may become a link.
func webAddress(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL || u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		u.Opaque != "" {
		return nil, false
	}
	return u, !strings.ContainsFunc(
		text,
		func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\\' },
	)
}
