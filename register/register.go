// Package register is the Data Access Register: it knows which organisation can read which meter point's data, and on
// what legal ground. This package wires its rooms:
//
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
	"net/url"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"central.consent/dar/internal/web/address"
	"central.consent/dar/register/api"
	"central.consent/dar/register/docspage"
	"central.consent/dar/register/id"
	"central.consent/dar/register/mail"
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

// Options is what a register works on. Every field without a default is required.
type Options struct {
	Store *store.Store
	// Keys seals e-mail addresses and evidence.
	Keys *rules.Keyring
	// Stub confirms every challenge at once and asks no customer. It is for demonstrations, and refused unless
	// PublicURL is a loopback address.
	Stub bool
	// RelaxedAdministration lets administrators read without a reason and act without a second administrator. It is for
	// demonstrations.
	RelaxedAdministration bool
	// SeparateAdministration serves the operations of administrators by Administration alone, on a listener of its
	// own.
	SeparateAdministration bool
	// PublicURL is the address of the register for browsers: https://id.central.consent, without a slash at the end.
	PublicURL string
	// Mail sends letters; nil if there is no mail server. Letters are given up then.
	Mail *mail.Sender
	// Address returns the network address of a client, for limits; nil for the peer of the connection.
	Address func(*http.Request) string
	// SecretCost is the cost of hashing an account's secret; zero for rules.DefaultSecretCost.
	SecretCost rules.SecretCost
	// ContactLettersPerHour bounds the letters about imported contacts; zero for rules.DefaultContactLettersPerHour.
	ContactLettersPerHour int
	// Clock is time.Now if nil.
	Clock func() time.Time
	// Logger is slog.Default if nil.
	Logger *slog.Logger
}

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
	local, mistakes := o.check()
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

	ruleset := rules.New(rules.Options{
		Store:                 o.Store,
		Keys:                  o.Keys,
		Passkeys:              passkeys,
		Pages:                 id.URLs(o.PublicURL),
		APIURL:                o.PublicURL + api.BasePath,
		Local:                 local,
		Stub:                  o.Stub,
		Relaxed:               o.RelaxedAdministration,
		SecretCost:            o.SecretCost,
		ContactLettersPerHour: o.ContactLettersPerHour,
		Clock:                 o.Clock,
	})
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
		store:    o.Store,
		api:      api.New(api.Options{Rules: ruleset, Store: o.Store, OpenAPI: OpenAPI, Logger: o.Logger}),
		pages:    id.New(id.Options{Rules: ruleset, Local: local, Logger: o.Logger}),
		docs:     docs,
		registry: prometheus.NewRegistry(),
		logger:   o.Logger,
	}
	s.registry.MustRegister(outbox.NewCollector(o.Store), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.router = s.newRouter(o)

	return s, nil
}

// check fills in the defaults and returns every mistake, and whether the public URL is a loopback address.
func (o *Options) check() (local bool, mistakes []error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Address == nil {
		o.Address = echo.ExtractIPDirect()
	}
	if o.Store == nil {
		mistakes = append(mistakes, errors.New("a store is required"))
	}
	if o.Keys == nil {
		mistakes = append(mistakes, errors.New("a keyring is required"))
	}

	public, err := url.Parse(o.PublicURL)
	if err != nil || !address.IsOrigin(o.PublicURL) {
		// The message does not quote it: it may hold a password.
		return false, append(mistakes, errors.New("the public URL must be http or https and a host, "+
			"with nothing after it: no path, slash, query or fragment, and no user before it"))
	}

	local = address.IsLoopback(public.Hostname())
	if public.Scheme != "https" && !local {
		mistakes = append(mistakes, fmt.Errorf(
			"the public URL %q must be https: only a loopback address may do without", o.PublicURL))
	}
	if o.Stub && !local {
		mistakes = append(mistakes, fmt.Errorf("stubbed re-identification confirms anybody: "+
			"it is refused for %q, which is not a loopback address", o.PublicURL))
	}

	return local, mistakes
}

// ServeHTTP implements http.Handler.
func (s *Register) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// Metrics serves the metrics to Prometheus. It is for a listener of its own that strangers cannot reach. A metric that
// cannot be collected is left out.
func (s *Register) Metrics() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}
