package handlers

import (
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// returnPath is where the register sends the browser back to after a passkey. Its address is registered there, on the
// portal's account, and is not changed without changing it there.
const returnPath = "/return"

// longestCode is far above what the register sends, and bounds what a session keeps; bytes.
const longestCode = 200

// showReturn is the way back from the passkey. It brings the token and a completion code, and whoever holds both can
// open the list: so they count in the session that asked for this very passkey, and in no other. A stranger who started
// the proof and made the customer confirm it never gets the code, for it comes to the customer's browser; and the
// customer's browser, which did not ask, uses nothing of it and says nothing to the register.
//
// Whatever comes, the browser is sent on to an address without any of it. The session's cookie is SameSite=Lax and so
// comes along; what the link of another site can do here is to cancel a passkey, which loses nothing.
func (p *portal) showReturn(c echo.Context) error {
	query := c.QueryParams()
	token := only(query, "dar-passkey-token")
	code := only(query, "dar-completion-code")
	if len(code) > longestCode {
		code = ""
	}

	cancelled := only(query, "dar-action") == "cancelled"
	if token == "" && !cancelled {
		return seeOther(c, "")
	}

	v, err := p.find(c)
	switch {
	case errors.Is(err, errSessionEnded):
		return leaveReturn(c, cancelled)
	case err != nil:
		// A page of failure would keep the address.
		p.Logger.ErrorContext(c.Request().Context(), "the way back from a passkey", "cause", err)
		return seeOther(c, "/waiting")
	case token != "" && !v.awaits(token):
		return leaveReturn(c, cancelled)
	}

	uncancel(c)
	err = p.change(c, v, func(v *visit) error {
		switch {
		case !v.asksForPasskey() || token != "" && !v.awaits(token):
		case cancelled:
			v.Challenge.State = views.WaitingCancelled
		default:
			v.Challenge.Completion = code
		}

		return nil
	})
	if err != nil {
		p.Logger.ErrorContext(c.Request().Context(), "the way back from a passkey", "cause", err)
		return seeOther(c, "/waiting")
	}
	if cancelled {
		return seeOther(c, "/prove")
	}

	// There the code is used: a register that does not answer can then be asked again, from a clean address.
	return seeOther(c, "/waiting/check")
}

// leaveReturn uses nothing. Somebody who has merely cancelled can start again; of a confirmation it is told that it
// came to the wrong browser.
func leaveReturn(c echo.Context, cancelled bool) error {
	if cancelled {
		return seeOther(c, "")
	}
	return seeOther(c, returnPath+"/elsewhere")
}

// showElsewhere tells that a confirmation came to a browser that had not asked for it.
func (p *portal) showElsewhere(c echo.Context) error {
	v, _ := p.find(c) // whoever is in a visit can sign out of it
	return render(c, http.StatusOK, views.Elsewhere(views.ElsewherePage{Page: p.page(c, v)}))
}

// awaits reports whether a token is the one of the visit's passkey, whatever has become of that since.
func (v *visit) awaits(token string) bool {
	return v.Challenge != nil && v.Challenge.Method == registerclient.MethodPasskeyAssert &&
		subtle.ConstantTimeCompare([]byte(token), []byte(v.Challenge.TokenRef)) == 1
}

// asksForPasskey reports whether the visit waits for a passkey that comes back to it.
func (v *visit) asksForPasskey() bool {
	return v.Reading == nil && v.Challenge != nil && v.Challenge.Method == registerclient.MethodPasskeyAssert &&
		!v.Challenge.NewTab && v.Challenge.State == views.WaitingPending
}
