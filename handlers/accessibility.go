package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/views"
)

// statementPrepared is when the accessibility statement was last compared with what the tests check.
var statementPrepared = time.Date(2026, time.November, 25, 12, 0, 0, 0, time.UTC)

func (p *portal) showAccessibility(c echo.Context) error {
	v, _ := p.findVisit(c) // the page needs no session

	return web.Render(c, http.StatusOK, views.Accessibility(views.AccessibilityPage{
		Page:     p.page(c, v),
		Prepared: statementPrepared,
	}))
}
