package id

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/internal/web/address"
	"central.consent/dar/register/rules"
)

const (
	headerPermissions = "Permissions-Policy"

	// pagePolicy is the content security policy of every page, and passkeyPolicy what a passkey page adds for its
	// script.
	pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'; form-action 'self'"
	passkeyPolicy = "; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
)

// The permissions policies of a page without passkeys, of one that shows a passkey, and of one that creates one.
var (
	permissionsClosed = web.PermissionsPolicy()
	permissionsShow   = web.PermissionsPolicy(web.UsePasskeys)
	permissionsCreate = web.PermissionsPolicy(web.CreatePasskeys)
)

// protect sets the headers of a page, and refuses forms of other sites and addresses with too many failures.
func (p *Pages) protect(next echo.HandlerFunc) echo.HandlerFunc {
	var protection http.CrossOriginProtection

	return func(c echo.Context) error {
		header := c.Response().Header()
		withSecret := c.Request().URL.RawQuery != ""
		referrer := header.Get(echo.HeaderReferrerPolicy)
		web.SetPageHeaders(header)
		if withSecret {
			header.Set(echo.HeaderReferrerPolicy, referrer)
		}
		header.Set(headerPermissions, permissionsClosed)
		allowForm(c, nil)

		if protection.Check(c.Request()) != nil {
			return &rules.Error{
				Kind:    rules.KindForbidden,
				Code:    rules.CodeUnclassified,
				Message: "The form came from another site.",
			}
		}
		if err := p.rules.CheckFailures(c.Request().Context(), c.RealIP()); err != nil {
			return err
		}

		return next(c)
	}
}

// allowForm sets the policy of a page with a form that may lead, through this origin, to one other address. An address
// whose origin a policy cannot name adds nothing: it would write directives of its own.
func allowForm(c echo.Context, onward *string) {
	policy := pagePolicy
	if onward != nil {
		if origin := address.PolicyOrigin(*onward); origin != "" {
			policy += " " + origin
		}
	}

	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, policy)
}

// allowPasskeys sets the policies of a passkey page: its script, and one of the browser's two functions.
func allowPasskeys(c echo.Context, permissions string) {
	header := c.Response().Header()
	header.Set(echo.HeaderContentSecurityPolicy, pagePolicy+passkeyPolicy)
	header.Set(headerPermissions, permissions)
}

// sentByHand reports whether the browser says that a person sent the request (Sec-Fetch-User, Fetch Metadata Request
// Headers). Chromium and Firefox say so. WebKit never does, and neither does a browser that a script drives, such as
// that of a mail scanner which presses every button.
func sentByHand(c echo.Context) bool { return c.Request().Header.Get("Sec-Fetch-User") == "?1" }

// neverSaysByHand reports whether the browser that opens a page never says whether a person sent a form. Chromium,
// which sends Sec-CH-UA, says it of a form even if it did not say it of the page, which a script may have opened.
func neverSaysByHand(c echo.Context) bool {
	return !sentByHand(c) && c.Request().Header.Get("Sec-Ch-Ua") == ""
}

// formToken returns the token of a page's forms, masked for this response. It binds them to the secret with which the
// page was shown: a browser that has opened two links holds the later secret.
func formToken(secret string) string { return web.MaskToken(secret) }

// isOwnForm reports whether a form token belongs to a secret.
func isOwnForm(token, secret string) bool { return web.IsMaskOf(token, secret) }
