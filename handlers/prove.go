package handlers

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// pollTime is how often the waiting page asks: the published API asks for every 3 to 5 seconds.
const pollTime = 4 * time.Second

const (
	// resendWait is how long a letter is given to arrive before it can be sent anew, and mostResends how often that is done.
	resendWait  = 30 * time.Second
	mostResends = 3
	// pollingTime is how long the waiting page asks by itself (published API: stop after 20 minutes).
	pollingTime = 20 * time.Minute
)

func (p *portal) showProve(c echo.Context, v *visit) error {
	if v.Reading != nil {
		return seeOther(c, "/records")
	}
	return p.renderProve(c, http.StatusOK, p.provePage(c, v))
}

// renderProve shows the page whose form may lead straight on to the register's passkey page.
func (p *portal) renderProve(c echo.Context, status int, page views.ProvePage) error {
	p.allowPasskeyForm(c)
	return render(c, status, views.Prove(page))
}

func (p *portal) provePage(c echo.Context, v *visit) views.ProvePage {
	page := views.ProvePage{Page: p.page(c, v), MeterPoint: readable(v.MeterPoint)}
	methods := slices.Clone(v.Methods)
	if v.Challenge != nil && v.Challenge.State == views.WaitingCancelled {
		// Whoever gave up on a passkey is not asked for it first again.
		page.Cancelled = true
		slices.SortStableFunc(
			methods,
			func(a, b registerclient.Method) int { return cmp.Compare(afterCancel(a), afterCancel(b)) },
		)
	}

	for i, method := range methods {
		if i == 0 {
			page.Chosen.Name = methodLabels[method]
		} else {
			page.Others = append(page.Others, views.Method{Name: methodLabels[method]})
		}
	}

	return page
}

func afterCancel(method registerclient.Method) int {
	return slices.Index(
		[]registerclient.Method{
			registerclient.MethodMagicLink,
			registerclient.MethodPasskeyAssert,
			registerclient.MethodPasskeyRegister,
		},
		method,
	)
}

// sameClick is how long a second request for the same proof is taken for an impatient finger. Two letters
// with two codes, of which the page shows one, would lead a customer into a wrong code.
const sameClick = 10 * time.Second

var (
	// errElsewhere says that another request of the same customer is doing just this.
	errElsewhere = errors.New("another request is at it")
	// errNoResend says that a letter cannot be sent anew, now or any more. The waiting page tells which.
	errNoResend = errors.New("the letter is not sent again")
)

func (p *portal) postProve(c echo.Context, v *visit) error {
	method := registerclient.Method(c.Request().PostForm.Get("method"))
	if len(c.Request().PostForm["method"]) > 1 {
		return p.askForMethod(c, v, "error.prove.twice")
	}
	if !slices.Contains(v.Methods, method) {
		return p.askForMethod(c, v, "error.prove.none")
	}

	err := p.prove(c, v, method, func(v *visit, now time.Time) error {
		if v.Reading != nil || v.Proving == method && now.Sub(v.ProvingSince) < sameClick {
			return errElsewhere
		}
		return nil
	})
	if err != nil {
		return p.answerUnproved(c, v, method, err)
	}
	if v.asksForPasskey() && sameOrigin(v.Challenge.PasskeyURL, p.PasskeyOrigin) && !p.Demonstration {
		return c.Redirect(http.StatusSeeOther, v.Challenge.PasskeyURL)
	}

	return seeOther(c, "/waiting")
}

// postResend sends the letter anew: another challenge, with another code. The one before is forgotten, and runs out.
func (p *portal) postResend(c echo.Context, v *visit) error {
	if v.Challenge == nil {
		return seeOther(c, "/waiting")
	}

	method := v.Challenge.Method
	err := p.prove(c, v, method, func(v *visit, now time.Time) error {
		switch {
		case v.Reading != nil || v.Challenge == nil || v.Challenge.Method != method || v.Challenge.State != views.WaitingPending:
			return errElsewhere
		case !v.Challenge.mailed() || v.Resends >= mostResends || now.Sub(v.ProvingSince) < resendWait:
			return errNoResend
		}

		v.Resends++
		return nil
	})
	if errors.Is(err, errNoResend) {
		page := p.waitingPage(c, v)
		page.NotSent = true
		return render(c, http.StatusTooManyRequests, views.Waiting(page))
	}

	if err != nil {
		return p.answerUnproved(c, v, method, err)
	}

	return seeOther(c, "/waiting")
}

