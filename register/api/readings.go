package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"unicode/utf8"

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
	if len(c.Request().Header.Values(rules.HeaderAdviser)) > 0 {
		return rules.Invalid(rules.HeaderAdviser, "is for portals only.")
	}

	return nil
}

// withAdviser returns the context of a portal's request with the name of the adviser that its header gives, in UTF-8
// and percent-encoded.
func withAdviser(c echo.Context) (context.Context, error) {
	ctx := c.Request().Context()
	given := c.Request().Header.Values(rules.HeaderAdviser)
	if len(given) == 0 {
		return ctx, nil
	}

	name, err := url.PathUnescape(given[0])
	if err != nil || len(given) > 1 || !utf8.ValidString(name) {
		return ctx, rules.Invalid(rules.HeaderAdviser, "must be given once, in UTF-8 and percent-encoded.")
	}

	return rules.WithAdviser(ctx, name)
}

// listReadings is GET /meter-points/{mpxn}/readings: who looked at the records of a household, for its customer.
func (a *API) listReadings(c echo.Context) error {
	mpxn, err := rules.ParseMPxN("mpxn", c.Param("mpxn"))
	if err != nil {
		return err
	}

	page, err := readPage(c, rowsPerPage)
	if err != nil {
		return err
	}

	ctx, err := withAdviser(c)
	if err != nil {
		return err
	}

	readings, next, err := a.rules.ListReadings(ctx, rules.ReadingsQuery{
		AccountID: caller(c).AccountID,
		MPxN:      mpxn,
		Token:     c.QueryParam(queryToken),
		Kind:      (*registerclient.ReadingKind)(queryParameter(c, "kind")),
	}, page)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.ReadingsResponse{
		Response: a.metadata(c), MPxN: mpxn, Readings: readings, NextCursor: encodeCursor(next),
	})
}

// listAccessRecords is GET /meter-points/{mpxn}/access-records: a Data User's own records in pages, or for a portal
// all records at once.
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

	return a.listForCustomer(c, mpxn, filter)
}

// listForCustomer shows a portal the list of the customer of its token. A portal that lost the response gets it again
// by the key of the reading.
func (a *API) listForCustomer(c echo.Context, mpxn string, filter rules.RecordFilter) error {
	ctx, err := withAdviser(c)
	if err != nil {
		return err
	}

	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}

	responseOf := func(list rules.CustomerList) registerclient.ListAccessRecordsResponse {
		return registerclient.ListAccessRecordsResponse{
			Response:      a.metadata(c),
			MPxN:          mpxn,
			AccessRecords: list.Records,
			LeftOut:       list.LeftOut,
			ContactsURL:   a.rules.ContactsPage(),
		}
	}
	if key == "" {
		list, err := a.rules.ReadWithToken(ctx, caller(c).AccountID, mpxn, filter, c.QueryParam(queryToken))
		if err != nil {
			return err
		}

		return c.JSON(http.StatusOK, responseOf(list))
	}

	reading, err := a.rules.ReadWithKey(ctx, rules.KeyedReading{
		AccountID:   caller(c).AccountID,
		MPxN:        mpxn,
		Token:       c.QueryParam(queryToken),
		Filter:      filter,
		Key:         key,
		RequestHash: readingHash(c),
		Encode:      func(list rules.CustomerList) ([]byte, error) { return json.Marshal(responseOf(list)) },
	})
	if err != nil {
		return err
	}
	if reading.Repeated {
		c.Response().Header().Set(headerReplayed, "true")
	}

	return sendJSON(c, http.StatusOK, reading.Body)
}

// readingHash distinguishes readings by path and query, in any order of the parameters.
func readingHash(c echo.Context) []byte {
	sum := sha256.Sum256([]byte(c.Request().URL.Path + "\n" + c.QueryParams().Encode()))

	return sum[:]
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
	filter, err := a.rules.ParseOwnRecordsQuery(rules.OwnRecordsQuery{
		State:               queryParameter(c, "state"),
		LegalBasis:          queryParameter(c, "legal-basis"),
		MPxN:                queryParameter(c, "mpxn"),
		ControllerReference: queryParameter(c, "controller-reference"),
		ChangedSince:        queryParameter(c, "changed-since"),
	})
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
		Response:       a.metadata(c),
		Records:        records.Records,
		Total:          records.Total.Rows,
		TotalIsAtLeast: records.Total.AtLeast,
		NextCursor:     encodeCursor(records.Last),
		ChangedThrough: records.ChangedThrough,
	})
}
