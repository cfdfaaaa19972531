package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/views"
)

// On the adviser's pages somebody helps a customer who is on the telephone or across the desk. It is the customer's journey,
// proved by the customer's own yes on the customer's own device, and marked on every page (decisions.md, Advisers). Who may
// help is whoever knows the operator's secret: it opens no list, and without it nobody can start a proof from here.
const (
	adviserPath = "/adviser"
	// adviserTime is how long an adviser need not give the secret again: a day's work.
	adviserTime = 8 * time.Hour
	// wrongSecrets bounds the guesses from an address in perAddress.
	wrongSecrets = 10
)

// helpCustomers puts the adviser's pages below the portal's own.
func (p *portal) helpCustomers(e *echo.Echo) error {
	options := p.Options
	options.part, options.own, options.Base = partAdviser, p.Base, p.Base+adviserPath
	// The passkey page opens beside the adviser's, for its way back would end on the pages for customers.
	options.PublicURL, options.PasskeyOrigin, options.ReturnURLs = "", "", nil
	adviser, err := newPortal(options)
	if err != nil {
		return err
	}
	if p.PublicURL != "" {
		adviser.portalURL = strings.TrimRight(p.PublicURL, "/") + p.Base
	}

	inside := adviser.echo()
	adviser.routeAdviser(inside)
	below(e, adviser.Base, inside)

	return nil
}

// routeAdviser is the route table of the adviser's pages. Nothing here gives a file: what would is answered 403.
func (p *portal) routeAdviser(e *echo.Echo) {
	base := p.Base
	e.Use(p.adviserOnly)
	p.routeJourney(e)
	e.GET(base+"/", toStart)
	p.onRead(e, "/accessibility", p.showAccessibility)
	p.onRead(e, "/help", p.showHelp)
	p.onRead(e, "/sign-in", p.showAdviserSignIn)
	e.POST(base+"/sign-in", p.postAdviserSignIn)
	e.POST(base+"/sign-in/end", p.postAdviserEnd)

	p.onRead(e, "/records/:handle/withdraw", p.visitor(p.showWithdraw))
	e.POST(base+"/records/:handle/withdraw", p.visitor(p.customerSaidYes(p.postWithdraw)))
	p.onRead(e, "/records/:handle/withdrawn", p.visitor(p.showWithdrawn))
	e.GET(base+"/records/:handle/told", p.showTold)
	p.onRead(e, "/handover", p.visitor(p.showHandover))
	e.Any(base+"/records/*", noDownload)
	e.Any(base+"/records.*", noDownload)
}

// noDownload answers whatever the list can be taken away with.
func noDownload(echo.Context) error { return errNoDownload }

// adviserOnly lets nobody in without the cookie that the secret gives, but to the page that asks for it.
func (p *portal) adviserOnly(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch {
		case c.Path() == p.Base+"/sign-in", isStatic(c), p.isAdviser(c):
			return next(c)
		case c.Request().Header.Get("HX-Request") != "":
			return redirectHTMX(c, "/sign-in")
		case c.Request().Method == http.MethodGet || c.Request().Method == http.MethodHead:
			return seeOther(c, "/sign-in")
		}

		return errForbidden
	}
}

// adviserCookie is the proof that somebody gave the secret: until when it holds, under a key made of the portal's and of the
// secret. Another secret ends them all.
func (p *portal) adviserCookie(until time.Time) (string, error) {
	mac, err := p.adviserMAC(until.Unix())
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(
		append(binary.BigEndian.AppendUint64(nil, uint64(until.Unix())), mac...),
	), nil
}

func (p *portal) adviserMAC(until int64) ([]byte, error) {
	key, err := derivedKey(p.SessionKey, "adviser of "+p.Operator)
	if err != nil {
		return nil, err
	}

	mac := hmac.New(sha256.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(until)))
	mac.Write([]byte(p.AdviserSecret))

	return mac.Sum(nil), nil
}

func (p *portal) isAdviser(c echo.Context) bool {
	cookie, err := c.Cookie(p.cookieName("gate"))
	if err != nil {
		return false
	}

	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || len(text) != 8+sha256.Size {
		return false
	}

	until := int64(binary.BigEndian.Uint64(text))
	mac, err := p.adviserMAC(until)
	return err == nil && hmac.Equal(mac, text[8:]) && p.Clock().Unix() < until
}

