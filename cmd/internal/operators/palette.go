package operators

import "strconv"

// checkColours checks the operator's colours and their contrasts, and makes its style sheet and its icon.
func (c *checker) checkColours(e *entry, o *Operator) {
	if e.Colours == nil {
		return
	}
	if e.coloursErr != nil {
		c.refuse("colours", "must be a table of its own")
		return
	}

	s := c.below("colours.")
	chosen, ok := s.choices(e.colours)
	if !ok {
		return
	}

	own := complete(chosen)
	for _, t := range themes {
		for i, r := range ratios(t, own[t]) {
			if r.Contrast < leastContrast {
				s.refuse(
					keyOf(t, pairs[i], chosen[t].hasPanel),
					"for %s colours, %s on %s has a contrast of %s, and needs 4.5:1",
					r.Theme, r.Text, r.On, r,
				)
			}
			o.Ratios = append(o.Ratios, r)
		}
	}

	o.Brand.Sheet = o.Files.Add("brand.css", sheet(own))
	o.Brand.Icon = o.Files.Add("icon.svg", icon(own[light]))
}

// choices reads the choice for each theme. Ok is false if a mistake makes it useless to go on.
func (s section) choices(c coloursEntry) (chosen map[theme]choice, ok bool) {
	before := len(*s.mistakes)
	chosen = map[theme]choice{
		light: s.choice("", c.Accent, c.OnAccent, c.Panel, c.OnPanel),
		dark:  s.choice("dark-", c.DarkAccent, c.DarkOnAccent, c.DarkPanel, c.DarkOnPanel),
	}

	return chosen, len(*s.mistakes) == before
}

// choice reads the colours of one theme. Its keys begin with prefix.
func (s section) choice(prefix string, accent, onAccent, panel, onPanel text) choice {
	before := len(*s.mistakes)
	c := choice{
		accent:   s.colour(prefix+"accent", s.required(prefix+"accent", accent)),
		onAccent: s.colour(prefix+"on-accent", s.required(prefix+"on-accent", onAccent)),
		panel:    s.colour(prefix+"panel", s.optional(prefix+"panel", panel)),
		onPanel:  s.colour(prefix+"on-panel", s.optional(prefix+"on-panel", onPanel)),
		hasPanel: panel.given,
	}
	if panel.given != onPanel.given && len(*s.mistakes) == before {
		s.refuse(prefix+"panel", "goes together with %son-panel: give both or neither", prefix)
	}

	return c
}

func (s section) colour(key, value string) colour {
	parsed, ok := parseColour(value)
	if value != "" && !ok {
		s.refuse(key, "%q is not a colour such as #0b4f56", value)
	}

	return parsed
}

// complete makes the tokens of both themes. A theme without a panel of its own gets one made from its accent.
func complete(chosen map[theme]choice) map[theme]tokens {
	l := chosen[light]
	if !l.hasPanel {
		l.panel = l.accent
		l.onPanel = l.onAccent
	}

	d := chosen[dark]
	if !d.hasPanel {
		derived := darkPanel(l)
		d.panel = derived.panel
		d.onPanel = derived.onPanel
	}

	return map[theme]tokens{light: derive(light, l), dark: derive(dark, d)}
}

// keyOf returns the setting that has to change so that a pair gets enough contrast.
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

// String writes the ratio as people do, cut off and not rounded: 4.499 is below 4.50:1.
func (r Ratio) String() string {
	return strconv.FormatFloat(float64(int(r.Contrast*100))/100, 'f', 2, 64) + ":1"
}
