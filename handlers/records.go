package handlers

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// showRecords shows the list, and the first time gives the session a new id. Another window may be doing the same, or
// have done it. This one then goes by way of the waiting page, with the cookie that the browser has by then.
func (p *portal) showRecords(c echo.Context) error {
	v, err := p.findVisit(c)
	switch {
	case err != nil:
	case v.Reading == nil:
		return p.seeOther(c, "/waiting")
	case v.Opened:
		err = p.sessions.extend(c.Request().Context(), v)
	default:
		err = p.openVisit(c, v)
	}

	if errors.Is(err, errSessionEnded) || errors.Is(err, portaldb.ErrChanged) {
		p.awaitHandover(c)
		return p.seeOther(c, "/waiting")
	}
	if err != nil {
		return err
	}

	if isNumberLike(c.QueryParam("q")) && !fromScript(c) {
		// The redirect removes it from the address bar, and from most histories.
		return p.seeOther(c, "/records"+readFilter(c).Query())
	}

	return p.renderRecords(c, v)
}

// renderRecords shows the list as far as the address narrows it. For htmx it shows the part that the filter changes.
func (p *portal) renderRecords(c echo.Context, v *visit) error {
	page := p.recordsPage(c, v)
	if !fromScript(c) {
		return web.Render(c, http.StatusOK, views.Records(page))
	}

	// The address is the shortest one that leads here again. It replaces the one before: what a customer typed on the
	// way does not concern the next user of the browser (docs/decisions.md, Filters).
	c.Response().Header().Set("HX-Replace-Url", p.Base+"/records"+page.Filter.Query())
	page.Query = page.Filter.Values().Encode()

	return web.Render(c, http.StatusOK, views.RecordsFound(page))
}

// askForRecords shows the list again if the customer chose nothing, or too much.
func (p *portal) askForRecords(c echo.Context, v *visit, mistake string) error {
	page := p.recordsPage(c, v)
	page.Path = p.Base + "/records"
	page.Errors = []views.FieldError{{Field: "several", Key: mistake}}

	return web.Render(c, http.StatusUnprocessableEntity, views.Records(page))
}

func (p *portal) recordsPage(c echo.Context, v *visit) views.RecordsPage {
	list := sortRecords(v.Reading.Records, p.Clock())
	page := views.RecordsPage{
		Page:       p.page(c, v),
		MeterPoint: meterPointView(v.MeterPoint),
		ReadAt:     v.Reading.At,
		Return:     p.returnLink(v, nil),
		Contacts:   v.Reading.ContactsURL,
		Filter:     readFilter(c),
		StillSeen:  list.StillSeen,
		Discovered: list.Discovered,
		Active:     list.Active,
		Excluded:   list.Excluded,
		Ended:      list.Ended,
	}
	for _, omitted := range v.Reading.LeftOut {
		page.LeftOut = append(page.LeftOut, views.LeftOut{
			Organisation: omitted.DataUserName, Entries: omitted.Records,
		})
	}

	page.States = stateChoices(list)
	page.Bases = reasonChoices(list)
	if page.Filter != (views.Filter{}) {
		found := narrow(list, page.Filter)
		page.Found = &found
	}

	return page
}

// sortRecords divides the reading into the lists of the page: sightings by the DCC, last seen first, those after an end
// apart; organisations that can see data now, those that the customer can stop first; those that are suspended or have
// left the register, which does not know if they can, in the same order; and those that could see data, last ended
// first.
func sortRecords(records []heldRecord, now time.Time) views.List {
	var list views.List
	for _, held := range records {
		if held.Summary.State == registerclient.StateDiscovered {
			addSighting(&list, held)
			continue
		}

		record := recordView(held, now)
		switch {
		case !isOpen(record.State):
			list.Ended = append(list.Ended, record)
		case record.RegistrantStatus != "":
			list.Excluded = append(list.Excluded, record)
		default:
			list.Active = append(list.Active, record)
		}
	}

	slices.SortStableFunc(list.StillSeen, compareSightings)
	slices.SortStableFunc(list.Discovered, compareSightings)
	slices.SortStableFunc(list.Active, compareOpen)
	slices.SortStableFunc(list.Excluded, compareOpen)
	slices.SortStableFunc(list.Ended, func(a, b views.Record) int { return b.EndedAt.Compare(a.EndedAt) })

	return list
}

// addSighting adds a sighting to its list. One that a record supersedes is shown as that record.
func addSighting(list *views.List, held heldRecord) {
	sighting := held.Summary.DiscoveredAccess
	if sighting == nil || sighting.SupersededBy != nil {
		return
	}

	view := sightingView(held)
	if view.StillSeen() {
		list.StillSeen = append(list.StillSeen, view)
	} else {
		list.Discovered = append(list.Discovered, view)
	}
}

// compareSightings puts the organisation that was last seen first.
func compareSightings(a, b views.Sighting) int { return b.LastSeen.Compare(a.LastSeen) }

// compareOpen puts the records that the customer can stop first, and among them the newest.
func compareOpen(a, b views.Record) int {
	switch {
	case a.CanWithdraw == b.CanWithdraw:
		return b.Since.Compare(a.Since)
	case a.CanWithdraw:
		return -1
	default:
		return 1
	}
}
