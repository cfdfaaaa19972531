package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/views"
)

// showHelp is for customers who share a home or a device, have lost a mailbox, or have just moved.
func (p *portal) showHelp(c echo.Context) error {
	v, _ := p.findVisit(c) // the page needs no session
	return web.Render(c, http.StatusOK, views.Help(views.HelpPage{Page: p.page(c, v)}))
}
