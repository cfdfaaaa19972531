package register

import (
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"central.consent/dar/register/idpages"
	"central.consent/dar/register/store"
	"central.consent/dar/views/i18n"
)

// Where the pages for customers stand, on the id origin. link.go holds the mailed link's, passkeys.go the passkeys'.
const (
	idPath        = "/id"
	pathLink      = idPath + "/link"
	pathConfirmed = pathLink + "/confirmed"
	pathDeclined  = pathLink + "/declined"
	pathAssert    = idPath + "/passkey/assert"
	pathEnrol     = idPath + "/passkey/register"
)

func (s *Register) routePages(e *echo.Echo) {
	pages := e.Group(idPath, s.beginPage)
	page := func(path string, h echo.HandlerFunc) {
		pages.Match([]string{http.MethodGet, http.MethodHead}, strings.TrimPrefix(path, idPath), h)
	}
	form := func(path string, h echo.HandlerFunc) { pages.POST(strings.TrimPrefix(path, idPath), h) }

	page(pathLink, s.showLink)
	form(pathLink, s.postLink)
	form(pathLink+"/decline", s.postDecline)
	page(pathConfirmed, s.showConfirmed)
	page(pathDeclined, s.showDeclined)

	page(pathAssert, s.showAssert)
	pages.POST("/passkey/assert/options", s.step(s.assertTurn, s.beginAssertion))
	pages.POST("/passkey/assert/finish", s.step(s.assertTurn, s.finishAssertion))
	form(pathAssert+"/decline", s.postPasskeyDecline)
	page(pathEnrol, s.showEnrol)
	pages.POST("/passkey/register/options", s.step(s.enrolTurn, s.beginEnrolment))
	pages.POST("/passkey/register/finish", s.step(s.enrolTurn, s.finishEnrolment))
	form(pathEnrol+"/decline", s.postPasskeyDecline)
	for path, reason := range map[string]idpages.Reason{
		pathShown: idpages.EndShown, pathEnrolled: idpages.EndEnrolled, pathPasskeyDeclined: idpages.EndPasskeyDeclined, pathPasskeyStopped: idpages.EndWrongCode,
	} {
		page(path, func(c echo.Context) error {
			return renderPage(c, http.StatusOK, idpages.End(idpages.EndPage{Page: s.page(c, "", path), Reason: reason}))
		})
	}
}

const (
	pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'"
	// permissions closes everything; a passkey page opens its own again.
	permissions = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), " +
		"geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), magnetometer=(), microphone=(), midi=(), " +
		"payment=(), picture-in-picture=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"
)

// beginPage gives a page its headers, refuses what another site sends, and those who have failed too often.
func (s *Register) beginPage(next echo.HandlerFunc) echo.HandlerFunc {
	var protection http.CrossOriginProtection
	return func(c echo.Context) error {
		h := c.Response().Header()
		s.allowForm(c, nil)
		h.Set("Permissions-Policy", permissions+", publickey-credentials-create=(), publickey-credentials-get=()")
		h.Set(echo.HeaderXFrameOptions, "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if c.Request().URL.RawQuery == "" {
			// Not no-referrer, with which browsers send "Origin: null" with our own forms: those without Sec-Fetch-Site
			// (iOS up to 16.3) could then not be told from another site. Nobody else gets one. An address with a
			// secret in it gives none to anybody.
			h.Set(echo.HeaderReferrerPolicy, "same-origin")
		}

		if protection.Check(c.Request()) != nil {
			return &Error{Kind: Forbidden, Code: codeUnclassified, Message: "The form came from another site."}
		}

		wait, err := s.store.Exhausted(c.Request().Context(), failuresFrom(c), s.clock())
		if err != nil {
			return err
		}
		if wait > 0 {
			return tooMany("Too many tries came from this address.", wait)
		}

		return next(c)
	}
}

// allowForm sets the policy of a page whose form may lead, by way of this origin, to one other address.
func (s *Register) allowForm(c echo.Context, onward *string) {
	policy := pagePolicy + "; form-action 'self'"
	if onward != nil {
		if u, err := url.Parse(*onward); err == nil {
			policy += " " + u.Scheme + "://" + u.Host
		}
	}

	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, policy)
}

// sentByHand reports whether the browser says that a person sent the request (Sec-Fetch-User of the Fetch Metadata
// Request Headers). Chromium and Firefox say so; WebKit never does, and neither does a browser that a script drives, such
// as that of a mail scanner which presses every button.
func sentByHand(c echo.Context) bool { return c.Request().Header.Get("Sec-Fetch-User") == "?1" }

// neverSaysByHand reports whether the browser that opens a page is of a kind that never says whether a person sent a
// form. Chromium, known by Sec-CH-UA, says it of a form also if it did not say it of the page, which a script may have
// opened.
func neverSaysByHand(c echo.Context) bool {
	return !sentByHand(c) && c.Request().Header.Get("Sec-Ch-Ua") == ""
}

// pageOf is the page that a form stands on.
func pageOf(c echo.Context) string { return strings.TrimSuffix(c.Path(), "/decline") }

// cookie names what a browser holds of a challenge: its link's secret, its passkey page's, its ticket to enrol.
func (s *Register) cookie(secret store.Secret) string {
	name := map[store.Secret]string{store.LinkSecret: "dar-link", store.SessionSecret: "dar-passkey", store.EnrolSecret: "dar-enrol"}[secret]
	if s.local {
		return name // a browser takes the prefix over https alone
	}
	return "__Host-" + name
}

