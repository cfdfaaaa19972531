package register

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/api"
	"central.consent/dar/register/edge"
	"central.consent/dar/register/rules"
	"central.consent/dar/static"
)

// newRouter returns the router with the middleware and routes of all rooms.
func (s *Register) newRouter(o Options, public *url.URL) *echo.Echo {
	metrics := web.NewRequestMetrics(s.registry, "dar_http")

	e := echo.New()
	e.IPExtractor = o.Address
	e.HTTPErrorHandler = edge.SendError(s.api, s.pages, s.logger)
	e.Pre(api.LimitTime, web.LogRequests(web.RequestLog{
		Logger: o.Logger,
		Clock:  o.Clock,
		Begin: func(c echo.Context, entry *web.LogEntry) {
			entry.TransactionID = rules.NewID("tid")
			entry.RequestID = web.RequestID(c.Request())
			web.SetHeaders(c.Response().Header(), public.Scheme == "https")
			c.Response().Header().Set(echo.HeaderXRequestID, entry.TransactionID)
		},
		Describe: api.DescribeError,
		Done:     metrics.Observe,
	}), edge.KeepAdministrationApart(o.SeparateAdministration))
	e.Use(
		web.Recover(),
		edge.NewHosts(public, o.APIHosts).Check,
		web.RefuseOptions,
		middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{
			Limit: api.BodyLimit, Skipper: api.IsImport,
		}),
	)

	s.api.Mount(e)
	s.pages.Mount(e)

	reads := []string{http.MethodGet, http.MethodHead}
	e.Match(reads, "/docs", edge.ShowDocs(s.docs))
	e.Match(reads, "/static/*", echo.WrapHandler(http.StripPrefix("/static/", static.Handler())))
	e.Match(reads, edge.PathHealthy, func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.Match(reads, edge.PathReady, edge.CheckReady(s.store, s.logger))

	return e
}
