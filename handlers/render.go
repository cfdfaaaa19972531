package handlers

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// render draws a page into memory before it writes anything, so that a page which fails halfway becomes a
// whole error page.
func render(c echo.Context, status int, page templ.Component) error {
	var html bytes.Buffer
	if err := page.Render(c.Request().Context(), &html); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return c.HTMLBlob(status, html.Bytes())
}

// page is what every page needs. V is nil where there is no session.
func (p *portal) page(c echo.Context, v *visit) views.Page {
	text := c.Get(printerKey).(*i18n.Printer)
	page := views.Page{
		Text:          text,
		Brand:         p.Brand.In(text.Lang()),
		Base:          base(c),
		Demonstration: p.Demonstration,
		Inbox:         p.Inbox,
	}
	if p.part == partAdviser && p.isAdviser(c) {
		page.Adviser, page.Text = true, text.ForAdviser()
	}
	if p.part == partEmbed {
		page.Framed = &views.Framed{Own: p.own, Origins: p.FramingOrigins}
	}

	page.Answers = c.Request().Method == http.MethodPost
	if !page.Answers {
		page.Path, page.Query = c.Request().URL.Path, carried(c)
	}
	if v == nil {
		return page
	}

	page.FormToken = v.FormToken
	page.IdleMinutes = int(idleTime / time.Minute)
	if v.Opened {
		page.SignedIn = true
		page.SignOutAt = v.EndsAt
		page.SessionSeconds = secondsUntil(p.Clock(), v.EndsAt)
	}

	return page
}

// carried is the part of an address that belongs to the page and stays when the language changes.
func carried(c echo.Context) string {
	values := readFilter(c).Values()
	for _, name := range []string{"record", "number"} {
		if given, ok := c.QueryParams()[name]; ok {
			values[name] = given
		}
	}

	return values.Encode()
}

// secondsUntil is never below 0.
func secondsUntil(now, then time.Time) int { return max(0, int(then.Sub(now)/time.Second)) }

const printerKey = "printer"

func matcherOf(languages []string) language.Matcher {
	tags := make([]language.Tag, len(languages))
	for i, lang := range languages {
		tags[i] = language.Make(lang)
	}
	return language.NewMatcher(tags)
}

// setLanguage takes the language from ?lang, which it remembers, or the cookie that remembers it, or what
// the browser prefers. An operator that puts Welsh first is not outvoted by browsers, which say English on nearly
// every machine, whatever its owner speaks.
func (p *portal) setLanguage(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		var remembered string
		if cookie, err := r.Cookie(p.cookieName("lang")); err == nil {
			remembered = cookie.Value
		}

		asked := c.QueryParam("lang")
		lang := p.languages[0]
		switch {
		case slices.Contains(p.languages, asked) && r.Method == http.MethodGet:
			p.switchLanguage(c, asked)
			return next(c)
		case slices.Contains(p.languages, remembered):
			lang = remembered
		case lang == i18n.Languages()[0]:
			_, i, _ := p.matcher.Match(parseAcceptLanguage(r.Header.Get("Accept-Language"))...)
			lang = p.languages[i]
		}

		c.Set(printerKey, i18n.For(lang))
		return next(c)
	}
}

// switchLanguage takes a language from here on, and remembers it.
func (p *portal) switchLanguage(c echo.Context, lang string) {
	p.setCookie(c, "lang", lang, 365*24*time.Hour)
	c.Set(printerKey, i18n.For(lang))
}

// parseAcceptLanguage gives nothing for a header that cannot be read: the default language then matches.
func parseAcceptLanguage(header string) []language.Tag {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return nil
	}
	return tags
}

// setCookie sets a cookie for as long as life; a negative one deletes it.
func (p *portal) setCookie(c echo.Context, name, value string, life time.Duration) {
	o := p.cookieOptions()
	c.SetCookie(&http.Cookie{
		Name: p.cookieName(name), Value: value, Path: o.Path, MaxAge: int(life.Seconds()),
		HttpOnly: o.HttpOnly, Secure: o.Secure, SameSite: o.SameSite, Partitioned: o.Partitioned,
	})
}

// cookieOptions are those of every cookie. Those of the embedded pages go along into somebody's frame, and are kept apart
// for each site that frames them, so that they tell no site of a visit at another (CHIPS, draft-cutler-httpbis-partitioned-
// cookies). Browsers want Secure for that, and take it from a loopback address too.
func (o Options) cookieOptions() sessions.Options {
	options := sessions.Options{Path: "/", HttpOnly: true, Secure: o.Secure, SameSite: http.SameSiteLaxMode}
	if o.part == partEmbed {
		options.Secure, options.SameSite, options.Partitioned = true, http.SameSiteNoneMode, true
	}
	return options
}

// cookieName has the prefix that makes browsers refuse the cookie from anywhere but this very host by https
// (RFC 6265bis, 4.1.3.2). Such a cookie goes to every path, so operators that share a host each have names of their
// own: a customer of two of them keeps both visits.
func (o Options) cookieName(name string) string {
	if cmp.Or(o.own, o.Base, DefaultBase) != DefaultBase {
		name += "_" + o.Operator
	}
	if o.part != "" {
		name = o.part + "_" + name
	}
	if o.Secure {
		return "__Host-" + name
	}

	return name
}
