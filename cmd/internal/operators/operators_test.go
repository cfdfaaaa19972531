package operators

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"central.consent/dar/static"
)

// files are what the operators of these tests name.
var files = map[string][]byte{
	"secret":    []byte("canary\n"),
	"advisers":  []byte("canary-of-advisers\n"),
	"empty":     nil,
	"two-lines": []byte("a\nb"),
	"logo.png": pngOf(
		300,
		100,
	),
	"photo.jpg":   jpegOf(64, 64),
	"moving.gif":  gifOf(),
	"drawing.svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
	"bomb.png": claiming(
		60000,
		60000,
	),
	"wide.png":   claiming(4001, 1),
	"broken.png": pngOf(300, 100)[:200],
	"large.png":  make([]byte, maxLogoFile+1),
	"page.png":   []byte("<!DOCTYPE html><script>alert(1)</script>"),
}

func read(name string) ([]byte, error) {
	if text, ok := files[name]; ok {
		return text, nil
	}
	return nil, fmt.Errorf("open %s: %w", name, os.ErrNotExist)
}

func pngOf(w, h int) []byte {
	picture := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		picture.Set(x, h/2, color.NRGBA{uint8(x), 80, 120, 255})
	}

	var b bytes.Buffer
	_ = png.Encode(&b, picture)
	return b.Bytes()
}

func jpegOf(w, h int) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil)
	return b.Bytes()
}

func gifOf() []byte {
	var b bytes.Buffer
	_ = gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White}), nil)
	return b.Bytes()
}

// claiming is a small PNG whose header claims any size.
func claiming(w, h uint32) []byte {
	file := pngOf(1, 1)
	header := file[12:29] // type and content of IHDR
	binary.BigEndian.PutUint32(header[4:], w)
	binary.BigEndian.PutUint32(header[8:], h)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(header))

	return file
}

// good is a file of one operator without a mistake.
const good = `[[operator]]
slug = "advice"
hosts = ["energy.advice.example"]
account-id = "advice_1"
account-secret-file = "secret"
name = "Advice"
phone = "0800 000 0000"
`

const goodColours = good + `[operator.colours]
accent = "#26347f"
on-accent = "#ffffff"
dark-accent = "#ffd769"
dark-on-accent = "#231a00"
`

// with replaces the line of good that sets a key, or adds one.
func with(file, key, line string) string {
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(key) + ` = .*\n`).FindStringIndex(file)
	if line != "" {
		line += "\n"
	}
	if found == nil {
		return strings.Replace(file, "[[operator]]\n", "[[operator]]\n"+line, 1)
	}

	return file[:found[0]] + line + file[found[1]:]
}

