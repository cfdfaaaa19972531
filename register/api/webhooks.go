package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// registerWebhook is POST /webhooks.
func (a *API) registerWebhook(c echo.Context, in registerclient.RegisterWebhookRequest) error {
	prepared, err := a.rules.PrepareSubscription(in, caller(c).AccountID)
	if err != nil {
		return err
	}

	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		subscription, err := a.rules.CreateSubscription(ctx, tx, prepared)
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{
			Status:   http.StatusCreated,
			Location: BasePath + "/webhooks/" + subscription.WID,
			Body: registerclient.WebhookResponse{
				Response: a.metadata(c), Webhook: subscription, SigningSecret: prepared.Secret,
			},
		}, nil
	})
}

// listWebhooks is GET /webhooks.
func (a *API) listWebhooks(c echo.Context) error {
	list, err := a.rules.ListSubscriptions(c.Request().Context(), caller(c).AccountID)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.ListWebhooksResponse{Response: a.metadata(c), Webhooks: list})
}

// listAllWebhooks is GET /admin/webhooks.
func (a *API) listAllWebhooks(c echo.Context) (any, error) {
	list, err := a.rules.ListAllSubscriptions(c.Request().Context())
	if err != nil {
		return nil, err
	}

	total := store.TotalOf(len(list))

	return registerclient.ListWebhooksResponse{
		Response:       a.metadata(c),
		Webhooks:       list,
		Total:          &total.Rows,
		TotalIsAtLeast: total.AtLeast,
	}, nil
}

// updateWebhook is PATCH /webhooks/{wid}.
func (a *API) updateWebhook(c echo.Context, in registerclient.UpdateWebhookRequest) error {
	updated, newSecret, err := a.rules.UpdateSubscription(
		c.Request().Context(), caller(c).AccountID, c.Param("wid"), in,
	)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.WebhookResponse{
		Response: a.metadata(c), Webhook: updated, SigningSecret: newSecret,
	})
}

// deleteWebhook is DELETE /webhooks/{wid}.
func (a *API) deleteWebhook(c echo.Context) error {
	if err := a.rules.DeleteSubscription(c.Request().Context(), caller(c).AccountID, c.Param("wid")); err != nil {
		return err
	}

	return c.NoContent(http.StatusNoContent)
}

// testWebhook is POST /webhooks/{wid}/test.
func (a *API) testWebhook(c echo.Context) error {
	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		delivery, err := a.rules.TestSubscription(ctx, tx, caller(c).AccountID, c.Param("wid"))
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{Status: http.StatusAccepted, Body: registerclient.TestWebhookResponse{
			Response: a.metadata(c), Delivery: delivery,
		}}, nil
	})
}

// listDeliveries is GET /webhooks/{wid}/deliveries.
func (a *API) listDeliveries(c echo.Context) error {
	status := registerclient.DeliveryStatus(c.QueryParam("status"))
	if c.QueryParams().Has("status") {
		var k rules.Checks
		rules.OneOf(&k, "status", status, registerclient.DeliveryQueued, registerclient.DeliveryDelivered,
			registerclient.DeliveryUndelivered)
		if err := k.Err(); err != nil {
			return err
		}
	}

	page, err := readPage(c, rowsPerPage)
	if err != nil {
		return err
	}

	deliveries, next, err := a.rules.ListDeliveries(
		c.Request().Context(), caller(c).AccountID, c.Param("wid"), status, page,
	)
	if err != nil {
		return err
	}

	return c.JSON(http.StatusOK, registerclient.ListDeliveriesResponse{
		Response: a.metadata(c), Deliveries: deliveries, NextCursor: encodeCursor(next),
	})
}

// redeliver is POST /webhooks/{wid}/deliveries/{eventId}/redeliver.
func (a *API) redeliver(c echo.Context) error {
	return a.write(c, func(ctx context.Context, tx *store.Tx) (rules.Response, error) {
		delivery, err := a.rules.Redeliver(ctx, tx, caller(c).AccountID, c.Param("wid"), c.Param("eventId"))
		if err != nil {
			return rules.Response{}, err
		}

		return rules.Response{Status: http.StatusOK, Body: registerclient.RedeliverResponse{
			Response: a.metadata(c), Delivery: delivery,
		}}, nil
	})
}
