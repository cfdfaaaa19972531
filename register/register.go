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

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/sync/semaphore"

	"central.consent/dar/register/docspage"
	"central.consent/dar/register/mail"
	"central.consent/dar/register/passkey"
	"central.consent/dar/register/store"
	"central.consent/dar/register/webhook"
	"central.consent/dar/registerclient"
	"central.consent/dar/static"
)

// OpenAPI is the register's description of itself, in OpenAPI 3.1 (YAML).
//
//go:embed openapi.yaml
var OpenAPI []byte

const (
	basePath = "/v1"
	// requestTime bounds everything that the register does for one request.
	requestTime = 10 * time.Second
	// readyTime is how long the database may take to show that it answers.
	readyTime = 2 * time.Second
	// bodyLimit is the most that a request body may hold.
	bodyLimit = "256K"
)

// Options is what a register runs on. Every field without a default is required.
type Options struct {
	Store *store.Store
	// Keys seals e-mail addresses and evidence.
	Keys *Keyring
	// Stub confirms every customer at once and asks nobody. It is for demonstrations, and refused unless PublicURL is
	// loopback.
	Stub bool
	// PublicURL is where the register stands for browsers: https://id.central.consent, no slash at the end.
	PublicURL string
	// Mail sends letters; nil where there is no mail server, and then letters are given up.
	Mail *mail.Sender
	// Address tells from where a request came, as limits count it; nil for the peer.
	Address func(*http.Request) string
	// Clock is time.Now when nil.
	Clock func() time.Time
	// Log is slog.Default when nil.
	Log *slog.Logger
}

