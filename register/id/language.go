package id

import (
	"slices"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/views/i18n"
)

// languageOf returns the language of a page: the one that the customer chose here, else the one of the challenge, else
// the one that the browser prefers.
func (p *Pages) languageOf(c echo.Context, challenge string) string {
	languages := i18n.Languages()
	if chosen := c.QueryParam("lang"); slices.Contains(languages, chosen) {
		p.keepLanguage(c, chosen)

		return chosen
	}
	if cookie, err := c.Cookie(
		web.CookieName(languageCookie, p.secure),
	); err == nil &&
		slices.Contains(languages, cookie.Value) {
		return cookie.Value
	}
	if challenge != "" {
		return challenge
	}

	return web.PreferredLanguage(c.Request().Header.Get("Accept-Language"), languages, languages[0])
}

// page returns what every page needs. challenge is the language of the challenge, if one is known. path is the address
// of the page.
func (p *Pages) page(c echo.Context, challenge, path string) Page {
	language := p.languageOf(c, challenge)
	other := i18n.Languages()[0]
	if other == language {
		other = i18n.Languages()[1]
	}

	return Page{
		Text:          i18n.For(language),
		Other:         i18n.For(other),
		OtherHref:     path + "?lang=" + other,
		Demonstration: p.demonstration,
	}
}
