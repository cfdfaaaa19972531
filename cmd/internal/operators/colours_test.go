package operators

import (
	"regexp"
	"slices"
	"testing"

	"central.consent/dar/static"
)

// The numbers are those of the W3C's understanding document and of its editors' tools.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want string
	}{
		{"#000000", "#ffffff", "21.00:1"},
		{"#ffffff", "#ffffff", "1.00:1"},
		{"#777777", "#ffffff", "4.47:1"},
		{"#767676", "#ffffff", "4.54:1"},
		{"#ff0000", "#ffffff", "3.99:1"},
		{"#0000ff", "#ffffff", "8.59:1"},
		{"#00ff00", "#000000", "15.30:1"},
		{"#0a0a0a", "#000000", "1.06:1"},
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

// TestPairsAreThoseOfTheStyleSheet keeps the list of pairs in step with portal.css: it must have every rule that sets
// both colours, one of them an operator's.
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
	const root = `:root\{(--[a-z-]+:#[0-9a-f]{6};){8}\}`
	want := regexp.MustCompile(`^@layer base\{` + root + `@media \(prefers-color-scheme:dark\)\{` + root + `\}\}\n$`)
	if !want.MatchString(got) {
		t.Errorf("got %s", got)
	}
}
