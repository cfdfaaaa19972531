package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/views"
)

const (
	// deliveryTime bounds how long a page waits for the register's word on the delivery.
	deliveryTime = 3 * time.Second
	// deliveryPollEvery is how often a page with one withdrawal asks again.
	deliveryPollEvery = 5 * time.Second
	// deliveryPollingTime is how long after a withdrawal a page asks by itself.
	deliveryPollingTime = 5 * time.Minute
)

// deliveryStatus asks the register whether the organisation's system has received the event of a withdrawal. The page
// does not fail if the register does not answer: the record has ended in any case. Again is the address of the page,
// for the customer to ask again.
func (p *portal) deliveryStatus(
	ctx context.Context,
	v *visit,
	held heldRecord,
	again string,
	pollEvery time.Duration,
) views.DeliveryStatus {
	ctx, cancel := context.WithTimeout(ctx, deliveryTime)
	defer cancel()

	status := views.DeliveryStatus{State: views.DeliveryUnknown, Again: again}
	answer, err := p.Register.WithdrawalNotice(ctx, held.Summary.AK, v.Challenge.TokenRef)
	if err != nil {
		p.Logger.WarnContext(ctx, "the delivery status of a withdrawal is not known", "error", err)
	} else if state, ok := deliveryLabels[answer.Status]; ok {
		status.State = state
		status.At = value(answer.At)
	}

	if status.State != views.DeliveryPending && status.State != views.DeliveryUnknown {
		status.Again = ""
		return status
	}

	if p.Clock().Sub(held.Withdrawal.At) < deliveryPollingTime {
		status.PollSeconds = int(pollEvery / time.Second)
	}

	return status
}

// showDeliveryStatus is the part of a page that htmx fetches. It does not count as use: perhaps no customer is there.
func (p *portal) showDeliveryStatus(c echo.Context) error {
	v, err := p.findVisit(c)
	if err != nil {
		return err
	}

	held := v.record(c.Param("handle"))
	if held == nil || held.Withdrawal == nil {
		return echo.ErrNotFound
	}

	again := p.Base + "/records/" + held.Handle + "/withdrawn"

	return web.Render(c, http.StatusOK, views.Delivery(views.DeliveryPage{
		Page:     p.page(c, v),
		Record:   recordView(*held, p.Clock()),
		Delivery: p.deliveryStatus(c.Request().Context(), v, *held, again, deliveryPollEvery),
	}))
}
