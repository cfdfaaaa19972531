package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/views"
)

// On the adviser's pages an adviser helps a customer who is on the telephone or across the desk. It is the customer's
// journey, proved by the customer on their own device, and marked on every page (docs/decisions.md, Advisers). Everyone
// who knows the operator's secret may help. The secret opens no list, and is needed to start a proof from here.

// adviserTime is how long an adviser need not give the secret again: a day's work.
const adviserTime = 8 * time.Hour

// adviserOnly lets no request pass without the cookie that the secret gives, but to the page that asks for the secret.
func (p *portal) adviserOnly(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		method := c.Request().Method
		switch {
		case c.Path() == p.Base+"/sign-in", p.isStatic(c), p.isAdviser(c):
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
	if p.isAdviser(c) {
		return p.seeOther(c, "")
	}

	return web.Render(c, http.StatusOK, views.AdviserSignIn(views.AdviserSignInPage{Page: p.page(c, nil)}))
}

func (p *portal) postAdviserSignIn(c echo.Context) error {
	// Each try counts before it is checked: beyond the limit the right secret gets the same answer as a wrong one.
	// Tries count for this operator alone: an adviser of another one must not be able to have them forgiven there.
	ctx := c.Request().Context()
	tries := limited{action: "wrong secret for " + p.Operator + " of address", by: c.RealIP()}
	if err := p.count(ctx, tries, wrongSecrets); err != nil {
		return err
	}

	given := sha256.Sum256([]byte(c.Request().PostForm.Get("secret")))
	wanted := sha256.Sum256([]byte(p.AdviserSecret))
	if subtle.ConstantTimeCompare(given[:], wanted[:]) != 1 {
		page := views.AdviserSignInPage{Page: p.page(c, nil)}
		page.Path = p.Base + "/sign-in"
		page.Errors = []views.FieldError{{Field: "secret", Key: "error.adviser.secret"}}
		return web.Render(c, http.StatusUnprocessableEntity, views.AdviserSignIn(page))
	}

	// The advisers of an office may share one address.
	if err := p.forgive(ctx, tries); err != nil {
		return err
	}

	value, err := p.newAdviserCookie(p.Clock().Add(adviserTime))
	if err != nil {
		return err
	}

	p.setCookie(c, adviserCookie, value, adviserTime)

	return p.seeOther(c, "")
}

// postAdviserEnd ends an adviser's day. If a customer's visit is left, it ends too.
func (p *portal) postAdviserEnd(c echo.Context) error {
	_, err := p.endVisit(c)
	p.deleteCookie(c, adviserCookie)
	if err != nil {
		return err
	}

	return p.seeOther(c, "/sign-in")
}

// isAdviser reports whether the request has the cookie of an adviser, which has not expired.
func (p *portal) isAdviser(c echo.Context) bool {
	cookie, _ := p.cookie(c, adviserCookie)
	text, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(text) != 8+sha256.Size {
		return false
	}

	until := int64(binary.BigEndian.Uint64(text))
	mac, err := p.adviserMAC(until)

	return err == nil && hmac.Equal(mac, text[8:]) && p.Clock().Unix() < until
}

// newAdviserCookie returns the proof that the secret was given: until when it is valid, and a MAC under the portal's
// key, which covers the secret. A new secret ends all cookies.
func (p *portal) newAdviserCookie(until time.Time) (string, error) {
	mac, err := p.adviserMAC(until.Unix())
	if err != nil {
		return "", err
	}

	text := binary.BigEndian.AppendUint64(nil, uint64(until.Unix()))

	return base64.RawURLEncoding.EncodeToString(append(text, mac...)), nil
}

// adviserMAC returns the MAC of a time in seconds since 1970.
func (p *portal) adviserMAC(until int64) ([]byte, error) {
	key, err := deriveKey(p.SessionKey, "adviser of "+p.Operator)
	if err != nil {
		return nil, err
	}

	mac := hmac.New(sha256.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(until)))
	mac.Write([]byte(p.AdviserSecret))

	return mac.Sum(nil), nil
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

		return web.Render(c, http.StatusUnprocessableEntity, views.Withdraw(page))
	}
}
