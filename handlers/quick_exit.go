package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/views"
)

// neutralOrigin is the origin of views.NeutralPage. Forms may lead there.
const neutralOrigin = "https://www.bbc.co.uk"

// postLeave is the quick exit: it ends the session and leads to a neutral page. Customers in a hurry are shown no
// error: it takes a form without a session, or with the token of an earlier one, and leads away even if the session
// cannot be ended. Another site cannot send the form (checkOrigin), and all that it does is to sign the customer out.
// What the visit has opened at the register ends too, in the background: see signOut.
//
// Without scripts the form of a frame replaces the whole window, and browsers keep the cookie of the frame from that
// request. The session in the frame then ends by itself.
func (p *portal) postLeave(c echo.Context) error {
	ignoreCancel(c) // the browser may be gone already
	if _, err := p.endVisit(c); err != nil {
		p.Logger.ErrorContext(
			c.Request().Context(),
			"the session of a customer who left could not be ended",
			"error",
			err,
		)
	}

	if c.Request().Header.Get("Sec-Fetch-Dest") == "empty" {
		return c.NoContent(http.StatusNoContent) // a script asks, and leads away by itself
	}

	return c.Redirect(http.StatusSeeOther, views.NeutralPage)
}
