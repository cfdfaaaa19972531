package rules

import (
	"slices"
	"unicode"
)

// writingSystems are the scripts that are written together in one word (Unicode Technical Standard 39, section 5.1).
var writingSystems = [][]string{
	{"Han", "Hiragana", "Katakana"},
	{"Han", "Hangul"},
	{"Han", "Bopomofo"},
}

// mixesScripts reports whether a word of a text mixes the letters of scripts that are not written together. Marks and
// white space end a word; digits and combining marks belong to every script.
func mixesScripts(text string) bool {
	var scripts []string
	for _, r := range text {
		switch {
		case r < unicode.MaxASCII && unicode.IsLetter(r):
			scripts = appendNew(scripts, "Latin")
		case unicode.IsLetter(r):
			if script := scriptOf(r); script != "" {
				scripts = appendNew(scripts, script)
			}
		case unicode.In(r, unicode.M, unicode.N):
		default:
			scripts = scripts[:0]
		}

		if len(scripts) > 1 && !slices.ContainsFunc(writingSystems, func(system []string) bool {
			return !slices.ContainsFunc(scripts, func(script string) bool { return !slices.Contains(system, script) })
		}) {
			return true
		}
	}

	return false
}

func appendNew(scripts []string, script string) []string {
	if slices.Contains(scripts, script) {
		return scripts
	}

	return append(scripts, script)
}

// commonScripts are first looked at. The others are in no order.
var commonScripts = []string{"Latin", "Greek", "Cyrillic", "Han"}

// scriptOf returns the script of a letter; empty if it belongs to several.
func scriptOf(r rune) string {
	for _, script := range commonScripts {
		if unicode.Is(unicode.Scripts[script], r) {
			return script
		}
	}

	for script, letters := range unicode.Scripts {
		if script != "Common" && script != "Inherited" && unicode.Is(letters, r) {
			return script
		}
	}

	return ""
}
