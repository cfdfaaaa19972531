package id

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// permitAssertion returns the browser's permission to show a passkey.
func (p *Pages) permitAssertion(c echo.Context) (rules.Permission, error) {
	return p.rules.PermitAssertion(c.Request().Context(), p.secretOf(c, store.SessionSecret))
}

// permitEnrolment returns the browser's permission to create a passkey.
func (p *Pages) permitEnrolment(c echo.Context) (rules.Permission, error) {
	return p.rules.PermitEnrolment(
		c.Request().Context(), p.secretOf(c, store.SessionSecret), p.secretOf(c, store.EnrolSecret),
	)
}

// takeSession moves the session of a passkey page from its address into a cookie. It reports whether it did, and then
// has sent the redirect.
func (p *Pages) takeSession(c echo.Context, path string) (bool, error) {
	if !c.QueryParams().Has("session") {
		return false, nil
	}

	p.keepSecret(c, store.SessionSecret, c.QueryParam("session"), rules.PasskeyLife)

	return true, c.Redirect(http.StatusSeeOther, path)
}

// showAssert is the page on which the customer shows a passkey. Like showLink it changes nothing.
func (p *Pages) showAssert(c echo.Context) error {
	if redirected, err := p.takeSession(c, pathAssert); redirected {
		return err
	}

	if p.demonstration {
		return p.showStubbed(c)
	}

	permission, err := p.permitAssertion(c)
	if err != nil {
		return p.countEnded(c, err)
	}

	model := AssertPage{
		Page:      p.page(c, permission.Found.Language, pathAssert),
		Asking:    asking(permission.Opened),
		FormToken: formToken(permission.Secret),
		Purpose:   PurposeList,
		MatchCode: permission.TypesCode(),
		BackHref:  rules.CancelledReturn(permission.Found),
	}
	if permission.Account.Role == string(registerclient.RoleDataUser) {
		model.Purpose = PurposeCustomer
	}

	allowPasskeys(c, permissionsShow)

	return web.Render(c, http.StatusOK, Assert(model))
}

// showStubbed takes the place of the page on which a passkey is shown in a demonstration, which asks for none.
func (p *Pages) showStubbed(c echo.Context) error {
	found, back, err := p.rules.StubbedAssertion(c.Request().Context(), p.secretOf(c, store.SessionSecret))
	if err != nil {
		return p.countEnded(c, err)
	}

	return web.Render(c, http.StatusOK, End(EndPage{
		Page: p.page(c, found.Language, pathAssert), Reason: EndStubbed, BackHref: back,
	}))
}

// showEnrol is the page on which the customer creates a passkey.
func (p *Pages) showEnrol(c echo.Context) error {
	if redirected, err := p.takeSession(c, pathEnrol); redirected {
		return err
	}

	permission, err := p.permitEnrolment(c)
	if errors.Is(err, rules.ErrMailed) {
		model := EndPage{Page: p.page(c, permission.Found.Language, pathEnrol), Reason: EndMailed}

		return web.Render(c, http.StatusOK, End(model))
	}
	if err != nil {
		return p.countEnded(c, err)
	}

	model, err := p.enrolPage(c, permission)
	if err != nil {
		return err
	}

	allowPasskeys(c, permissionsCreate)

	return web.Render(c, http.StatusOK, Enrol(model))
}

// enrolPage returns the page on which a passkey is created.
func (p *Pages) enrolPage(c echo.Context, permission rules.Permission) (EnrolPage, error) {
	found := permission.Found
	existing, err := p.rules.ListPasskeys(c.Request().Context(), permission)
	if err != nil {
		return EnrolPage{}, err
	}

	model := EnrolPage{
		Page:      p.page(c, found.Language, pathEnrol),
		Asking:    asking(permission.Opened),
		FormToken: formToken(permission.Secret),
		Confirmed: permission.Confirmed,
		MatchCode: permission.TypesCode(),
		BackHref:  rules.CancelledReturn(found),
	}
	model.Name = model.Text.T(deviceKey(deviceOf(c.Request().UserAgent())))
	for _, passkey := range existing {
		model.Passkeys = append(model.Passkeys, Passkey{Name: passkey.Name, Added: passkey.RegisteredAt.Time()})
	}

	if permission.Confirmed {
		// The customer has confirmed even without a passkey.
		returnTo, err := p.rules.TicketReturn(found)
		if err != nil {
			return EnrolPage{}, err
		}

		model.BackHref = returnTo
		if !p.demonstration { // a demonstration has no page before this one
			model.BackHref = cmp.Or(returnTo, pathConfirmed)
		}
	}

	return model, nil
}

// postPasskeyDecline is the customer's "this wasn't me" on a passkey page. It is final in every browser: the address of
// these pages is never mailed, so no mail scanner opens them.
func (p *Pages) postPasskeyDecline(c echo.Context) error {
	ctx := c.Request().Context()
	opened, err := p.rules.Open(ctx, store.SessionSecret, p.secretOf(c, store.SessionSecret))
	if err != nil {
		return p.countEnded(c, err)
	}
	if !isOwnForm(c.FormValue("form"), opened.Secret) {
		return c.Redirect(http.StatusSeeOther, pageOfForm(c)) // the page shows the question as it is now
	}

	if err := p.rules.Decline(ctx, opened.Found, true); err != nil {
		return err
	}
	p.forgetSecret(c, store.SessionSecret)

	return c.Redirect(http.StatusSeeOther, pathPasskeyDeclined)
}