func TestGoodFile(t *testing.T) {
	t.Parallel()
	file := with(
		with(
			with(
				with(goodColours, "adviser-secret-file", `adviser-secret-file = "advisers"`),
				"logo",
				`logo = "logo.png"`,
			),
			"languages",
			`languages = ["cy", "en"]`,
		),
		"framing-origins",
		`framing-origins = ["https://www.advice.example:8443"]`,
	) +
		"[[operator.help]]\nurl = \"https://advice.example/bills\"\nen = \"Bills\"\ncy = \"Biliau\"\n"
	all, err := Parse([]byte(file), read)
	if err != nil {
		t.Fatal(err)
	}

	o := all[0]
	if o.Slug != "advice" || o.Base != "/portal" || o.AccountSecret.Reveal() != "canary" ||
		o.AdviserSecret.Reveal() != "canary-of-advisers" ||
		!slices.Equal(o.Brand.Languages, []string{"cy", "en"}) ||
		len(o.FramingOrigins) != 1 ||
		o.Brand.Help[0].Text["cy"] != "Biliau" {
		t.Errorf("got %+v", o)
	}
	for _, name := range []string{o.Brand.Sheet, o.Brand.Icon, o.Brand.Logo.URL} {
		if !o.Files.Exists(name) || !regexp.MustCompile(`^[a-z]+\.[0-9a-f]{8}\.(css|svg|png)$`).MatchString(name) {
			t.Errorf("there is no file %q", name)
		}
	}

	if o.Brand.Logo.Width != 300 || o.Brand.Logo.Height != 100 {
		t.Errorf("a logo that is small enough is drawn in another size: %+v", o.Brand.Logo)
	}

	again, err := Parse([]byte(file), read)
	if err != nil || again[0].Brand.Sheet != o.Brand.Sheet || again[0].Brand.Logo.URL != o.Brand.Logo.URL {
		t.Error("another start serves the same files by other names")
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	const who = `operator "advice": `
	for _, test := range []struct {
		name, file string
		want       []string
	}{
		{"nothing", "", []string{"the file: operator: 1 to 500 operators are wanted, each begun by [[operator]]"}},
		{"no table", `operator = "advice"`, []string{"the file: operator: must be a list of tables, each begun by its name in double brackets"}},
		{"unknown at the top", "colour = 1\n" + good, []string{"the file: colour: is not a setting"}},
		{"unknown", with(good, "colour", "colour = 1"), []string{who + "colour: is not a setting"}},
		{"unknown colour", goodColours + "acent = \"#000000\"\n", []string{who + "colours.acent: is not a setting"}},
		{"empty operator", "[[operator]]\n", []string{
			"operator 1: slug: is missing", "operator 1: hosts: is missing; without a host of its own an operator needs a path", "operator 1: account-id: is missing",
			"operator 1: account-secret-file: is missing", "operator 1: name: is missing",
			"operator 1: contact-url: is missing, and so are phone and email: customers need a way to get help",
		}},
		{"wrong types", with(with(with(with(good, "name", "name = 5"), "hosts", `hosts = "a.example"`), "phone", "phone = true"), "logo-says-name", `logo-says-name = "yes"`), []string{
			who + `hosts: must be a list of texts, such as ["one", "two"]`, who + "name: must be a text in quotes", who + "phone: must be a text in quotes",
			who + "logo-says-name: must be true or false", who + "logo-says-name: needs a logo",
		}},
		{"slug", with(good, "slug", `slug = "Advice Line"`), []string{`operator "Advice Line": slug: must be 1 to 40 small letters, digits and dashes`}},
		{"host with scheme", with(good, "hosts", `hosts = ["https://energy.advice.example"]`), []string{who + `hosts: "https://energy.advice.example" is not a host name such as energy.example.org: in small letters, without https:// and without a path`}},
		{"host with wildcard", with(good, "hosts", `hosts = ["*.advice.example"]`), []string{who + `hosts: "*.advice.example" is not a host name such as energy.example.org: in small letters, without https:// and without a path`}},
		{"host twice", with(good, "hosts", `hosts = ["a.example", "a.example"]`), []string{who + `hosts: names "a.example" twice`}},
		{"no host in the list", with(good, "hosts", `hosts = []`), []string{who + "hosts: is empty; leave it out for the portal's own host"}},
		{"another's path", with(good, "path", `path = "/o/other/portal"`), []string{who + "path: must be /portal or /o/advice/portal"}},
		{"the secret itself", with(good, "account-secret", `account-secret = "canary"`), []string{who + "account-secret: a secret never stands in this file: write it to a file of its own, and name that with account-secret-file"}},
		{"no secret file", with(good, "account-secret-file", `account-secret-file = "nowhere"`), []string{who + "account-secret-file: open nowhere: file does not exist"}},
		{"empty secret", with(good, "account-secret-file", `account-secret-file = "empty"`), []string{who + "account-secret-file: empty does not hold a secret of one line"}},
		{"two secrets", with(good, "account-secret-file", `account-secret-file = "two-lines"`), []string{who + "account-secret-file: two-lines does not hold a secret of one line"}},
		{"account", with(good, "account-id", `account-id = "A"`), []string{who + "account-id: must be 3 to 64 small letters, digits, dashes and underscores"}},
		{"long name", with(good, "name", `name = "`+strings.Repeat("n", 61)+`"`), []string{who + "name: has more than 60 characters"}},
		{"name that turns the text", with(good, "name", `name = "Ad\u202Evice"`), []string{who + "name: holds a character that cannot be seen"}},
		{"language", with(good, "languages", `languages = ["fr"]`), []string{who + `languages: "fr" is not offered; there are en for English and cy for Welsh`}},
		{"no language", with(good, "languages", `languages = []`), []string{who + "languages: is empty; leave it out to offer English and Welsh"}},
		{"contact by http", with(good, "contact-url", `contact-url = "http://advice.example"`), []string{who + "contact-url: is not an https address such as https://www.example.org/contact"}},
		{"contact that is a script", with(good, "contact-url", `contact-url = "javascript:alert(1)"`), []string{who + "contact-url: is not an https address such as https://www.example.org/contact"}},
		{"telephone", with(good, "phone", `phone = "ask at the desk"`), []string{who + "phone: is not a telephone number such as 0800 000 0000"}},
		{"e-mail", with(good, "email", `email = "Help <help@advice.example>"`), []string{who + "email: is not an e-mail address such as help@example.org"}},
		{"e-mail with a subject", with(good, "email", `email = "help@advice.example?subject=x"`), []string{who + "email: is not an e-mail address such as help@example.org"}},
		{"framing wildcard", with(good, "framing-origins", `framing-origins = ["https://*.advice.example"]`), []string{who + `framing-origins: "https://*.advice.example" is not an exact origin such as https://www.example.org: without a path, a wildcard or a slash at the end`}},
		{"framing with a path", with(good, "framing-origins", `framing-origins = ["https://www.advice.example/"]`), []string{who + `framing-origins: "https://www.advice.example/" is not an exact origin such as https://www.example.org: without a path, a wildcard or a slash at the end`}},
		{"framing by http", with(good, "framing-origins", `framing-origins = ["http://www.advice.example"]`), []string{who + `framing-origins: "http://www.advice.example" is not an exact origin such as https://www.example.org: without a path, a wildcard or a slash at the end`}},
		{"the advisers' secret in the file", with(good, "adviser-secret", `adviser-secret = "canary"`), []string{who + "adviser-secret: a secret never stands in this file: write it to a file of its own, and name that with adviser-secret-file"}},
		{"a short secret of the advisers", with(good, "adviser-secret-file", `adviser-secret-file = "secret"`), []string{who + "adviser-secret-file: secret does not hold a secret of one line, with 16 characters or more"}},
		{"two lines for the advisers", with(good, "adviser-secret-file", `adviser-secret-file = "two-lines"`), []string{who + "adviser-secret-file: two-lines does not hold a secret of one line, with 16 characters or more"}},
		{"no file for the advisers", with(good, "adviser-secret-file", `adviser-secret-file = "gone"`), []string{who + "adviser-secret-file: open gone: file does not exist"}},
		{"too many framers", with(good, "framing-origins", `framing-origins = [`+strings.Repeat(`"https://a.example",`, 21)+`]`), []string{who + "framing-origins: has 21 entries, and may have at most 20"}},
		{"return with a fragment", with(good, "return-urls", `return-urls = ["https://www.advice.example/#x"]`), []string{who + `return-urls: "https://www.advice.example/#x" is not an exact https address such as https://www.example.org/back`}},
		{"help without Welsh", good + "[[operator.help]]\nurl = \"https://advice.example\"\nen = \"Bills\"\n", []string{who + "help[1].cy: is missing"}},
		{"help that is a script", good + "[[operator.help]]\nurl = \"data:text/html,x\"\nen = \"Bills\"\ncy = \"Biliau\"\n", []string{who + "help[1].url: is not an https address such as https://www.example.org/energy"}},
		{"no colour", with(goodColours, "accent", `accent = "navy"`), []string{who + `colours.accent: "navy" is not a colour such as #0b4f56`}},
		{"CSS in a colour", with(goodColours, "accent", `accent = "#000000;} body{display:none"`), []string{who + `colours.accent: "#000000;} body{display:none" is not a colour such as #0b4f56`}},
		{"half the colours", with(with(goodColours, "dark-accent", ""), "dark-on-accent", ""), []string{who + "colours.dark-accent: is missing", who + "colours.dark-on-accent: is missing"}},
		{"half a panel", goodColours + "panel = \"#ffcf4a\"\n", []string{who + "colours.panel: goes together with on-panel: give both or neither"}},
		{"pale button", with(goodColours, "on-accent", `on-accent = "#7f8fd0"`), []string{
			who + "colours.on-accent: for light colours, on-accent #7f8fd0 on accent #26347f has a contrast of 3.58:1, and needs 4.5:1",
			who + "colours.on-accent: for light colours, on-panel #7f8fd0 on panel #26347f has a contrast of 3.58:1, and needs 4.5:1",
			who + "colours.on-accent: for light colours, on-panel-soft #7f8fd0 on panel #26347f has a contrast of 3.58:1, and needs 4.5:1",
		}},
		{"pale panel", goodColours + "panel = \"#ffcf4a\"\non-panel = \"#ffffff\"\n", []string{
			who + "colours.on-panel: for light colours, on-panel #ffffff on panel #ffcf4a has a contrast of 1.47:1, and needs 4.5:1",
			who + "colours.on-panel: for light colours, on-panel-soft #ffffff on panel #ffcf4a has a contrast of 1.47:1, and needs 4.5:1",
		}},
		{"SVG", with(good, "logo", `logo = "drawing.svg"`), []string{who + "logo: drawing.svg: is no PNG, JPEG or WebP picture (SVG is refused: it can hold scripts)"}},
		{"a page", with(good, "logo", `logo = "page.png"`), []string{who + "logo: page.png: is no PNG, JPEG or WebP picture (SVG is refused: it can hold scripts)"}},
		{"GIF", with(good, "logo", `logo = "moving.gif"`), []string{who + "logo: moving.gif: is no PNG, JPEG or WebP picture (SVG is refused: it can hold scripts)"}},
		{"bomb", with(good, "logo", `logo = "bomb.png"`), []string{who + "logo: bomb.png: has 60000 x 60000 pixels, and may have at most 4000 a side and 4194304 in all"}},
		{"too wide", with(good, "logo", `logo = "wide.png"`), []string{who + "logo: wide.png: has 4001 x 1 pixels, and may have at most 4000 a side and 4194304 in all"}},
		{"broken", with(good, "logo", `logo = "broken.png"`), []string{who + "logo: broken.png: is a broken png picture"}},
		{"large", with(good, "logo", `logo = "large.png"`), []string{who + "logo: large.png: the file has more than 1024 KiB"}},
		{"no logo", with(good, "logo", `logo = "nowhere.png"`), []string{who + "logo: open nowhere.png: file does not exist"}},
		{"dark without light", with(good, "logo-dark", `logo-dark = "logo.png"`), []string{who + "logo-dark: needs a logo"}},
		{"two of a kind", good + good, []string{
			who + "slug: two operators have it", who + `account-id: is also that of operator "advice"; each needs its own`, who + `hosts: operator "advice" already stands at energy.advice.example/portal`,
		}},
		{"one path for two", with(with(good, "hosts", ""), "path", `path = "/portal"`) + with(with(with(with(good, "hosts", ""), "path", `path = "/portal"`), "slug", `slug = "b"`), "account-id", `account-id = "b_1"`), []string{
			`operator "b": path: operator "advice" already stands at /portal of the portal's own host`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(test.file), read)
			if err == nil {
				t.Fatal("accepted")
			}
			if want := strings.Join(test.want, "\n"); err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Error("tells a secret")
			}
		})
	}
}

