package handlers

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// On the adviser's pages an adviser helps a customer who is on the telephone or across the desk. It is the customer's
// journey, proved by the customer on their own device, and marked on every page (docs/decisions.md, Advisers). An
// adviser opens no list, and is needed to start a proof from here. Who is one is in adviser_codes.go, and how long in
// adviser_session.go.

// Adviser is one of an operator's advisers.
type Adviser struct {
	// Name is what the adviser signs in with, and what the register is told: 1 to 60 characters.
	Name string
	// SecretHash is the hash of the adviser's code, by argon2id in PHC form.
	SecretHash string
}

// adviserOnly lets no request pass without the session of an adviser, but to the page that asks for the code. The
// register is told the adviser's name with each reading and withdrawal. The shared code has none.
func (p *portal) adviserOnly(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() == p.Base+"/sign-in" || p.isStatic(c) {
			return next(c)
		}

		a, err := p.adviser(c)
		method := c.Request().Method
		switch {
		case err != nil:
			return err
		case a != nil:
			if r := c.Request(); a.Name != "" {
				c.SetRequest(r.WithContext(registerclient.WithAdviser(r.Context(), a.Name)))
			}

			return next(c)
		case fromScript(c):
			return p.redirectScript(c, "/sign-in")
		case method == http.MethodGet || method == http.MethodHead:
			return p.seeOther(c, "/sign-in")
		default:
			return errForbidden
		}
	}
}

// refuseDownload refuses every way to take the list away.
func refuseDownload(echo.Context) error { return errNoDownload }

func (p *portal) showAdviserSignIn(c echo.Context) error {
	a, err := p.adviser(c)
	if err != nil {
		return err
	}
	if a != nil {
		return p.seeOther(c, "")
	}

	return web.Render(c, http.StatusOK, views.AdviserSignIn(p.adviserSignInPage(c)))
}

func (p *portal) adviserSignInPage(c echo.Context) views.AdviserSignInPage {
	page := views.AdviserSignInPage{
		Page:   p.page(c, nil),
		Named:  len(p.Advisers) > 0,
		Shared: p.AdviserSecret != "",
	}
	page.Path = p.Base + "/sign-in"

	return page
}

func (p *portal) postAdviserSignIn(c echo.Context) error {
	form := c.Request().PostForm
	given := credentials{name: form.Get("name"), code: form.Get("secret")}
	page := p.adviserSignInPage(c)
	page.Name = echoed(given.name)
	if page.Named && !page.Shared && foldAdviser(given.name) == "" {
		page.Errors = []views.FieldError{{Field: "name", Key: "error.adviser.name"}}
		return web.Render(c, http.StatusUnprocessableEntity, views.AdviserSignIn(page))
	}

	name, err := p.checkAdviser(c, given)
	if errors.Is(err, errWrongCode) {
		mistake := views.FieldError{Field: "secret", Key: "error.adviser.secret"}
		if page.Named {
			mistake.Key = "error.adviser.named"
		}
		page.Errors = []views.FieldError{mistake}

		return web.Render(c, http.StatusUnprocessableEntity, views.AdviserSignIn(page))
	}
	if err != nil {
		return err
	}

	// The customer of an adviser who had this browser before is none of this one's.
	if _, err := p.endVisit(c); err != nil {
		return err
	}
	if err := p.beginAdviser(c, name); err != nil {
		return err
	}

	return p.seeOther(c, "")
}

// postAdviserEnd ends an adviser's day: what the browser holds opens nothing any more. If a customer's visit is left,
// it ends too.
func (p *portal) postAdviserEnd(c echo.Context) error {
	_, ended := p.endVisit(c)
	if err := errors.Join(ended, p.endAdviser(c)); err != nil {
		return err
	}

	return p.seeOther(c, "/sign-in")
}

// needCustomerYes demands the tick by which the adviser says that the customer has decided. It counts here only: to the
// register the withdrawal is the customer's, like any other.
func (p *portal) needCustomerYes(h visitHandler) visitHandler {
	return func(c echo.Context, v *visit) error {
		held := v.record(c.Param("handle"))
		form := c.Request().PostForm
		if held == nil || held.Withdrawal != nil || form.Get("customer-yes") == "yes" {
			return h(c, v)
		}

		page := p.withdrawPage(c, v, held)
		page.Path = c.Request().URL.Path
		page.Query = pageQuery(c)
		page.Errors = []views.FieldError{{Field: "customer-yes", Key: "error.adviser.yes"}}
		if reason := form.Get("why"); slices.Contains(withdrawalReasons, reason) {
			page.Reason = reason
		}
		page.Erasure = asksForErasure(c)

		return web.Render(c, http.StatusUnprocessableEntity, views.Withdraw(page))
	}
}
