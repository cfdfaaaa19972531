// Package api is the register's HTTP under /v1. A handler reads a request, calls one rule of package rules and sends
// the result; it decides nothing. routes.go lists every operation. body.go, query.go and cursor.go read requests,
// idempotency.go makes changes, and errors.go turns refusals into the published envelope. Each resource has a file of
// its own.
package api

import (
	_ "embed"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

const (
	// BasePath is the path under which the API stands.
	BasePath = "/v1"
	// BodyLimit is the size limit of a request body, other than an import's.
	BodyLimit = "256K"

	openAPIPath      = "/openapi.yaml"
	returnURLsPath   = "/self/return-urls"
	rotateSecretPath = "/self/rotate-secret"
	// unavailableWait is how long a caller should wait while the register cannot serve.
	unavailableWait = 5 * time.Second
)

// Options is what the API works on. Every field is required.
type Options struct {
	Rules *rules.Rules
	Store *store.Store
	// OpenAPI is the document that describes the API, as YAML.
	OpenAPI []byte
	Logger  *slog.Logger
}

// API holds the handlers of /v1.
type API struct {
	rules   *rules.Rules
	store   *store.Store
	openAPI []byte
	logger  *slog.Logger
}

// New returns the API over o.
func New(o Options) *API {
	return &API{rules: o.Rules, store: o.Store, openAPI: o.OpenAPI, logger: o.Logger}
}

// Mount adds the routes to a router. It panics if a route has no roles.
func (a *API) Mount(e *echo.Echo) {
	for _, route := range a.allRoutes() {
		if len(route.roles) == 0 {
			panic("no roles for " + route.method + " " + route.path)
		}

		e.Add(route.method, BasePath+route.path, route.handle, a.authorise(route.roles), allowQuery(route.query))
	}

	e.HEAD(BasePath+openAPIPath, a.readOpenAPI, allowQuery(nil))
}

// readOpenAPI is GET /openapi.yaml.
func (a *API) readOpenAPI(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", a.openAPI)
}

// metadata returns the metadata of a response.
func (a *API) metadata(c echo.Context) registerclient.ResponseMetadata {
	return registerclient.ResponseMetadata{
		Resource:      c.Request().URL.Path,
		Timestamp:     a.rules.Now(),
		TransactionID: web.EntryOf(c).TransactionID,
	}
}

// Matches reports whether a path belongs to the API.
func Matches(path string) bool { return strings.HasPrefix(path, BasePath+"/") }