func TestABrokenFileIsToldByItsLine(t *testing.T) {
	t.Parallel()
	if _, err := Parse(
		[]byte("[[operator]]\nslug = advice\n"),
		read,
	); err == nil ||
		!strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
	if _, err := Parse(make([]byte, maxFile+1), read); err == nil || err.Error() != "the file has more than 1024 KiB" {
		t.Errorf("got %v", err)
	}
}

func TestLoadFindsFilesBesideTheFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, text := range map[string]string{"operators.toml": Example, "my-operator.secret": "canary"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	if all, err := Load(
		filepath.Join(folder, "operators.toml"),
	); err != nil ||
		all[0].AccountSecret.Reveal() != "canary" {
		t.Errorf("the example does not pass: %v", err)
	}
	if _, err := Load(filepath.Join(folder, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// The numbers are those of the W3C's understanding document and of its editors' tools.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want string
	}{
		{"#000000", "#ffffff", "21.00:1"}, {"#ffffff", "#ffffff", "1.00:1"}, {"#777777", "#ffffff", "4.47:1"}, {"#767676", "#ffffff", "4.54:1"},
		{"#ff0000", "#ffffff", "3.99:1"}, {"#0000ff", "#ffffff", "8.59:1"}, {"#00ff00", "#000000", "15.30:1"}, {"#0a0a0a", "#000000", "1.06:1"},
	} {
		a, _ := parseColour(test.a)
		b, _ := parseColour(test.b)
		if got := (Ratio{Contrast: contrast(a, b)}).String(); got != test.want || contrast(a, b) != contrast(b, a) {
			t.Errorf("%s on %s: %s, want %s", test.a, test.b, got, test.want)
		}
	}

	for _, bad := range []string{"", "#fff", "fff", "#ffffff ", "#gggggg", "red", "#ffffffff", "rgb(0,0,0)"} {
		if _, ok := parseColour(bad); ok {
			t.Errorf("%q is taken for a colour", bad)
		}
	}
}

// TestPairsAreThoseOfTheStyleSheet keeps the list of pairs in step with portal.css: a rule that sets both colours, one of
// them an operator's, must be on it.
func TestPairsAreThoseOfTheStyleSheet(t *testing.T) {
	t.Parallel()
	for _, th := range []theme{light, dark} {
		for _, p := range pairs {
			for _, token := range []string{p.text, p.on} {
				if _, ok := ours[th][token]; !ok {
					t.Errorf("portal.css has no --%s for %s colours", token, th)
				}
			}
		}
	}

	rule := regexp.MustCompile(`\{[^{}]*\}`)
	ground := regexp.MustCompile(`[{;\s]background: var\(--([a-z-]+)\)`)
	text := regexp.MustCompile(`[{;\s]color: var\(--([a-z-]+)\)`)
	found := 0
	for _, body := range rule.FindAllString(string(static.Source("portal.css")), -1) {
		g := ground.FindStringSubmatch(body)
		c := text.FindStringSubmatch(body)
		if g == nil || c == nil || !slices.Contains(sheetOrder, g[1]) && !slices.Contains(sheetOrder, c[1]) {
			continue
		}

		found++
		if !slices.Contains(pairs, pair{c[1], g[1]}) {
			t.Errorf("portal.css puts --%s on --%s, which is not checked", c[1], g[1])
		}
	}

	if found < 5 {
		t.Errorf("only %d rules with two colours were found", found)
	}
	if got := ours[dark]["on-panel"]; got != ours[light]["on-panel"] {
		t.Errorf("dark colours lose what light ones set: %v", got)
	}
}

func TestSheetHoldsColoursAlone(t *testing.T) {
	t.Parallel()
	own := derive(light, choice{accent: colour{1, 2, 3}, onAccent: white, panel: colour{1, 2, 3}, onPanel: white})
	got := string(sheet(map[theme]tokens{light: own, dark: own}))
	want := regexp.MustCompile(
		`^@layer base\{:root\{(--[a-z-]+:#[0-9a-f]{6};){8}\}@media \(prefers-color-scheme:dark\)\{:root\{(--[a-z-]+:#[0-9a-f]{6};){8}\}\}\}\n$`,
	)
	if !want.MatchString(got) {
		t.Errorf("got %s", got)
	}
}

func TestLogoIsDrawnAnew(t *testing.T) {
	t.Parallel()
	hidden := append(pngOf(2000, 264), []byte("<script>canary</script>")...)
	content, ext, size, err := logo(hidden)
	if err != nil || ext != ".png" || size != image.Pt(900, 118) {
		t.Fatalf("%s %v %v", ext, size, err)
	}
	if bytes.Contains(content, []byte("canary")) {
		t.Error("what stood behind the picture is served")
	}
	if picture, err := png.Decode(bytes.NewReader(content)); err != nil || picture.Bounds().Size() != size {
		t.Errorf("what is served is no picture of its size: %v", err)
	}
	if _, ext, _, err := logo(files["photo.jpg"]); err != nil || ext != ".jpg" {
		t.Errorf("JPEG: %s %v", ext, err)
	}

	webp, _ := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	if content, ext, _, err := logo(webp); err != nil || ext != ".png" || !bytes.HasPrefix(content, []byte("\x89PNG")) {
		t.Errorf("WebP: %s %v", ext, err)
	}
}

// FuzzParse holds that no file stops the program, and that what passes can be served.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", good, goodColours, Example, good + good, "[operator]\n", "operator = [1]", "operator = [{slug = 1}, 2]", "[[operator]]\ncolours = 1\nhelp = [[]]\n"} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := Parse(text, read)
		if err != nil {
			if len(all) != 0 || strings.TrimSpace(err.Error()) == "" {
				t.Errorf("a file that is refused gives operators, or no reason")
			}
			return
		}

		seen := map[string]bool{}
		for _, o := range all {
			if !slugForm.MatchString(o.Slug) || seen[o.Slug] || o.Brand.Name == "" || o.AccountSecret.Reveal() == "" ||
				o.Base != "/portal" && o.Base != "/o/"+o.Slug+"/portal" {
				t.Errorf("accepted: %+v", o)
			}

			seen[o.Slug] = true
			for _, r := range o.Ratios {
				if r.Contrast < leastContrast {
					t.Errorf("accepted with a contrast of %s", r)
				}
			}

			for _, origin := range o.FramingOrigins {
				if strings.ContainsAny(origin, " ;,*'\"\n") || !strings.HasPrefix(origin, "https://") {
					t.Errorf("accepted as an origin: %q", origin)
				}
			}
		}
	})
}
