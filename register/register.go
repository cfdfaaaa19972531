// Package register is the Data Access Register: the HTTP service under /v1 that knows who has access to
// which meter point's data, and on what ground. To find an operation, look for its resource: identity.go,
// reidentify.go, records.go, discovered.go, accounts.go; the route table below is the map. Rules stand in those
// files, SQL in register/store, the wire's shapes in registerclient/types.go, and the promise to callers in
// openapi.yaml.
package register

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"central.consent/dar/register/docspage"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
	"central.consent/dar/static"
	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/sync/semaphore"
)

// OpenAPI is the register's description of itself, in OpenAPI 3.1 (YAML).
//
//go:embed openapi.yaml
var OpenAPI []byte

const (
	basePath = "/v1"
	// requestTime bounds everything that the register does for one request.
	requestTime = 10 * time.Second
	// bodyLimit is the most that a request body may hold.
	bodyLimit = "256K"
)

// Options is what a register runs on. Every field without a default is required.
type Options struct {
	Store *store.Store
	// Keys seals e-mail addresses and evidence.
	Keys *Keyring
	// Reidentification asks customers to confirm: Stub or Live. A stub is refused unless PublicURL is loopback.
	Reidentification Reidentification
	// PublicURL is where the register stands for browsers: https://id.central.consent, no slash at the end.
	PublicURL string
	// Clock is time.Now when nil.
	Clock func() time.Time
	// Log is slog.Default when nil.
	Log *slog.Logger
}

// Register is the service. It keeps nothing in memory that must survive: replicas may share one database.
type Register struct {
	store            *store.Store
	keys             *Keyring
	reidentification Reidentification
	publicURL        string
	// local is true where publicURL is a loopback address.
	local bool
	clock func() time.Time
	log   *slog.Logger
	// hashing bounds how many argon2id hashes, of 19 MiB each, are computed at once.
	hashing *semaphore.Weighted
	router  *echo.Echo
}

// New checks the options, all mistakes at once, and returns a register that is ready to serve.
func New(o Options) (*Register, error) {
	var mistakes []error
	if o.Store == nil {
		mistakes = append(mistakes, errors.New("a store is required"))
	}
	if o.Keys == nil {
		mistakes = append(mistakes, errors.New("a keyring is required"))
	}
	local := false
	public, err := url.Parse(o.PublicURL)
	if err != nil || public.Host == "" || public.Scheme != "http" && public.Scheme != "https" || strings.HasSuffix(o.PublicURL, "/") {
		mistakes = append(mistakes, fmt.Errorf("the public URL %q must be an absolute http or https URL without a slash at the end", o.PublicURL))
	} else {
		local = loopback(public.Hostname())
		if public.Scheme != "https" && !local {
			mistakes = append(mistakes, fmt.Errorf("the public URL %q must be https: only a loopback address may do without", o.PublicURL))
		}
		if o.Reidentification != nil && o.Reidentification.Stubbed() && !local {
			mistakes = append(mistakes, fmt.Errorf("stubbed re-identification confirms anybody: it is refused for %q, which is not a loopback address", o.PublicURL))
		}
	}
	if o.Reidentification == nil {
		mistakes = append(mistakes, errors.New("a way of re-identification is required"))
	}
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("register settings: %w", errors.Join(mistakes...))
	}
	page, err := docspage.New(OpenAPI)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	s := &Register{
		store: o.Store, keys: o.Keys, reidentification: o.Reidentification, publicURL: o.PublicURL, local: local, clock: o.Clock, log: o.Log,
		hashing: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))), router: echo.New(),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.reidentification.Stubbed() {
		s.log.Warn("RE-IDENTIFICATION IS STUBBED: every customer is taken as confirmed without being asked. For demonstrations only.")
	}
	page.Demonstration = s.reidentification.Stubbed()
	s.route(page)
	return s, nil
}

// operation is one row of the policy: who may do what.
type operation struct {
	method, path string
	// who may call; anyone takes no bearer token. A row without anybody is a mistake that stops the start.
	who    []registerclient.Role
	handle echo.HandlerFunc
}

var anyone = []registerclient.Role{"anyone"}

