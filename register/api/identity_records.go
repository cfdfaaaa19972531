package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// createIdentityRecord is POST /identity-records.
func (a *API) createIdentityRecord(c echo.Context, in registerclient.CreateIdentityRecordRequest) error {
	prepared, err := a.rules.PrepareIdentityRecord(in, caller(c))
	if err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		created, err := a.rules.CreateIdentityRecord(ctx, tx, prepared)
		if err != nil {
			return rules.Response{}, err
		}

		created.Response = a.metadata(c)

		return rules.Response{
			Status:   http.StatusCreated,
			Location: BasePath + "/identity-records/" + created.IR,
			Body:     created,
			IR:       created.IR,
		}, nil
	})
}

// lookUpIdentityRecords is GET /identity-records.
func (a *API) lookUpIdentityRecords(c echo.Context) error {
	records, err := a.rules.LookUpIdentityRecords(c.Request().Context(), caller(c).AccountID, rules.IdentityQuery{
		MPxN: queryParameter(c, "mpxn"), Email: queryParameter(c, "email"),
	})
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.LookupIdentityRecordsResponse{
		Response: a.metadata(c), IdentityRecords: records,
	})
}

// readIdentityRecord is GET /identity-records/{ir}.
func (a *API) readIdentityRecord(c echo.Context) error {
	record, err := a.rules.ReadIdentityRecord(c.Request().Context(), caller(c).AccountID, c.Param("ir"))
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.IdentityRecordResponse{
		Response: a.metadata(c), IdentityRecord: record,
	})
}

// updateIdentityRecord is PATCH /identity-records/{ir}.
func (a *API) updateIdentityRecord(c echo.Context, in registerclient.UpdateIdentityRecordRequest) error {
	record, err := a.rules.UpdateIdentityRecord(c.Request().Context(), caller(c).AccountID, c.Param("ir"), in)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.IdentityRecordResponse{
		Response: a.metadata(c), IdentityRecord: record,
	})
}

// identityRecordExists is GET /identity-records/exists.
func (a *API) identityRecordExists(c echo.Context) error {
	mpxn, err := rules.ParseMPxN("mpxn", c.QueryParam("mpxn"))
	if err != nil {
		return err
	}

	ctx := c.Request().Context()
	if err := a.rules.LimitQuestion(ctx, caller(c).AccountID); err != nil {
		return err
	}

	exists, methods, err := a.rules.AvailableMethods(ctx, mpxn)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.IdentityExistsResponse{
		Response: a.metadata(c), MPxN: mpxn, Exists: exists, AvailableMethods: methods,
	})
}

// anonymiseIdentityRecord is DELETE /identity-records/{ir}.
func (a *API) anonymiseIdentityRecord(c echo.Context) error {
	at, err := a.rules.AnonymiseIdentityRecord(c.Request().Context(), caller(c).AccountID, c.Param("ir"))
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.AnonymiseIdentityRecordResponse{
		Response: a.metadata(c), IR: c.Param("ir"), AnonymisedAt: at,
	})
}

// deletePasskey is DELETE /identity-records/{ir}/credentials/{credentialId}.
func (a *API) deletePasskey(c echo.Context) error {
	err := a.rules.RemovePasskey(
		c.Request().Context(), caller(c).AccountID, c.Param("ir"), c.Param("credentialId"),
	)
	if err != nil {
		return err
	}

	return c.NoContent(http.StatusNoContent)
}
