package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// fromScript reports whether htmx or portal.js sent the request, and not the browser itself.
func fromScript(c echo.Context) bool { return c.Request().Header.Get("HX-Request") != "" }

// redirectScripts turns the redirect after a form into one that a script can see: portal.js then puts that page in the
// place of the form's (docs/decisions.md, What stays in the history).
func redirectScripts(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !fromScript(c) {
			return next(c)
		}

		response := c.Response()
		response.Before(func() {
			if response.Status != http.StatusSeeOther {
				return
			}

			response.Header().Set("HX-Redirect", response.Header().Get(echo.HeaderLocation))
			response.Header().Del(echo.HeaderLocation)
			response.Status = http.StatusOK
		})

		return next(c)
	}
}

// redirectScript makes htmx load a whole page, at a path below the base of these pages.
func (p *portal) redirectScript(c echo.Context, path string) error {
	c.Response().Header().Set("HX-Redirect", p.Base+path)
	return c.NoContent(http.StatusOK)
}
