package handlers

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// doubleClick is how long a second request for the same proof counts as a second click. Two letters with two codes
// would lead a customer into a wrong code: the page shows only one.
const doubleClick = 10 * time.Second

// errInProgress means that another request of the same customer is doing the same.
var errInProgress = errors.New("another request is doing this")

func (p *portal) showProve(c echo.Context, v *visit) error {
	if v.Reading != nil {
		return p.seeOther(c, "/records")
	}

	if len(v.Methods) == 0 {
		return web.Render(c, http.StatusOK, views.PendingAddress(views.PendingAddressPage{
			Page:       p.page(c, v),
			MeterPoint: meterPointView(v.MeterPoint),
		}))
	}

	return p.renderProve(c, http.StatusOK, p.provePage(c, v))
}

// renderProve shows the page that asks for a proof. Its form may lead straight on to the register's passkey page.
func (p *portal) renderProve(c echo.Context, status int, page views.ProvePage) error {
	p.allowPasskeyForm(c)
	return web.Render(c, status, views.Prove(page))
}

func (p *portal) provePage(c echo.Context, v *visit) views.ProvePage {
	page := views.ProvePage{Page: p.page(c, v), MeterPoint: meterPointView(v.MeterPoint)}
	methods := slices.Clone(v.Methods)
	if v.Challenge != nil && v.Challenge.State == views.WaitingCancelled {
		page.Cancelled = true
		slices.SortStableFunc(methods, compareAfterCancel)
	}

	for i, method := range methods {
		shown := views.Method{Name: methodLabels[method]}
		if i == 0 {
			page.Chosen = shown
		} else {
			page.Others = append(page.Others, shown)
		}
	}

	return page
}

// methodsAfterCancel is the order for a customer who gave up on a passkey, and is not asked for it first again.
var methodsAfterCancel = []registerclient.Method{
	registerclient.MethodMagicLink,
	registerclient.MethodPasskeyAssert,
	registerclient.MethodPasskeyRegister,
}

func compareAfterCancel(a, b registerclient.Method) int {
	return slices.Index(methodsAfterCancel, a) - slices.Index(methodsAfterCancel, b)
}

// postProve starts the proof that the customer chose.
func (p *portal) postProve(c echo.Context, v *visit) error {
	form := c.Request().PostForm
	method := registerclient.Method(form.Get("method"))
	if len(v.Methods) == 0 {
		return p.seeOther(c, "/prove")
	}
	if len(form["method"]) > 1 {
		return p.askForMethod(c, v, "error.prove.twice")
	}
	if !slices.Contains(v.Methods, method) {
		return p.askForMethod(c, v, "error.prove.none")
	}

	err := p.startProof(c, v, proofStart{method: method}, func(v *visit, now time.Time) error {
		if v.Reading != nil || v.Proving == method && now.Sub(v.ProvingSince) < doubleClick {
			return errInProgress
		}
		return nil
	})
	if err != nil {
		return p.explainNoProof(c, v, method, err)
	}

	if v.asksForPasskey() && hasOrigin(v.Challenge.PasskeyURL, p.PasskeyOrigin) && !p.Demonstration {
		return c.Redirect(http.StatusSeeOther, v.Challenge.PasskeyURL)
	}

	return p.seeOther(c, "/waiting")
}

// startProof starts a proof of presence, unless check refuses. Check sees the visit as it is then, and may change it.
func (p *portal) startProof(
	c echo.Context,
	v *visit,
	start proofStart,
	check func(v *visit, now time.Time) error,
) error {
	ignoreCancel(c)

	now := p.Clock() // the token's hour runs from its issue, which is later
	var before visit
	err := p.changeVisit(c, v, func(v *visit) error {
		before = *v
		if err := check(v, now); err != nil {
			return err
		}

		v.Proving = start.method
		v.ProvingSince = now
		v.ProvingOther = start.toOther

		return nil
	})
	if err != nil {
		return err
	}

	proof, err := p.startChallenge(c, v, start)

	changed := p.changeVisit(c, v, func(v *visit) error {
		switch {
		case err != nil && v.ProvingSince.Equal(now):
			v.Proving = ""
			v.ProvingSince = before.ProvingSince
			v.ProvingOther = before.ProvingOther
			v.Resends = before.Resends
		case err == nil && v.Reading == nil:
			proof.StartedAt = now
			v.remember(proof)
			v.EndsAt = now.Add(grantTime)
		case err == nil:
			v.keepToken(proof.TokenRef)
		}

		return nil
	})
	p.dropProof(c, proof, changed)

	return errors.Join(err, changed)
}

// explainNoProof shows why a request started no proof.
func (p *portal) explainNoProof(c echo.Context, v *visit, method registerclient.Method, err error) error {
	switch {
	case errors.Is(err, errInProgress):
		p.awaitHandover(c)
		return p.seeOther(c, "/waiting")
	case errors.Is(err, registerclient.ErrUnprocessable):
		return p.refuseMethod(c, v, method)
	case errors.Is(err, registerclient.ErrNotFound):
		page := p.page(c, v)
		page.Path = p.Base + "/prove"
		return p.showNoRecord(c, page, v.MeterPoint)
	default:
		return err
	}
}

// refuseMethod asks again if the register cannot use the method here after all. The page offers it last. The visit
// keeps it: the register may have been wrong. If no method is left because an address is being checked, the page says
// so instead.
func (p *portal) refuseMethod(c echo.Context, v *visit, method registerclient.Method) error {
	record, err := p.Register.IdentityRecordExists(c.Request().Context(), v.MeterPoint)
	if err == nil && addressPending(record) {
		err := p.changeVisit(c, v, func(v *visit) error {
			v.Methods = nil
			return nil
		})
		if err != nil {
			return err
		}

		return p.seeOther(c, "/prove")
	}

	if len(v.Methods) == 1 {
		return p.askForMethod(c, v, "error.prove.only")
	}

	others := slices.DeleteFunc(v.Methods, func(m registerclient.Method) bool { return m == method })
	v.Methods = append(others, method)

	return p.askForMethod(c, v, "error.prove."+methodLabels[method])
}

// askForMethod shows the page that asks for a proof again, with what was wrong.
func (p *portal) askForMethod(c echo.Context, v *visit, mistake string) error {
	page := p.provePage(c, v)
	page.Path = p.Base + "/prove"
	page.Errors = []views.FieldError{{Field: "method", Key: mistake}}

	return p.renderProve(c, http.StatusUnprocessableEntity, page)
}
