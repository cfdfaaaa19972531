package id

import (
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/store"
)

// maxSecret is the length of a secret that a browser may hold, in bytes.
const maxSecret = 100

// letterSecret is the secret of a letter that can be answered. It names no challenge.
const letterSecret store.Secret = "letter"

// letterVisit is how long a browser holds the secret of a letter.
const letterVisit = time.Hour

// cookieNames are the cookies of what a browser holds: of a challenge the link's secret, the session of a passkey page,
// the ticket to enrol a passkey, and the ticket to the page of the customer's own contacts; and the secret of a letter.
var cookieNames = map[store.Secret]string{
	store.LinkSecret:    "dar-link",
	store.SessionSecret: "dar-passkey",
	store.EnrolSecret:   "dar-enrol",
	store.VisitSecret:   "dar-visit",
	letterSecret:        "dar-letter",
}

// keepSecret gives the browser a secret from the address, in a cookie.
func (p *Pages) keepSecret(c echo.Context, kind store.Secret, secret string, life time.Duration) {
	secret = secret[:min(len(secret), maxSecret)]
	if secret == "" {
		p.forgetSecret(c, kind)

		return
	}

	c.SetCookie(web.NewCookie(cookieNames[kind], secret, life, p.secure))
}

// forgetSecret deletes a secret from the browser.
func (p *Pages) forgetSecret(c echo.Context, kind store.Secret) {
	c.SetCookie(web.NewCookie(cookieNames[kind], "", -1, p.secure))
}

// secretOf returns the secret that the browser holds; empty if it holds none.
func (p *Pages) secretOf(c echo.Context, kind store.Secret) string {
	cookie, err := c.Cookie(web.CookieName(cookieNames[kind], p.secure))
	if err != nil || len(cookie.Value) > maxSecret {
		return ""
	}

	return cookie.Value
}

const languageCookie = "dar-language"

// keepLanguage stores the language that the customer chose, until the browser is closed.
func (p *Pages) keepLanguage(c echo.Context, language string) {
	c.SetCookie(web.NewCookie(languageCookie, language, 0, p.secure))
}
