package id

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The text keys of what can be wrong with the form of a mailed link.
const (
	mistakeForm          = "id.link.error.form"
	mistakeEmptyCode     = "id.link.error.empty"
	mistakeEmptyShown    = "id.link.error.shown"
	mistakeMalformedCode = "id.link.error.form-of-code"
	mistakeWrongCode     = "id.link.error.code"
)

// showLink is the page of a mailed link. It changes nothing, however often it is opened. The first visit moves the
// secret from the address into a cookie.
func (p *Pages) showLink(c echo.Context) error {
	if c.QueryParams().Has("token") {
		p.keepSecret(c, store.LinkSecret, c.QueryParam("token"), rules.LinkLife)

		return c.Redirect(http.StatusSeeOther, pathLink)
	}

	opened, err := p.openLink(c)
	if err != nil {
		return err
	}

	model := p.linkPage(c, opened)
	if neverSaysByHand(c) {
		model.ShownCode = rules.ShownCode(opened.Secret, opened.Found)
	}

	return renderLink(c, http.StatusOK, model, opened)
}

// openLink returns the challenge of the mailed link that the browser holds.
func (p *Pages) openLink(c echo.Context) (rules.Opened, error) {
	opened, err := p.rules.Open(c.Request().Context(), store.LinkSecret, p.secretOf(c, store.LinkSecret))

	return opened, p.countEnded(c, err)
}

// countEnded counts a link or page that opens nothing towards the limit of its address.
func (p *Pages) countEnded(c echo.Context, err error) error {
	if !errors.Is(err, rules.ErrEnded) {
		return err
	}
	if failure := p.rules.CountFailure(c.Request().Context(), c.RealIP()); failure != nil {
		return failure
	}

	return err
}

// linkPage returns the page of a mailed link. It shows a code to type if the challenge was declined in a browser that
// does not say who pressed.
func (p *Pages) linkPage(c echo.Context, opened rules.Opened) LinkPage {
	found := opened.Found
	model := LinkPage{
		Page:      p.page(c, found.Language, pathLink),
		Asking:    asking(opened),
		FormToken: formToken(opened.Secret),
		Purpose:   purposeOf(opened),
		MatchCode: found.MatchCode != nil,
		Declined:  found.SoftDeclinedAt != nil,
		TriesLeft: store.MaxWrongCodes - found.WrongCodes,
	}
	if model.Declined {
		model.ShownCode = rules.ShownCode(opened.Secret, found)
	}

	return model
}

// purposeOf returns what a customer is asked to confirm for.
func purposeOf(opened rules.Opened) Purpose {
	switch {
	case opened.Found.Method == string(registerclient.MethodPasskeyRegister):
		return PurposePasskey
	case opened.Account.Role == string(registerclient.RoleDataUser):
		return PurposeCustomer
	default:
		return PurposeList
	}
}

// asking returns what the pages of a challenge tell of it.
func asking(opened rules.Opened) Asking {
	meter := mail.MeterOf(opened.Found.MPxN)

	return Asking{
		Org:         opened.Account.DisplayName,
		Gas:         meter.Gas,
		MeterEnding: meter.Ending,
		Asked:       opened.Found.IssuedAt.Time(),
		Expires:     opened.Found.ConfirmBy.Time(),
		StartedFrom: opened.Found.StartedFrom,
	}
}

func renderLink(c echo.Context, status int, model LinkPage, opened rules.Opened) error {
	allowForm(c, opened.Found.RedirectURL)

	return web.Render(c, status, Link(model))
}

// renderMistake shows the page of a mailed link again, with what was wrong with its form.
func (p *Pages) renderMistake(c echo.Context, status int, opened rules.Opened, mistake string) error {
	model := p.linkPage(c, opened)
	model.Mistake = mistake
	if !sentByHand(c) {
		model.ShownCode = rules.ShownCode(opened.Secret, opened.Found)
	}

	return renderLink(c, status, model, opened)
}

