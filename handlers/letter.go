package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// showLetter is a letter about one record, filled in. The address says whether the meter point number is to stand in
// it, and never what it is.
func (p *portal) showLetter(c echo.Context, v *visit) error {
	held := v.record(c.Param("handle"))
	if held == nil {
		return echo.ErrNotFound
	}

	page := views.LetterPage{
		Page: p.page(
			c,
			v,
		),
		MeterPoint: readable(v.MeterPoint),
		Day:        p.Clock(),
		WithNumber: c.QueryParam("number") == "yes",
		Filter:     readFilter(c),
	}
	if held.Summary.State == registerclient.StateDiscovered {
		found := held.Summary.DiscoveredAccess
		if found == nil || found.SupersededBy != nil {
			return echo.ErrNotFound
		}

		page.Kind, page.Discovered = "discovered", discoveredView(held.Handle, *found)
		return render(c, http.StatusOK, views.Letter(page))
	}

	page.Record = recordView(*held, p.Clock())
	page.Kind = letterKind(page.Record)
	if held.Withdrawal != nil {
		page.StoppedReference = held.Withdrawal.Reference
	}

	return render(c, http.StatusOK, views.Letter(page))
}

// letterKind is what there is to ask for: on a record that has ended that it be deleted, on a permission how it was
// given, or its end where it cannot be ended here, and else what the ground gives a right to.
func letterKind(r views.Record) string {
	switch {
	case !r.EndedAt.IsZero():
		return "delete"
	case r.Earlier && (r.Basis == views.BasisConsent || r.Basis == views.BasisExplicitConsent):
		return "earlier"
	case r.CanWithdraw:
		return "consent"
	case r.Basis == views.BasisConsent || r.Basis == views.BasisExplicitConsent:
		return "elsewhere"
	}

	return string(r.Basis)
}
