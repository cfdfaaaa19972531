package id

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// mountContacts adds the routes of the customer's own contacts.
func (p *Pages) mountContacts(show, post func(path string, h echo.HandlerFunc)) {
	show(pathContacts, p.showContacts)
	show(pathContactsNew, p.showNewContacts)
	post(pathContactsReturn, p.visiting(p.goOn))
	post(pathContactsClose, p.postClose)
	show(pathContactsClosed, p.showEnd(pathContactsClosed, EndContactsClosed))
	show(pathContactsRemoved, p.showEnd(pathContactsRemoved, EndContactsRemoved))

	post(pathOfContact(":contact", yesSuffix), p.visiting(p.postAnswer(true)))
	post(pathOfContact(":contact", noSuffix), p.visiting(p.postAnswer(false)))
	post(pathOfContact(":contact", keepSuffix), p.visiting(p.postKeep))
	show(pathOfContact(":contact", removeSuffix), p.showRemove)
	post(pathOfContact(":contact", removeSuffix), p.visiting(p.postRemove))
}

// openVisit returns the visit that the browser holds the ticket of.
func (p *Pages) openVisit(c echo.Context) (rules.Visit, error) {
	visit, err := p.rules.OpenVisit(c.Request().Context(), p.secretOf(c, store.VisitSecret))

	return visit, p.countEnded(c, err)
}

// contactsHref returns the address of the customer's own contacts; empty if the browser's visit does not open them.
func (p *Pages) contactsHref(c echo.Context) (string, error) {
	ticket := p.secretOf(c, store.VisitSecret)
	if ticket == "" {
		return "", nil
	}

	_, err := p.rules.OpenVisit(c.Request().Context(), ticket)
	switch {
	case errors.Is(err, rules.ErrEnded):
		return "", nil
	case err != nil:
		return "", err
	}

	return pathContacts, nil
}

// visiting makes the handler of a form of a visit.
func (p *Pages) visiting(handle func(echo.Context, rules.Visit) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		visit, err := p.openVisit(c)
		if err != nil {
			return err
		}
		if !isOwnForm(c.FormValue("form"), visit.Secret) {
			return c.Redirect(http.StatusSeeOther, pathContacts) // the page shows what is true now
		}

		return handle(c, visit)
	}
}

// contactsPage returns the page of a visit, with the contacts of its household.
func (p *Pages) contactsPage(c echo.Context, path string) (ContactsPage, error) {
	visit, err := p.openVisit(c)
	if err != nil {
		return ContactsPage{}, err
	}

	contacts, err := p.rules.ListOwnContacts(c.Request().Context(), visit)
	if err != nil {
		return ContactsPage{}, p.countEnded(c, err)
	}

	meter := mail.MeterOf(visit.Found.MPxN)
	model := ContactsPage{
		Page:        p.page(c, visit.Found.Language, path),
		FormToken:   formToken(visit.Secret),
		Org:         visit.Account.DisplayName,
		Gas:         meter.Gas,
		MeterEnding: meter.Ending,
		Until:       visit.Until,
		CanReturn:   visit.CanReturn,
		Contacts:    contacts,
	}
	if model.CanReturn {
		allowForm(c, visit.Found.RedirectURL)
	}

	return model, nil
}

// showContacts is the page of the customer's own contacts.
func (p *Pages) showContacts(c echo.Context) error {
	model, err := p.contactsPage(c, pathContacts)
	if err != nil {
		return err
	}
	if done := Done(c.QueryParam("done")); slices.Contains(allDone, done) {
		model.Done = done
	}

	return web.Render(c, http.StatusOK, Contacts(model))
}

// showNewContacts asks about the contacts that wait for a yes. It comes before the way back in a home in which passkeys
// alone work, because no letter reaches it.
func (p *Pages) showNewContacts(c echo.Context) error {
	model, err := p.contactsPage(c, pathContactsNew)
	if err != nil {
		return err
	}
	if len(model.asked()) == 0 {
		return c.Redirect(http.StatusSeeOther, pathContacts)
	}

	model.BeforeReturn = true

	return web.Render(c, http.StatusOK, NewContacts(model))
}