// keepSecret gives the browser a secret, out of the address bar; an empty one takes it back.
func (s *Register) keepSecret(c echo.Context, kind store.Secret, secret string, life time.Duration) {
	cookie := &http.Cookie{
		Name: s.cookie(
			kind,
		),
		Value:    secret,
		Path:     "/",
		MaxAge:   int(life.Seconds()),
		HttpOnly: true,
		Secure:   !s.local,
		SameSite: http.SameSiteLaxMode,
	}
	if secret == "" {
		cookie.MaxAge = -1
	}

	c.SetCookie(cookie)
}

// heldSecret is what the browser holds; empty where it holds none.
func (s *Register) heldSecret(c echo.Context, kind store.Secret) string {
	cookie, err := c.Cookie(s.cookie(kind))
	if err != nil || len(cookie.Value) > 100 {
		return ""
	}
	return cookie.Value
}

// formToken stands in the forms of a page: it ties them to the very secret with which the page was shown, for a browser
// that has opened two links holds the later one.
func formToken(secret string) string { return hex.EncodeToString(hashToken("form " + secret)[:16]) }

// errDeadLink is every link that opens nothing: unknown, used, declined, run out. All answer alike.
var errDeadLink = errors.New("the link opens nothing")

// openedBy finds the open challenge of the secret that the browser holds, and the account that asks; errDeadLink where
// there is none.
func (s *Register) openedBy(
	c echo.Context,
	kind store.Secret,
) (secret string, found store.Reidentification, account store.Account, err error) {
	ctx := c.Request().Context()
	secret = s.heldSecret(c, kind)
	found, err = s.store.FindOpenChallenge(ctx, kind, hashToken(secret), s.now())
	if errors.Is(err, store.ErrNotFound) {
		return "", found, account, errDeadLink
	}
	if err != nil {
		return "", found, account, err
	}
	if account, err = s.store.FindAccount(ctx, found.AccountID); err != nil {
		return "", found, account, err
	}
	if account.Status != "active" {
		return "", found, account, errDeadLink
	}

	return secret, found, account, nil
}

// ownsForm reports whether a form was sent from the page of this secret.
func ownsForm(c echo.Context, secret string) bool {
	return subtle.ConstantTimeCompare([]byte(c.FormValue("form")), []byte(formToken(secret))) == 1
}

const languageCookie = "dar-language"

// languageOf is the language of a page: what the customer chose here, else what is known of them, else what the
// browser asks for.
func languageOf(c echo.Context, known string) string {
	languages := i18n.Languages()
	if chosen := c.QueryParam("lang"); slices.Contains(languages, chosen) {
		c.SetCookie(
			&http.Cookie{
				Name:     languageCookie,
				Value:    chosen,
				Path:     idPath,
				HttpOnly: true,
				SameSite: http.SameSiteLaxMode,
				Secure:   c.Scheme() == "https",
			},
		)
		return chosen
	}
	if cookie, err := c.Cookie(languageCookie); err == nil && slices.Contains(languages, cookie.Value) {
		return cookie.Value
	}
	if known != "" {
		return known
	}

	tags, _, err := language.ParseAcceptLanguage(c.Request().Header.Get("Accept-Language"))
	for _, tag := range tags {
		base, _ := tag.Base()
		if err == nil && slices.Contains(languages, base.String()) {
			return base.String()
		}
	}

	return languages[0]
}

// page is what every page of the id origin needs. Known is the customer's language where it is known. Path is where
// the page is shown by GET.
func (s *Register) page(c echo.Context, known, path string) idpages.Page {
	lang := languageOf(c, known)
	other := i18n.Languages()[0]
	if other == lang {
		other = i18n.Languages()[1]
	}

	return idpages.Page{Text: i18n.For(lang), Other: i18n.For(other), OtherHref: path + "?lang=" + other}
}

func renderPage(c echo.Context, status int, page templ.Component) error {
	buffer := templ.GetBuffer()
	defer templ.ReleaseBuffer(buffer)
	if err := page.Render(c.Request().Context(), buffer); err != nil {
		return fmt.Errorf("render a page: %w", err)
	}

	return c.HTMLBlob(status, buffer.Bytes())
}

// fromScript reports whether a script asks, which wants JSON.
func fromScript(c echo.Context) bool {
	path := c.Request().URL.Path
	return c.Request().Method == http.MethodPost &&
		(strings.HasSuffix(path, "/options") || strings.HasSuffix(path, "/finish"))
}

// answerPageError is answerError for the pages of the id origin.
func (s *Register) answerPageError(err error, c echo.Context) {
	told := refusals(err)[0]
	status := statuses[told.Kind]
	reason := idpages.EndFailed
	switch {
	case errors.Is(err, errDeadLink):
		status, reason = http.StatusGone, idpages.EndDead
	case told.Kind == TooMany:
		reason = idpages.EndBusy
	case told.Kind == NotFound:
		reason = idpages.EndNotFound
	case status < http.StatusInternalServerError:
		reason = idpages.EndRefused
	}

	path := pathLink
	if strings.HasPrefix(c.Request().URL.Path, pathPasskeys+"/") {
		path = pathAssert
		if reason == idpages.EndDead {
			reason = idpages.EndPasskeyDead
		}
	}

	page := idpages.EndPage{Page: s.page(c, "", path), Reason: reason}
	if status >= http.StatusInternalServerError {
		page.Reference = logged(c).transaction
	}

	if fromScript(c) {
		key := "id.passkey.failed"
		if told.Kind == TooMany {
			key = "id.passkey.busy"
		}
		if err := c.JSON(status, stepAnswer{Error: page.Text.T(key)}); err != nil {
			s.log.ErrorContext(c.Request().Context(), "could not write an error answer", slog.Any("error", err))
		}

		return
	}

	if err := renderPage(c, status, idpages.End(page)); err != nil {
		s.log.ErrorContext(c.Request().Context(), "could not write an error page", slog.Any("error", err))
	}
}
