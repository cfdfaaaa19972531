package rules

import (
	"strings"
	"unicode"

	"github.com/mtibben/confusables"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxFoldedName is how many characters a folded name has at most, so that an index can hold it. A compatibility
// character can unfold into 18 others; no honest name is as long.
const maxFoldedName = 600

// FoldName returns the form in which names are compared: two names that look alike have the same one. It is for
// comparison only, and never shown. It drops white space, punctuation and marks on letters, and takes letters and
// digits that look alike for one another (Unicode Technical Standard 39, section 4), in any case. I, l and 1
// are one letter there, and so are O and 0. Legal suffixes stay, and so do "&", "+" and signs of currencies.
func FoldName(name string) string {
	folded := unfold(name)
	folded = fold(folded)
	// A second time: a capital may look like nothing else when its small letter does, and the other way round.
	folded = fold(folded)

	if folded == "" {
		// Such a name is compared as it is.
		folded = strings.Join(strings.Fields(norm.NFKC.String(name)), " ")
	}

	return firstRunes(folded, maxFoldedName)
}

// unfold replaces letters in boxes and circles that have no decomposition in Unicode, and drops the signs of a trade
// mark that would decompose into letters.
func unfold(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '™' || r == '℠':
			return -1
		case r >= '🅐' && r <= '🅩':
			return r - '🅐' + 'a'
		case r >= '🅰' && r <= '🆉':
			return r - '🅰' + 'a'
		case r >= '🇦' && r <= '🇿':
			return r - '🇦' + 'a'
		default:
			return r
		}
	}, name)
}

// fold maps a name to the letters and digits that it looks like.
func fold(name string) string {
	name = confusables.Skeleton(essence(name))
	name = cases.Fold().String(essence(name))

	return strings.Map(plainLetter, name)
}

// essence returns the letters, digits and meaningful signs of a name, decomposed, without marks.
func essence(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '&' || r == '|' || unicode.In(r, unicode.L, unicode.N, unicode.Sm, unicode.Sc):
			return r
		case unicode.In(r, unicode.Mc): // the vowels of many scripts
			return r
		default:
			return -1
		}
	}, norm.NFKD.String(name))
}

// smallCapitals are letters in the form of small capitals, and the letters that they are. Unicode's data says of some
// letters of other scripts that they look like one of these.
var smallCapitals = map[rune]rune{
	'ᴀ': 'a',
	'ʙ': 'b',
	'ᴄ': 'c',
	'ᴅ': 'd',
	'ᴇ': 'e',
	'ꜰ': 'f',
	'ɢ': 'g',
	'ʜ': 'h',
	'ɪ': 'l',
	'ᴊ': 'j',
	'ᴋ': 'k',
	'ĸ': 'k',
	'ʟ': 'l',
	'ᴍ': 'm',
	'ʍ': 'm',
	'ɴ': 'n',
	'ᴏ': 'o',
	'ᴘ': 'p',
	'ꞯ': 'q',
	'ʀ': 'r',
	'ꜱ': 's',
	'ᴛ': 't',
	'ᴜ': 'u',
	'ᴠ': 'v',
	'ᴡ': 'w',
	'ʏ': 'y',
	'ᴢ': 'z',
}

// plainLetter maps a small capital to its letter, and every letter and digit that looks like a vertical stroke to l.
func plainLetter(r rune) rune {
	switch r {
	case 'i', 'ı', '1', '|':
		return 'l'
	case '0':
		return 'o'
	}

	if letter, ok := smallCapitals[r]; ok {
		return letter
	}

	return r
}

// firstRunes returns at most the first characters of a text.
func firstRunes(text string, most int) string {
	count := 0
	for i := range text {
		if count++; count > most {
			return text[:i]
		}
	}

	return text
}