// goOn sends the customer back to the account that asked, or to the last page of a confirmation.
func (p *Pages) goOn(c echo.Context, visit rules.Visit) error {
	location, err := p.rules.ReturnFromVisit(c.Request().Context(), visit)
	switch {
	case err != nil:
		return p.countEnded(c, err)
	case location != "":
		return c.Redirect(http.StatusSeeOther, location)
	case visit.Found.Method == string(registerclient.MethodPasskeyAssert):
		return c.Redirect(http.StatusSeeOther, pathShown)
	}

	return c.Redirect(http.StatusSeeOther, pathConfirmed)
}

// postAnswer makes the handler of the customer's yes or no to a contact.
func (p *Pages) postAnswer(yes bool) func(echo.Context, rules.Visit) error {
	return func(c echo.Context, visit rules.Visit) error {
		ctx := c.Request().Context()
		answered, err := p.rules.AnswerOwnContact(ctx, visit, c.Param("contact"), yes)
		if err != nil {
			return p.countEnded(c, err)
		}

		if c.FormValue("page") == pageBeforeReturn {
			return p.askNext(c, visit)
		}

		switch {
		case !answered:
			return doneWith(c, "")
		case yes:
			return doneWith(c, DoneYes)
		}

		return doneWith(c, DoneNo)
	}
}

// askNext asks about the next contact that waits for a yes, or sends the customer on.
func (p *Pages) askNext(c echo.Context, visit rules.Visit) error {
	contacts, err := p.rules.ListOwnContacts(c.Request().Context(), visit)
	if err != nil {
		return p.countEnded(c, err)
	}
	if slices.ContainsFunc(contacts, isAsked) {
		return c.Redirect(http.StatusSeeOther, pathContactsNew)
	}

	return p.goOn(c, visit)
}

// postKeep ends the removal of a contact.
func (p *Pages) postKeep(c echo.Context, visit rules.Visit) error {
	if err := p.rules.KeepOwnContact(c.Request().Context(), visit, c.Param("contact")); err != nil {
		return p.countEnded(c, err)
	}

	return doneWith(c, DoneKept)
}

// showRemove says what follows from the removal of a contact, and asks for a yes.
func (p *Pages) showRemove(c echo.Context) error {
	id := c.Param("contact")
	model, err := p.contactsPage(c, pathOfContact(id, removeSuffix))
	if err != nil {
		return err
	}

	i := slices.IndexFunc(model.Contacts, func(contact rules.OwnContact) bool { return contact.ID == id })
	if i < 0 || !isRemovable(model.Contacts[i]) {
		return c.Redirect(http.StatusSeeOther, pathContacts)
	}

	return web.Render(c, http.StatusOK, Remove(RemovePage{
		ContactsPage: model,
		Contact:      model.Contacts[i],
		RemovedOn:    p.rules.Now().Add(rules.RemovalWait),
	}))
}

// postRemove removes a contact, or asks for its removal.
func (p *Pages) postRemove(c echo.Context, visit rules.Visit) error {
	ctx := c.Request().Context()
	removed, err := p.rules.RemoveOwnContact(ctx, visit, c.Param("contact"))
	switch {
	case errors.Is(err, rules.ErrAskedBefore):
		return doneWith(c, DoneAskedBefore)
	case err != nil:
		return p.countEnded(c, err)
	case !removed:
		return doneWith(c, DoneAsked)
	}

	_, err = p.rules.OpenVisit(ctx, visit.Secret)
	if errors.Is(err, rules.ErrEnded) {
		p.forgetVisit(c)

		return c.Redirect(http.StatusSeeOther, pathContactsRemoved)
	}
	if err != nil {
		return err
	}

	return doneWith(c, DoneRemoved)
}

// postClose ends the visit in this browser. It works without a valid ticket, too: nothing stays.
func (p *Pages) postClose(c echo.Context) error {
	ticket := p.secretOf(c, store.VisitSecret)
	if isOwnForm(c.FormValue("form"), ticket) {
		if err := p.rules.CloseVisit(c.Request().Context(), ticket); err != nil {
			return err
		}
	}
	p.forgetVisit(c)

	return c.Redirect(http.StatusSeeOther, pathContactsClosed)
}

// forgetVisit deletes what the browser can open after a confirmation.
func (p *Pages) forgetVisit(c echo.Context) {
	p.forgetSecret(c, store.VisitSecret)
	p.forgetSecret(c, store.EnrolSecret)
}

// doneWith shows the contacts again, and says what was done; empty if nothing was.
func doneWith(c echo.Context, done Done) error {
	location := pathContacts
	if done != "" {
		location += "?done=" + string(done)
	}

	return c.Redirect(http.StatusSeeOther, location)
}