// Register is the service. It keeps nothing in memory that must survive: replicas may share one database.
type Register struct {
	store     *store.Store
	keys      *Keyring
	stub      bool
	publicURL string
	mail      *mail.Sender
	passkeys  *passkey.RelyingParty
	webhooks  *webhook.Client
	// local is true where publicURL is a loopback address.
	local bool
	clock func() time.Time
	log   *slog.Logger
	// hashing bounds how many argon2id hashes, of 19 MiB each, are computed at once.
	hashing *semaphore.Weighted
	metrics *metrics
	// address finds where a request comes from.
	address echo.IPExtractor
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
	if err != nil || public.Host == "" || public.Scheme != "http" && public.Scheme != "https" ||
		public.Path != "" || public.User != nil || strings.ContainsAny(o.PublicURL, "?#") {
		// It is not quoted: it may hold a password.
		mistakes = append(
			mistakes,
			errors.New(
				"the public URL must be http or https and a host, with nothing after it: no path, slash, query or fragment, and no user before it",
			),
		)
	} else {
		local = loopback(public.Hostname())
		if public.Scheme != "https" && !local {
			mistakes = append(
				mistakes,
				fmt.Errorf("the public URL %q must be https: only a loopback address may do without", o.PublicURL),
			)
		}
		if o.Stub && !local {
			mistakes = append(
				mistakes,
				fmt.Errorf(
					"stubbed re-identification confirms anybody: it is refused for %q, which is not a loopback address",
					o.PublicURL,
				),
			)
		}
	}

	var passkeys *passkey.RelyingParty
	if len(mistakes) == 0 {
		if passkeys, err = passkey.New(o.PublicURL, "Data Access Register"); err != nil {
			mistakes = append(mistakes, fmt.Errorf("the public URL %q: %w", o.PublicURL, err))
		}
	}

	if len(mistakes) > 0 {
		return nil, fmt.Errorf("register settings: %w", errors.Join(mistakes...))
	}

	page, err := docspage.New(OpenAPI)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}

	s := &Register{
		store:     o.Store,
		keys:      o.Keys,
		stub:      o.Stub,
		address:   o.Address,
		publicURL: o.PublicURL,
		local:     local,
		mail:      o.Mail,
		passkeys:  passkeys,
		clock:     o.Clock,
		log:       o.Log,
		hashing:   semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))),
		metrics:   newMetrics(o.Store),
		router:    echo.New(),
	}
	if s.address == nil {
		s.address = echo.ExtractIPDirect()
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}

	s.webhooks = webhook.New(webhook.Options{Local: local, Clock: s.clock})
	if s.stub {
		s.log.Warn(
			"RE-IDENTIFICATION IS STUBBED: every customer is taken as confirmed without being asked. For demonstrations only.",
		)
	}

	page.Demonstration = s.stub
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

		dataProvider = registerclient.RoleDataProvider
	)
	everyRole := roles(dataUser, dataProvider, dcc, admin, portal)

	return []operation{
		{"GET", "/auth/token", anyone, s.issueBearerToken},

		{"GET", "/identity-records", roles(dataUser), s.lookUpIdentityRecords},
		{"POST", "/identity-records", roles(dataUser), s.createIdentityRecord},
		{"GET", "/identity-records/exists", roles(dataUser, portal), s.identityRecordExists},
		{"POST", "/identity-records/reidentify", roles(dataUser, portal), s.reidentify},
		{"GET", "/identity-records/reidentify/:tokenRef", roles(dataUser, portal), s.reidentificationStatus},
		{
			"POST",
			"/identity-records/reidentify/:tokenRef/complete",
			roles(dataUser, portal),
			s.completeReidentification,
		},
		{"GET", "/identity-records/:ir", roles(dataUser), s.readIdentityRecord},
		{"DELETE", "/identity-records/:ir", roles(dataUser), s.anonymiseIdentityRecord},
		{"DELETE", "/identity-records/:ir/credentials/:credentialId", roles(dataUser), s.deletePasskeyCredential},
		{"POST", "/identity-records/:ir/re-identify", roles(dataUser), s.reidentifyOwn},
		{"GET", "/identity-records/:ir/re-identify/:tokenRef", roles(dataUser), s.ownReidentificationStatus},

		{"POST", "/access-records", roles(dataUser), s.createAccessRecord},
		{"POST", importPath, roles(dataUser), s.importAccessRecords},
		{"GET", "/access-records/:ak", anyone, s.verifyAccessRecord},
		{"PUT", "/access-records/:ak", roles(dataUser), s.replaceAccessRecord},
		{"DELETE", "/access-records/:ak", roles(dataUser, portal), s.revokeAccessRecord},
		{"GET", "/access-records/:ak/notice", roles(dataUser, portal), s.readNotice},
		{"GET", "/meter-points/:mpxn/access-records", roles(dataUser, portal), s.listAccessRecords},

		{"GET", "/records", roles(dataUser), s.listOwnRecords},

		{"GET", "/webhooks", roles(dataUser), s.listWebhooks},
		{"POST", "/webhooks", roles(dataUser), s.registerWebhook},
		{"PATCH", "/webhooks/:wid", roles(dataUser), s.updateWebhook},
		{"DELETE", "/webhooks/:wid", roles(dataUser), s.deleteWebhook},
		{"GET", "/webhooks/:wid/deliveries", roles(dataUser), s.listDeliveries},
		{"POST", "/webhooks/:wid/deliveries/:eventId/redeliver", roles(dataUser), s.redeliver},

		{"POST", "/discovered-access", roles(dcc), s.submitDiscoveredAccess},
		{"POST", "/cot-events", roles(dcc), s.reportChangeOfTenancy},
		{"GET", "/admin/cot-events", roles(admin), s.listChangesOfTenancy},
		{"POST", "/admin/cot-events/:cot/withdraw", roles(admin), s.withdrawChangeOfTenancy},

		{"GET", "/admin/webhooks", roles(admin), s.listAllWebhooks},
		{"GET", "/data-users/:duid", roles(dataProvider, dataUser, admin), s.readDataUser},

		{"GET", "/self", roles(everyRole...), s.readSelf},
		{"PUT", "/self/return-urls", roles(dataUser, portal), s.replaceReturnURLs},
		{"POST", "/self/rotate-secret", roles(everyRole...), s.rotateSecret},

		{"GET", "/admin/stats", roles(admin), s.readStats},
		{"GET", "/admin/accounts", roles(admin), s.listAccounts},
		{"POST", "/admin/accounts", roles(admin), s.createAccount},
		{"POST", "/admin/accounts/:accountId/suspend", roles(admin), s.suspendAccount},
		{"POST", "/admin/accounts/:accountId/reactivate", roles(admin), s.reactivateAccount},
		{"POST", "/admin/accounts/:accountId/terminate", roles(admin), s.terminateAccount},
		{"GET", "/admin/records", roles(admin), s.searchRecords},
		{"GET", "/admin/audit", roles(admin), s.readAudit},

		{"GET", "/openapi.yaml", anyone, openAPI},
	}
}

