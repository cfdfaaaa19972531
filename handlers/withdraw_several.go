package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// maxSeveral is how many records can be stopped at once: the register is called for each.
const maxSeveral = 20

// Why a record was not stopped together with others, as in views.Outcome.
const (
	failureEnded      = "over"
	failureRefused    = "refused"
	failureUnanswered = "unanswered"
)

// showSeveral is the page on which several records are reviewed before they are stopped.
func (p *portal) showSeveral(c echo.Context, v *visit) error {
	chosen := v.records(c.QueryParams()["record"])
	if len(chosen) > 0 && !slices.ContainsFunc(chosen, func(h *heldRecord) bool { return h.Withdrawal == nil }) {
		return p.seeOther(c, "/records/stopped?"+c.Request().URL.RawQuery)
	}

	now := p.Clock()
	page := views.SeveralPage{
		Page:       p.page(c, v),
		MeterPoint: meterPointView(v.MeterPoint),
		Reasons:    withdrawalReasons,
		Filter:     readFilter(c),
	}
	for _, held := range chosen {
		if held.canWithdraw(now) {
			page.Records = append(page.Records, recordView(*held, now))
		}
	}

	switch {
	case len(page.Records) == 0:
		return p.askForRecords(c, v, "error.several.none")
	case len(page.Records) > maxSeveral:
		return p.askForRecords(c, v, "error.several.many")
	default:
		return web.Render(c, http.StatusOK, views.Several(page))
	}
}

// postSeveral ends several records, one after the other.
func (p *portal) postSeveral(c echo.Context, v *visit) error {
	chosen := v.records(c.Request().PostForm["record"])
	if len(chosen) == 0 || len(chosen) > maxSeveral {
		return echo.ErrNotFound
	}

	ignoreCancel(c)
	attempts := p.withdrawSeveral(c, v, chosen)
	if err := p.saveAttempts(c, v, attempts); err != nil {
		return err
	}

	values := readFilter(c).Values()
	for _, held := range chosen {
		values.Add("record", held.Handle)
	}

	return p.seeOther(c, "/records/stopped?"+values.Encode())
}

// withdrawSeveral asks the register to end each record that can be stopped, and returns what came of it, by handle. A
// refused record does not keep the others from being stopped. If the register does not answer, the rest is not tried.
func (p *portal) withdrawSeveral(c echo.Context, v *visit, chosen []*heldRecord) map[string]attempt {
	attempts := map[string]attempt{}
	unanswered := false
	for _, held := range chosen {
		if held.Withdrawal != nil || !held.canWithdraw(p.Clock()) {
			continue
		}

		if unanswered {
			attempts[held.Handle] = attempt{failure: failureUnanswered}
			continue
		}

		receipt, err := p.withdraw(c, v, *held)
		if err == nil {
			attempts[held.Handle] = attempt{receipt: receipt}
			continue
		}

		attempts[held.Handle] = attempt{failure: failureOf(err)}
		unanswered = attempts[held.Handle].failure == failureUnanswered
		p.Logger.WarnContext(c.Request().Context(), "one of several records could not be stopped", "error", err)
	}

	return attempts
}

func failureOf(err error) string {
	switch {
	case errors.Is(err, registerclient.ErrConflict):
		return failureEnded
	case isRefusal(err):
		return failureRefused
	default:
		return failureUnanswered
	}
}

// showStopped shows what came of each record.
func (p *portal) showStopped(c echo.Context, v *visit) error {
	chosen := v.records(c.QueryParams()["record"])
	if len(chosen) > maxSeveral {
		return echo.ErrNotFound
	}

	ctx, cancel := context.WithTimeout(c.Request().Context(), deliveryTime)
	defer cancel()

	// If a page has many, each asks less often.
	pollEvery := max(deliveryPollEvery, time.Duration(len(chosen))*time.Second)
	page := views.StoppedPage{
		Page:       p.page(c, v),
		MeterPoint: meterPointView(v.MeterPoint),
		Filter:     readFilter(c),
	}
	for _, held := range chosen {
		if held.Withdrawal == nil && held.Failure == "" {
			continue // the customer has not tried to stop it
		}

		outcome := views.Outcome{Record: recordView(*held, p.Clock()), Failure: held.Failure}
		if held.Withdrawal != nil {
			outcome.At = held.Withdrawal.At
			outcome.Reference = held.Withdrawal.Reference
			outcome.Erasure = held.Withdrawal.ErasureRequested
			outcome.Delivery = p.deliveryStatus(ctx, v, *held, c.Request().URL.RequestURI(), pollEvery)
		}

		page.Outcomes = append(page.Outcomes, outcome)
	}

	if len(page.Outcomes) == 0 {
		return echo.ErrNotFound
	}

	slices.SortStableFunc(page.Outcomes, compareOutcomes)

	return web.Render(c, http.StatusOK, views.Stopped(page))
}

// compareOutcomes puts failures first: the customer has to do something about them.
func compareOutcomes(a, b views.Outcome) int {
	switch {
	case (a.Failure == "") == (b.Failure == ""):
		return 0
	case a.Failure != "":
		return -1
	default:
		return 1
	}
}
