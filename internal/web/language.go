package web

import (
	"slices"

	"golang.org/x/text/language"
)

// PreferredLanguage returns the offered language that a browser's Accept-Language header prefers (RFC 9110, 12.5.4).
// A region does not matter: cy-GB is Welsh. It returns fallback if the header names no offered language or cannot be
// parsed. Offered languages are base tags such as "en" and "cy".
func PreferredLanguage(header string, offered []string, fallback string) string {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return fallback
	}

	for _, tag := range tags {
		// Of a tag without a language, such as "und", the base is a guess.
		base, confidence := tag.Base()
		if confidence == language.Exact && slices.Contains(offered, base.String()) {
			return base.String()
		}
	}

	return fallback
}
