package handlers

import (
	"crypto/rand"
	"errors"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
)

// requestIDLength makes an id that can be read out over a telephone: 50 random bits.
const requestIDLength = 10

// logRequests writes one line for each request, and gives the request the id that the register is told too.
func (p *portal) logRequests() echo.MiddlewareFunc {
	return web.LogRequests(web.RequestLog{
		Logger:   p.Logger,
		Clock:    p.Clock,
		Begin:    beginRequest,
		Describe: describeError,
	})
}

func beginRequest(c echo.Context, entry *web.LogEntry) {
	// rand.Text uses letters and digits that are not mistaken for each other.
	entry.RequestID = rand.Text()[:requestIDLength]
	c.Response().Header().Set(echo.HeaderXRequestID, entry.RequestID)
	c.SetRequest(c.Request().WithContext(registerclient.WithRequestID(c.Request().Context(), entry.RequestID)))
}

// describeError returns what the log says about a failed request, which the page does not show: the kind of failure,
// and the text of the error. The text of a *registerclient.Error holds nothing personal. Errors of echo quote the
// request, and their text is left out.
func describeError(_ int, err error) string {
	description := classify(err).kind
	if quotes := (*echo.HTTPError)(nil); errors.As(err, &quotes) {
		return description
	}

	return description + ": " + err.Error()
}
