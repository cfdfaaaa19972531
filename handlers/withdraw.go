package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

func (p *portal) showWithdraw(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil {
		return echo.ErrNotFound
	}
	if held.Withdrawal != nil {
		return seeOther(c, "/records/"+held.Handle+"/withdrawn")
	}
	record := recordView(*held, p.Clock())
	if !record.CanWithdraw {
		return echo.ErrNotFound
	}
	return render(c, http.StatusOK, views.Withdraw(views.WithdrawPage{
		Page: p.page(c, v), MeterPoint: readable(v.MeterPoint), Record: record,
	}))
}

// postWithdraw ends a record on the customer's word. A form that is sent twice is answered twice alike: the
// register ends a record once, and the session keeps the first receipt.
func (p *portal) postWithdraw(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil {
		return echo.ErrNotFound
	}
	handle := held.Handle
	if held.Withdrawal != nil {
		return seeOther(c, "/records/"+handle+"/withdrawn")
	}
	if !recordView(*held, p.Clock()).CanWithdraw {
		return echo.ErrNotFound
	}
	uncancel(c)
	ended, err := p.Register.RevokeAccessRecord(c.Request().Context(), held.Summary.AK, registerclient.RevokeAccessRecordQuery{
		Reason: registerclient.ReasonCustomerRequest, ReidentificationToken: v.Challenge.TokenRef,
	})
	switch {
	case errors.Is(err, registerclient.ErrConflict):
		// The record had ended before: there is nothing to stop, and a page that says so.
		return err
	case errors.Is(err, registerclient.ErrUnprocessable), errors.Is(err, registerclient.ErrForbidden), errors.Is(err, registerclient.ErrNotFound):
		return fmt.Errorf("%w: %w", errWithdrawalRefused, err)
	case err != nil:
		return fmt.Errorf("%w: %w", errWithdrawalFailed, err)
	}
	err = p.change(c, v, func(v *visit) error {
		held := v.record(handle)
		if held == nil {
			return errSessionEnded
		}
		if held.Withdrawal == nil {
			held.Withdrawal = &withdrawal{At: ended.RevokedAt, Reference: ended.Response.TransactionID}
			by := registerclient.RevokedByCustomer
			held.Summary.State, held.Summary.RevokedAt, held.Summary.RevokedBy = registerclient.StateRevoked, &ended.RevokedAt, &by
		}
		return nil
	})
	if err != nil {
		return err
	}
	return seeOther(c, "/records/"+handle+"/withdrawn")
}

func (p *portal) showWithdrawn(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil || held.Withdrawal == nil {
		return echo.ErrNotFound
	}
	return render(c, http.StatusOK, views.Withdrawn(views.WithdrawnPage{
		Page: p.page(c, v), MeterPoint: readable(v.MeterPoint), Record: recordView(*held, p.Clock()),
		At: held.Withdrawal.At, Reference: held.Withdrawal.Reference,
		// The one place where an ak leaves the portal, as the register's guide has it for whoever sent the customer. It
		// stands in this link alone: no address of the portal's own names a record but by its handle.
		Return: p.returnLink(v, url.Values{"dar-action": {"withdrawn"}, "ak": {held.Summary.AK}}),
	}))
}
