package handlers

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/internal/web/address"
)

// contentSecurityPolicy is the policy of own and adviser pages; see kind.contentSecurityPolicy for embedded ones.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"font-src 'self'; connect-src 'self'; form-action 'self' " + neutralOrigin + "; base-uri 'none'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default"

var permissionsPolicy = web.PermissionsPolicy()

// setHeaders sets what every response carries, errors included.
func (p *portal) setHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	policy := p.kind.contentSecurityPolicy(p.FramingOrigins)

	return func(c echo.Context) error {
		h := c.Response().Header()
		web.SetHeaders(h, p.Secure)
		web.SetPageHeaders(h)
		p.kind.allowFrame(h)
		h.Set("Content-Security-Policy", policy)
		// The header counts for documents only, and would add half a kilobyte to each of their files.
		if !p.isStatic(c) {
			h.Set("Permissions-Policy", permissionsPolicy)
		}

		return next(c)
	}
}

// allowPasskeyForm lets the forms of a page lead on to the register's passkey page. Some browsers apply form-action to
// redirects too (Content Security Policy 3, 6.4.2).
func (p *portal) allowPasskeyForm(c echo.Context) {
	if p.PasskeyOrigin == "" {
		return
	}

	policy := p.kind.contentSecurityPolicy(p.FramingOrigins)
	policy = strings.Replace(policy, "form-action 'self'", "form-action 'self' "+p.PasskeyOrigin, 1)
	c.Response().Header().Set("Content-Security-Policy", policy)
}

// checkOrigin refuses every form that another site sent.
func (p *portal) checkOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	var protection http.CrossOriginProtection

	return func(c echo.Context) error {
		if err := protection.Check(c.Request()); err != nil {
			return fmt.Errorf("%w: %w", errForbidden, err)
		}

		return next(c)
	}
}

// linkable returns an address that may become a link: http or https to a host, and no password. It returns "" for any
// other, such as a script or a file, which is a Data User's mistake or worse.
func linkable(text string) string {
	u, ok := address.ParseURL(text)
	if !ok {
		return ""
	}

	return u.String()
}

// hasOrigin reports whether an address is at an origin. It is false for the origin "".
func hasOrigin(text, origin string) bool {
	u, err := url.Parse(text)
	return err == nil && origin != "" && address.Origin(u) == origin
}

// deriveKey derives a key for one purpose from the session key, so that no key has two uses.
func deriveKey(sessionKey []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, sessionKey, nil, "central.consent/dar/handlers "+purpose, 32)
}

// newSecret returns 256 random bits that fit in a cookie and in an address.
func newSecret() string {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails

	return base64.RawURLEncoding.EncodeToString(secret)
}

// hashSecret returns the SHA-256 of a secret, under which the database finds what belongs to it.
func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
