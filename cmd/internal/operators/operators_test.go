package operators

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestGoodFile(t *testing.T) {
	t.Parallel()
	file := with(
		goodColours,
		"adviser-secret-file", `adviser-secret-file = "advisers"`,
		"logo", `logo = "logo.png"`,
		"languages", `languages = ["cy", "en"]`,
		"framing-origins", `framing-origins = ["https://www.advice.example:8443"]`,
	) + "[[operator.help]]\nurl = \"https://advice.example/bills\"\nen = \"Bills\"\ncy = \"Biliau\"\n"
	list, err := Parse([]byte(file), read)
	if err != nil {
		t.Fatal(err)
	}

	o := list[0]
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
		{
			name: "nothing",
			file: "",
			want: []string{"the file: operator: 1 to 500 operators are wanted, each begun by [[operator]]"},
		},
		{
			name: "no table",
			file: `operator = "advice"`,
			want: []string{
				"the file: operator: must be a list of tables, each begun by its name in double brackets",
			},
		},
		{
			name: "unknown at the top",
			file: "colour = 1\n" + good,
			want: []string{"the file: colour: is not a setting"},
		},
		{
			name: "unknown",
			file: with(good, "colour", "colour = 1"),
			want: []string{who + "colour: is not a setting"},
		},
		{
			name: "unknown colour",
			file: goodColours + "acent = \"#000000\"\n",
			want: []string{who + "colours.acent: is not a setting"},
		},
		{
			name: "empty operator",
			file: "[[operator]]\n",
			want: []string{
				"operator 1: slug: is missing",
				"operator 1: hosts: is missing; without a host of its own an operator needs a path",
				"operator 1: account-id: is missing",
				"operator 1: account-secret-file: is missing",
				"operator 1: name: is missing",
				"operator 1: contact-url: is missing, and so are phone and email: customers need a way to " +
					"get help",
			},
		},
		{
			name: "wrong types",
			file: with(
				good,
				"name", "name = 5",
				"hosts", `hosts = "a.example"`,
				"phone", "phone = true",
				"logo-says-name", `logo-says-name = "yes"`,
			),
			want: []string{
				who + `hosts: must be a list of texts, such as ["one", "two"]`,
				who + "name: must be a text in quotes",
				who + "phone: must be a text in quotes",
				who + "logo-says-name: must be true or false",
				who + "logo-says-name: needs a logo",
			},
		},
		{
			name: "slug",
			file: with(good, "slug", `slug = "Advice Line"`),
			want: []string{`operator "Advice Line": slug: must be 1 to 40 small letters, digits and dashes`},
		},
		{
			name: "host with scheme",
			file: with(good, "hosts", `hosts = ["https://energy.advice.example"]`),
			want: []string{
				who + `hosts: "https://energy.advice.example" is not a host name such as ` +
					`energy.example.org: in small letters, without https:// and without a path`,
			},
		},
		{
			name: "host with wildcard",
			file: with(good, "hosts", `hosts = ["*.advice.example"]`),
			want: []string{
				who + `hosts: "*.advice.example" is not a host name such as energy.example.org: in small ` +
					`letters, without https:// and without a path`,
			},
		},
		{
			name: "host twice",
			file: with(good, "hosts", `hosts = ["a.example", "a.example"]`),
			want: []string{who + `hosts: names "a.example" twice`},
		},
		{
			name: "no host in the list",
			file: with(good, "hosts", `hosts = []`),
			want: []string{who + "hosts: is empty; leave it out for the portal's own host"},
		},
		{
			name: "another's path",
			file: with(good, "path", `path = "/o/other/portal"`),
			want: []string{who + "path: must be /portal or /o/advice/portal"},
		},
		{
			name: "the secret itself",
			file: with(good, "account-secret", `account-secret = "canary"`),
			want: []string{
				who + "account-secret: a secret never stands in this file: write it to a file of its own, " +
					"and name that with account-secret-file",
			},
		},
		{
			name: "no secret file",
			file: with(good, "account-secret-file", `account-secret-file = "nowhere"`),
			want: []string{who + "account-secret-file: open nowhere: file does not exist"},
		},
		{
			name: "empty secret",
			file: with(good, "account-secret-file", `account-secret-file = "empty"`),
			want: []string{who + "account-secret-file: empty does not hold a secret of one line"},
		},
		{
			name: "two secrets",
			file: with(good, "account-secret-file", `account-secret-file = "two-lines"`),
			want: []string{who + "account-secret-file: two-lines does not hold a secret of one line"},
		},
		{
			name: "account",
			file: with(good, "account-id", `account-id = "A"`),
			want: []string{who + "account-id: must be 3 to 64 small letters, digits, dashes and underscores"},
		},
		{
			name: "long name",
			file: with(good, "name", `name = "`+strings.Repeat("n", 61)+`"`),
			want: []string{who + "name: has more than 60 characters"},
		},
		{
			name: "name that turns the text",
			file: with(good, "name", `name = "Ad\u202Evice"`),
			want: []string{who + "name: holds a character that cannot be seen"},
		},
		{
			name: "language",
			file: with(good, "languages", `languages = ["fr"]`),
			want: []string{who + `languages: "fr" is not offered; there are en for English and cy for Welsh`},
		},
		{
			name: "no language",
			file: with(good, "languages", `languages = []`),
			want: []string{who + "languages: is empty; leave it out to offer English and Welsh"},
		},
		{
			name: "contact by http",
			file: with(good, "contact-url", `contact-url = "http://advice.example"`),
			want: []string{
				who + "contact-url: is not an https address such as https://www.example.org/contact",
			},
		},
		{
			name: "contact that is a script",
			file: with(good, "contact-url", `contact-url = "javascript:alert(1)"`),
			want: []string{
				who + "contact-url: is not an https address such as https://www.example.org/contact",
			},
		},
		{
			name: "telephone",
			file: with(good, "phone", `phone = "ask at the desk"`),
			want: []string{who + "phone: is not a telephone number such as 0800 000 0000"},
		},
		{
			name: "e-mail",
			file: with(good, "email", `email = "Help <help@advice.example>"`),
			want: []string{who + "email: is not an e-mail address such as help@example.org"},
		},
		{
			name: "e-mail with a subject",
			file: with(good, "email", `email = "help@advice.example?subject=x"`),
			want: []string{who + "email: is not an e-mail address such as help@example.org"},
		},
		{
			name: "framing wildcard",
			file: with(good, "framing-origins", `framing-origins = ["https://*.advice.example"]`),
			want: []string{
				who + `framing-origins: "https://*.advice.example" is not an exact origin such as ` +
					`https://www.example.org: without a path, a wildcard or a slash at the end`,
			},
		},
		{
			name: "framing with a path",
			file: with(good, "framing-origins", `framing-origins = ["https://www.advice.example/"]`),
			want: []string{
				who + `framing-origins: "https://www.advice.example/" is not an exact origin such as ` +
					`https://www.example.org: without a path, a wildcard or a slash at the end`,
			},
		},
		{
			name: "framing by http",
			file: with(good, "framing-origins", `framing-origins = ["http://www.advice.example"]`),
			want: []string{
				who + `framing-origins: "http://www.advice.example" is not an exact origin such as ` +
					`https://www.example.org: without a path, a wildcard or a slash at the end`,
			},
		},
		{
			name: "the advisers' secret in the file",
			file: with(good, "adviser-secret", `adviser-secret = "canary"`),
			want: []string{
				who + "adviser-secret: a secret never stands in this file: write it to a file of its own, " +
					"and name that with adviser-secret-file",
			},
		},
		{
			name: "a short secret of the advisers",
			file: with(good, "adviser-secret-file", `adviser-secret-file = "secret"`),
			want: []string{
				who + "adviser-secret-file: secret does not hold a secret of one line, with 16 characters " +
					"or more",
			},
		},
		{
			name: "two lines for the advisers",
			file: with(good, "adviser-secret-file", `adviser-secret-file = "two-lines"`),
			want: []string{
				who + "adviser-secret-file: two-lines does not hold a secret of one line, with 16 " +
					"characters or more",
			},
		},
		{
			name: "no file for the advisers",
			file: with(good, "adviser-secret-file", `adviser-secret-file = "gone"`),
			want: []string{who + "adviser-secret-file: open gone: file does not exist"},
		},
		{
			name: "too many framers",
			file: with(good, "framing-origins", `framing-origins = [`+strings.Repeat(`"https://a.example",`, 21)+`]`),
			want: []string{who + "framing-origins: has 21 entries, and may have at most 20"},
		},
		{
			name: "return with a fragment",
			file: with(good, "return-urls", `return-urls = ["https://www.advice.example/#x"]`),
			want: []string{
				who + `return-urls: "https://www.advice.example/#x" is not an exact https address such as ` +
					`https://www.example.org/back`,
			},
		},
		{
			name: "help without Welsh",
			file: good + "[[operator.help]]\nurl = \"https://advice.example\"\nen = \"Bills\"\n",
			want: []string{who + "help[1].cy: is missing"},
		},
		{
			name: "help that is a script",
			file: good + "[[operator.help]]\nurl = \"data:text/html,x\"\nen = \"Bills\"\ncy = \"Biliau\"\n",
			want: []string{
				who + "help[1].url: is not an https address such as https://www.example.org/energy",
			},
		},
		{
			name: "no colour",
			file: with(goodColours, "accent", `accent = "navy"`),
			want: []string{who + `colours.accent: "navy" is not a colour such as #0b4f56`},
		},
		{
			name: "CSS in a colour",
			file: with(goodColours, "accent", `accent = "#000000;} body{display:none"`),
			want: []string{
				who + `colours.accent: "#000000;} body{display:none" is not a colour such as #0b4f56`,
			},
		},
		{
			name: "half the colours",
			file: with(goodColours, "dark-accent", "", "dark-on-accent", ""),
			want: []string{
				who + "colours.dark-accent: is missing",
				who + "colours.dark-on-accent: is missing",
			},
		},
		{
			name: "half a panel",
			file: goodColours + "panel = \"#ffcf4a\"\n",
			want: []string{who + "colours.panel: goes together with on-panel: give both or neither"},
		},
		{
			name: "pale button",
			file: with(goodColours, "on-accent", `on-accent = "#7f8fd0"`),
			want: []string{
				who + "colours.on-accent: for light colours, on-accent #7f8fd0 on accent #26347f has a " +
					"contrast of 3.58:1, and needs 4.5:1",
				who + "colours.on-accent: for light colours, on-panel #7f8fd0 on panel #26347f has a " +
					"contrast of 3.58:1, and needs 4.5:1",
				who + "colours.on-accent: for light colours, on-panel-soft #7f8fd0 on panel #26347f has a " +
					"contrast of 3.58:1, and needs 4.5:1",
			},
		},
		{
			name: "pale panel",
			file: goodColours + "panel = \"#ffcf4a\"\non-panel = \"#ffffff\"\n",
			want: []string{
				who + "colours.on-panel: for light colours, on-panel #ffffff on panel #ffcf4a has a " +
					"contrast of 1.47:1, and needs 4.5:1",
				who + "colours.on-panel: for light colours, on-panel-soft #ffffff on panel #ffcf4a has a " +
					"contrast of 1.47:1, and needs 4.5:1",
			},
		},
		{
			name: "SVG",
			file: with(good, "logo", `logo = "drawing.svg"`),
			want: []string{
				who + "logo: drawing.svg: is no PNG, JPEG or WebP picture (SVG is refused: it can hold scripts)",
			},
		},
		{
			name: "a page",
			file: with(good, "logo", `logo = "page.png"`),
			want: []string{
				who + "logo: page.png: is no PNG, JPEG or WebP picture (SVG is refused: it can hold scripts)",
			},
		},
		{
			name: "GIF",
			file: with(good, "logo", `logo = "moving.gif"`),
			want: []string{
				who + "logo: moving.gif: is no PNG, JPEG or WebP picture (SVG is refused: it can hold scripts)",
			},
		},
		{
			name: "bomb",
			file: with(good, "logo", `logo = "bomb.png"`),
			want: []string{
				who + "logo: bomb.png: has 60000 x 60000 pixels, and may have at most 4000 a side and " +
					"4194304 in all",
			},
		},
		{
			name: "too wide",
			file: with(good, "logo", `logo = "wide.png"`),
			want: []string{
				who + "logo: wide.png: has 4001 x 1 pixels, and may have at most 4000 a side and 4194304 in all",
			},
		},
		{
			name: "broken",
			file: with(good, "logo", `logo = "broken.png"`),
			want: []string{who + "logo: broken.png: is a broken png picture"},
		},
		{
			name: "large",
			file: with(good, "logo", `logo = "large.png"`),
			want: []string{who + "logo: large.png: the file has more than 1024 KiB"},
		},
		{
			name: "no logo",
			file: with(good, "logo", `logo = "nowhere.png"`),
			want: []string{who + "logo: open nowhere.png: file does not exist"},
		},
		{
			name: "dark without light",
			file: with(good, "logo-dark", `logo-dark = "logo.png"`),
			want: []string{who + "logo-dark: needs a logo"},
		},
		{
			name: "two of a kind",
			file: good + good,
			want: []string{
				who + "slug: two operators have it",
				who + `account-id: is also that of operator "advice"; each needs its own`,
				who + `hosts: operator "advice" already stands at energy.advice.example/portal`,
			},
		},
		{
			name: "one path for two",
			file: with(good, "hosts", "", "path", `path = "/portal"`) +
				with(
					good,
					"hosts", "",
					"path", `path = "/portal"`,
					"slug", `slug = "b"`,
					"account-id", `account-id = "b_1"`,
				),
			want: []string{
				`operator "b": path: operator "advice" already stands at /portal of the portal's own host`,
			},
		},
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

	_, err := Parse(make([]byte, maxFile+1), read)
	if err == nil || err.Error() != "the file has more than 1024 KiB" {
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