// prove starts a proof, where may has nothing against it; may sees the visit as it then is.
func (p *portal) prove(
	c echo.Context,
	v *visit,
	method registerclient.Method,
	may func(*visit, time.Time) error,
) error {
	uncancel(c)
	// The token's hour runs from its issue, which is later than now.
	now := p.Clock()
	var before visit
	err := p.change(c, v, func(v *visit) error {
		before = *v
		if err := may(v, now); err != nil {
			return err
		}

		v.Proving, v.ProvingSince = method, now
		return nil
	})
	if err != nil {
		return err
	}

	var proof *challenge
	if err = p.limitStart(c, v); err == nil {
		proof, err = p.challenge(c, v, method)
	}

	return errors.Join(err, p.change(c, v, func(v *visit) error {
		switch {
		case err != nil && v.ProvingSince.Equal(now):
			v.Proving, v.ProvingSince, v.Resends = "", before.ProvingSince, before.Resends
		case err == nil && v.Reading == nil:
			proof.StartedAt = now
			v.Challenge, v.EndsAt = proof, now.Add(grantTime)
		}

		return nil
	}))
}

// challenge asks the register to put a proof to the customer.
func (p *portal) challenge(c echo.Context, v *visit, method registerclient.Method) (*challenge, error) {
	ctx := c.Request().Context()
	request := registerclient.ReidentifyRequest{
		MPxN: v.MeterPoint, Method: method, MatchCode: true, Language: c.Get(printerKey).(*i18n.Printer).Lang(),
	}
	if method == registerclient.MethodPasskeyAssert && p.returnURL != "" && !p.Demonstration {
		request.PasskeyReturnURL = &p.returnURL
	}

	started, err := p.Register.Reidentify(ctx, request)
	if refused := (*registerclient.Error)(
		nil,
	); errors.As(err, &refused) && refused.Names("passkey-return-url") &&
		request.PasskeyReturnURL != nil {
		p.Logger.WarnContext(
			ctx,
			"the register does not know the way back from a passkey, which now opens in a new tab: register it on the portal's account",
			"return_url",
			p.returnURL,
		)
		request.PasskeyReturnURL = nil
		started, err = p.Register.Reidentify(ctx, request)
	}

	if err != nil {
		return nil, err
	}

	proof := newChallenge(started)
	proof.NewTab = proof.PasskeyURL != "" && request.PasskeyReturnURL == nil
	return proof, nil
}

func newChallenge(started *registerclient.ReidentifyResponse) *challenge {
	proof := &challenge{
		Method: started.Method, TokenRef: started.TokenRef(), MatchCode: started.MatchCode, State: views.WaitingPending,
	}
	switch {
	case started.MagicLink != nil:
		proof.SentTo, proof.ExpiresAt = started.MagicLink.DispatchedTo, started.MagicLink.ExpiresAt
	case started.Passkey != nil:
		proof.ExpiresAt = started.Passkey.ExpiresAt
		if !proof.mailed() {
			proof.PasskeyURL = webAddress(started.Passkey.RedirectURL)
		}
	}

	return proof
}

// mailed reports whether the customer gets a link: also a new passkey begins with one.
func (proof *challenge) mailed() bool { return proof.Method != registerclient.MethodPasskeyAssert }

// sameOrigin reports whether an address is at an origin, which is not empty.
func sameOrigin(address, origin string) bool {
	u, err := url.Parse(address)
	return err == nil && origin != "" && u.Scheme+"://"+u.Host == origin
}

