package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// RefuseOptions is middleware that refuses OPTIONS with 405 and Allow, like any other method that a route does not
// take. Echo itself would return 204. OPTIONS asks whether another site may call, and none may.
func RefuseOptions(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		allowed, ok := c.Get(echo.ContextKeyHeaderAllow).(string)
		if !ok {
			return next(c)
		}

		c.Set(echo.ContextKeyHeaderAllow, strings.TrimPrefix(allowed, "OPTIONS, "))
		if c.Request().Method == http.MethodOptions {
			return echo.MethodNotAllowedHandler(c)
		}

		return next(c)
	}
}
