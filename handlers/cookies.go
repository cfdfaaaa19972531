package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
)

// Names of cookies, before cookieName completes them.
const (
	sessionCookie  = "portal_session"
	languageCookie = "lang"
	linkCookie     = "portal_link"
	ticketCookie   = "portal_ticket"
	adviserCookie  = "gate"
	knownCookie    = "known"
)

// cookieName returns the whole name of a cookie.
func (p *portal) cookieName(name string) string {
	return web.CookieName(p.bareCookieName(name), p.Secure)
}

// bareCookieName returns the name of a cookie without the prefix __Host-. A cookie with that prefix goes to every path.
// So operators that share a host have cookies with names of their own: a customer of two of them keeps both visits.
func (p *portal) bareCookieName(name string) string {
	if p.ownBase != DefaultBase {
		name += "_" + p.Operator
	}
	return p.kind.cookieName(name)
}

// newCookie returns a cookie of these pages; see web.NewCookie.
func (p *portal) newCookie(name, value string, life time.Duration) *http.Cookie {
	cookie := web.NewCookie(p.bareCookieName(name), value, life, p.Secure)
	p.kind.adaptCookie(cookie)

	return cookie
}

func (p *portal) setCookie(c echo.Context, name, value string, life time.Duration) {
	c.SetCookie(p.newCookie(name, value, life))
}

func (p *portal) deleteCookie(c echo.Context, name string) { c.SetCookie(p.newCookie(name, "", -1)) }

// cookie returns the value of a cookie; false if the browser sent none.
func (p *portal) cookie(c echo.Context, name string) (value string, ok bool) {
	cookie, err := c.Cookie(p.cookieName(name))
	if err != nil {
		return "", false
	}

	return cookie.Value, true
}
