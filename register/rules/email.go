package rules

import (
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// normalEmail returns the normal form of an e-mail address, in which it is stored, looked up and written to: in lower
// case and composed (NFC), with the domain in ASCII. Case is ignored, because in practice no two mailboxes differ by
// case alone. The local part is in lower case and not case-folded: folding makes one address of straße and strasse,
// which are two mailboxes.
//
// A domain that is no valid host name, such as an address literal, is only put into lower case.
func normalEmail(address string) string {
	composed := norm.NFC.String(address)
	at := strings.LastIndexByte(composed, '@')
	local := composed[:max(at, 0)]
	domain := composed[at+1:]

	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		ascii = lowerCase(domain)
	}
	if at < 0 {
		return ascii
	}

	return lowerCase(local) + "@" + ascii
}

// lowerCase returns text in lower case, composed. A Caser has a state, so it is not shared.
func lowerCase(text string) string {
	return norm.NFC.String(cases.Lower(language.Und).String(text))
}

// formerEmails returns the forms in which older programs hashed an address that are not its normal form: as it was
// given, in lower case, with the domain in ASCII or in Unicode. It is empty for nearly all addresses.
func formerEmails(address string) []string {
	normal := normalEmail(address)

	var former []string
	for _, form := range []string{strings.ToLower(address), readableEmail(normal)} {
		if form != normal && !slices.Contains(former, form) {
			former = append(former, form)
		}
	}

	return former
}

// readableEmail returns an address in its normal form with the domain in the letters that people know it by.
func readableEmail(normal string) string {
	at := strings.LastIndexByte(normal, '@')
	domain, err := idna.Display.ToUnicode(normal[at+1:])
	if err != nil {
		return normal
	}

	return normal[:at+1] + domain
}
