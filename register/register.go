// Package register is the Data Access Register: it knows which organisation can read which meter point's data, and on
// what legal ground. This package wires its rooms:
//
//   - edge decides what is served to which host and listener;
//   - rules holds every rule, api the HTTP under /v1, and id the customers' pages under /id;
//   - outbox delivers webhook events and letters, and store holds the SQL;
//   - openapi.yaml is the promise to callers.
package register

import (
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"central.consent/dar/internal/web/address"
	"central.consent/dar/register/api"
	"central.consent/dar/register/docspage"
	"central.consent/dar/register/edge"
	"central.consent/dar/register/id"
	"central.consent/dar/register/outbox"
	"central.consent/dar/register/passkey"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/register/webhook"
)

// OpenAPI is the description of the API, in OpenAPI 3.1 (YAML).
//
//go:embed openapi.yaml
var OpenAPI []byte

// Register is the service. It keeps nothing in memory that must survive: replicas may share one database.
type Register struct {
	// Rules are for the commands of the program: they add accounts, import records and rotate keys.
	Rules *rules.Rules
	// Worker delivers what the rules have queued.
	Worker *outbox.Worker

	store    *store.Store
	api      *api.API
	pages    *id.Pages
	docs     docspage.Model
	registry *prometheus.Registry
	router   *echo.Echo
	logger   *slog.Logger
}

// readDocs reads the OpenAPI document once, because tests start hundreds of registers in a process.
var readDocs = sync.OnceValues(func() (docspage.Model, error) { return docspage.New(OpenAPI) })

// New checks the options, all mistakes at once, and returns a register that is ready to serve.
func New(o Options) (*Register, error) {
	public, mistakes := o.check()
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("register settings: %w", errors.Join(mistakes...))
	}

	passkeys, err := passkey.New(o.PublicURL, "Central Access Register")
	if err != nil {
		return nil, fmt.Errorf("register settings: the public URL %q: %w", o.PublicURL, err)
	}

	docs, err := readDocs()
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	docs.Demonstration = o.Stub

	if o.Stub {
		o.Logger.Warn("RE-IDENTIFICATION IS STUBBED: " +
			"every customer counts as confirmed without being asked. For demonstrations only.")
	}

	local := address.IsLoopback(public.Hostname())
	ruleset := o.newRules(passkeys, local)
	s := &Register{
		Rules: ruleset,
		Worker: outbox.New(outbox.Options{
			Store:    o.Store,
			Rules:    ruleset,
			Mail:     o.Mail,
			Webhooks: webhook.New(webhook.Options{Local: local, Clock: o.Clock}),
			Clock:    o.Clock,
			Logger:   o.Logger,
		}),
		store: o.Store,
		api:   api.New(api.Options{Rules: ruleset, Store: o.Store, OpenAPI: OpenAPI, Logger: o.Logger}),
		pages: id.New(id.Options{
			Rules:         ruleset,
			Secure:        public.Scheme == "https",
			Demonstration: o.Stub,
			Logger:        o.Logger,
		}),
		docs:     docs,
		registry: prometheus.NewRegistry(),
		logger:   o.Logger,
	}
	s.registry.MustRegister(outbox.NewCollector(o.Store), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.router = s.newRouter(o, public)

	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Register) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// Administration serves the operations of administrators, and what they need to sign in, for a listener of their own.
// With Options.SeparateAdministration they are served nowhere else.
func (s *Register) Administration() http.Handler { return edge.Administration(s.router) }

// Metrics serves the metrics to Prometheus. It is for a listener of its own that strangers cannot reach. A metric that
// cannot be collected is left out.
func (s *Register) Metrics() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}
