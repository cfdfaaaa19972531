package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/views"
)

const (
	// pollEvery is how often the waiting page asks: the published API wants 3 to 5 seconds.
	pollEvery = 4 * time.Second
	// pollingTime is how long the waiting page asks by itself (published API: stop after 20 minutes).
	pollingTime = 20 * time.Minute
	// refreshEvery is how often the waiting page asks in a browser without scripts. It is longer than pollEvery,
	// because the whole page is loaded again: a screen reader starts again, and the focus is lost.
	refreshEvery = 10 * time.Second
	// refreshAfterMistake is how long such a page stays if it says that something did not work.
	refreshAfterMistake = 30 * time.Second
	// resendWait is how long a letter may take to arrive before it can be sent again.
	resendWait = 30 * time.Second
	// mostResends is how often a letter can be sent again.
	mostResends = 3
)

// What a form of the waiting page calls the two addresses that a letter can go to. The name says where it should go,
// so that a second click does not lead back.
const (
	firstAddress = "first"
	otherAddress = "other"
)

// pauseQuery is the query parameter of a waiting page that does not load itself again.
const pauseQuery = "pause"

// errNoResend means that a letter cannot be sent again, now or at all. The waiting page tells which.
var errNoResend = errors.New("the letter is not sent again")

// showWaiting shows what the last poll found. It asks the register nothing.
func (p *portal) showWaiting(c echo.Context, v *visit) error {
	switch {
	case v.Reading != nil:
		return p.seeOther(c, "/records")
	case v.Challenge == nil:
		return p.seeOther(c, "/prove")
	default:
		return web.Render(c, http.StatusOK, views.Waiting(p.waitingPage(c, v)))
	}
}

func (p *portal) waitingPage(c echo.Context, v *visit) views.WaitingPage {
	proof := v.Challenge
	now := p.Clock()
	page := views.WaitingPage{
		Page:        p.page(c, v),
		MeterPoint:  meterPointView(v.MeterPoint),
		Method:      views.Method{Name: methodLabels[proof.Method]},
		State:       proof.State,
		SentTo:      proof.SentTo,
		ExpiresAt:   proof.ExpiresAt,
		SecondsLeft: secondsUntil(now, proof.ExpiresAt),
		PollSeconds: int(pollEvery / time.Second),
		PollingLeft: secondsUntil(now, proof.StartedAt.Add(pollingTime)),
		// The page of a second proof must not be taken for that of the first.
		Proof: proof.StartedAt.UnixMilli(),
	}
	page.Path = p.Base + "/waiting"
	page.Paused = c.QueryParam(pauseQuery) == "yes"
	page.Query = "" // beside the code, the compressed page must hold nothing that another site has chosen
	if page.Paused {
		page.Query = pauseQuery + "=yes"
	}
	if v.isPending() && page.PollingLeft > 0 && !page.Paused {
		page.RefreshSeconds = int(refreshEvery / time.Second)
		page.Refresh = &views.Refresh{Seconds: page.RefreshSeconds, URL: p.Base + "/waiting/refresh"}
	}
	if p.Demonstration {
		return page
	}

	page.PasskeyURL = proof.PasskeyURL
	page.NewTab = proof.NewTab
	if proof.isMailed() || proof.NewTab {
		page.MatchCode = proof.MatchCode
	}

	if proof.isMailed() {
		page.OtherAddress = proof.OtherAddress
		page.OtherName = proof.otherName()
		page.Resent = v.Resends
		page.ResendsLeft = max(0, mostResends-v.Resends)
		page.ResendSeconds = secondsUntil(now, v.ProvingSince.Add(resendWait))
	}

	return page
}

// postResend sends the letter again, to the same address or to the other one: a new challenge with a new code. The old
// one is forgotten, and expires. The other address is not waited for: the letter there is the first one.
func (p *portal) postResend(c echo.Context, v *visit) error {
	if v.Challenge == nil {
		return p.seeOther(c, "/waiting")
	}

	start := proofStart{method: v.Challenge.Method, toOther: v.Challenge.ToOther}
	asked := c.Request().PostForm.Get("address")
	moves := asked == firstAddress || asked == otherAddress
	if moves {
		start.toOther = asked == otherAddress
	}

	err := p.startProof(c, v, start, func(v *visit, now time.Time) error {
		switch {
		case !v.isPending() || v.Challenge.Method != start.method:
			return errInProgress
		case moves && (v.ProvingOther == start.toOther || v.Challenge.ToOther == start.toOther):
			return errInProgress // a second click
		case moves && v.Challenge.OtherAddress == "":
			return errNoResend
		case !v.Challenge.isMailed() || v.Resends >= mostResends:
			return errNoResend
		case !moves && now.Sub(v.ProvingSince) < resendWait:
			return errNoResend
		}

		v.Resends++

		return nil
	})
	if errors.Is(err, errNoResend) {
		page := p.waitingPage(c, v)
		page.NotSent = true
		if page.Refresh != nil {
			page.Refresh.Seconds = int(refreshAfterMistake / time.Second)
			page.RefreshSeconds = 0
		}

		return web.Render(c, http.StatusTooManyRequests, views.Waiting(page))
	}
	if err != nil {
		return p.explainNoProof(c, v, start.method, err)
	}

	return p.seeOther(c, "/waiting")
}

// checkWaiting is the Continue button of a browser without scripts. It is a GET that may use the token for the
// reading, so that such a browser needs no more than a link. That is safe: what it opens stays in the session of the
// browser that asks, which another site's link cannot see, and to ask again changes nothing.
func (p *portal) checkWaiting(c echo.Context) error {
	v, err := p.poll(c)
	switch {
	case errors.Is(err, errSessionEnded):
		return p.seeOther(c, "/waiting")
	case err != nil:
		return err
	case v.Reading != nil:
		return p.seeOther(c, "/records")
	case c.QueryParam(pauseQuery) == "yes":
		return p.seeOther(c, "/waiting?"+pauseQuery+"=yes")
	default:
		return p.seeOther(c, "/waiting")
	}
}

// refreshWaiting is the waiting page of a browser without scripts, which loads it again and again. It asks the
// register like checkWaiting, at an address of its own: browsers keep their place on a page that leads to itself. If
// the register does not answer, the page stays, and asks again.
func (p *portal) refreshWaiting(c echo.Context) error {
	v, err := p.poll(c)
	switch {
	case errors.Is(err, errSessionEnded):
		return p.seeOther(c, "/waiting")
	case err != nil && (v == nil || !v.isPending()):
		return err
	case err != nil:
		p.Logger.WarnContext(
			c.Request().Context(),
			"the waiting page does not know the state of the proof",
			"error",
			err,
		)
	}

	ignoreCancel(c) // the request's time may be what has run out

	return p.showWaiting(c, v)
}

// showWaitingStatus is the part of the waiting page that htmx fetches every few seconds.
func (p *portal) showWaitingStatus(c echo.Context) error {
	v, err := p.poll(c)
	switch {
	case errors.Is(err, errSessionEnded):
		return p.redirectScript(c, "/waiting")
	case err != nil:
		return err
	case v.Reading != nil:
		return p.redirectScript(c, "/records")
	case v.Challenge == nil:
		return p.redirectScript(c, "/waiting")
	default:
		return web.Render(c, http.StatusOK, views.WaitingStatus(p.waitingPage(c, v)))
	}
}
