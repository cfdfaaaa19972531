package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// pollTime is how often the waiting page asks: the published API asks for every 3 to 5 seconds.
const pollTime = 4 * time.Second

func (p *portal) showProve(c echo.Context, v *visit) error {
	if v.Reading != nil {
		return seeOther(c, "/records")
	}
	return render(c, http.StatusOK, views.Prove(p.provePage(c, v)))
}

func (p *portal) provePage(c echo.Context, v *visit) views.ProvePage {
	page := views.ProvePage{Page: p.page(c, v), MeterPoint: readable(v.MeterPoint)}
	for i, method := range v.Methods {
		if i == 0 {
			page.Chosen.Name = methodLabels[method]
		} else {
			page.Others = append(page.Others, views.Method{Name: methodLabels[method]})
		}
	}
	return page
}

// sameClick is how long a second request for the same proof is taken for an impatient finger. Two letters
// with two codes, of which the page shows one, would lead a customer into a wrong code.
const sameClick = 10 * time.Second

// errElsewhere says that another request of the same customer is doing just this.
var errElsewhere = errors.New("another request is at it")

func (p *portal) postProve(c echo.Context, v *visit) error {
	method := registerclient.Method(c.Request().PostForm.Get("method"))
	if len(c.Request().PostForm["method"]) > 1 {
		return p.askForMethod(c, v, "error.prove.twice")
	}
	if !slices.Contains(v.Methods, method) {
		return p.askForMethod(c, v, "error.prove.none")
	}
	uncancel(c)
	// The token's hour runs from its issue, which is later than now.
	now := p.Clock()
	err := p.change(c, v, func(v *visit) error {
		if v.Reading != nil || v.Proving == method && now.Sub(v.ProvingSince) < sameClick {
			return errElsewhere
		}
		v.Proving, v.ProvingSince = method, now
		return nil
	})
	if errors.Is(err, errElsewhere) {
		p.awaitHandover(c)
		return seeOther(c, "/waiting")
	}
	if err != nil {
		return err
	}
	started, err := p.Register.Reidentify(c.Request().Context(), registerclient.ReidentifyRequest{
		MPxN: v.MeterPoint, Method: method, MatchCode: true,
	})
	changed := p.change(c, v, func(v *visit) error {
		switch {
		case err != nil:
			v.Proving = ""
		case v.Reading == nil:
			v.Challenge, v.EndsAt = newChallenge(started), now.Add(grantTime)
		}
		return nil
	})
	switch {
	case errors.Is(err, registerclient.ErrUnprocessable):
		return p.refuseMethod(c, v, method)
	case errors.Is(err, registerclient.ErrNotFound):
		page := p.page(c, v)
		page.Path = base(c) + "/prove"
		return p.showNoRecord(c, page, v.MeterPoint)
	case err != nil || changed != nil:
		return errors.Join(err, changed)
	}
	return seeOther(c, "/waiting")
}

func newChallenge(started *registerclient.ReidentifyResponse) *challenge {
	proof := &challenge{
		Method: started.Method, TokenRef: started.TokenRef(), MatchCode: started.MatchCode, State: views.WaitingPending,
	}
	switch {
	case started.MagicLink != nil:
		proof.SentTo, proof.ExpiresAt = started.MagicLink.DispatchedTo, started.MagicLink.ExpiresAt
	case started.Passkey != nil:
		proof.PasskeyURL, proof.ExpiresAt = webAddress(started.Passkey.RedirectURL), started.Passkey.ExpiresAt
	}
	return proof
}

// refuseMethod asks again where the register cannot use the method here after all. This page offers it last; the
// visit keeps it, for the register may have been wrong.
func (p *portal) refuseMethod(c echo.Context, v *visit, method registerclient.Method) error {
	if len(v.Methods) == 1 {
		return p.askForMethod(c, v, "error.prove.only")
	}
	v.Methods = append(slices.DeleteFunc(v.Methods, func(m registerclient.Method) bool { return m == method }), method)
	return p.askForMethod(c, v, "error.prove."+methodLabels[method])
}

