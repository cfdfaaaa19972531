package handlers

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/views/i18n"
)

// languageTime is how long a browser remembers the language that was chosen.
const languageTime = 365 * 24 * time.Hour

const printerKey = "printer"

// printer returns the texts in the language of the request.
func printer(c echo.Context) *i18n.Printer { return c.Get(printerKey).(*i18n.Printer) }

// setLanguage takes the language from the parameter lang, which it remembers, or else from the cookie that remembers
// it, or else from what the browser prefers. If an operator puts Welsh first, the browser's preference does not count:
// browsers say English on nearly every machine, also if its owner speaks Welsh.
func (p *portal) setLanguage(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		asked := c.QueryParam("lang")
		if c.Request().Method == http.MethodGet && slices.Contains(p.languages, asked) {
			p.switchLanguage(c, asked)
			return next(c)
		}

		lang := p.languages[0]
		if remembered, _ := p.cookie(c, languageCookie); slices.Contains(p.languages, remembered) {
			lang = remembered
		} else if lang == i18n.Languages()[0] {
			lang = web.PreferredLanguage(c.Request().Header.Get("Accept-Language"), p.languages, lang)
		}

		c.Set(printerKey, i18n.For(lang))

		return next(c)
	}
}

// switchLanguage uses a language from now on, and remembers it.
func (p *portal) switchLanguage(c echo.Context, lang string) {
	p.setCookie(c, languageCookie, lang, languageTime)
	c.Set(printerKey, i18n.For(lang))
}
