package ui

import "strings"

// The Unicode isolates: text between the two is laid out by itself, whatever its direction, and cannot disturb
// what stands around it (Unicode Standard Annex 9, 2.4).
const (
	isolateStart = "\u2068"
	isolateEnd   = "\u2069"
)

// Name marks a name that somebody else chose, before it goes into a sentence. Words draws it as an element of its
// own; where there are none, as in the title of a window, the marks themselves do.
func Name(name string) string {
	if name == "" {
		return ""
	}

	return isolateStart + strings.Map(func(r rune) rune {
		if strings.ContainsRune("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", r) {
			return -1
		}
		return r
	}, name) + isolateEnd
}

// Unmarked is a text without the marks that Name left in it.
func Unmarked(text string) string {
	return strings.NewReplacer(isolateStart, "", isolateEnd, "").Replace(text)
}

type piece struct {
	text string
	name bool
}

// pieces cuts a sentence at the marks of Name.
func pieces(words string) (all []piece) {
	for words != "" {
		before, rest, found := strings.Cut(words, isolateStart)
		if before != "" {
			all = append(all, piece{text: before})
		}
		if !found {
			break
		}

		name, after, _ := strings.Cut(rest, isolateEnd)
		all = append(all, piece{text: name, name: true})
		words = after
	}

	return all
}
