package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/views"
)

// neutralOrigin is that of views.NeutralPage, where a form may lead.
const neutralOrigin = "https://www.bbc.co.uk"

// postLeave is the quick exit: it ends the session and shows something else. Whoever is in a hurry is shown no error, so it
// takes a form without a session, or with the token of an earlier one, and leads away even where the session cannot be
// ended. Another site cannot send it (checkOrigin), and the worst that it does is to sign somebody out.
func (p *portal) postLeave(c echo.Context) error {
	uncancel(c) // the browser may be gone already
	if err := p.endVisit(c); err != nil {
		p.Logger.ErrorContext(
			c.Request().Context(),
			"a customer left, and the session could not be ended",
			"cause",
			err,
		)
	}
	if c.Request().Header.Get("Sec-Fetch-Dest") == "empty" {
		return c.NoContent(http.StatusNoContent) // a script asks, and leads away by itself
	}

	return c.Redirect(http.StatusSeeOther, views.NeutralPage)
}

// showHelp is for whoever shares a home or a device, or has just moved.
func (p *portal) showHelp(c echo.Context) error {
	v, _ := p.find(c) // anybody may read it
	return render(c, http.StatusOK, views.Help(views.HelpPage{Page: p.page(c, v)}))
}
