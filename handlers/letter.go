package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// showLetter is a letter about one record, filled in. The address says whether the letter names the meter point number,
// and never holds the number itself.
func (p *portal) showLetter(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil {
		return echo.ErrNotFound
	}

	page, ok := p.letterPage(c, v, held)
	if !ok {
		return echo.ErrNotFound
	}

	return web.Render(c, http.StatusOK, views.Letter(page))
}

// letterPage returns the letter about a record; false if there is none.
func (p *portal) letterPage(c echo.Context, v *visit, held *heldRecord) (page views.LetterPage, ok bool) {
	page = views.LetterPage{
		Page:       p.page(c, v),
		MeterPoint: meterPointView(v.MeterPoint),
		Day:        p.Clock(),
		WithNumber: c.QueryParam("number") == "yes",
		Filter:     readFilter(c),
	}
	if held.Summary.State == registerclient.StateDiscovered {
		sighting := held.Summary.DiscoveredAccess
		if sighting == nil || sighting.SupersededBy != nil {
			return page, false
		}

		page.Kind = "discovered"
		page.Sighting = sightingView(*held)
		if page.Sighting.StillSeen() {
			page.Kind = "still-seen"
		}

		return page, true
	}

	page.Record = recordView(*held, p.Clock())
	page.Kind = letterKind(page.Record)
	if held.Withdrawal != nil {
		page.StoppedReference = held.Withdrawal.Reference
	}

	return page, true
}

// letterKind returns what the letter can ask for: that a record which has ended be deleted; how a permission was given,
// or its end if it cannot be ended here; or what another legal basis gives a right to.
func letterKind(r views.Record) string {
	consent := r.Basis == views.BasisConsent || r.Basis == views.BasisExplicitConsent
	switch {
	case !r.EndedAt.IsZero():
		return "delete"
	case r.Earlier && consent:
		return "earlier"
	case r.CanWithdraw:
		return "consent"
	case consent:
		return "elsewhere"
	default:
		return string(r.Basis)
	}
}
