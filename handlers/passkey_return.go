package handlers

import (
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// returnPath is the path to which the register sends the browser after a passkey. It is part of an address that is
// registered on the portal's account, and has to be changed there too.
const returnPath = "/return"

// maxCompletionCode is far above what the register sends, and bounds what a session keeps; bytes.
const maxCompletionCode = 200

// showReturn is the way back from the passkey. It brings the token and a completion code. Both together open the list,
// so they count only in the session that asked for this passkey. A stranger who started the proof, and made the
// customer confirm it, never gets the code: it comes to the customer's browser. That browser did not ask, uses nothing
// of it, and tells the register nothing.
//
// In every case the browser is redirected to an address that holds neither. The session's cookie is SameSite=Lax and
// comes along. All that another site's link can do here is to cancel a passkey, by which nothing is lost.
func (p *portal) showReturn(c echo.Context) error {
	if c.QueryParams().Has("dar-reid-token") {
		return p.returnFromLink(c)
	}

	token := singleValue(c, "dar-passkey-token")
	code := singleValue(c, "dar-completion-code")
	if len(code) > maxCompletionCode {
		code = ""
	}

	cancelled := singleValue(c, "dar-action") == "cancelled"
	if token == "" && !cancelled {
		return p.seeOther(c, "")
	}

	v, err := p.findVisit(c)
	switch {
	case errors.Is(err, errSessionEnded):
		return p.leaveReturn(c, cancelled)
	case err != nil:
		return p.deferReturn(c, err)
	case token != "" && !v.ownsPasskey(token):
		return p.leaveReturn(c, cancelled)
	}

	ignoreCancel(c)
	err = p.changeVisit(c, v, func(v *visit) error {
		switch {
		case !v.asksForPasskey() || token != "" && !v.ownsPasskey(token):
		case cancelled:
			v.Challenge.State = views.WaitingCancelled
		default:
			v.Challenge.Completion = code
		}

		return nil
	})
	if err != nil {
		return p.deferReturn(c, err)
	}

	if cancelled {
		return p.seeOther(c, "/prove")
	}

	// The code is used there: if the register does not answer, it can be asked again from a clean address.
	return p.seeOther(c, "/waiting/check")
}

// returnFromLink is the way back from a mailed link. The token in the address is not used: the visit that asked has its
// own, and another browser must not open a list with this one.
func (p *portal) returnFromLink(c echo.Context) error {
	_, err := p.findVisit(c)
	switch {
	case errors.Is(err, errSessionEnded):
		return p.leaveReturn(c, false)
	case err != nil:
		return p.deferReturn(c, err)
	}

	return p.seeOther(c, "/waiting/check")
}

// deferReturn redirects the browser even after a failure: an error page would keep the address.
func (p *portal) deferReturn(c echo.Context, err error) error {
	p.Logger.ErrorContext(c.Request().Context(), "the way back from a passkey failed", "error", err)
	return p.seeOther(c, "/waiting")
}

// leaveReturn uses nothing. A customer who has cancelled can start again. One who has confirmed is told that the
// confirmation came to the wrong browser.
func (p *portal) leaveReturn(c echo.Context, cancelled bool) error {
	if cancelled {
		return p.seeOther(c, "")
	}

	return p.seeOther(c, returnPath+"/elsewhere")
}

// showElsewhere says that a confirmation came to a browser that had not asked for it.
func (p *portal) showElsewhere(c echo.Context) error {
	v, _ := p.findVisit(c) // a customer who has a visit can sign out of it
	return web.Render(c, http.StatusOK, views.Elsewhere(views.ElsewherePage{Page: p.page(c, v)}))
}

// ownsPasskey reports whether a token is the one of the visit's passkey, in any state.
func (v *visit) ownsPasskey(token string) bool {
	return v.Challenge != nil && v.Challenge.Method == registerclient.MethodPasskeyAssert &&
		subtle.ConstantTimeCompare([]byte(token), []byte(v.Challenge.TokenRef)) == 1
}

// asksForPasskey reports whether the visit waits for a passkey that comes back to it.
func (v *visit) asksForPasskey() bool {
	return v.isPending() && v.Challenge.Method == registerclient.MethodPasskeyAssert && !v.Challenge.NewTab
}
