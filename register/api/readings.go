package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// queryToken is the query parameter that holds a re-identification token.
const queryToken = "reidentification-token"

// refuseToken refuses a re-identification token of a Data User, which would have no effect.
func refuseToken(c echo.Context) error {
	if queryParameter(c, queryToken) != nil {
		return rules.Invalid(queryToken, "is for portals only: a Data User's own records need no token.")
	}

	return nil
}

// listAccessRecords is GET /meter-points/{mpxn}/access-records: a Data User's own records in pages, or for a portal all
// records at once.
func (a *API) listAccessRecords(c echo.Context) error {
	mpxn, err := rules.ParseMPxN("mpxn", c.Param("mpxn"))
	if err != nil {
		return err
	}

	filter, err := rules.ParseRecordFilter(queryParameter(c, "state"), queryParameter(c, "legal-basis"))
	if err != nil {
		return err
	}
	if hasRole(c, registerclient.RoleDataUser) {
		return a.listOwnAtMeterPoint(c, mpxn, filter)
	}

	for _, name := range []string{"limit", "cursor"} {
		if queryParameter(c, name) != nil {
			return rules.Invalid(name, "is for Data Users only: a portal reads everything at once.")
		}
	}

	list, err := a.rules.ReadWithToken(
		c.Request().Context(), caller(c).AccountID, mpxn, filter, c.QueryParam(queryToken),
	)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.ListAccessRecordsResponse{
		Response: a.metadata(c), MPxN: mpxn, AccessRecords: list.Records, LeftOut: list.LeftOut,
	})
}

func (a *API) listOwnAtMeterPoint(c echo.Context, mpxn string, filter rules.RecordFilter) error {
	if err := refuseToken(c); err != nil {
		return err
	}

	page, err := readPage(c, recordsPerPage)
	if err != nil {
		return err
	}

	records, err := a.rules.ListOwnAtMeterPoint(c.Request().Context(), caller(c).AccountID, mpxn, filter, page)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.ListAccessRecordsResponse{
		Response:      a.metadata(c),
		MPxN:          mpxn,
		AccessRecords: records.Records,
		NextCursor:    encodeCursor(records.Last),
	})
}

// listOwnRecords is GET /records.
func (a *API) listOwnRecords(c echo.Context) error {
	filter, err := rules.ParseRegisteredFilter(queryParameter(c, "state"), queryParameter(c, "legal-basis"))
	if err != nil {
		return err
	}

	page, err := readPage(c, recordsPerPage)
	if err != nil {
		return err
	}

	records, err := a.rules.ListOwn(c.Request().Context(), caller(c).AccountID, filter, page)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.ListRecordsResponse{
		Response:   a.metadata(c),
		Records:    records.Records,
		Total:      records.Total,
		NextCursor: encodeCursor(records.Last),
	})
}
