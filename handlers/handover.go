package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/views"
)

// showHandover is the page that the customer takes home from the adviser: names and references, and nothing by which a
// finder could find the home. The letters that the customer wants stand below it, and hold the meter point number only
// if the customer wants that. The address names letters by handles, which mean nothing outside the session.
func (p *portal) showHandover(c echo.Context, v *visit) error {
	now := p.Clock()
	list := sortRecords(v.Reading.Records, now)
	page := views.HandoverPage{
		Page:       p.page(c, v),
		MeterPoint: lastDigits(v.MeterPoint),
		ReadAt:     v.Reading.At,
		PortalURL:  p.customerURL,
		WithNumber: c.QueryParam("number") == "yes",
		StillSeen:  list.StillSeen,
		Discovered: list.Discovered,
		Active:     list.Active,
		Excluded:   list.Excluded,
		Ended:      list.Ended,
	}

	for _, held := range v.records(c.QueryParams()["letter"]) {
		if letter, ok := p.letterPage(c, v, held); ok {
			page.Letters = append(page.Letters, letter)
		}
	}

	for _, held := range v.Reading.Records {
		if held.Withdrawal != nil {
			page.Stopped = append(page.Stopped, views.Receipt{
				Record:    recordView(held, now),
				At:        held.Withdrawal.At,
				Reference: held.Withdrawal.Reference,
			})
		}
	}

	return web.Render(c, http.StatusOK, views.Handover(page))
}
