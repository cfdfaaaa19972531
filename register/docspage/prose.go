package docspage

import "strings"

// span is a piece of text, set as code or not.
type span struct {
	text string
	code bool
}

// paragraphs splits a description at its empty lines, and each paragraph at its backquotes.
func paragraphs(text string) [][]span {
	var list [][]span
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		var spans []span
		for i, part := range strings.Split(paragraph, "`") {
			if part != "" {
				spans = append(spans, span{part, i%2 == 1})
			}
		}

		list = append(list, spans)
	}

	return list
}
