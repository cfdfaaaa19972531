package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// kind is who a set of pages is for: customers, customers in another site's frame, or advisers. It answers what differs
// between them. Everything else is the same for all.
type kind struct {
	// name is part of the names of cookies and of the owner of sessions: those of one kind never count for another. It
	// is empty for own pages.
	name string
	// path is the path of the pages below that of the own pages.
	path string
	// methods are the proofs of presence that are offered, best first.
	methods []registerclient.Method
	// framed is true if the operator's framing origins may show the pages in a frame.
	framed bool
	// advised is true if an adviser reads the pages, and a customer is helped.
	advised bool
	// open is true if other sites may lead here with a link, and the browser may leave for the register's passkey page
	// and come back.
	open bool
}

var (
	// ownPages are for customers. A passkey that they have is the easiest and safest proof, and a new one comes last.
	ownPages = kind{
		open: true,
		methods: []registerclient.Method{
			registerclient.MethodPasskeyAssert,
			registerclient.MethodMagicLink,
			registerclient.MethodPasskeyRegister,
		},
	}

	// embeddedPages are for customers in a frame of another site (docs/decisions.md, Framing). A frame is never sent to
	// another origin: a passkey opens in a new tab.
	embeddedPages = kind{
		name:    "embed",
		path:    "/embed",
		methods: ownPages.methods,
		framed:  true,
	}

	// adviserPages are for advisers, who help a customer on the telephone or across the desk (docs/decisions.md,
	// Advisers). The mailed link works in both cases. The customer's passkey can be used on the adviser's computer only
	// across the desk, and its page opens in a new tab, because the way back leads to the own pages. A new passkey is
	// offered to customers on their own device, once they have confirmed.
	adviserPages = kind{
		name:    "adviser",
		path:    "/adviser",
		methods: []registerclient.Method{registerclient.MethodMagicLink, registerclient.MethodPasskeyAssert},
		advised: true,
	}
)

// restrict returns the options of pages of this kind, given those of the own pages.
func (k kind) restrict(own Options) Options {
	own.Base += k.path
	if !k.open {
		own.PublicURL = ""
		own.PasskeyOrigin = ""
		own.ReturnURLs = nil
	}

	return own
}

// offered returns the methods of the register that are of use on these pages, best first.
func (k kind) offered(methods []registerclient.Method) []registerclient.Method {
	return slices.DeleteFunc(slices.Clone(k.methods), func(m registerclient.Method) bool {
		return !slices.Contains(methods, m)
	})
}

// sessionOwner returns the owner of the sessions of an operator. No operator's name contains a #.
func (k kind) sessionOwner(operator string) string {
	if k.name == "" {
		return operator
	}
	return operator + "#" + k.name
}

// cookieName returns the name of a cookie of these pages, before its prefix __Host-.
func (k kind) cookieName(name string) string {
	if k.name == "" {
		return name
	}
	return k.name + "_" + name
}

// adaptCookie lets the cookies of embedded pages into a frame. The browser keeps them apart for each site that frames
// the pages, so they tell no site of a visit on another (CHIPS, draft-cutler-httpbis-partitioned-cookies). Browsers
// require Secure for that, and accept it from a loopback address too.
func (k kind) adaptCookie(cookie *http.Cookie) {
	if k.framed {
		cookie.Secure = true
		cookie.SameSite = http.SameSiteNoneMode
		cookie.Partitioned = true
	}
}

// contentSecurityPolicy returns the policy of these pages. Embedded pages may be framed by the given origins: every
// ancestor must be one of them, not only the nearest (Content Security Policy 3, 6.4.2).
func (k kind) contentSecurityPolicy(framingOrigins []string) string {
	if !k.framed {
		return contentSecurityPolicy
	}

	ancestors := "frame-ancestors " + strings.Join(framingOrigins, " ")

	return strings.Replace(contentSecurityPolicy, "frame-ancestors 'none'", ancestors, 1)
}

// allowFrame removes a header that forbids all frames, and knows no list of origins, from embedded pages.
func (k kind) allowFrame(h http.Header) {
	if k.framed {
		h.Del("X-Frame-Options")
	}
}

// mark tells a page what its template and its reader must know of its kind.
func (k kind) mark(c echo.Context, p *portal, page *views.Page) {
	if k.framed {
		page.Framed = &views.Framed{Own: p.ownBase, Origins: p.FramingOrigins}
	}
	if !k.advised {
		return
	}

	// An error page is shown even if the database cannot say who has signed in.
	if a, err := p.adviser(c); err == nil && a != nil {
		page.Adviser = true
		page.AdviserName = a.Name
		page.Text = page.Text.ForAdviser()
	}
}
