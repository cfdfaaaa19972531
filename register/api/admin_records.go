package api

import (
	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// searchRecords is GET /admin/records.
func (a *API) searchRecords(c echo.Context) (any, error) {
	query, err := rules.ParseRecordQuery(queryParameter(c, "q"))
	if err != nil {
		return nil, err
	}

	filter, err := rules.ParseRegisteredFilter(queryParameter(c, "state"), queryParameter(c, "legal-basis"))
	if err != nil {
		return nil, err
	}

	page, err := readPage(c, rowsPerPage)
	if err != nil {
		return nil, err
	}

	records, err := a.rules.SearchRecords(c.Request().Context(), caller(c).AccountID, query, filter, page)
	if err != nil {
		return nil, err
	}

	return registerclient.SearchRecordsResponse{
		Response:       a.metadata(c),
		Records:        records.Records,
		Total:          records.Total.Rows,
		TotalIsAtLeast: records.Total.AtLeast,
		NextCursor:     encodeCursor(records.Last),
	}, nil
}