func (s *Register) operations() []operation {
	roles := func(r ...registerclient.Role) []registerclient.Role { return r }
	const (
		dataUser = registerclient.RoleDataUser
		portal   = registerclient.RolePortal
		dcc      = registerclient.RoleDCC
		admin    = registerclient.RoleAdmin
	)
	return []operation{
		{"GET", "/auth/token", anyone, s.issueBearerToken},

		{"GET", "/identity-records", roles(dataUser), s.lookUpIdentityRecords},
		{"POST", "/identity-records", roles(dataUser), s.createIdentityRecord},
		{"GET", "/identity-records/exists", roles(dataUser, portal), s.identityRecordExists},
		{"POST", "/identity-records/reidentify", roles(dataUser, portal), s.reidentify},
		{"GET", "/identity-records/reidentify/:tokenRef", roles(dataUser, portal), s.reidentificationStatus},

		{"POST", "/access-records", roles(dataUser), s.createAccessRecord},
		{"GET", "/access-records/:ak", anyone, s.verifyAccessRecord},
		{"DELETE", "/access-records/:ak", roles(dataUser, portal), s.revokeAccessRecord},
		{"GET", "/meter-points/:mpxn/access-records", roles(dataUser, portal), s.listAccessRecords},

		{"POST", "/discovered-access", roles(dcc), s.submitDiscoveredAccess},

		{"POST", "/admin/accounts", roles(admin), s.createAccount},

		{"GET", "/openapi.yaml", anyone, func(c echo.Context) error { return c.Blob(http.StatusOK, "application/yaml", OpenAPI) }},
	}
}

func (s *Register) route(page docspage.Model) {
	e := s.router
	e.HTTPErrorHandler = s.answerError
	e.Pre(s.begin)
	e.Use(middleware.RecoverWithConfig(middleware.RecoverConfig{LogErrorFunc: func(_ echo.Context, err error, stack []byte) error {
		return fmt.Errorf("panic: %w\n%s", err, stack)
	}}))
	e.Use(middleware.BodyLimit(bodyLimit))
	for _, o := range s.operations() {
		if len(o.who) == 0 {
			panic("no row of the policy for " + o.method + " " + o.path)
		}
		e.Add(o.method, basePath+o.path, o.handle, s.allow(o.who))
	}
	e.GET("/docs", func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set(echo.HeaderXFrameOptions, "DENY")
		h.Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
		buffer := templ.GetBuffer()
		defer templ.ReleaseBuffer(buffer)
		if err := docspage.Page(page).Render(c.Request().Context(), buffer); err != nil {
			return fmt.Errorf("render the documentation: %w", err)
		}
		return c.HTMLBlob(http.StatusOK, buffer.Bytes())
	})
	e.GET("/static/*", echo.WrapHandler(http.StripPrefix("/static/", static.Handler())))
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
}

// ServeHTTP implements http.Handler.
func (s *Register) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// line is what one request leaves in the log, filled on the way.
type line struct {
	transaction string
	account     string
	err         error
}

const lineKey = "register.line"

func logged(c echo.Context) *line { return c.Get(lineKey).(*line) }

// begin gives each request its transaction id, its deadline, its headers and its one line in the log, which
// holds the route and never the address, for that names a meter point.
func (s *Register) begin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		started := s.clock()
		l := &line{transaction: newID("tid")}
		c.Set(lineKey, l)
		ctx, cancel := context.WithTimeout(c.Request().Context(), requestTime)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		h := c.Response().Header()
		h.Set(echo.HeaderCacheControl, "no-store")
		h.Set(echo.HeaderXContentTypeOptions, "nosniff")
		h.Set(echo.HeaderReferrerPolicy, "no-referrer")
		h.Set(echo.HeaderXRequestID, l.transaction)
		if strings.HasPrefix(s.publicURL, "https:") {
			h.Set(echo.HeaderStrictTransportSecurity, "max-age=63072000; includeSubDomains")
		}
		if err := next(c); err != nil {
			c.Error(err)
		}
		level := slog.LevelInfo
		attributes := []slog.Attr{
			slog.String("method", c.Request().Method), slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status), slog.Duration("took", s.clock().Sub(started)),
			slog.String("transaction", l.transaction), slog.String("account", l.account),
		}
		if c.Response().Status >= http.StatusInternalServerError {
			level = slog.LevelError
			attributes = append(attributes, slog.Any("error", l.err))
		} else if l.err != nil {
			// Only the code: a field's name is the caller's own text, and may be personal.
			attributes = append(attributes, slog.String("code", refusals(l.err)[0].Code))
		}
		s.log.LogAttrs(ctx, level, "request", attributes...)
		return nil
	}
}

// metadata opens an answer.
func (s *Register) metadata(c echo.Context) registerclient.ResponseMetadata {
	return registerclient.ResponseMetadata{
		Resource:      c.Request().URL.Path,
		Timestamp:     s.now(),
		TransactionID: logged(c).transaction,
	}
}

// now is the clock in UTC, to the second, as the wire has it.
func (s *Register) now() time.Time { return s.clock().UTC().Truncate(time.Second) }

func loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}
