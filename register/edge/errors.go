package edge

import (
	"log/slog"
	"strings"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/api"
	"central.consent/dar/register/id"
)

// SendError is the one place that turns an error into a response: of the API, of a page, or in plain text.
func SendError(service *api.API, pages *id.Pages, logger *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		web.EntryOf(c).Err = err
		if c.Response().Committed {
			return
		}

		status, refusals := api.Refuse(c, err)
		if isMisdirected(err) && !strings.HasPrefix(c.Request().URL.Path, api.BasePath+"/") {
			if failure := sendMisdirected(c); failure != nil {
				logger.ErrorContext(c.Request().Context(), "send a refusal of a host", slog.Any("error", failure))
			}

			return
		}
		if id.Matches(c.Request().URL.Path) {
			pages.SendError(c, err, status, refusals[0])

			return
		}

		service.SendRefusals(c, status, refusals)
	}
}
