package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// readStats is GET /admin/stats.
func (a *API) readStats(c echo.Context) error {
	stats, err := a.rules.Statistics(c.Request().Context())
	if err != nil {
		return err
	}

	stats.Response = a.metadata(c)

	return c.JSON(http.StatusOK, stats)
}

// readAudit is GET /admin/audit.
func (a *API) readAudit(c echo.Context) error {
	query := rules.AuditQuery{
		AccountID: queryParameter(c, "account_id"),
		EventType: queryParameter(c, "event_type"),
		AK:        queryParameter(c, "ak"),
		MPxN:      queryParameter(c, "mpxn"),
	}
	if err := query.Check(); err != nil {
		return err
	}

	page, err := readPage(c, rowsPerPage)
	if err != nil {
		return err
	}

	events, next, total, err := a.rules.ReadAudit(c.Request().Context(), caller(c).AccountID, query, page)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.AuditResponse{
		Response:       a.metadata(c),
		Events:         events,
		Total:          total.Rows,
		TotalIsAtLeast: total.AtLeast,
		NextCursor:     encodeCursor(next),
	})
}
