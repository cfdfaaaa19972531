package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// isStatic reports whether a request is for static.Handler, which compresses and caches by itself.
func (p *portal) isStatic(c echo.Context) bool {
	return strings.HasPrefix(c.Request().URL.Path, p.Base+"/static/")
}

// showStatic serves a style sheet, a script or a picture, or the portal's own error page if there is no such file.
func (p *portal) showStatic(c echo.Context) error {
	if !p.files.Exists(c.Param("*")) {
		return echo.ErrNotFound
	}

	http.StripPrefix(p.Base+"/static/", p.files).ServeHTTP(c.Response(), c.Request())

	return nil
}
