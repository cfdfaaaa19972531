package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// routeOwn is the route table of the portal's own pages.
//
// A handler in withVisit needs a session, which a meter point number begins, and the session's token in every form. One
// in withRecords needs a confirmed customer as well. Pages of a single record look for it in the session, and find none
// before that.
func (p *portal) routeOwn(r *router) {
	r.GET("/", p.toStart)
	r.get("/", p.toStart)
	r.read("/healthz", showHealth)
	r.read("/static/*", p.showStatic)

	r.read("", p.showStart)
	r.post("/meter", p.postMeter)
	r.read("/help", p.showHelp)
	r.read("/accessibility", p.showAccessibility)
	r.read("/signed-out", p.showSignedOut)
	r.post("/leave", p.postLeave)

	r.read("/prove", p.withVisit(p.showProve))
	r.post("/prove", p.withVisit(p.postProve))
	r.get("/return", p.showReturn)
	r.read("/return/elsewhere", p.showElsewhere)
	r.read("/waiting", p.withVisit(p.showWaiting))
	r.post("/waiting/resend", p.withVisit(p.postResend))
	r.get("/waiting/check", p.checkWaiting)
	r.get("/waiting/refresh", p.refreshWaiting)
	r.get("/waiting/status", p.showWaitingStatus)
	r.post("/keep-alive", p.withVisit(p.postKeepAlive))
	r.post("/sign-out", p.withVisit(p.postSignOut))

	r.get("/records", p.showRecords)
	r.read("/records.json", p.withRecords(p.exportJSON))
	r.read("/records.csv", p.withRecords(p.exportCSV))
	r.read("/records.pdf", p.withRecords(p.exportPDF))
	r.read("/records/:handle/letter", p.withVisit(p.showLetter))
	r.read("/records/:handle/withdraw", p.withVisit(p.showWithdraw))
	r.post("/records/:handle/withdraw", p.withVisit(p.postWithdraw))
	r.read("/records/:handle/withdrawn", p.withVisit(p.showWithdrawn))
	r.get("/records/:handle/told", p.showDeliveryStatus)
	r.read("/records/several", p.withRecords(p.showSeveral))
	r.post("/records/several", p.withVisit(p.postSeveral))
	r.read("/records/stopped", p.withVisit(p.showStopped))
}

// routeFrameExits adds to the own pages what leads out of a frame, if there are embedded pages.
func (p *portal) routeFrameExits(r *router) {
	r.read("/embed.js", p.showEmbedScript)
	r.get("/ticket", p.showTicket)
	r.post("/ticket", p.postTicket)
}

// routeEmbedded is the route table of the pages in frames: the journey up to the list. An access is stopped on the own
// pages alone, and a ticket leads there.
func (p *portal) routeEmbedded(r *router) {
	r.Use(p.leaveWindow)
	r.get("/", p.toStart)
	r.read("/static/*", p.showStatic)

	r.read("", p.tryCookie(p.showStart))
	r.post("/meter", p.needCookie(p.postMeter))
	r.read("/signed-out", p.showSignedOut)
	r.post("/leave", p.postLeave)

	r.read("/prove", p.withVisit(p.showProve))
	r.post("/prove", p.withVisit(p.postProve))
	r.read("/waiting", p.withVisit(p.showWaiting))
	r.post("/waiting/resend", p.withVisit(p.postResend))
	r.get("/waiting/check", p.checkWaiting)
	r.get("/waiting/refresh", p.refreshWaiting)
	r.get("/waiting/status", p.showWaitingStatus)
	r.post("/keep-alive", p.withVisit(p.postKeepAlive))
	r.post("/sign-out", p.withVisit(p.postSignOut))

	r.get("/records", p.showRecords)
	r.read("/records/:handle/withdraw", p.withVisit(p.showLeaveFrame))
	r.post("/records/:handle/ticket", p.withVisit(p.postLeaveFrame))
}

// routeAdviser is the route table of the pages on which an adviser helps a customer; adviserOnly keeps everyone else
// out. Exports are refused with 403.
func (p *portal) routeAdviser(r *router) {
	r.Use(p.adviserOnly)
	r.get("/", p.toStart)
	r.read("/static/*", p.showStatic)
	r.read("/sign-in", p.showAdviserSignIn)
	r.post("/sign-in", p.postAdviserSignIn)
	r.post("/sign-in/end", p.postAdviserEnd)

	r.read("", p.showStart)
	r.post("/meter", p.postMeter)
	r.read("/help", p.showHelp)
	r.read("/accessibility", p.showAccessibility)
	r.read("/signed-out", p.showSignedOut)
	r.post("/leave", p.postLeave)

	r.read("/prove", p.withVisit(p.showProve))
	r.post("/prove", p.withVisit(p.postProve))
	r.read("/waiting", p.withVisit(p.showWaiting))
	r.post("/waiting/resend", p.withVisit(p.postResend))
	r.get("/waiting/check", p.checkWaiting)
	r.get("/waiting/refresh", p.refreshWaiting)
	r.get("/waiting/status", p.showWaitingStatus)
	r.post("/keep-alive", p.withVisit(p.postKeepAlive))
	r.post("/sign-out", p.withVisit(p.postSignOut))

	r.get("/records", p.showRecords)
	r.read("/records/:handle/withdraw", p.withVisit(p.showWithdraw))
	r.post("/records/:handle/withdraw", p.withVisit(p.needCustomerYes(p.postWithdraw)))
	r.read("/records/:handle/withdrawn", p.withVisit(p.showWithdrawn))
	r.get("/records/:handle/told", p.showDeliveryStatus)
	r.read("/records/:handle/letter", p.withVisit(p.showLetter))
	r.read("/handover", p.withRecords(p.showHandover))
	r.any("/records/*", refuseDownload)
	r.any("/records.*", refuseDownload)
}

// router registers routes below a base path.
type router struct {
	*echo.Echo
	base string
}

// read registers a handler for GET and HEAD: it changes nothing.
func (r *router) read(path string, h echo.HandlerFunc) {
	r.Match([]string{http.MethodGet, http.MethodHead}, r.base+path, h)
}

// get registers a handler for GET alone: it may change the session or use up a token, but only in ways that are safe to
// repeat, and that another site gains nothing from.
func (r *router) get(path string, h echo.HandlerFunc) { r.GET(r.base+path, h) }

func (r *router) post(path string, h echo.HandlerFunc) { r.POST(r.base+path, h) }

func (r *router) any(path string, h echo.HandlerFunc) { r.Any(r.base+path, h) }

// mount sends every request below the base of another router there, before its path is looked up here: a route of these
// pages can never be one of the others' by accident.
func (r *router) mount(below *router) {
	r.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			path := c.Request().URL.Path
			if path == below.base || strings.HasPrefix(path, below.base+"/") {
				below.ServeHTTP(c.Response(), c.Request())
				return nil
			}

			return next(c)
		}
	})
}

// showHealth tells a load balancer that the program runs.
func showHealth(c echo.Context) error { return c.String(http.StatusOK, "ok") }

func (p *portal) toStart(c echo.Context) error { return c.Redirect(http.StatusFound, p.Base) }

// seeOther redirects the browser, with GET, to a path below the base of these pages.
func (p *portal) seeOther(c echo.Context, path string) error {
	return c.Redirect(http.StatusSeeOther, p.Base+path)
}
