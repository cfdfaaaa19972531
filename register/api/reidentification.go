package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// reidentify is POST /identity-records/reidentify.
func (a *API) reidentify(c echo.Context, in registerclient.ReidentifyRequest) error {
	account := caller(c)
	mpxn, err := a.rules.CheckReidentify(in, account)
	if err != nil {
		return err
	}

	return a.start(c, func(ctx context.Context, tx *store.Tx) (registerclient.ReidentifyResponse, error) {
		return a.rules.Reidentify(ctx, tx, account, mpxn, in)
	})
}

// reidentifyOwn is POST /identity-records/{ir}/re-identify.
func (a *API) reidentifyOwn(c echo.Context, in registerclient.ReidentifyOwnRequest) error {
	account := caller(c)
	if err := a.rules.CheckReidentifyOwn(in, account); err != nil {
		return err
	}

	return a.start(c, func(ctx context.Context, tx *store.Tx) (registerclient.ReidentifyResponse, error) {
		return a.rules.ReidentifyOwn(ctx, tx, account, c.Param("ir"), in)
	})
}

// start counts the start of a challenge towards the account's limit, and makes the change.
func (a *API) start(
	c echo.Context, challenge func(ctx context.Context, tx *store.Tx) (registerclient.ReidentifyResponse, error),
) error {
	if err := a.rules.LimitStart(c.Request().Context(), caller(c).AccountID); err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		started, err := challenge(ctx, tx)
		if err != nil {
			return rules.Response{}, err
		}

		started.Response = a.metadata(c)

		ir, err := a.rules.RecordOfChallenge(ctx, tx, caller(c).AccountID, started)
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{Status: http.StatusOK, Body: started, IR: ir}, nil
	})
}

// reidentificationStatus is GET /identity-records/reidentify/{tokenRef}.
func (a *API) reidentificationStatus(c echo.Context) error {
	status, err := a.rules.ChallengeStatus(c.Request().Context(), caller(c).AccountID, c.Param("tokenRef"))
	if err != nil {
		return err
	}

	status.Response = a.metadata(c)

	return c.JSON(http.StatusOK, status)
}

// ownReidentificationStatus is GET /identity-records/{ir}/re-identify/{tokenRef}.
func (a *API) ownReidentificationStatus(c echo.Context) error {
	status, err := a.rules.OwnChallengeStatus(
		c.Request().Context(), caller(c).AccountID, c.Param("ir"), c.Param("tokenRef"),
	)
	if err != nil {
		return err
	}

	status.Response = a.metadata(c)

	return c.JSON(http.StatusOK, status)
}

// completeReidentification is POST /identity-records/reidentify/{tokenRef}/complete.
func (a *API) completeReidentification(c echo.Context, in registerclient.CompleteReidentificationRequest) error {
	if err := rules.CheckCompletion(in); err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		status, err := a.rules.CompleteChallenge(
			ctx, tx, caller(c).AccountID, c.Param("tokenRef"), in.CompletionCode,
		)
		if err != nil {
			return rules.Response{}, err
		}

		status.Response = a.metadata(c)

		return rules.Response{Status: http.StatusOK, Body: status}, nil
	})
}

// signOut is POST /identity-records/reidentify/{tokenRef}/sign-out.
func (a *API) signOut(c echo.Context) error {
	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		status, err := a.rules.SignOut(ctx, tx, caller(c).AccountID, c.Param("tokenRef"))
		if err != nil {
			return rules.Response{}, err
		}

		status.Response = a.metadata(c)

		return rules.Response{Status: http.StatusOK, Body: status}, nil
	})
}