func (s *Register) route(page docspage.Model) {
	e := s.router
	e.IPExtractor = s.address
	e.HTTPErrorHandler = s.answerError
	e.Pre(s.begin)
	e.Use(
		middleware.RecoverWithConfig(
			middleware.RecoverConfig{LogErrorFunc: func(_ echo.Context, err error, stack []byte) error {
				return fmt.Errorf("panic: %w\n%s", err, stack)
			}},
		),
	)
	e.Use(
		refuseOptions,
		middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: bodyLimit, Skipper: isImport}),
	)
	for _, o := range s.operations() {
		if len(o.who) == 0 {
			panic("no row of the policy for " + o.method + " " + o.path)
		}
		e.Add(o.method, basePath+o.path, o.handle, s.allow(o.who))
	}

	s.routePages(e)
	readable := []string{http.MethodGet, http.MethodHead}
	e.HEAD(basePath+"/openapi.yaml", openAPI)
	e.Match(readable, "/docs", func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(
			echo.HeaderContentSecurityPolicy,
			"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		)
		h.Set(echo.HeaderXFrameOptions, "DENY")
		h.Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
		buffer := templ.GetBuffer()
		defer templ.ReleaseBuffer(buffer)
		if err := docspage.Page(page).Render(c.Request().Context(), buffer); err != nil {
			return fmt.Errorf("render the documentation: %w", err)
		}

		return c.HTMLBlob(http.StatusOK, buffer.Bytes())
	})
	e.Match(readable, "/static/*", echo.WrapHandler(http.StripPrefix("/static/", static.Handler())))
	e.Match(readable, "/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.Match(readable, "/readyz", s.ready)
}

func openAPI(c echo.Context) error {
	if err := knownQuery(c); err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/yaml", OpenAPI)
}

// ready is GET /readyz: whether requests may be sent here. /healthz says only that the process lives.
func (s *Register) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTime)
	defer cancel()
	if err := s.store.Ready(ctx); err != nil {
		s.log.WarnContext(ctx, "not ready", slog.Any("error", err))
		return c.String(
			http.StatusServiceUnavailable,
			"The database does not answer, or its schema is not up to date.\n",
		)
	}

	return c.String(http.StatusOK, "ready\n")
}

// refuseOptions answers OPTIONS as any other method that a resource does not take. Echo would answer 204, and no
// browser may call from another site, which is what OPTIONS asks.
func refuseOptions(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if allowed, ok := c.Get(echo.ContextKeyHeaderAllow).(string); ok {
			c.Set(echo.ContextKeyHeaderAllow, strings.TrimPrefix(allowed, "OPTIONS, "))
			if c.Request().Method == http.MethodOptions {
				return echo.MethodNotAllowedHandler(c)
			}
		}

		return next(c)
	}
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
		bound := requestTime
		if isImport(c) {
			bound = importTime
		}

		ctx, cancel := context.WithTimeout(c.Request().Context(), bound)
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

		took := s.clock().Sub(started)
		s.metrics.answered(c.Path(), c.Request().Method, c.Response().Status, took)
		level := slog.LevelInfo
		attributes := []slog.Attr{
			slog.String("method", c.Request().Method), slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status), slog.Duration("took", took),
			slog.String("transaction", l.transaction), slog.String("account", l.account),
		}
		// The caller's own id, so that its log and ours can be laid side by side.
		if id := c.Request().Header.Get(echo.HeaderXRequestID); visible(id) && len(id) <= 128 {
			attributes = append(attributes, slog.String("request-id", id))
		}

		if c.Response().Status >= http.StatusInternalServerError {
			if !errors.Is(l.err, context.Canceled) {
				level = slog.LevelError
			}
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