// askForMethod shows the page that asks for a proof once more, and what was wrong.
func (p *portal) askForMethod(c echo.Context, v *visit, mistake string) error {
	page := p.provePage(c, v)
	page.Path = base(c) + "/prove"
	page.Errors = []views.FieldError{{Field: "method", Key: mistake}}
	return render(c, http.StatusUnprocessableEntity, views.Prove(page))
}

// showWaiting asks the register nothing: it tells what the last poll found.
func (p *portal) showWaiting(c echo.Context, v *visit) error {
	switch {
	case v.Reading != nil:
		return seeOther(c, "/records")
	case v.Challenge == nil:
		return seeOther(c, "/prove")
	}
	return render(c, http.StatusOK, views.Waiting(p.waitingPage(c, v)))
}

func (p *portal) waitingPage(c echo.Context, v *visit) views.WaitingPage {
	page := views.WaitingPage{
		Page:        p.page(c, v),
		MeterPoint:  readable(v.MeterPoint),
		Method:      views.Method{Name: methodLabels[v.Challenge.Method]},
		State:       v.Challenge.State,
		SentTo:      v.Challenge.SentTo,
		MatchCode:   v.Challenge.MatchCode,
		ExpiresAt:   v.Challenge.ExpiresAt,
		SecondsLeft: secondsUntil(p.Clock(), v.Challenge.ExpiresAt),
		PollSeconds: int(pollTime / time.Second),
	}
	page.Path = base(c) + "/waiting"
	if !p.Demonstration {
		page.PasskeyURL = v.Challenge.PasskeyURL
	}
	return page
}

// checkWaiting is the Continue button of a browser without scripts.
func (p *portal) checkWaiting(c echo.Context) error {
	v, err := p.poll(c)
	switch {
	case errors.Is(err, errSessionEnded):
		return seeOther(c, "/waiting")
	case err != nil:
		return err
	case v.Reading != nil:
		return seeOther(c, "/records")
	}
	return seeOther(c, "/waiting")
}

// showWaitingStatus is the part of the waiting page that htmx fetches again and again.
func (p *portal) showWaitingStatus(c echo.Context) error {
	v, err := p.poll(c)
	switch {
	case errors.Is(err, errSessionEnded):
		return redirectHTMX(c, "/waiting")
	case err != nil:
		return err
	case v.Reading != nil:
		return redirectHTMX(c, "/records")
	case v.Challenge == nil:
		return redirectHTMX(c, "/waiting")
	}
	return render(c, http.StatusOK, views.WaitingStatus(p.waitingPage(c, v)))
}

// redirectHTMX makes htmx take the whole page to a path below the portal's base.
func redirectHTMX(c echo.Context, path string) error {
	c.Response().Header().Set("HX-Redirect", base(c)+path)
	return c.NoContent(http.StatusOK)
}

// poll asks the register whether the customer has confirmed, and if so reads the list: the visit then has a
// Reading. Several windows of one browser may poll at once: see read.
func (p *portal) poll(c echo.Context) (*visit, error) {
	v, err := p.find(c)
	if err == nil {
		err = p.sessions.touch(c.Request().Context(), v)
	}
	if err == nil && v.Reading == nil && v.Challenge != nil && v.Challenge.State == views.WaitingPending {
		err = p.pollChallenge(c, v)
	}
	if errors.Is(err, errSessionEnded) {
		p.awaitHandover(c)
	}
	return v, err
}

// pollChallenge does the asking for poll, where there is something to ask.
func (p *portal) pollChallenge(c echo.Context, v *visit) error {
	proof := *v.Challenge
	answer, err := p.Register.ReidentificationStatus(c.Request().Context(), proof.TokenRef)
	switch {
	case errors.Is(err, registerclient.ErrTooMany):
		// Another window asked a moment ago. There is nothing to tell the customer.
		return nil
	case errors.Is(err, registerclient.ErrNotFound):
		return p.endChallenge(c, v, proof, views.WaitingExpired)
	case err != nil:
		return err
	case answer.Status == registerclient.StatusConfirmed:
		return p.read(c, v, proof)
	case answer.Status == registerclient.StatusExpired && answer.Reason == "declined":
		return p.endChallenge(c, v, proof, views.WaitingDeclined)
	case answer.Status == registerclient.StatusExpired:
		return p.endChallenge(c, v, proof, views.WaitingExpired)
	}
	return nil
}

