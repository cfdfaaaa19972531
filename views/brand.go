package views

import "central.consent/dar/views/i18n"

// Brand is the operator's look and contacts. It is data alone: the names of files that the portal made itself, and
// words. The zero value is the product's own look.
type Brand struct {
	// Name is the operator's, as customers know it; WelshName is the same in Welsh, and empty where it is the same.
	Name, WelshName string
	// ContactURL, Phone and Email are where a customer gets help; all but one may be empty.
	ContactURL string
	Phone      string
	Email      string
	// Help are the operator's own pages that may help, shown at the foot of every page.
	Help []HelpLink
	// Languages are those that are offered, the first choice first; empty for all, English first.
	Languages []string

	// Sheet and Icon are hashed names of the operator's style sheet of colours and its icon; empty for ours.
	Sheet, Icon string
	// Logo stands in the place of our mark; nil for none. DarkLogo is for dark colours; where it is nil Logo stands on
	// white there.
	Logo, DarkLogo *Image
	// LogoSaysName says that the name can be read in the logo, and need not stand beside it.
	LogoSaysName bool
}

// HelpLink is a page of the operator. Text is what it is called, by language.
type HelpLink struct {
	URL  string
	Text map[string]string
}

// Image is a picture. URL is its hashed name; Width and Height are in its own pixels.
type Image struct {
	URL           string
	Width, Height int
}

// In is the brand as it is named in a language.
func (b Brand) In(lang string) Brand {
	if lang == "cy" && b.WelshName != "" {
		b.Name = b.WelshName
	}
	return b
}

// Offered are the languages that the brand offers, its first choice first.
func (b Brand) Offered() []string {
	if len(b.Languages) == 0 {
		return i18n.Languages()
	}
	return b.Languages
}
