package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/static"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// scriptTime is how long browsers keep embed.js. Its address is written into other sites' pages and never changes, so
// a correction must reach them soon.
const scriptTime = 10 * time.Minute

// leaveWindow sends a browser that opens an embedded page outside a frame to the portal's own start. An old browser,
// which sends no Sec-Fetch-Dest, gets the page: it can do no more there.
func (p *portal) leaveWindow(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "document" {
			return c.Redirect(http.StatusSeeOther, p.ownBase)
		}

		return next(c)
	}
}

// tryCookie sets a first cookie. The first form then shows whether the browser keeps cookies in this frame.
func (p *portal) tryCookie(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, ok := p.cookie(c, languageCookie); !ok {
			p.switchLanguage(c, printer(c).Lang())
		}

		return next(c)
	}
}

// needCookie leads out of a frame in which the browser keeps no cookies, and so no visit.
func (p *portal) needCookie(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, ok := p.cookie(c, languageCookie); !ok {
			return web.Render(c, http.StatusOK, views.NoCookies(views.NoCookiesPage{Page: p.page(c, nil)}))
		}

		return next(c)
	}
}

// newEmbedScript returns embed.js with its words in the languages of the operator, first the operator's own choice.
func newEmbedScript(brand views.Brand, languages []string) ([]byte, error) {
	type frameWords struct {
		Link  string `json:"link"`
		Title string `json:"title"`
	}

	words := map[string]frameWords{}
	for _, lang := range languages {
		text := i18n.For(lang)
		name := brand.In(lang).Name
		words[lang] = frameWords{
			Link:  text.T("embed.link", "Brand", name),
			Title: text.T("embed.frame-title", "Brand", name),
		}
	}

	settings, err := json.Marshal(map[string]any{"words": words, "first": languages[0]})
	if err != nil {
		return nil, fmt.Errorf("write the settings of embed.js: %w", err)
	}

	return bytes.Replace(static.Source("embed.js"), []byte("SETTINGS"), settings, 1), nil
}

// showEmbedScript serves the script that an operator's page includes from another origin.
func (p *portal) showEmbedScript(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(scriptTime.Seconds())))

	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", p.embedScript)
}
