package operators

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// checkContact checks how customers get help: by one way at least.
func (c *checker) checkContact(e *entry, b *views.Brand) {
	if b.ContactURL = c.optional("contact-url", e.ContactURL); b.ContactURL != "" {
		if _, ok := parseLink(b.ContactURL); !ok {
			c.refuse("contact-url", "is not an https address such as https://www.example.org/contact")
		}
	}
	if b.Phone = c.optional("phone", e.Phone); b.Phone != "" && !isPhone(b.Phone) {
		c.refuse("phone", "is not a telephone number such as 0800 000 0000")
	}
	if b.Email = c.optional("email", e.Email); b.Email != "" && !isEmail(b.Email) {
		c.refuse("email", "is not an e-mail address such as help@example.org")
	}

	if !e.ContactURL.given && !e.Phone.given && !e.Email.given {
		c.refuse("contact-url", "is missing, and so are phone and email: customers need a way to get help")
	}
}

func isPhone(text string) bool {
	return strings.Trim(text, "0123456789+() -") == "" && strings.ContainsAny(text, "0123456789") && len(text) <= 30
}

func isEmail(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text && len(text) <= 254 && !strings.ContainsAny(text, `"?&%#`)
}

// checkHelp checks the operator's own pages that help customers, each with its text in every offered language.
func (c *checker) checkHelp(e *entry, b *views.Brand) {
	if e.helpErr != nil {
		c.refuse("help", notTables)
		return
	}
	if len(e.help) > maxHelp {
		c.refuse("help", "has %d links, and may have at most %d", len(e.help), maxHelp)
		return
	}

	for i, h := range e.help {
		s := c.below(fmt.Sprintf("help[%d].", i+1))
		link := views.HelpLink{URL: s.required("url", h.URL), Text: map[string]string{}}
		if _, ok := parseLink(link.URL); link.URL != "" && !ok {
			s.refuse("url", "is not an https address such as https://www.example.org/energy")
		}

		for _, lang := range i18n.Languages() {
			if slices.Contains(b.Offered(), lang) {
				link.Text[lang] = s.name(lang, s.required(lang, h.text(lang)))
			} else {
				s.optional(lang, h.text(lang))
			}
		}

		b.Help = append(b.Help, link)
	}
}
