package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

func (p *portal) showStart(c echo.Context) error {
	if isDeepLink(c) {
		return p.takeDeepLink(c)
	}

	v, _ := p.findVisit(c) // a customer can start without a session, or if it cannot be found
	page := views.StartPage{Page: p.page(c, v)}
	if v != nil {
		page.Number = meterPointView(v.MeterPoint).Number
	}

	link := p.findLink(c)
	if link.Number != "" {
		page.Number = meterPointView(link.Number).Number
		page.Linked = true
	} else if !link.At.IsZero() && v == nil {
		page.NumberNeeded = true
	}

	return web.Render(c, http.StatusOK, views.Start(page))
}

// postMeter begins a visit with the meter point number that the customer typed.
func (p *portal) postMeter(c echo.Context) error {
	v, _ := p.findVisit(c) // as in showStart
	form := c.Request().PostForm
	// A page that answers this form cannot be fetched again. Its language switch sends the form once more: the number
	// is not lost, and is in no address.
	if lang := form.Get("lang"); slices.Contains(p.languages, lang) {
		p.switchLanguage(c, lang)
	}

	number, mistake := parseMeterPoint(form.Get("number"))
	if len(form["number"]) > 1 {
		mistake = "error.number.twice"
	}
	if mistake != "" {
		return p.askForNumber(c, v, mistake)
	}

	link := p.findLink(c)
	// The back button brings customers here with the number of their own visit.
	if v != nil && v.MeterPoint == number && len(v.Methods) > 0 {
		return p.resumeVisit(c, v, link)
	}

	if !hasCheckDigits(number) && form.Get("confirmed") != "yes" {
		return p.askAgain(c, v, number)
	}

	if err := p.limitLookUps(c); err != nil {
		return err
	}

	record, err := p.Register.IdentityRecordExists(c.Request().Context(), number)
	if err != nil {
		return err
	}

	methods := p.kind.offered(record.AvailableMethods)
	if !addressPending(record) && (!record.Exists || len(methods) == 0) {
		page := p.page(c, v)
		page.Resend = p.resendForm(c)
		return p.showNoRecord(c, page, number)
	}

	if err := p.beginVisit(c, newVisit(number, methods, link.ReturnURL, p.Clock())); err != nil {
		return err
	}

	p.forgetLink(c)

	return p.seeOther(c, "/prove")
}

// addressPending reports whether the register knows an occupant and cannot ask them yet: the address is being checked,
// or there is none (docs/decisions.md, Which person).
func addressPending(record *registerclient.IdentityExistsResponse) bool {
	return record.Exists && len(record.AvailableMethods) == 0
}

// askForNumber shows the start page again, with what is wrong with the number.
func (p *portal) askForNumber(c echo.Context, v *visit, mistake string) error {
	page := views.StartPage{Page: p.page(c, v), Number: echoed(c.Request().PostForm.Get("number"))}
	page.Resend = p.resendForm(c)
	page.Errors = []views.FieldError{{Field: "number", Key: mistake}}

	return web.Render(c, http.StatusUnprocessableEntity, views.Start(page))
}

// askAgain asks whether the number is right: its check digits are not.
func (p *portal) askAgain(c echo.Context, v *visit, number string) error {
	page := views.CheckNumberPage{
		Page:       p.page(c, v),
		Number:     echoed(c.Request().PostForm.Get("number")),
		MeterPoint: meterPointView(number),
	}
	page.Resend = p.resendForm(c)

	return web.Render(c, http.StatusOK, views.CheckNumber(page))
}

// resumeVisit takes a customer back to a visit that is for this number already. It remembers the return address of a
// later link.
func (p *portal) resumeVisit(c echo.Context, v *visit, link deepLink) error {
	if link.ReturnURL != "" {
		err := p.changeVisit(c, v, func(v *visit) error {
			v.ReturnURL = link.ReturnURL
			return nil
		})
		if err != nil {
			return err
		}
	}

	p.forgetLink(c)

	return p.seeOther(c, "/prove")
}

// resendForm returns the form of the start page as it came. The language switch sends it again. It needs no token.
func (p *portal) resendForm(c echo.Context) *views.Resend {
	form := c.Request().PostForm
	fields := []views.FormField{{Name: "number", Value: echoed(form.Get("number"))}}
	if form.Get("confirmed") == "yes" {
		fields = append(fields, views.FormField{Name: "confirmed", Value: "yes"})
	}

	return &views.Resend{Action: p.Base + "/meter", Fields: fields}
}

// showNoRecord says that the register knows no customer of this meter point.
func (p *portal) showNoRecord(c echo.Context, page views.Page, number string) error {
	return web.Render(c, http.StatusOK, views.NoRecord(views.NoRecordPage{
		Page:       page,
		MeterPoint: meterPointView(number),
	}))
}
