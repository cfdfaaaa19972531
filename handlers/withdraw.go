package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

var (
	// withdrawalReasons are the reasons that a customer may give, in the order of the page.
	withdrawalReasons = []string{"changed-my-mind", "no-longer-needed", "something-else"}
	// revokeReasons are the register's codes for them.
	revokeReasons = map[string]registerclient.RevokeReason{
		"changed-my-mind":  registerclient.ReasonCustomerRequest,
		"no-longer-needed": registerclient.ReasonDataNoLongerRequired,
		"something-else":   registerclient.ReasonOther,
	}
)

// showWithdraw asks whether a record is to be stopped.
func (p *portal) showWithdraw(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	switch {
	case held == nil:
		return echo.ErrNotFound
	case held.Withdrawal != nil:
		return p.seeOther(c, withdrawnPath(c, held.Handle))
	case !held.canWithdraw(p.Clock()):
		return echo.ErrNotFound
	default:
		return web.Render(c, http.StatusOK, views.Withdraw(p.withdrawPage(c, v, held)))
	}
}

func (p *portal) withdrawPage(c echo.Context, v *visit, held *heldRecord) views.WithdrawPage {
	return views.WithdrawPage{
		Page:       p.page(c, v),
		MeterPoint: meterPointView(v.MeterPoint),
		Record:     recordView(*held, p.Clock()),
		Reasons:    withdrawalReasons,
		Filter:     readFilter(c),
	}
}

// postWithdraw ends a record for the customer. A form that is sent twice gets the same response twice: the register
// ends a record once, and the session keeps the first receipt.
func (p *portal) postWithdraw(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	switch {
	case held == nil:
		return echo.ErrNotFound
	case held.Withdrawal != nil:
		return p.seeOther(c, withdrawnPath(c, held.Handle))
	case !held.canWithdraw(p.Clock()):
		return echo.ErrNotFound
	}

	ignoreCancel(c)
	receipt, err := p.withdraw(c, v, *held)
	switch {
	case errors.Is(err, registerclient.ErrConflict):
		// The record had ended before: a page says that there is nothing to stop.
		return err
	case isRefusal(err):
		return fmt.Errorf("%w: %w", errWithdrawalRefused, err)
	case err != nil:
		return fmt.Errorf("%w: %w", errWithdrawalFailed, err)
	}

	if err := p.saveAttempts(c, v, map[string]attempt{held.Handle: {receipt: receipt}}); err != nil {
		return err
	}

	return p.seeOther(c, withdrawnPath(c, held.Handle))
}

// withdrawnPath returns the path of the receipt, with the filter of the list.
func withdrawnPath(c echo.Context, handle string) string {
	return "/records/" + handle + "/withdrawn" + readFilter(c).Query()
}

// withdraw asks the register to end one record. A customer who gives no reason has still asked for it.
func (p *portal) withdraw(c echo.Context, v *visit, held heldRecord) (*withdrawal, error) {
	reason, ok := revokeReasons[c.Request().PostForm.Get("why")]
	if !ok {
		reason = registerclient.ReasonCustomerRequest
	}

	ended, err := p.Register.RevokeAccessRecord(
		c.Request().Context(),
		held.Summary.AK,
		registerclient.RevokeAccessRecordQuery{
			Reason:                reason,
			ReidentificationToken: v.Challenge.TokenRef,
			ErasureRequested:      asksForErasure(c),
		},
	)
	if err != nil {
		return nil, err
	}

	return &withdrawal{
		At:               ended.RevokedAt,
		Reference:        ended.Response.TransactionID,
		ErasureRequested: asksForErasure(c),
	}, nil
}

// asksForErasure reports whether the customer ticked that the organisation is also asked to erase its data.
func asksForErasure(c echo.Context) bool {
	return c.Request().PostForm.Get("erasure") == "yes"
}

// isRefusal reports whether the register will not end the record, however often it is asked.
func isRefusal(err error) bool {
	return errors.Is(err, registerclient.ErrUnprocessable) ||
		errors.Is(err, registerclient.ErrForbidden) ||
		errors.Is(err, registerclient.ErrNotFound)
}

// attempt is what came of one withdrawal: a receipt, or why there is none, as in views.Outcome.
type attempt struct {
	receipt *withdrawal
	failure string
}

// saveAttempts keeps what came of withdrawals, by the handles of their records. The first receipt of a record stays.
func (p *portal) saveAttempts(c echo.Context, v *visit, attempts map[string]attempt) error {
	return p.changeVisit(c, v, func(v *visit) error {
		for handle, result := range attempts {
			held := v.record(handle)
			if held == nil {
				return errSessionEnded
			}

			if held.Withdrawal == nil {
				held.apply(result)
			}
		}

		return nil
	})
}

// apply writes what came of a withdrawal into the record.
func (h *heldRecord) apply(a attempt) {
	h.Failure = a.failure
	h.Withdrawal = a.receipt
	if a.receipt == nil {
		return
	}

	endedAt := a.receipt.At
	customer := registerclient.RevokedByCustomer
	h.Summary.State = registerclient.StateRevoked
	h.Summary.RevokedAt = &endedAt
	h.Summary.RevokedBy = &customer
}

// showWithdrawn shows the receipt, and whether the organisation knows already.
func (p *portal) showWithdrawn(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil || held.Withdrawal == nil {
		return echo.ErrNotFound
	}

	request := c.Request()

	return web.Render(c, http.StatusOK, views.Withdrawn(views.WithdrawnPage{
		Page:       p.page(c, v),
		MeterPoint: meterPointView(v.MeterPoint),
		Record:     recordView(*held, p.Clock()),
		At:         held.Withdrawal.At,
		Reference:  held.Withdrawal.Reference,
		Erasure:    held.Withdrawal.ErasureRequested,
		Filter:     readFilter(c),
		Delivery:   p.deliveryStatus(request.Context(), v, *held, request.URL.RequestURI(), deliveryPollEvery),
		// An ak leaves the portal here alone: the register's guide has it for the site that sent the customer. The
		// portal's own addresses name a record by its handle.
		Return: p.returnLink(v, url.Values{"dar-action": {"withdrawn"}, "ak": {held.Summary.AK}}),
	}))
}