// postLink is the customer's yes.
func (p *Pages) postLink(c echo.Context) error {
	opened, err := p.openLink(c)
	if err != nil {
		return err
	}
	if !isOwnForm(c.FormValue("form"), opened.Secret) {
		return p.renderMistake(c, http.StatusForbidden, opened, mistakeForm)
	}

	ticket, err := p.rules.ConfirmByLink(c.Request().Context(), opened, rules.LinkConfirmation{
		Code: c.FormValue("code"), ByHand: sentByHand(c),
	})
	switch {
	case errors.Is(err, rules.ErrCodeMissing):
		mistake := mistakeEmptyCode
		if opened.Found.MatchCode == nil {
			mistake = mistakeEmptyShown
		}

		return p.renderMistake(c, http.StatusUnprocessableEntity, opened, mistake)
	case errors.Is(err, rules.ErrCodeMalformed):
		return p.renderMistake(c, http.StatusUnprocessableEntity, opened, mistakeMalformedCode)
	case errors.Is(err, rules.ErrCodeWrong):
		return p.showWrongCode(c, opened)
	case errors.Is(err, rules.ErrEnded):
		// The challenge was answered elsewhere a moment ago: the page tells its state.
		return c.Redirect(http.StatusSeeOther, pathLink)
	case err != nil:
		return err
	}

	p.forgetSecret(c, store.LinkSecret)

	return p.continueFromLink(c, opened.Found, ticket)
}

// continueFromLink sends a customer who has confirmed by a link to the next page.
func (p *Pages) continueFromLink(c echo.Context, found store.Reidentification, ticket string) error {
	p.keepSecret(c, store.VisitSecret, ticket, rules.TicketLife)
	enrols := found.Method == string(registerclient.MethodPasskeyRegister)
	if found.RedirectURL == nil || enrols {
		p.keepSecret(c, store.EnrolSecret, ticket, rules.TicketLife)
		if enrols {
			return c.Redirect(http.StatusSeeOther, pathEnrol)
		}

		return c.Redirect(http.StatusSeeOther, pathConfirmed)
	}

	location, err := p.rules.LinkReturn(found)
	if err != nil {
		return err
	}

	return c.Redirect(http.StatusSeeOther, location)
}

// showWrongCode shows the page again after a wrong code, or the end of the challenge.
func (p *Pages) showWrongCode(c echo.Context, opened rules.Opened) error {
	ctx := c.Request().Context()
	if err := p.rules.CountFailure(ctx, c.RealIP()); err != nil {
		return err
	}

	again, err := p.rules.Open(ctx, store.LinkSecret, opened.Secret)
	if errors.Is(err, rules.ErrEnded) {
		return web.Render(c, http.StatusGone, End(EndPage{Page: p.page(c, "", pathLink), Reason: EndWrongCode}))
	}
	if err != nil {
		return err
	}

	return p.renderMistake(c, http.StatusUnprocessableEntity, again, mistakeWrongCode)
}

// postDecline is the customer's "this wasn't me". It is final if the browser says that a person pressed the button.
// Otherwise it counts until the right code is typed, and the browser keeps the link's secret for that.
func (p *Pages) postDecline(c echo.Context) error {
	opened, err := p.openLink(c)
	if err != nil {
		return err
	}
	if !isOwnForm(c.FormValue("form"), opened.Secret) {
		return p.renderMistake(c, http.StatusForbidden, opened, mistakeForm)
	}

	final := sentByHand(c)
	if err := p.rules.Decline(c.Request().Context(), opened.Found, final); err != nil {
		return err
	}
	if final {
		p.forgetSecret(c, store.LinkSecret)
	}

	return c.Redirect(http.StatusSeeOther, pathDeclined)
}

// showConfirmed tells a customer who has confirmed where to go on, and offers a passkey for the next time.
func (p *Pages) showConfirmed(c echo.Context) error {
	opened, err := p.rules.OpenTicket(c.Request().Context(), p.secretOf(c, store.EnrolSecret))
	if err != nil {
		return p.countEnded(c, err)
	}

	href, err := p.contactsHref(c)
	if err != nil {
		return err
	}

	return web.Render(c, http.StatusOK, Confirmed(ConfirmedPage{
		Page:         p.page(c, opened.Found.Language, pathConfirmed),
		Org:          opened.Account.DisplayName,
		PasskeyHref:  pathEnrol,
		ContactsHref: href,
	}))
}

// showDeclined follows a decline. If the browser still holds the link, the page says how to take the decline back.
func (p *Pages) showDeclined(c echo.Context) error {
	reason := EndDeclined
	opened, err := p.rules.Open(c.Request().Context(), store.LinkSecret, p.secretOf(c, store.LinkSecret))
	switch {
	case err == nil && opened.Found.SoftDeclinedAt != nil:
		reason = EndSoftDeclined
	case err != nil && !errors.Is(err, rules.ErrEnded):
		return err
	}

	return web.Render(c, http.StatusOK, End(EndPage{Page: p.page(c, "", pathDeclined), Reason: reason}))
}
