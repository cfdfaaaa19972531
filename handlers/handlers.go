// Package handlers is the portal's HTTP: it reads a request, asks the register through registerclient,
// and fills a page of package views. New holds the whole route table; each journey has its own file, and
// what all share stands in session.go (who is this?), security.go (may this be?), errors.go (what went
// wrong?) and render.go.
//
// Two secrets pass through here and must never leave: the meter point number, which is in no address, log
// line or referrer, and the register's token-ref, which is in nothing that the browser gets.
package handlers

import (
	"cmp"
	"crypto/cipher"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/text/language"

	"central.consent/dar/registerclient"
	"central.consent/dar/static"
	"central.consent/dar/views"
)

// DefaultBase is the path under which a portal stands that has a host to itself.
const DefaultBase = "/portal"

// Options is what the portal needs. Clock and Logger may be left out.
type Options struct {
	// Register calls the register with this operator's portal account.
	Register *registerclient.Client
	// DB is the portal's own database, brought up to date by package migrations.
	DB *sqlx.DB
	// SessionKey encrypts the sessions: 32 bytes. Another key ends every session.
	SessionKey []byte
	// Operator names the operator in the rows of sessions; a session of one is none of another.
	Operator string
	// Base is the path under which every route stands, without a slash at the end; empty for DefaultBase.
	Base  string
	Brand views.Brand
	// Files are the operator's own: what Brand names by Sheet, Icon and Logo. Nil where it names none.
	Files *static.Files
	// Demonstration says on every page that nobody is really asked to confirm. It limits nobody either.
	Demonstration bool
	// Inbox is for a demonstration that does ask people: the path at which it shows the letters that it sends.
	Inbox string
	// PublicURL is where customers find the portal: https://energy-access.example.org. The register sends them back there
	// from a passkey; where it is empty, passkeys open in a new tab.
	PublicURL string
	// PasskeyOrigin is where the register's passkey pages are: https://id.example.org. Only there is a browser sent by
	// itself; where it is empty, or the register names another place, the customer follows a link.
	PasskeyOrigin string
	// ReturnURLs are the addresses that the portal leads back to when a link asks for it. A link's must be the very
	// same text.
	ReturnURLs []string
	// FramingOrigins may show the embedded pages in a frame, each exact: https://www.example.org. Without any there are no
	// such pages.
	FramingOrigins []string
	// AdviserSecret opens the pages on which advisers help customers; empty where there are none. See adviser.go.
	AdviserSecret string
	// Address tells from where a request came, as limits count it; nil for the peer.
	Address func(*http.Request) string
	// Secure is for every address that is not loopback: cookies are then for https alone, and browsers are
	// told never to come by http.
	Secure bool
	// Clock tells the time; nil for time.Now.
	Clock func() time.Time
	// Logger gets one line a request; nil for slog.Default.
	Logger *slog.Logger

	// handover is for tests that need not wait; 0 for handoverTime.
	handover time.Duration
	// part is what the pages are for: partEmbed or partAdviser, below the portal's own, whose base is own; empty for these.
	part, own string
}

// The parts of a portal that stand below it, with routes, cookies and sessions of their own.
const (
	partEmbed   = "embed"
	partAdviser = "adviser"
)

type portal struct {
	Options
	// framed serves the embedded pages; nil where nobody may frame them, and in itself.
	framed *portal
	// portalURL is where customers find the portal by themselves, for the page that an adviser hands over; may be empty.
	portalURL string
	// embedScript is what embed.go makes of embed.js.
	embedScript []byte
	sessions    *sessionStore
	// returnURL is the way back from a passkey; empty without PublicURL.
	returnURL string
	linkSeal  cipher.AEAD
	limitKey  []byte
	files     *static.Files
	// languages are those that the operator offers, its first choice first, and matcher finds one of them.
	languages []string
	matcher   language.Matcher
}

// New checks the options and returns the portal's routes, all of them under Base but the way there.
func New(options Options) (http.Handler, error) {
	if options.Register == nil || options.DB == nil {
		return nil, errors.New("handlers: Register and DB are required")
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if options.Address == nil {
		options.Address = echo.ExtractIPDirect()
	}

	options.Base = cmp.Or(options.Base, DefaultBase)
	if options.Base != DefaultBase && options.Operator == "" {
		return nil, errors.New("handlers: an operator that shares a host needs a name")
	}

	options.handover = cmp.Or(options.handover, handoverTime)
	p, err := newPortal(options)
	if err != nil {
		return nil, err
	}

	e := p.echo()
	p.route(e)
	if len(options.FramingOrigins) > 0 {
		if err := p.embed(e); err != nil {
			return nil, err
		}
	}

	if options.AdviserSecret != "" {
		if err := p.helpCustomers(e); err != nil {
			return nil, err
		}
	}

	return e, nil
}

// below puts the router of a part before the portal's own.
func below(e *echo.Echo, base string, part *echo.Echo) {
	e.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if path := c.Request().URL.Path; path == base || strings.HasPrefix(path, base+"/") {
				part.ServeHTTP(c.Response(), c.Request())
				return nil
			}
			return next(c)
		}
	})
}

