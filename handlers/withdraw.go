package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

const (
	// severalMost is how many records can be stopped at once: each is a call of the register.
	severalMost = 20
	// toldTime bounds how long a page waits to hear what became of the notices.
	toldTime = 3 * time.Second
	// askingTime is how long after a withdrawal the page looks by itself for an answer of the organisation's.
	askingTime = 5 * time.Minute
)

// whys are what a customer may say, in the order of the page, and the register's reasons for them. Who says nothing
// says that it was the customer's wish, which is true of the others too.
var (
	whys         = []string{"changed-my-mind", "no-longer-needed", "something-else"}
	reasonLabels = map[string]registerclient.RevokeReason{
		"changed-my-mind":  registerclient.ReasonCustomerRequest,
		"no-longer-needed": registerclient.ReasonDataNoLongerRequired,
		"something-else":   registerclient.ReasonOther,
	}
)

func (p *portal) showWithdraw(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil {
		return echo.ErrNotFound
	}

	page := p.withdrawPage(c, v, held)
	if held.Withdrawal != nil {
		return seeOther(c, "/records/"+held.Handle+"/withdrawn"+page.Filter.Query())
	}
	if !page.Record.CanWithdraw {
		return echo.ErrNotFound
	}

	return render(c, http.StatusOK, views.Withdraw(page))
}

func (p *portal) withdrawPage(c echo.Context, v *visit, held *heldRecord) views.WithdrawPage {
	return views.WithdrawPage{
		Page: p.page(
			c,
			v,
		),
		MeterPoint: readable(v.MeterPoint),
		Record:     recordView(*held, p.Clock()),
		Whys:       whys,
		Filter:     readFilter(c),
	}
}

// postWithdraw ends a record on the customer's word. A form that is sent twice is answered twice alike: the
// register ends a record once, and the session keeps the first receipt.
func (p *portal) postWithdraw(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil {
		return echo.ErrNotFound
	}

	done := "/records/" + held.Handle + "/withdrawn" + readFilter(c).Query()
	if held.Withdrawal != nil {
		return seeOther(c, done)
	}
	if !recordView(*held, p.Clock()).CanWithdraw {
		return echo.ErrNotFound
	}

	uncancel(c)
	receipt, err := p.withdraw(c, v, *held)
	switch {
	case errors.Is(err, registerclient.ErrConflict):
		// The record had ended before: there is nothing to stop, and a page that says so.
		return err
	case refused(err):
		return fmt.Errorf("%w: %w", errWithdrawalRefused, err)
	case err != nil:
		return fmt.Errorf("%w: %w", errWithdrawalFailed, err)
	}

	if err := p.remember(c, v, map[string]outcomeOf{held.Handle: {receipt: receipt}}); err != nil {
		return err
	}

	return seeOther(c, done)
}

// withdraw asks the register to end one record.
func (p *portal) withdraw(c echo.Context, v *visit, held heldRecord) (*withdrawal, error) {
	reason, ok := reasonLabels[c.Request().PostForm.Get("why")]
	if !ok {
		reason = registerclient.ReasonCustomerRequest
	}

	ended, err := p.Register.RevokeAccessRecord(
		c.Request().Context(),
		held.Summary.AK,
		registerclient.RevokeAccessRecordQuery{
			Reason: reason, ReidentificationToken: v.Challenge.TokenRef,
		},
	)
	if err != nil {
		return nil, err
	}

	return &withdrawal{At: ended.RevokedAt, Reference: ended.Response.TransactionID}, nil
}

// refused says that the register will not do it, however often it is asked.
func refused(err error) bool {
	return errors.Is(err, registerclient.ErrUnprocessable) || errors.Is(err, registerclient.ErrForbidden) ||
		errors.Is(err, registerclient.ErrNotFound)
}

// outcomeOf is what became of one withdrawal: a receipt, or why there is none.
type outcomeOf struct {
	receipt *withdrawal
	failure string
}