// answerUnproved tells why no proof was started.
func (p *portal) answerUnproved(c echo.Context, v *visit, method registerclient.Method, err error) error {
	switch {
	case errors.Is(err, errElsewhere):
		p.awaitHandover(c)
		return seeOther(c, "/waiting")
	case errors.Is(err, registerclient.ErrUnprocessable):
		return p.refuseMethod(c, v, method)
	case errors.Is(err, registerclient.ErrNotFound):
		page := p.page(c, v)
		page.Path = base(c) + "/prove"
		return p.showNoRecord(c, page, v.MeterPoint)
	}

	return err
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
	return p.renderProve(c, http.StatusUnprocessableEntity, page)
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
	proof := v.Challenge
	now := p.Clock()
	page := views.WaitingPage{
		Page:        p.page(c, v),
		MeterPoint:  readable(v.MeterPoint),
		Method:      views.Method{Name: methodLabels[proof.Method]},
		State:       proof.State,
		SentTo:      proof.SentTo,
		ExpiresAt:   proof.ExpiresAt,
		SecondsLeft: secondsUntil(now, proof.ExpiresAt),
		PollSeconds: int(pollTime / time.Second),
		PollingLeft: secondsUntil(now, proof.StartedAt.Add(pollingTime)),
		// Of two proofs one after the other the page must not be taken for the same.
		Proof: proof.StartedAt.UnixMilli(),
	}
	page.Path = base(c) + "/waiting"
	if p.Demonstration {
		return page
	}

	page.PasskeyURL, page.NewTab = proof.PasskeyURL, proof.NewTab
	if proof.mailed() || proof.NewTab {
		page.MatchCode = proof.MatchCode
	}
	if proof.mailed() {
		page.Resent, page.ResendsLeft = v.Resends, max(0, mostResends-v.Resends)
		page.ResendSeconds = secondsUntil(now, v.ProvingSince.Add(resendWait))
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

// leadOn tells a script where its form leads, for it cannot see a redirect: portal.js then puts that page in the place of the
// form's (decisions.md, What stays in the history).
func leadOn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r := c.Response(); c.Request().Header.Get("HX-Request") != "" {
			r.Before(func() {
				if r.Status == http.StatusSeeOther {
					r.Header().Set("HX-Redirect", r.Header().Get(echo.HeaderLocation))
					r.Header().Del(echo.HeaderLocation)
					r.Status = http.StatusOK
				}
			})
		}

		return next(c)
	}
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

// pollChallenge does the asking for poll, where there is something to ask. A browser that has come back from the passkey
// brings the code that completes the proof; whether the register takes it or not, the status then tells.
func (p *portal) pollChallenge(c echo.Context, v *visit) error {
	proof := *v.Challenge
	answer, err := p.ask(c, proof)
	switch {
	case errors.Is(err, registerclient.ErrTooMany):
		// Another window asked a moment ago. There is nothing to tell the customer.
		return nil
	case errors.Is(err, registerclient.ErrNotFound):
		return p.endChallenge(c, v, proof, views.WaitingGone)
	case err != nil:
		return err
	case answer.Status == registerclient.StatusConfirmed:
		return p.read(c, v, proof)
	case answer.Status == registerclient.StatusExpired:
		return p.endChallenge(c, v, proof, p.endOf(proof, answer.Reason))
	}

	return nil
}

func (p *portal) ask(c echo.Context, proof challenge) (*registerclient.ReidentifyStatusResponse, error) {
	ctx := c.Request().Context()
	if proof.Completion != "" {
		answer, err := p.Register.CompleteReidentification(
			ctx,
			proof.TokenRef,
			registerclient.CompleteReidentificationRequest{CompletionCode: proof.Completion},
		)
		if !errors.Is(err, registerclient.ErrUnprocessable) && !errors.Is(err, registerclient.ErrInvalid) {
			return answer, err
		}
	}

	return p.Register.ReidentificationStatus(ctx, proof.TokenRef)
}

// earlyEnd is how long before its time a proof must have ended to say that something else than time has ended it.
const earlyEnd = time.Minute

// endOf is how a proof ended that nobody can confirm any more.
func (p *portal) endOf(proof challenge, reason string) views.WaitingState {
	switch {
	case reason == "declined":
		return views.WaitingDeclined
	case reason == "wrong-code":
		return views.WaitingWrongCode
	case proof.Method == registerclient.MethodPasskeyAssert:
		// It may have been shown, and the way back not taken in time.
	case p.Clock().Before(proof.ExpiresAt.Add(-earlyEnd)):
		// The people of the meter point have changed, or their address was deleted.
		return views.WaitingGone
	}

	return views.WaitingExpired
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

	list, cause := p.Register.ListAccessRecords(
		c.Request().Context(),
		v.MeterPoint,
		registerclient.ListAccessRecordsQuery{
			ReidentificationToken: proof.TokenRef,
		},
	)
	// A token that the register calls spent or void is of no more use, and the waiting page says so; with any
	// other failure it may be tried again. Spent, for somebody got its one answer; void, for whoever confirmed has
	// moved out since, or the hour is over.
	spent := errors.Is(cause, registerclient.ErrConflict)
	void := errors.Is(cause, registerclient.ErrForbidden)
	err = p.change(c, v, func(v *visit) error {
		switch {
		case !v.proves(proof):
		case cause == nil:
			v.Reading = newReading(list, p.Clock())
		case spent:
			v.Challenge.State = views.WaitingLost
		case void:
			v.Challenge.State = views.WaitingGone
		default:
			v.Challenge.ReadingSince = time.Time{}
		}

		return nil
	})
	if spent || void {
		p.Logger.WarnContext(
			c.Request().Context(),
			"the token is spent, and its answer was lost; or it is void",
			"cause",
			cause,
		)
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
