package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// reportTenancyChange is POST /cot-events.
func (a *API) reportTenancyChange(c echo.Context, in registerclient.ChangeOfTenancyRequest) error {
	change, err := a.rules.PrepareTenancyChange(caller(c).AccountID, in)
	if err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		report, err := a.rules.ReportTenancyChange(ctx, tx, change)
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{Status: createdOrOK(report.Created), Body: registerclient.ChangeOfTenancyResponse{
			Response:              a.metadata(c),
			MPxN:                  report.MPxN,
			EffectiveDate:         in.EffectiveDate,
			SourceReference:       in.SourceReference,
			ActiveRecordsAffected: report.Affected,
			DataUsersNotified:     report.Notified,
		}}, nil
	})
}

// listTenancyChanges is GET /admin/cot-events.
func (a *API) listTenancyChanges(c echo.Context) (any, error) {
	mpxn, err := rules.ParseMPxN("mpxn", c.QueryParam("mpxn"))
	if err != nil {
		return nil, err
	}

	changes, err := a.rules.ListTenancyChanges(c.Request().Context(), caller(c).AccountID, mpxn)
	if err != nil {
		return nil, err
	}

	return registerclient.ListChangesOfTenancyResponse{
		Response: a.metadata(c), ChangesOfTenancy: changes,
	}, nil
}

// withdrawTenancyChange is POST /admin/cot-events/{cot}/withdraw.
func (a *API) withdrawTenancyChange(c echo.Context) error {
	return a.decideTenancyChange(c, a.rules.WithdrawTenancyChange)
}

// upholdTenancyChange is POST /admin/cot-events/{cot}/uphold.
func (a *API) upholdTenancyChange(c echo.Context) error {
	return a.decideTenancyChange(c, a.rules.UpholdTenancyChange)
}

// decideTenancyChange is an administrator's decision about a report. The responses to both decisions are alike.
func (a *API) decideTenancyChange(
	c echo.Context,
	decide func(ctx context.Context, tx *store.Tx, by, cot string) (registerclient.ChangeOfTenancy, error),
) error {
	cot := c.Param("cot")
	if err := rules.CheckTenancyChangeKey(cot); err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		change, err := decide(ctx, tx, caller(c).AccountID, cot)
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{Status: http.StatusOK, Body: registerclient.WithdrawChangeOfTenancyResponse{
			Response: a.metadata(c), ChangeOfTenancy: change,
		}}, nil
	})
}