// remember keeps what became of withdrawals. The first receipt of a record stays.
func (p *portal) remember(c echo.Context, v *visit, outcomes map[string]outcomeOf) error {
	return p.change(c, v, func(v *visit) error {
		for handle, outcome := range outcomes {
			held := v.record(handle)
			if held == nil {
				return errSessionEnded
			}
			if held.Withdrawal != nil {
				continue
			}

			held.Failure = outcome.failure
			if held.Withdrawal = outcome.receipt; held.Withdrawal == nil {
				continue
			}

			by := registerclient.RevokedByCustomer
			at := outcome.receipt.At
			held.Summary.State, held.Summary.RevokedAt, held.Summary.RevokedBy = registerclient.StateRevoked, &at, &by
		}

		return nil
	})
}

func (p *portal) showWithdrawn(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil || held.Withdrawal == nil {
		return echo.ErrNotFound
	}

	page := p.page(c, v)
	filter := readFilter(c)
	return render(c, http.StatusOK, views.Withdrawn(views.WithdrawnPage{
		Page: page, MeterPoint: readable(v.MeterPoint), Record: recordView(*held, p.Clock()),
		At: held.Withdrawal.At, Reference: held.Withdrawal.Reference, Filter: filter,
		Told: p.told(c.Request().Context(), v, *held, c.Request().URL.RequestURI(), 5*time.Second),
		// The one place where an ak leaves the portal, as the register's guide has it for whoever sent the customer. It
		// stands in this link alone: no address of the portal's own names a record but by its handle.
		Return: p.returnLink(v, url.Values{"dar-action": {"withdrawn"}, "ak": {held.Summary.AK}}),
	}))
}

// told asks the register whether the organisation's system has taken the notice of a withdrawal. A register that
// does not say is no failure of the page: the withdrawal stands.
func (p *portal) told(ctx context.Context, v *visit, held heldRecord, again string, every time.Duration) views.Told {
	ctx, cancel := context.WithTimeout(ctx, toldTime)
	defer cancel()
	told := views.Told{State: views.ToldUnknown, Again: again}
	answer, err := p.Register.WithdrawalNotice(ctx, held.Summary.AK, v.Challenge.TokenRef)
	if err != nil {
		p.Logger.WarnContext(ctx, "what became of a notice cannot be seen", "cause", err)
	} else if state, ok := toldLabels[answer.Status]; ok {
		told.State, told.At = state, value(answer.At)
	}

	switch open := told.State == views.ToldPending || told.State == views.ToldUnknown; {
	case !open:
		told.Again = ""
	case p.Clock().Sub(held.Withdrawal.At) < askingTime:
		told.PollSeconds = int(every / time.Second)
	}

	return told
}

// showTold is the part of a page that says it, for htmx. It does not count as use: nobody may be there.
func (p *portal) showTold(c echo.Context) error {
	v, err := p.find(c)
	if err != nil {
		return err
	}

	held := v.record(c.Param("handle"))
	if held == nil || held.Withdrawal == nil {
		return echo.ErrNotFound
	}

	return render(c, http.StatusOK, views.ToldAgain(views.ToldPart{
		Page: p.page(c, v), Record: recordView(*held, p.Clock()),
		Told: p.told(c.Request().Context(), v, *held, base(c)+"/records/"+held.Handle+"/withdrawn", 5*time.Second),
	}))
}

// chosen are the records that a form names, each once. Those that do not exist in this session are left out.
func (v *visit) chosen(handles []string) (all []*heldRecord) {
	for _, handle := range handles {
		if held := v.record(handle); held != nil && !slices.Contains(all, held) {
			all = append(all, held)
		}
	}

	return all
}

