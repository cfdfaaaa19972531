package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// createAccount is POST /admin/accounts.
func (a *API) createAccount(c echo.Context, in registerclient.CreateAccountRequest) error {
	prepared, err := a.rules.PrepareAccount(c.Request().Context(), in)
	if err != nil {
		return err
	}

	if err := a.rules.AskForAccount(c.Request().Context(), prepared); err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		account, err := a.rules.CreateAccount(ctx, tx, prepared, caller(c).AccountID)
		if err != nil {
			return rules.Response{}, err
		}

		body := registerclient.CreateAccountResponse{Response: a.metadata(c), Account: account}
		kept := body
		body.SecretKey = prepared.Secret

		return rules.Response{Status: http.StatusCreated, Body: body, Kept: kept}, nil
	})
}

// readSelf is GET /self.
func (a *API) readSelf(c echo.Context) error {
	return a.sendAccount(c, rules.AccountOf(caller(c)))
}

// replaceReturnURLs is PUT /self/return-urls.
func (a *API) replaceReturnURLs(c echo.Context, in registerclient.ReplaceReturnURLsRequest) error {
	if err := a.rules.CheckReturnURLs(in.ReturnURLs); err != nil {
		return err
	}
	if err := a.checkCurrentSecret(c, in.CurrentSecret); err != nil {
		return err
	}

	account, err := a.rules.ReplaceReturnURLs(c.Request().Context(), caller(c), in.ReturnURLs)
	if err != nil {
		return err
	}

	return a.sendAccount(c, account)
}

func (a *API) sendAccount(c echo.Context, account registerclient.Account) error {
	return c.JSON(http.StatusOK, registerclient.AccountResponse{Response: a.metadata(c), Account: account})
}

// rotateSecret is POST /self/rotate-secret. The current secret is not part of the hash that an Idempotency-Key is kept
// with.
func (a *API) rotateSecret(c echo.Context, in registerclient.RotateSecretRequest) error {
	if err := a.checkCurrentSecret(c, in.CurrentSecret); err != nil {
		return err
	}
	c.Set(bodyKey, nil)

	prepared, err := a.rules.PrepareSecret(c.Request().Context())
	if err != nil {
		return err
	}

	id := caller(c).AccountID

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		if err := a.rules.ReplaceSecret(ctx, tx, id, prepared, id); err != nil {
			return rules.Response{}, err
		}

		kept := registerclient.RotateSecretResponse{Response: a.metadata(c)}
		body := kept
		body.SecretKey = prepared.Secret

		return rules.Response{Status: http.StatusOK, Body: body, Kept: kept}, nil
	})
}

// listAccounts is GET /admin/accounts.
func (a *API) listAccounts(c echo.Context) (any, error) {
	accounts, err := a.rules.ListAccounts(c.Request().Context())
	if err != nil {
		return nil, err
	}

	total := store.TotalOf(len(accounts))

	return registerclient.ListAccountsResponse{
		Response:       a.metadata(c),
		Accounts:       accounts,
		Total:          total.Rows,
		TotalIsAtLeast: total.AtLeast,
	}, nil
}

// updateAccount is PATCH /admin/accounts/{accountId}.
func (a *API) updateAccount(c echo.Context, in registerclient.UpdateAccountRequest) error {
	id := c.Param("accountId")
	if err := a.rules.CheckAccountChange(id, in); err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		account, err := a.rules.UpdateAccount(ctx, tx, id, in, caller(c).AccountID)
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{Status: http.StatusOK, Body: registerclient.AccountResponse{
			Response: a.metadata(c), Account: account,
		}}, nil
	})
}

// suspendAccount is POST /admin/accounts/{accountId}/suspend.
func (a *API) suspendAccount(c echo.Context, in registerclient.StatusChangeRequest) error {
	return a.changeStatusFor(c, rules.Suspend, in)
}

// reactivateAccount is POST /admin/accounts/{accountId}/reactivate.
func (a *API) reactivateAccount(c echo.Context) error {
	id := c.Param("accountId")
	if err := a.rules.CheckStatusChange(rules.Reactivate, id, caller(c).AccountID); err != nil {
		return err
	}
	if err := a.rules.AskToReactivate(c.Request().Context(), id); err != nil {
		return err
	}

	return a.changeStatus(c, rules.Reactivate, "")
}

// terminateAccount is POST /admin/accounts/{accountId}/terminate.
func (a *API) terminateAccount(c echo.Context, in registerclient.StatusChangeRequest) error {
	return a.changeStatusFor(c, rules.Terminate, in)
}

// changeStatusFor is changeStatus for a change that has a cause.
func (a *API) changeStatusFor(
	c echo.Context, change rules.StatusChange, in registerclient.StatusChangeRequest,
) error {
	if err := rules.CheckStatusCause(in.Cause); err != nil {
		return err
	}

	return a.changeStatus(c, change, in.Cause)
}

// changeStatus changes the status of an account. cause is empty if the change has none.
func (a *API) changeStatus(c echo.Context, change rules.StatusChange, cause registerclient.StatusCause) error {
	id := c.Param("accountId")
	by := caller(c).AccountID
	if err := a.rules.CheckStatusChange(change, id, by); err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		account, err := a.rules.ChangeStatus(ctx, tx, change, id, cause, by)
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{Status: http.StatusOK, Body: registerclient.AccountResponse{
			Response: a.metadata(c), Account: account,
		}}, nil
	})
}
