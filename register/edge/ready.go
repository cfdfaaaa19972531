package edge

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/store"
)

// The paths for what watches the process, which may come for any host.
const (
	PathHealthy = "/healthz"
	PathReady   = "/readyz"
)

// readyTime bounds the readiness check of the database.
const readyTime = 2 * time.Second

// CheckReady is GET /readyz: whether requests may be sent here. GET /healthz says only that the process lives.
func CheckReady(s *store.Store, logger *slog.Logger) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), readyTime)
		defer cancel()

		if err := s.Ready(ctx); err != nil {
			logger.WarnContext(ctx, "not ready", slog.Any("error", err))

			return c.String(
				http.StatusServiceUnavailable, "The database does not answer, or its schema is not up to date.\n")
		}

		return c.String(http.StatusOK, "ready\n")
	}
}
