package handlers

import (
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// poll asks the register whether the customer has confirmed, and if so reads the list: the visit then has a Reading.
// Several windows of one browser may poll at once; see readRecords.
func (p *portal) poll(c echo.Context) (*visit, error) {
	v, err := p.findVisit(c)
	if err == nil {
		err = p.sessions.extend(c.Request().Context(), v)
	}
	if err == nil && v.isPending() {
		err = p.pollChallenge(c, v)
	}
	if errors.Is(err, errSessionEnded) {
		p.awaitHandover(c)
	}

	return v, err
}

// pollChallenge asks the register about the challenge, and remembers how it ended.
func (p *portal) pollChallenge(c echo.Context, v *visit) error {
	proof := *v.Challenge
	answer, err := p.challengeStatus(c, proof)
	switch {
	case errors.Is(err, registerclient.ErrTooMany):
		// Another window asked a moment ago. There is nothing to tell the customer.
		return nil
	case errors.Is(err, registerclient.ErrNotFound):
		return p.endChallenge(c, v, proof, views.WaitingGone)
	case err != nil:
		return err
	case answer.Status == registerclient.StatusConfirmed:
		return p.readRecords(c, v, proof)
	case answer.Status == registerclient.StatusExpired:
		return p.endChallenge(c, v, proof, p.endState(proof, answer.Reason))
	default:
		return nil
	}
}

// challengeStatus returns the status of a challenge. A browser that came back from the passkey brought the code that
// completes the proof. If the register refuses the code, the status says what became of the proof.
func (p *portal) challengeStatus(
	c echo.Context,
	proof challenge,
) (*registerclient.ReidentifyStatusResponse, error) {
	ctx := c.Request().Context()
	if proof.Completion != "" {
		completion := registerclient.CompleteReidentificationRequest{CompletionCode: proof.Completion}
		answer, err := p.Register.CompleteReidentification(ctx, proof.TokenRef, completion)
		if !errors.Is(err, registerclient.ErrUnprocessable) && !errors.Is(err, registerclient.ErrInvalid) {
			return answer, err
		}
	}

	return p.Register.ReidentificationStatus(ctx, proof.TokenRef)
}

// earlyEnd is how long before its time a proof must have ended for another cause than time.
const earlyEnd = time.Minute

// endState returns how a proof ended that can no longer be confirmed.
func (p *portal) endState(proof challenge, reason string) views.WaitingState {
	switch {
	case reason == "declined":
		return views.WaitingDeclined
	case reason == "wrong-code":
		return views.WaitingWrongCode
	case proof.Method == registerclient.MethodPasskeyAssert:
		// The passkey may have been used, and the way back not taken in time.
		return views.WaitingExpired
	case p.Clock().Before(proof.ExpiresAt.Add(-earlyEnd)):
		// The household of the meter point has changed, or the address was deleted.
		return views.WaitingGone
	default:
		return views.WaitingExpired
	}
}

// endChallenge remembers that a proof failed, unless the customer has begun another one.
func (p *portal) endChallenge(c echo.Context, v *visit, proof challenge, state views.WaitingState) error {
	return p.changeVisit(c, v, func(v *visit) error {
		if v.waitsFor(proof) {
			v.Challenge.State = state
		}
		return nil
	})
}

// handoverTime is how long a browser takes at most to store the new cookie of a response that was on its way while
// another of its requests was read. A request that finds its session gone, or another request at the same work, waits
// this long. It is then redirected, and comes back with the cookie that the browser has by then.
const handoverTime = time.Second

// awaitHandover waits that long. A request without a cookie has nothing to wait for.
func (p *portal) awaitHandover(c echo.Context) {
	if _, ok := p.cookie(c, sessionCookie); !ok {
		return
	}

	select {
	case <-time.After(p.handover):
	case <-c.Request().Context().Done():
	}
}