// showSeveral is the one page on which several records are looked through before they are stopped.
func (p *portal) showSeveral(c echo.Context, v *visit) error {
	if v.Reading == nil || !v.Opened {
		return seeOther(c, "/waiting")
	}

	page := views.SeveralPage{Page: p.page(c, v), MeterPoint: readable(v.MeterPoint), Whys: whys, Filter: readFilter(c)}
	chosen := v.chosen(c.QueryParams()["record"])
	if len(chosen) > 0 && !slices.ContainsFunc(chosen, func(h *heldRecord) bool { return h.Withdrawal == nil }) {
		return seeOther(c, "/records/stopped?"+c.Request().URL.RawQuery)
	}
	for _, held := range chosen {
		if record := recordView(*held, p.Clock()); record.CanWithdraw {
			page.Records = append(page.Records, record)
		}
	}

	switch {
	case len(page.Records) == 0:
		return p.renderRecords(c, v, views.FieldError{Field: "several", Key: "error.several.none"})
	case len(page.Records) > severalMost:
		return p.renderRecords(c, v, views.FieldError{Field: "several", Key: "error.several.many"})
	}

	return render(c, http.StatusOK, views.Several(page))
}

// postSeveral ends several records, one after the other. What fails stops nothing else but a register that does not
// answer: the others then wait for the next try.
func (p *portal) postSeveral(c echo.Context, v *visit) error {
	chosen := v.chosen(c.Request().PostForm["record"])
	if len(chosen) == 0 || len(chosen) > severalMost {
		return echo.ErrNotFound
	}

	uncancel(c)
	outcomes := map[string]outcomeOf{}
	values := readFilter(c).Values()
	silent := false
	for _, held := range chosen {
		values.Add("record", held.Handle)
		if held.Withdrawal != nil || !recordView(*held, p.Clock()).CanWithdraw {
			continue
		}
		if silent {
			outcomes[held.Handle] = outcomeOf{failure: "unanswered"}
			continue
		}

		receipt, err := p.withdraw(c, v, *held)
		switch {
		case err == nil:
			outcomes[held.Handle] = outcomeOf{receipt: receipt}
			continue
		case errors.Is(err, registerclient.ErrConflict):
			outcomes[held.Handle] = outcomeOf{failure: "over"}
		case refused(err):
			outcomes[held.Handle] = outcomeOf{failure: "refused"}
		default:
			outcomes[held.Handle], silent = outcomeOf{failure: "unanswered"}, true
		}

		p.Logger.WarnContext(c.Request().Context(), "one of several could not be stopped", "cause", err)
	}

	if err := p.remember(c, v, outcomes); err != nil {
		return err
	}

	return seeOther(c, "/records/stopped?"+values.Encode())
}

// showStopped tells what became of each.
func (p *portal) showStopped(c echo.Context, v *visit) error {
	page := views.StoppedPage{Page: p.page(c, v), MeterPoint: readable(v.MeterPoint), Filter: readFilter(c)}
	ctx, cancel := context.WithTimeout(c.Request().Context(), toldTime)
	defer cancel()
	chosen := v.chosen(c.QueryParams()["record"])
	if len(chosen) > severalMost {
		return echo.ErrNotFound
	}

	for _, held := range chosen {
		outcome := views.Outcome{Record: recordView(*held, p.Clock()), Failure: held.Failure}
		switch {
		case held.Withdrawal != nil:
			outcome.At, outcome.Reference = held.Withdrawal.At, held.Withdrawal.Reference
			// Many on one page ask less often each.
			every := time.Duration(max(5, len(chosen))) * time.Second
			outcome.Told = p.told(ctx, v, *held, c.Request().URL.RequestURI(), every)
		case held.Failure == "":
			continue // nobody has tried to stop it
		}

		page.Outcomes = append(page.Outcomes, outcome)
	}

	if len(page.Outcomes) == 0 {
		return echo.ErrNotFound
	}

	// What failed comes first: there is something to do.
	slices.SortStableFunc(page.Outcomes, func(a, b views.Outcome) int {
		switch {
		case (a.Failure == "") == (b.Failure == ""):
			return 0
		case a.Failure != "":
			return -1
		}

		return 1
	})
	return render(c, http.StatusOK, views.Stopped(page))
}
