package operators

import (
	"strings"
	"testing"
)

// Each unknown key is reported once, with the operator and the link that it belongs to, also if it differs from a known
// key only by its case.
func TestUnknownKeys(t *testing.T) {
	t.Parallel()
	second := with(good, "slug", `slug = "b"`, "account-id", `account-id = "b_1"`, "hosts", `hosts = ["b.example"]`)
	link := func(key string) string {
		return "[[operator.help]]\nurl = \"https://advice.example\"\nen = \"Bills\"\ncy = \"Biliau\"\n" + key
	}
	for _, test := range []struct {
		name string
		file string
		want []string
	}{
		{
			name: "in the second operator",
			file: good + with(second, "colour", "colour = 1"),
			want: []string{`operator "b": colour: is not a setting`},
		},
		{
			name: "in both",
			file: with(good, "colour", "colour = 1") + with(second, "colour", "colour = 1"),
			want: []string{`operator "advice": colour: is not a setting`, `operator "b": colour: is not a setting`},
		},
		{
			name: "in another case",
			file: with(good, "Path", `Path = "/portal"`),
			want: []string{`operator "advice": Path: is not a setting`},
		},
		{
			name: "a table",
			file: good + "[operator.fonts]\nbody = 1\nhead = 2\n",
			want: []string{`operator "advice": fonts: is not a setting`},
		},
		{
			name: "in the second link of the second operator",
			file: good + link("") + link("") + second + link("") + link("title = 1\n"),
			want: []string{`operator "b": help[2].title: is not a setting`},
		},
		{
			name: "in an inline link",
			file: with(good, "help", `help = [{url = "https://a.example", en = "A", cy = "A", title = 1}]`),
			want: []string{`operator "advice": help[1].title: is not a setting`},
		},
		{
			name: "in inline operators",
			file: `operator = [{slug = "a", colour = 1}, {slug = "b"}]`,
			want: []string{"the file: operator.colour: is not a setting"},
		},
		{
			name: "in a table that is refused",
			file: good + "[operator.help]\nurl = 1\n",
			want: []string{`operator "advice": help: ` + notTables},
		},
		{
			name: "beside the operators",
			file: "[operators]\nslug = \"a\"\n" + good,
			want: []string{"the file: operators: is not a setting"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(test.file), read)
			if err == nil {
				t.Fatal("accepted")
			}

			// Of inline operators more is missing than matters here.
			lines := strings.Split(err.Error(), "\n")[:len(test.want)]
			if got := strings.Join(lines, "\n"); got != strings.Join(test.want, "\n") {
				t.Errorf("got\n%s", err)
			}
			if strings.Count(err.Error(), "is not a setting") > len(test.want) {
				t.Errorf("reported more than once:\n%v", err)
			}
		})
	}
}

// FuzzParse checks that no file stops the program, and that an accepted file can be served.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"",
		good,
		goodColours,
		Example,
		good + good,
		"[operator]\n",
		"operator = [1]",
		"operator = [{slug = 1}, 2]",
		"operator = [{slug = \"a\", colour = 1}, {colour = 2}]",
		"[[operator]]\ncolours = 1\nhelp = [[]]\n",
		"[[operator]]\nSlug = {a = 1}\nhelp = {b = 1}\n[[operator.help.x]]\n",
	} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := Parse(text, read)
		if err != nil {
			if len(list) != 0 || strings.TrimSpace(err.Error()) == "" {
				t.Errorf("a file that is refused gives operators, or no reason")
			}
			return
		}

		seen := map[string]bool{}
		for _, o := range list {
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
