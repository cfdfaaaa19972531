package views

import (
	"strings"

	"central.consent/dar/views/i18n"
)

// Brand is the operator's look and contacts. It is data alone: words, and the names of files that the portal made
// itself. The zero value is the product's own look.
type Brand struct {
	// Name is the operator's name, as customers know it.
	Name string
	// WelshName is the name in Welsh; empty if it is the same.
	WelshName string
	// ContactURL, Phone and Email are ways to get help. Two of the three may be empty.
	ContactURL string
	Phone      string
	Email      string
	// Help are pages of the operator that may help. Every page has them in its footer.
	Help []HelpLink
	// Languages are the languages that the operator offers, the first choice first; empty for all, English first.
	Languages []string

	// Sheet and Icon are the hashed names of the operator's style sheet of colours and its icon; empty for ours.
	Sheet, Icon string
	// Logo stands in the place of our mark; nil for none.
	Logo *Image
	// DarkLogo is for dark colours. If it is nil, Logo stands on white there.
	DarkLogo *Image
	// LogoSaysName says that the name can be read in the logo, and need not stand beside it.
	LogoSaysName bool
}

// HelpLink is a page of the operator.
type HelpLink struct {
	URL string
	// Text is the name of the page, by language.
	Text map[string]string
}

// Image is a picture.
type Image struct {
	// URL is the hashed name of its file.
	URL string
	// Width and Height are in the picture's own pixels.
	Width, Height int
}

// In is the brand with its name in a language.
func (b Brand) In(lang string) Brand {
	if lang == "cy" && b.WelshName != "" {
		b.Name = b.WelshName
	}
	return b
}

// Offered are the languages that the brand offers, the first choice first.
func (b Brand) Offered() []string {
	if len(b.Languages) == 0 {
		return i18n.Languages()
	}
	return b.Languages
}

// namedInHeader says that the name stands beside the logo or the mark.
func (b Brand) namedInHeader() bool { return b.Logo == nil || !b.LogoSaysName }

// phoneURL keeps the digits and a leading plus (RFC 3966).
func (b Brand) phoneURL() string {
	return "tel:" + strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, b.Phone)
}