func (p *portal) showAdviserSignIn(c echo.Context) error {
	if p.isAdviser(c) {
		return seeOther(c, "")
	}
	return render(c, http.StatusOK, views.AdviserSignIn(views.AdviserSignInPage{Page: p.page(c, nil)}))
}

func (p *portal) postAdviserSignIn(c echo.Context) error {
	// Each try counts before it is looked at: past the limit even the right secret gets no other answer than a wrong one.
	// They count for this operator alone: whoever knows another's secret must not have them forgiven there.
	tries := limit{"wrong secret for " + p.Operator + " of address", c.RealIP(), wrongSecrets, perAddress}
	if err := p.hit(c.Request().Context(), tries); err != nil {
		return err
	}

	given := sha256.Sum256([]byte(c.Request().PostForm.Get("secret")))
	wanted := sha256.Sum256([]byte(p.AdviserSecret))
	if subtle.ConstantTimeCompare(given[:], wanted[:]) != 1 {
		page := views.AdviserSignInPage{Page: p.page(c, nil)}
		page.Path = p.Base + "/sign-in"
		page.Errors = []views.FieldError{{Field: "secret", Key: "error.adviser.secret"}}
		return render(c, http.StatusUnprocessableEntity, views.AdviserSignIn(page))
	}

	// An office of advisers may share one address.
	if err := p.forgive(c.Request().Context(), tries); err != nil {
		return err
	}

	value, err := p.adviserCookie(p.Clock().Add(adviserTime))
	if err != nil {
		return err
	}

	p.setCookie(c, "gate", value, adviserTime)
	return seeOther(c, "")
}

// postAdviserEnd is the end of an adviser's day. The customer's visit, if one is left, ends too.
func (p *portal) postAdviserEnd(c echo.Context) error {
	session, err := p.sessions.Get(c.Request(), p.sessions.name)
	if err == nil && session.ID != "" {
		session.Options.MaxAge = -1
		err = session.Save(c.Request(), c.Response())
	}

	p.setCookie(c, "gate", "", -time.Second)
	if err != nil {
		return err
	}

	return seeOther(c, "/sign-in")
}

// customerSaidYes demands the tick by which the adviser says that the customer has decided. It goes no further than this:
// to the register the withdrawal is the customer's, as any other.
func (p *portal) customerSaidYes(h func(echo.Context, *visit) error) func(echo.Context, *visit) error {
	return func(c echo.Context, v *visit) error {
		held := v.record(c.Param("handle"))
		form := c.Request().PostForm
		if held == nil || held.Withdrawal != nil || form.Get("customer-yes") == "yes" {
			return h(c, v)
		}

		page := p.withdrawPage(c, v, held)
		if why := form.Get("why"); slices.Contains(whys, why) {
			page.Why = why
		}

		page.Path, page.Query = c.Request().URL.Path, carried(c)
		page.Errors = []views.FieldError{{Field: "customer-yes", Key: "error.adviser.yes"}}
		return render(c, http.StatusUnprocessableEntity, views.Withdraw(page))
	}
}

// showHandover is what the customer takes home: names and references, and nothing by which a finder could find the home.
func (p *portal) showHandover(c echo.Context, v *visit) error {
	if !v.Opened {
		return seeOther(c, "/waiting")
	}

	page := views.HandoverPage{
		Page:       p.page(c, v),
		MeterPoint: lastDigits(v.MeterPoint),
		ReadAt:     v.Reading.At,
		PortalURL:  p.portalURL,
	}
	page.Discovered, page.Active, page.Ended = sortRecords(v.Reading.Records, p.Clock())
	for _, held := range v.Reading.Records {
		if held.Withdrawal != nil {
			page.Stopped = append(page.Stopped, views.Receipt{
				Record: recordView(held, p.Clock()), At: held.Withdrawal.At, Reference: held.Withdrawal.Reference,
			})
		}
	}

	return render(c, http.StatusOK, views.Handover(page))
}

// lastDigits is enough of a number for its owner to know it again.
func lastDigits(number string) views.MeterPoint {
	return views.MeterPoint{Number: number[len(number)-3:], Electricity: len(number) == mpanLength}
}
