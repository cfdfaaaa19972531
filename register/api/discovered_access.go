package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// submitDiscoveredAccess is POST /discovered-access.
func (a *API) submitDiscoveredAccess(c echo.Context, in registerclient.DiscoveredAccess) error {
	sighting, err := a.rules.PrepareSighting(in)
	if err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		ak, created, err := a.rules.ReportSighting(ctx, tx, caller(c).AccountID, sighting)
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{Status: createdOrOK(created), Body: registerclient.SubmitDiscoveredAccessResponse{
			Response: a.metadata(c), AK: ak, State: registerclient.StateDiscovered,
		}}, nil
	})
}

// createdOrOK returns the status of a report: 201 for the first, 200 for a repeated one.
func createdOrOK(created bool) int {
	if created {
		return http.StatusCreated
	}

	return http.StatusOK
}
