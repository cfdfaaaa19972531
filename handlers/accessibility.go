package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/views"
)

// statementPrepared is when the accessibility statement was last held against what the tests check.
var statementPrepared = time.Date(2026, time.November, 25, 12, 0, 0, 0, time.UTC)

func (p *portal) showAccessibility(c echo.Context) error {
	v, _ := p.find(c) // anybody may read it
	return render(
		c,
		http.StatusOK,
		views.Accessibility(views.AccessibilityPage{Page: p.page(c, v), Prepared: statementPrepared}),
	)
}