func newPortal(options Options) (*portal, error) {
	sessions, err := newSessionStore(options)
	if err != nil {
		return nil, err
	}

	p := &portal{
		Options:   options,
		sessions:  sessions,
		files:     static.Handler(options.Files),
		languages: options.Brand.Offered(),
	}
	p.matcher = matcherOf(p.languages)
	if options.PublicURL != "" {
		p.returnURL = strings.TrimRight(options.PublicURL, "/") + options.Base + returnPath
	}
	if p.linkSeal, err = newLinkSeal(options.SessionKey); err != nil {
		return nil, err
	}
	if p.limitKey, err = derivedKey(options.SessionKey, "limits"); err != nil {
		return nil, err
	}

	return p, nil
}

// echo is a router with what all of this portal's routes have in common.
func (p *portal) echo() *echo.Echo {
	e := echo.New()
	e.IPExtractor = p.Address
	e.HTTPErrorHandler = p.answerError
	e.Use(p.setBase, p.setHeaders, middleware.GzipWithConfig(middleware.GzipConfig{Skipper: isStatic, MinLength: 1024}),
		p.logRequest, p.recoverPanic, p.setLanguage, leadOn, p.checkOrigin, refuseOptions, p.readForm)

	return e
}

// onRead answers HEAD as GET. What changes a session or a token on GET is registered without it.
func (p *portal) onRead(e *echo.Echo, path string, h echo.HandlerFunc) {
	e.Match([]string{http.MethodGet, http.MethodHead}, p.Base+path, h)
}

// routeJourney is the part of the journey that may also run in somebody's frame: from the start to the list.
func (p *portal) routeJourney(e *echo.Echo) {
	base := p.Base
	page := func(path string, h echo.HandlerFunc) { p.onRead(e, path, h) }

	// Anybody.
	page("", p.showStart)
	e.POST(base+"/meter", p.postMeter)
	page("/signed-out", p.showSignedOut)
	page("/static/*", p.showStatic)
	e.POST(base+"/leave", p.postLeave)

	// Whoever named a meter point. Visitor finds the session, and demands its token of every form.
	page("/prove", p.visitor(p.showProve))
	e.POST(base+"/prove", p.visitor(p.postProve))
	page("/waiting", p.visitor(p.showWaiting))
	e.POST(base+"/waiting/resend", p.visitor(p.postResend))
	// A GET that may spend the token on the reading, so that a browser without scripts needs but a link. It is
	// safe: what it opens stays in the session of the very browser that asks, which no other site's link can see,
	// and to ask twice changes nothing.
	e.GET(base+"/waiting/check", p.checkWaiting)
	e.GET(base+"/waiting/status", p.showWaitingStatus)
	e.POST(base+"/keep-alive", p.visitor(p.postKeepAlive))
	e.POST(base+"/sign-out", p.visitor(p.postSignOut))

	// Whoever was confirmed.
	e.GET(base+"/records", p.showRecords)
}

// route is the portal's own route table; embed has that of the embedded pages.
func (p *portal) route(e *echo.Echo) {
	base := p.Base
	page := func(path string, h echo.HandlerFunc) { p.onRead(e, path, h) }
	p.routeJourney(e)

	// Anybody.
	page("/accessibility", p.showAccessibility)
	page("/help", p.showHelp)
	page("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok") })
	e.GET("/", toStart)
	e.GET(base+"/", toStart)

	// Whoever named a meter point. The register sends browsers here, with what must not stay in an address.
	e.GET(base+returnPath, p.showReturn)
	page(returnPath+"/elsewhere", p.showElsewhere)

	// Whoever was confirmed.
	page("/records.json", p.takeAway("json", echo.MIMEApplicationJSON, writeJSON))
	page("/records.csv", p.takeAway("csv", "text/csv; charset=utf-8", writeCSV))
	page("/records.pdf", p.takeAway("pdf", "application/pdf", writePDF))
	page("/records/:handle/letter", p.visitor(p.showLetter))
	page("/records/:handle/withdraw", p.visitor(p.showWithdraw))
	e.POST(base+"/records/:handle/withdraw", p.visitor(p.postWithdraw))
	page("/records/:handle/withdrawn", p.visitor(p.showWithdrawn))
	e.GET(base+"/records/:handle/told", p.showTold)
	page("/records/several", p.visitor(p.showSeveral))
	e.POST(base+"/records/several", p.visitor(p.postSeveral))
	page("/records/stopped", p.visitor(p.showStopped))
}

const baseKey = "base"

// setBase tells every handler where this portal stands.
func (p *portal) setBase(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(baseKey, p.Base)
		return next(c)
	}
}

// base is the path under which the portal that answers stands, without a slash at the end.
func base(c echo.Context) string {
	path, _ := c.Get(baseKey).(string)
	return path
}

// showStatic serves a file, or the portal's own page where there is none.
func (p *portal) showStatic(c echo.Context) error {
	if !p.files.Exists(c.Param("*")) {
		return echo.ErrNotFound
	}
	http.StripPrefix(p.Base+"/static/", p.files).ServeHTTP(c.Response(), c.Request())
	return nil
}

func toStart(c echo.Context) error { return c.Redirect(http.StatusFound, base(c)) }

// seeOther sends the browser on with GET, to a path below the portal's base.
func seeOther(c echo.Context, path string) error {
	return c.Redirect(http.StatusSeeOther, base(c)+path)
}
