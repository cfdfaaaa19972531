package api

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// requestTimeout bounds the work for one request, other than an import.
	requestTimeout = 10 * time.Second
	// importTimeout bounds one import over HTTP.
	importTimeout = 10 * time.Minute
)

// LimitTime is middleware that gives each request a deadline.
func LimitTime(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		timeout := requestTimeout
		if IsImport(c) {
			timeout = importTimeout
		}

		ctx, cancel := context.WithTimeout(c.Request().Context(), timeout)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))

		return next(c)
	}
}
