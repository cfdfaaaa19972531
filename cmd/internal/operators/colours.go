package operators

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"central.consent/dar/static"
)

// colour is a colour of the sRGB space, without transparency.
type colour [3]uint8

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// parseColour reads #rrggbb, the one form that settings may have.
func parseColour(text string) (colour, bool) {
	if !hexColour.MatchString(text) {
		return colour{}, false
	}

	n, _ := strconv.ParseUint(text[1:], 16, 32)

	return colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
}

func (c colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// luminance is the relative luminance of WCAG 2.2, from 0 for black to 1 for white.
func (c colour) luminance() float64 {
	var l float64
	for i, weight := range []float64{.2126, .7152, .0722} {
		channel := float64(c[i]) / 255
		if channel <= .04045 {
			channel /= 12.92
		} else {
			channel = math.Pow((channel+.055)/1.055, 2.4)
		}

		l += weight * channel
	}

	return l
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21; the order does not matter.
func contrast(a, b colour) float64 {
	la := a.luminance()
	lb := b.luminance()

	return (max(la, lb) + .05) / (min(la, lb) + .05)
}

// mix is a with this share of b.
func mix(a, b colour, share float64) colour {
	var c colour
	for i := range c {
		c[i] = uint8(math.Round(float64(a[i])*(1-share) + float64(b[i])*share))
	}

	return c
}

// leastContrast is what text of normal size needs (WCAG 2.2, 1.4.3 Contrast (Minimum), level AA).
const leastContrast = 4.5

// theme is what colours are chosen for.
type theme string

const (
	light theme = "light"
	dark  theme = "dark"
)

var themes = []theme{light, dark}

// tokens are the colours of one theme, by the names that portal.css gives them, without the dashes.
type tokens map[string]colour

// ours are the colours of portal.css. An operator's replace some of them.
var ours = readSheet(string(static.Source("portal.css")))

var (
	rootBlock   = regexp.MustCompile(`(?s):root \{(.*?)\}`)
	declaration = regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{3,6});`)
)

// readSheet finds the colours of the style sheet's first two :root blocks: the light ones, and what dark changes.
func readSheet(css string) map[theme]tokens {
	colours := map[theme]tokens{light: {}, dark: {}}
	blocks := rootBlock.FindAllStringSubmatch(css, 2)
	for i, set := range [][]theme{{light, dark}, {dark}} {
		for _, d := range declaration.FindAllStringSubmatch(blocks[i][1], -1) {
			name := d[1]
			value := d[2]
			if len(value) == len("#rgb") {
				r := strings.Repeat(value[1:2], 2)
				g := strings.Repeat(value[2:3], 2)
				b := strings.Repeat(value[3:4], 2)
				value = "#" + r + g + b
			}

			for _, t := range set {
				colours[t][name], _ = parseColour(value)
			}
		}
	}

	return colours
}

// choice is what the settings say for one theme. Without hasPanel the panel is made from the accent.
type choice struct {
	accent, onAccent colour
	panel, onPanel   colour
	hasPanel         bool
}

var (
	black = colour{0, 0, 0}
	white = colour{255, 255, 255}
)

// derive makes the tokens of an operator from its choice: the colours that it chose, and shades of them.
func derive(t theme, c choice) tokens {
	surface := ours[t]["surface"]
	towards := black
	strong := .3
	tint := .08
	if t == dark {
		towards = white
		strong = .4
		tint = .09
	}

	own := tokens{
		"accent":        c.accent,
		"on-accent":     c.onAccent,
		"accent-strong": mix(c.accent, towards, strong),
		"tint":          mix(surface, c.accent, tint),
		"panel":         c.panel,
		"on-panel":      c.onPanel,
		"panel-mark":    mix(c.panel, c.onPanel, .13),
	}

	// Quieter words on the panel, as quiet as is still easy to read.
	for share := .25; share >= 0; share -= .05 {
		own["on-panel-soft"] = mix(c.onPanel, c.panel, share)
		if contrast(own["on-panel-soft"], c.panel) >= 5 {
			break
		}
	}

	return own
}

// darkPanel is a panel for dark colours made from the light one: its hue, dark enough for white words.
func darkPanel(c choice) choice {
	for share := .35; share < 1; share += .05 {
		c.panel = mix(c.panel, ours[dark]["paper"], share)
		c.onPanel = white
		c.hasPanel = true
		if contrast(c.panel, c.onPanel) >= 9 {
			break
		}
	}

	return c
}

// pair is a text and what it stands on. Both name a token.
type pair struct{ text, on string }

// pairs are the ones in which portal.css uses at least one colour of the operator.
var pairs = []pair{
	{"on-accent", "accent"}, {"on-accent", "accent-strong"},
	{"accent", "surface"}, {"accent", "paper"}, {"accent", "tint"}, {"accent", "amber"},
	{"accent-strong", "surface"}, {"accent-strong", "paper"}, {"accent-strong", "tint"}, {"accent-strong", "amber"},
	{"ink", "tint"}, {"soft", "tint"}, {"wrong", "tint"},
	{"on-panel", "panel"}, {"on-panel-soft", "panel"},
}

// Ratio is the contrast of one pair of colours in one theme.
type Ratio struct {
	Theme    string
	Text     string // such as accent #0b4f56
	On       string // what Text stands on
	Contrast float64
}

// ratios are the contrasts of all pairs, in their order.
func ratios(t theme, own tokens) []Ratio {
	named := func(token string) (colour, string) {
		if c, ok := own[token]; ok {
			return c, token + " " + c.String()
		}

		c := ours[t][token]

		return c, "the page's " + token + " " + c.String()
	}

	list := make([]Ratio, len(pairs))
	for i, p := range pairs {
		foreground, textName := named(p.text)
		ground, groundName := named(p.on)
		list[i] = Ratio{Theme: string(t), Text: textName, On: groundName, Contrast: contrast(foreground, ground)}
	}

	return list
}

// sheetOrder keeps the style sheet, and with it its hashed name, the same at every start.
var sheetOrder = []string{
	"accent",
	"accent-strong",
	"on-accent",
	"tint",
	"panel",
	"on-panel",
	"on-panel-soft",
	"panel-mark",
}

// sheet is the style sheet of an operator: values of tokens and nothing else. It uses the layer in which portal.css
// sets them, so that the later layers of that file still win: print is without colour.
func sheet(own map[theme]tokens) []byte {
	var b strings.Builder
	root := func(t theme) {
		b.WriteString(":root{")
		for _, name := range sheetOrder {
			fmt.Fprintf(&b, "--%s:%s;", name, own[t][name])
		}
		b.WriteString("}")
	}

	b.WriteString("@layer base{")
	root(light)
	b.WriteString("@media (prefers-color-scheme:dark){")
	root(dark)
	b.WriteString("}}\n")

	return []byte(b.String())
}

// icon is our own drawing in the colours of the panel.
func icon(own tokens) []byte {
	drawing := string(static.Source("favicon.svg"))
	colours := strings.NewReplacer("#0b4f56", own["panel"].String(), "#fff", own["on-panel"].String())

	return []byte(colours.Replace(drawing))
}
