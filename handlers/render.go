package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/views"
)

// refreshMargin is how many seconds after the end of a session a browser without scripts asks for the list again: it
// then gets a page without it. With scripts portal.js takes the list off the screen.
const refreshMargin = 5

// page returns what every page needs. V is nil if there is no session.
func (p *portal) page(c echo.Context, v *visit) views.Page {
	text := printer(c)
	page := views.Page{
		Text:          text,
		Brand:         p.Brand.In(text.Lang()),
		Base:          p.Base,
		Demonstration: p.Demonstration,
		Inbox:         p.Inbox,
		Answers:       c.Request().Method == http.MethodPost,
	}
	p.kind.mark(c, p, &page)
	if !page.Answers {
		page.Path = c.Request().URL.Path
		page.Query = pageQuery(c)
	}

	if v == nil {
		return page
	}

	now := p.Clock()
	page.FormToken = v.FormToken
	page.IdleMinutes = int(idleTime / time.Minute)
	if v.isPending() {
		page.IdleMinutes = int(v.idleEnd(now).Sub(now) / time.Minute)
	}
	if v.Opened {
		page.SignedIn = true
		page.SignOutAt = v.EndsAt
		page.SessionSeconds = secondsUntil(now, v.EndsAt)
		page.Refresh = &views.Refresh{
			Seconds: secondsUntil(now, v.idleEnd(now)) + refreshMargin,
			URL:     p.Base + "/records",
		}
	}

	return page
}

// pageQuery returns the part of the query that belongs to the page and stays when the language changes, encoded.
func pageQuery(c echo.Context) string {
	values := readFilter(c).Values()
	for _, name := range []string{"record", "number", "letter", pauseQuery} {
		if given, ok := c.QueryParams()[name]; ok {
			values[name] = given
		}
	}

	return values.Encode()
}

// secondsUntil returns the whole seconds from now until then, and at least 0.
func secondsUntil(now, then time.Time) int { return max(0, int(then.Sub(now)/time.Second)) }
