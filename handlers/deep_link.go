package handlers

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/views"
)

// linkTime is how long the portal remembers what a link brought.
const linkTime = 15 * time.Minute

// deepLink is what another site's link to the portal brought along. It saves typing and opens nothing: the customer
// proves who they are as always (docs/decisions.md, Links to a portal). The browser holds it sealed, in a cookie: a
// session would fill the database for everybody who only looks at a link.
type deepLink struct {
	// Number is the meter point's, in the register's form; empty if the link brought none that can be read.
	Number string
	// ReturnURL is one of the portal's own list, or empty.
	ReturnURL string
	// At is when the link was followed; zero if there was none.
	At time.Time
}

// linkParameters are what a link may carry. An ir names an identity record, which the register opens to its owner
// only. It is removed from the address like the others, and the start page asks for the number.
var linkParameters = []string{"mpxn", "ir", "return"}

// isDeepLink reports whether the address has a parameter of a link.
func isDeepLink(c echo.Context) bool {
	return slices.ContainsFunc(linkParameters, c.QueryParams().Has)
}

// takeDeepLink moves what a link brought out of the address before any page is shown: it is then in no history, and no
// page can pass it on.
func (p *portal) takeDeepLink(c echo.Context) error {
	if !p.kind.open {
		return p.seeOther(c, "")
	}

	link := deepLink{ReturnURL: p.listedReturnURL(singleValue(c, "return")), At: p.Clock()}
	if number, mistake := parseMeterPoint(singleValue(c, "mpxn")); mistake == "" {
		link.Number = number
	}

	text, err := json.Marshal(link)
	if err != nil {
		return err
	}

	sealed := base64.RawURLEncoding.EncodeToString(p.linkSeal.Seal(nil, nil, text, nil))
	p.setCookie(c, linkCookie, sealed, linkTime)

	return p.seeOther(c, "")
}

// findLink returns what the browser's last link brought; zero if there was none, or it is too old.
func (p *portal) findLink(c echo.Context) deepLink {
	cookie, _ := p.cookie(c, linkCookie)
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return deepLink{}
	}

	text, err := p.linkSeal.Open(nil, nil, sealed, nil)
	if err != nil {
		return deepLink{}
	}

	var link deepLink
	if err := json.Unmarshal(text, &link); err != nil || p.Clock().Sub(link.At) > linkTime {
		return deepLink{}
	}

	// The list may have become shorter since.
	link.ReturnURL = p.listedReturnURL(link.ReturnURL)

	return link
}

// forgetLink deletes what a link brought, once a session has it.
func (p *portal) forgetLink(c echo.Context) {
	if _, ok := p.cookie(c, linkCookie); ok {
		p.deleteCookie(c, linkCookie)
	}
}

// listedReturnURL returns an address if the portal may lead back to it, and "" if not. The text must be equal: a
// similar address may be another site's.
func (p *portal) listedReturnURL(address string) string {
	if !slices.Contains(p.ReturnURLs, address) {
		return ""
	}

	return address
}

// returnLink returns the link back to the site that the customer came from, with these parameters; nil if the customer
// did not come from a listed address.
func (p *portal) returnLink(v *visit, parameters url.Values) *views.ReturnLink {
	address, err := url.Parse(p.listedReturnURL(v.ReturnURL))
	if err != nil || address.Host == "" {
		return nil
	}

	// The query that is there already is the operator's, and stays as it is written.
	address.RawQuery = strings.Trim(address.RawQuery+"&"+parameters.Encode(), "&")

	return &views.ReturnLink{Host: address.Hostname(), URL: address.String()}
}

// newLinkSeal returns the cipher for links: AES-256-GCM under a key of its own.
func newLinkSeal(sessionKey []byte) (cipher.AEAD, error) {
	key, err := deriveKey(sessionKey, "link")
	if err != nil {
		return nil, err
	}

	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}

	return cipher.NewGCMWithRandomNonce(block)
}
