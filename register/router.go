package register

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/api"
	"central.consent/dar/register/docspage"
	"central.consent/dar/register/id"
	"central.consent/dar/register/rules"
	"central.consent/dar/static"
)

const (
	// readyTime bounds the readiness check of the database.
	readyTime = 2 * time.Second
	// docsPolicy is the content security policy of the API's page.
	docsPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; " +
		"frame-ancestors 'none'"
)

// newRouter returns the router with the middleware and routes of all rooms.
func (s *Register) newRouter(o Options) *echo.Echo {
	secure := strings.HasPrefix(o.PublicURL, "https:")
	metrics := web.NewRequestMetrics(s.registry, "dar_http")

	e := echo.New()
	e.IPExtractor = o.Address
	e.HTTPErrorHandler = s.sendError
	e.Pre(api.LimitTime, web.LogRequests(web.RequestLog{
		Logger: o.Logger,
		Clock:  o.Clock,
		Begin: func(c echo.Context, entry *web.LogEntry) {
			entry.TransactionID = rules.NewID("tid")
			entry.RequestID = web.RequestID(c.Request())
			web.SetHeaders(c.Response().Header(), secure)
			c.Response().Header().Set(echo.HeaderXRequestID, entry.TransactionID)
		},
		Describe: api.DescribeError,
		Done:     metrics.Observe,
	}), keepAdministrationApart(o.SeparateAdministration))
	e.Use(web.Recover(), web.RefuseOptions, middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{
		Limit: api.BodyLimit, Skipper: api.IsImport,
	}))

	s.api.Mount(e)
	s.pages.Mount(e)

	reads := []string{http.MethodGet, http.MethodHead}
	e.Match(reads, "/docs", s.showDocs)
	e.Match(reads, "/static/*", echo.WrapHandler(http.StripPrefix("/static/", static.Handler())))
	e.Match(reads, "/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.Match(reads, "/readyz", s.checkReady)

	return e
}

// sendError is the one place that turns an error into a response.
func (s *Register) sendError(err error, c echo.Context) {
	web.EntryOf(c).Err = err
	if c.Response().Committed {
		return
	}

	status, refusals := api.Refuse(c, err)
	if id.Matches(c.Request().URL.Path) {
		s.pages.SendError(c, err, status, refusals[0])

		return
	}

	s.api.SendRefusals(c, status, refusals)
}

// showDocs is GET /docs: the description of the API as a page.
func (s *Register) showDocs(c echo.Context) error {
	header := c.Response().Header()
	header.Set(echo.HeaderContentSecurityPolicy, docsPolicy)
	header.Set(echo.HeaderXFrameOptions, "DENY")

	return web.Render(c, http.StatusOK, docspage.Page(s.docs))
}

// checkReady is GET /readyz: whether requests may be sent here. /healthz says only that the process lives.
func (s *Register) checkReady(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTime)
	defer cancel()

	if err := s.store.Ready(ctx); err != nil {
		s.logger.WarnContext(ctx, "not ready", slog.Any("error", err))

		return c.String(
			http.StatusServiceUnavailable, "The database does not answer, or its schema is not up to date.\n")
	}

	return c.String(http.StatusOK, "ready\n")
}
