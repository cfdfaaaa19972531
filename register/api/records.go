package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// createAccessRecord is POST /access-records.
func (a *API) createAccessRecord(c echo.Context, in registerclient.AccessRecord) error {
	record, err := a.rules.PrepareAccessRecord(in)
	if err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		token, err := a.rules.RegisterAccess(ctx, tx, caller(c), record)
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{
			Status:   http.StatusCreated,
			Location: BasePath + "/access-records/" + token.Key,
			Body:     registerclient.RegisterAccessResponse{Response: a.metadata(c), AccessToken: token},
		}, nil
	})
}

// replaceAccessRecord is PUT /access-records/{ak}.
func (a *API) replaceAccessRecord(c echo.Context, in registerclient.AccessRecord) error {
	token, err := a.rules.ReplaceAccess(c.Request().Context(), caller(c).AccountID, c.Param("ak"), in)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.RegisterAccessResponse{Response: a.metadata(c), AccessToken: token})
}

// verifyAccessRecord is GET /access-records/{ak}.
func (a *API) verifyAccessRecord(c echo.Context) error {
	verified, err := a.rules.VerifyAccess(c.Request().Context(), c.Param("ak"))
	if err != nil {
		return err
	}
	if verified.Sighting != nil {
		return a.sendVerifiedSighting(c, *verified.Sighting)
	}

	return c.JSON(http.StatusOK, registerclient.VerifyAccessResponse{
		Response:       a.metadata(c),
		AccessRecord:   verified.Record,
		DUID:           verified.DUID,
		DataUserStatus: verified.DataUserStatus,
	})
}

// sendVerifiedSighting sends a sighting in the shape of an access record: the members that it does not have are null.
func (a *API) sendVerifiedSighting(c echo.Context, sighting rules.VerifiedSighting) error {
	return c.JSON(http.StatusOK, map[string]any{
		"response": a.metadata(c),
		"access-record": map[string]any{
			"record-metadata": map[string]any{
				"schema-version":         sighting.SchemaVersion,
				"record-identifier":      sighting.AK,
				"created-at":             sighting.CreatedAt,
				"controller-arrangement": nil,
				"identity-record-ref":    nil,
			},
			"notice":     nil,
			"processing": nil,
			"access-event": map[string]any{
				"state":         registerclient.StateDiscovered,
				"registered-at": nil,
				"expiry":        nil,
			},
		},
		"duid":             nil,
		"data-user-status": nil,
	})
}
