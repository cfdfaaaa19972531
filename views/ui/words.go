package ui

import "strings"

// The Unicode isolates. Text between them is laid out by itself, in its own direction, and does not change the order of
// the text around it (Unicode Standard Annex 9, 2.4).
const (
	isolateStart = "\u2068"
	isolateEnd   = "\u2069"
)

// directionMarks are the characters that change the direction of the text after them.
const directionMarks = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

// Name marks a name that an organisation chose, before it goes into a sentence. Words renders the name as an element of
// its own. In plain text, as in the title of a window, the marks isolate it.
func Name(name string) string {
	if name == "" {
		return ""
	}

	return isolateStart + strings.Map(func(r rune) rune {
		if strings.ContainsRune(directionMarks, r) {
			return -1
		}
		return r
	}, name) + isolateEnd
}

// Unmarked returns a text without the marks of Name.
func Unmarked(text string) string {
	return strings.NewReplacer(isolateStart, "", isolateEnd, "").Replace(text)
}

// piece is a part of a sentence: a name, or the words between two names.
type piece struct {
	text   string
	isName bool
}

// pieces cuts a sentence at the marks of Name.
func pieces(sentence string) []piece {
	var cut []piece
	for sentence != "" {
		before, marked, found := strings.Cut(sentence, isolateStart)
		if before != "" {
			cut = append(cut, piece{text: before})
		}
		if !found {
			break
		}

		name, after, _ := strings.Cut(marked, isolateEnd)
		cut = append(cut, piece{text: name, isName: true})
		sentence = after
	}

	return cut
}
