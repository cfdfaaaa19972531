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

// linkTime is how long what a link brought is kept for the customer to go on with it.
const linkTime = 15 * time.Minute

// link is what somebody else's link to the portal brought along. It saves typing and opens nothing: who the customer
// is, they prove here as ever (decisions.md, Links to a portal). The browser holds it sealed, and not a session, for a
// link that is only looked at must fill no table.
type link struct {
	// Number is the meter point's, in the register's form; empty where the link brought none that can be read.
	Number string
	// ReturnURL is one of the portal's own list, or empty.
	ReturnURL string
	At        time.Time
}

// linkParameters are what a link may carry. An ir names an identity record, which the register opens to its owner
// alone: it is taken out of the address like the others, and the number is asked for.
var linkParameters = []string{"mpxn", "ir", "return"}

// isLink reports whether the address has anything of a link in it.
func isLink(query url.Values) bool {
	return slices.ContainsFunc(linkParameters, query.Has)
}

// takeLink moves what a link brought out of the address, before any page is shown: so it stands in no history, and no
// page can tell it to another.
func (p *portal) takeLink(c echo.Context) error {
	if p.part != "" {
		return seeOther(c, "") // nobody comes there by a link, and none leads back
	}

	query := c.QueryParams()
	brought := link{ReturnURL: p.listed(only(query, "return")), At: p.Clock()}
	if number, mistake := parseMeterPoint(only(query, "mpxn")); mistake == "" {
		brought.Number = number
	}

	text, err := json.Marshal(brought)
	if err != nil {
		return err
	}

	p.setLinkCookie(c, base64.RawURLEncoding.EncodeToString(p.linkSeal.Seal(nil, nil, text, nil)), linkTime)
	return seeOther(c, "")
}

// heldLink is what the browser's last link brought; zero without one.
func (p *portal) heldLink(c echo.Context) (held link) {
	cookie, err := c.Cookie(p.cookieName("portal_link"))
	if err != nil {
		return link{}
	}

	sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return link{}
	}

	text, err := p.linkSeal.Open(nil, nil, sealed, nil)
	if err != nil || json.Unmarshal(text, &held) != nil || p.Clock().Sub(held.At) > linkTime {
		return link{}
	}

	// The list may have become shorter since.
	held.ReturnURL = p.listed(held.ReturnURL)
	return held
}

// forgetLink ends what a link brought, once a session has it.
func (p *portal) forgetLink(c echo.Context) {
	if _, err := c.Cookie(p.cookieName("portal_link")); err == nil {
		p.setLinkCookie(c, "", -time.Second)
	}
}

func (p *portal) setLinkCookie(c echo.Context, value string, life time.Duration) {
	p.setCookie(c, "portal_link", value, life)
}

// listed is the address, if it is one of those that the portal may lead back to: the very same text, for whatever is
// only like it may be somebody else's.
func (p *portal) listed(address string) string {
	if address != "" && slices.Contains(p.ReturnURLs, address) {
		return address
	}
	return ""
}

// only is a parameter's value; empty where it does not come exactly once.
func only(query url.Values, name string) string {
	if len(query[name]) != 1 {
		return ""
	}
	return query.Get(name)
}

// returnLink leads back to whoever sent the customer, with these parameters; nil where nobody on the list did.
func (p *portal) returnLink(v *visit, parameters url.Values) *views.ReturnLink {
	address, err := url.Parse(p.listed(v.ReturnURL))
	if err != nil || address.Host == "" {
		return nil
	}

	// What stands there already is the operator's, and stays as it is written.
	address.RawQuery = strings.Trim(address.RawQuery+"&"+parameters.Encode(), "&")
	return &views.ReturnLink{Host: address.Hostname(), URL: address.String()}
}

// newLinkSeal is how links are sealed: AES-256-GCM under a key of their own.
func newLinkSeal(sessionKey []byte) (cipher.AEAD, error) {
	key, err := derivedKey(sessionKey, "link")
	if err != nil {
		return nil, err
	}

	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}

	return cipher.NewGCMWithRandomNonce(block)
}
