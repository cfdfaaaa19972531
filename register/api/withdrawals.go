package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// queryErasure says that the customer who withdraws also asks for erasure.
const queryErasure = "erasure-requested"

// revokeAccessRecord is DELETE /access-records/{ak}: by the owner of the record, or by a portal with a customer's
// token.
func (a *API) revokeAccessRecord(c echo.Context) error {
	reason := queryParameter(c, "reason")
	if err := rules.CheckRevokeReason(reason); err != nil {
		return err
	}

	ctx := c.Request().Context()
	id := caller(c).AccountID
	response := registerclient.RevokeAccessResponse{Response: a.metadata(c), AK: c.Param("ak")}
	if hasRole(c, registerclient.RoleDataUser) {
		if queryParameter(c, queryErasure) != nil {
			return rules.Invalid(queryErasure, "is for portals only: it is the customer who asks for erasure.")
		}

		err := refuseToken(c)
		if err == nil {
			response.RevokedAt, err = a.rules.RevokeOwn(ctx, id, response.AK, reason)
		}
		if err != nil {
			return err
		}

		return c.JSON(http.StatusOK, response)
	}

	ctx, err := withAdviser(c)
	if err != nil {
		return err
	}

	erasureRequested, err := readErasureRequested(c)
	if err != nil {
		return err
	}

	response.RevokedAt, err = a.rules.Withdraw(ctx, id, response.AK, rules.Withdrawal{
		Token:            c.QueryParam(queryToken),
		Reason:           reason,
		ErasureRequested: erasureRequested,
	})
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, response)
}

// readErasureRequested returns whether the customer also asks for erasure: no, unless the query says so.
func readErasureRequested(c echo.Context) (bool, error) {
	given := queryParameter(c, queryErasure)
	switch {
	case given == nil || *given == "false":
		return false, nil
	case *given == "true":
		return true, nil
	default:
		return false, rules.Invalid(queryErasure, "must be true or false.")
	}
}

// readWithdrawalDelivery is GET /access-records/{ak}/notice.
func (a *API) readWithdrawalDelivery(c echo.Context) error {
	ctx := c.Request().Context()
	id := caller(c).AccountID
	ak := c.Param("ak")

	var delivery rules.WithdrawalDelivery
	var err error
	if hasRole(c, registerclient.RoleDataUser) {
		delivery, err = a.rules.FindOwnWithdrawalDelivery(ctx, id, ak)
	} else {
		delivery, err = a.rules.FindWithdrawalDelivery(ctx, id, ak, c.QueryParam(queryToken))
	}
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.NoticeResponse{
		Response: a.metadata(c), AK: ak, Status: delivery.Status, At: delivery.At,
	})
}
