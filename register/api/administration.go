package api

import (
	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// readStats is GET /admin/stats.
func (a *API) readStats(c echo.Context) (any, error) {
	stats, err := a.rules.Statistics(c.Request().Context())
	if err != nil {
		return nil, err
	}

	stats.Response = a.metadata(c)

	return stats, nil
}

// readAudit is GET /admin/audit.
func (a *API) readAudit(c echo.Context) (any, error) {
	query := rules.AuditQuery{
		AccountID: queryParameter(c, "account_id"),
		EventType: queryParameter(c, "event_type"),
		AK:        queryParameter(c, "ak"),
		MPxN:      queryParameter(c, "mpxn"),
	}
	if err := query.Check(); err != nil {
		return nil, err
	}

	page, err := readPage(c, rowsPerPage)
	if err != nil {
		return nil, err
	}

	events, next, total, err := a.rules.ReadAudit(c.Request().Context(), caller(c).AccountID, query, page)
	if err != nil {
		return nil, err
	}

	return registerclient.AuditResponse{
		Response:       a.metadata(c),
		Events:         events,
		Total:          total.Rows,
		TotalIsAtLeast: total.AtLeast,
		NextCursor:     encodeCursor(next),
	}, nil
}
