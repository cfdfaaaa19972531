// Package handlers is the portal's HTTP: it reads a request, asks the register through registerclient, and fills a
// page of package views. The route tables are in routes.go, and each page or journey has a file of its own. What all
// pages share is in session.go, security.go, language.go, cookies.go, render.go and errors.go.
//
// Two secrets pass through here and must never leave: the meter point number, which is in no address, log line or
// referrer, and the register's token-ref, which is in nothing that the browser gets.
package handlers

import (
	"cmp"
	"crypto/cipher"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/static"
	"central.consent/dar/views"
)

// DefaultBase is the base path of a portal that has a host to itself.
const DefaultBase = "/portal"

// Options is what the portal needs. Clock, Logger and Address may be left out.
type Options struct {
	// Register calls the register with this operator's portal account.
	Register *registerclient.Client
	// DB is the portal's own database.
	DB *portaldb.DB
	// SessionKey encrypts the sessions: 32 bytes. A new key ends every session.
	SessionKey []byte
	// Operator names the operator in the rows of sessions: a portal finds the sessions of its own operator only.
	Operator string
	// Base is the path of every route, without a slash at the end; empty for DefaultBase.
	Base string
	// Brand is the operator's name, look and contacts.
	Brand views.Brand
	// Files are the operator's own files, which Brand names by Sheet, Icon and Logo. Nil if it names none.
	Files *static.Files
	// Demonstration says on every page that people are not really asked to confirm. There are then no limits either.
	Demonstration bool
	// Inbox is for a demonstration that does ask people: the path of the page that shows the letters it sends.
	Inbox string
	// PublicURL is the address that customers know: https://energy-access.example.org. The register sends them back
	// there from a passkey. If it is empty, passkeys open in a new tab.
	PublicURL string
	// PasskeyOrigin is the origin of the register's passkey pages: https://id.example.org. Browsers are redirected to
	// this origin only. If it is empty, or the register names another one, the customer follows a link.
	PasskeyOrigin string
	// ReturnURLs are the addresses that the portal leads back to if a link asks for one of them. The text must be
	// equal.
	ReturnURLs []string
	// FramingOrigins may show the embedded pages in a frame, each exact: https://www.example.org. If there are none,
	// there are no embedded pages.
	FramingOrigins []string
	// Advisers may open the pages on which they help customers, each with a name and a code of their own. AdviserSecret
	// is a code that advisers share. If there is neither, there are no such pages.
	Advisers      []Adviser
	AdviserSecret string
	// Limits bound what one address or adviser does in an hour; each that is zero is that of DefaultLimits.
	Limits Limits
	// Address returns the address that a request came from, as limits count it; nil for the peer's.
	Address func(*http.Request) string
	// Secure is true if customers come by https: cookies are then bound to it and to the host, and browsers are told
	// never to come by http. Only a loopback address may do without.
	Secure bool
	// Clock returns the time; nil for time.Now.
	Clock func() time.Time
	// Logger gets one line for each request; nil for slog.Default.
	Logger *slog.Logger

	// handover shortens handoverTime in tests; 0 for handoverTime.
	handover time.Duration
}

// withDefaults returns the options with a value for each that may be left out.
func (o Options) withDefaults() Options {
	o.Base = cmp.Or(o.Base, DefaultBase)
	o.Limits = o.Limits.withDefaults()
	o.handover = cmp.Or(o.handover, handoverTime)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Address == nil {
		o.Address = echo.ExtractIPDirect()
	}

	return o
}

// portal serves pages of one kind.
type portal struct {
	Options
	kind kind
	// ownBase is the base path of the operator's own pages; Base is that of these pages.
	ownBase string
	// customerURL is where customers find the own pages; empty without PublicURL.
	customerURL string
	// returnURL is the way back from a passkey; empty if passkeys open in a new tab.
	returnURL string
	// embedded serves the pages in frames. It is nil for any but own pages, and if no origin may frame them.
	embedded *portal
	// embedScript is embed.js with its settings.
	embedScript []byte
	sessions    *sessionStore
	// signOuts has an entry for each visit that is ending at the register.
	signOuts   chan struct{}
	linkSeal   cipher.AEAD
	limitKey   []byte
	adviserKey []byte
	// advisers are the operator's, by the folded form of their names.
	advisers map[string]Adviser
	files    *static.Files
	// languages are those that the operator offers, its first choice first.
	languages []string
}

// New checks the options and returns a handler for the portal's own pages, and for the embedded and the adviser's pages
// if there are any. All routes are below Base, but for the redirect from "/".
func New(options Options) (http.Handler, error) {
	if options.Register == nil || options.DB == nil {
		return nil, errors.New("handlers: Register and DB are required")
	}
	if options.Operator == "" && options.withDefaults().Base != DefaultBase {
		return nil, errors.New("handlers: an operator that shares a host needs a name")
	}

	p, err := newPortal(options, ownPages)
	if err != nil {
		return nil, err
	}

	own := p.newRouter()
	p.routeOwn(own)

	if len(options.FramingOrigins) > 0 {
		p.embedded, err = newPortal(options, embeddedPages)
		if err != nil {
			return nil, err
		}

		p.embedScript, err = newEmbedScript(p.Brand, p.languages)
		if err != nil {
			return nil, err
		}

		p.routeFrameExits(own)
		embedded := p.embedded.newRouter()
		p.embedded.routeEmbedded(embedded)
		own.mount(embedded)
	}

	if options.AdviserSecret != "" || len(options.Advisers) > 0 {
		adviser, err := newPortal(options, adviserPages)
		if err != nil {
			return nil, err
		}

		advised := adviser.newRouter()
		adviser.routeAdviser(advised)
		own.mount(advised)
	}

	return own.Echo, nil
}

// newPortal returns the pages of one kind. Own are the options of the operator's own pages.
func newPortal(own Options, k kind) (*portal, error) {
	own = own.withDefaults()
	p := &portal{
		Options:   k.restrict(own),
		kind:      k,
		ownBase:   own.Base,
		files:     static.Handler(own.Files),
		languages: own.Brand.Offered(),
		signOuts:  make(chan struct{}, maxSignOuts),
	}
	if own.PublicURL != "" {
		p.customerURL = strings.TrimRight(own.PublicURL, "/") + own.Base
	}
	if p.PublicURL != "" {
		p.returnURL = p.customerURL + returnPath
	}

	var err error
	if p.advisers, err = byName(own.Advisers); err != nil {
		return nil, err
	}
	if p.sessions, err = p.newSessionStore(); err != nil {
		return nil, err
	}
	if p.linkSeal, err = newLinkSeal(own.SessionKey); err != nil {
		return nil, err
	}
	if p.limitKey, err = deriveKey(own.SessionKey, "limits"); err != nil {
		return nil, err
	}
	if p.adviserKey, err = deriveKey(own.SessionKey, "adviser of "+own.Operator); err != nil {
		return nil, err
	}

	return p, nil
}

// newRouter returns a router without routes, with what all routes of these pages have in common.
func (p *portal) newRouter() *router {
	e := echo.New()
	e.IPExtractor = p.Address
	e.HTTPErrorHandler = p.sendError
	e.Use(
		p.setHeaders,
		middleware.GzipWithConfig(middleware.GzipConfig{Skipper: p.isStatic, MinLength: 1024}),
		p.logRequests(),
		web.Recover(),
		p.setLanguage,
		redirectScripts,
		p.checkOrigin,
		web.RefuseOptions,
		p.readForm,
	)

	return &router{Echo: e, base: p.Base}
}