// endChallenge remembers that a proof came to nothing, unless the customer has begun another.
func (p *portal) endChallenge(c echo.Context, v *visit, proof challenge, state views.WaitingState) error {
	return p.change(c, v, func(v *visit) error {
		if v.proves(proof) {
			v.Challenge.State = state
		}
		return nil
	})
}

// proves reports whether the visit still waits for this very proof.
func (v *visit) proves(proof challenge) bool {
	return v.Reading == nil && v.Challenge != nil && v.Challenge.TokenRef == proof.TokenRef
}

// readingTime is when a reading that was begun and did not end is taken for dead: its process has stopped,
// for the longest request is shorter.
const readingTime = requestTime + 5*time.Second

// read spends the confirmed token on the one reading that it is good for, and keeps the result. The claim comes
// first, so that of two windows that poll at once only one calls the register; the other finds the list with
// its next poll. Without it, the loser's 409 could not be told from an answer that was lost.
func (p *portal) read(c echo.Context, v *visit, proof challenge) error {
	uncancel(c)
	err := p.change(c, v, func(v *visit) error {
		now := p.Clock()
		if !v.proves(proof) || now.Sub(v.Challenge.ReadingSince) < readingTime {
			return errElsewhere
		}
		v.Challenge.ReadingSince = now
		return nil
	})
	if errors.Is(err, errElsewhere) {
		return nil
	}
	if err != nil {
		return err
	}
	list, cause := p.Register.ListAccessRecords(c.Request().Context(), v.MeterPoint, registerclient.ListAccessRecordsQuery{
		ReidentificationToken: proof.TokenRef,
	})
	// A token that the register calls spent or void is of no more use, and the waiting page says so; with any
	// other failure it may be tried again.
	lost := errors.Is(cause, registerclient.ErrConflict) || errors.Is(cause, registerclient.ErrForbidden)
	err = p.change(c, v, func(v *visit) error {
		switch {
		case !v.proves(proof):
		case cause == nil:
			v.Reading = newReading(list, p.Clock())
		case lost:
			v.Challenge.State = views.WaitingLost
		default:
			v.Challenge.ReadingSince = time.Time{}
		}
		return nil
	})
	if lost {
		p.Logger.WarnContext(c.Request().Context(), "the token is spent, and its answer was lost", "cause", cause)
		return err
	}
	if cause != nil {
		return errors.Join(fmt.Errorf("read the records: %w", cause), err)
	}
	return err
}

func newReading(list *registerclient.ListAccessRecordsResponse, now time.Time) *reading {
	records := make([]heldRecord, len(list.AccessRecords))
	for i, record := range list.AccessRecords {
		records[i] = heldRecord{Handle: rand.Text()[:12], Summary: record}
	}
	return &reading{At: now, Records: records}
}

// uncancel lets a request go on to its end when the browser goes away: what it began at the register has to
// be remembered here.
func uncancel(c echo.Context) {
	c.SetRequest(c.Request().WithContext(context.WithoutCancel(c.Request().Context())))
}

// handoverTime is how long a browser takes, at most, to have stored the new cookie of an answer that was on its
// way while another of its requests was read. A request that finds its session gone, or somebody else at its
// work, waits this long and is then sent where the browser's cookie of that moment decides.
const handoverTime = time.Second

// awaitHandover waits that long. A stranger without a cookie has nothing to wait for.
func (p *portal) awaitHandover(c echo.Context) {
	if _, err := c.Request().Cookie(p.sessions.name); err != nil {
		return
	}
	select {
	case <-time.After(p.handover):
	case <-c.Request().Context().Done():
	}
}
