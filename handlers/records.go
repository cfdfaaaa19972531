package handlers

import (
	"cmp"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// endingSoon is how long before its end a record is marked.
const endingSoon = 30 * 24 * time.Hour

// showRecords shows the list, and the first time gives the session a new id: from then on it opens more than
// before. Another window may be doing just that, or have done it: then this one goes by way of the waiting
// page, with the cookie that the browser has by then.
func (p *portal) showRecords(c echo.Context) error {
	v, err := p.find(c)
	if err == nil && v.Reading == nil {
		return seeOther(c, "/waiting")
	}
	if err == nil && v.Opened {
		err = p.sessions.touch(c.Request().Context(), v)
	} else if err == nil {
		err = p.open(c, v)
	}

	if errors.Is(err, errSessionEnded) || errors.Is(err, errStale) {
		p.awaitHandover(c)
		return seeOther(c, "/waiting")
	}
	if err != nil {
		return err
	}
	if numberLike(c.QueryParam("q")) && c.Request().Header.Get("HX-Request") == "" {
		// It leaves the address bar, and mostly the history too.
		return seeOther(c, "/records"+readFilter(c).Query())
	}

	return p.renderRecords(c, v)
}

// renderRecords draws the list as far as the address narrows it, or for htmx the part that the filter changes. With
// mistakes it is the answer to the form that chooses several.
func (p *portal) renderRecords(c echo.Context, v *visit, mistakes ...views.FieldError) error {
	page := p.recordsPage(c, v)
	if len(mistakes) > 0 {
		page.Errors, page.Path = mistakes, base(c)+"/records"
		return render(c, http.StatusUnprocessableEntity, views.Records(page))
	}

	if c.Request().Header.Get("HX-Request") != "" {
		// The address is the shortest that leads here again. It replaces the one before: what a customer typed on
		// the way is nobody's business who uses the browser next (docs/decisions.md, Filters).
		c.Response().Header().Set("HX-Replace-Url", base(c)+"/records"+page.Filter.Query())
		page.Query = page.Filter.Values().Encode()
		return render(c, http.StatusOK, views.RecordsFound(page))
	}

	return render(c, http.StatusOK, views.Records(page))
}

func (p *portal) recordsPage(c echo.Context, v *visit) views.RecordsPage {
	page := views.RecordsPage{
		Page:       p.page(c, v),
		MeterPoint: readable(v.MeterPoint),
		ReadAt:     v.Reading.At,
		Return:     p.returnLink(v, nil),
		Filter:     readFilter(c),
	}
	page.Discovered, page.Active, page.Ended = sortRecords(v.Reading.Records, p.Clock())
	all := page.All()
	page.States, page.Reasons = choices(all)
	if page.Filter != (views.Filter{}) {
		found := narrow(all, page.Filter)
		page.Found = &found
	}

	return page
}

// open changes the session's id, and the form token with it.
func (p *portal) open(c echo.Context, v *visit) error {
	session, err := p.sessions.Get(c.Request(), p.sessions.name)
	if err != nil {
		return err
	}

	v.Opened, v.FormToken = true, rand.Text()
	return p.sessions.renew(c.Request(), c.Response(), session)
}

// sortRecords parts what the register answered into the three lists of the page: those that the DCC found,
// last seen first; those that can see data now, the ones that the customer can stop first; and those that
// could, last ended first.
func sortRecords(held []heldRecord, now time.Time) (discovered []views.Discovered, active, ended []views.Record) {
	for _, one := range held {
		if found := one.Summary.DiscoveredAccess; one.Summary.State == registerclient.StateDiscovered {
			// A superseded sighting is told by the record that supersedes it.
			if found != nil && found.SupersededBy == nil {
				discovered = append(discovered, discoveredView(one.Handle, *found))
			}
			continue
		}

		record := recordView(one, now)
		if record.State == views.RecordActive || record.State == views.RecordEndingSoon {
			active = append(active, record)
		} else {
			ended = append(ended, record)
		}
	}

	slices.SortStableFunc(discovered, func(a, b views.Discovered) int { return b.LastSeen.Compare(a.LastSeen) })
	slices.SortStableFunc(active, func(a, b views.Record) int {
		if a.CanWithdraw != b.CanWithdraw {
			if a.CanWithdraw {
				return -1
			}
			return 1
		}

		return b.Since.Compare(a.Since)
	})
	slices.SortStableFunc(ended, func(a, b views.Record) int { return b.EndedAt.Compare(a.EndedAt) })

	return discovered, active, ended
}

func discoveredView(handle string, found registerclient.DiscoveredAccess) views.Discovered {
	return views.Discovered{
		Handle:       handle,
		Organisation: found.OrganisationName,
		Reference:    found.OrganisationReference,
		FirstSeen:    day(found.FirstSeen),
		LastSeen:     day(cmp.Or(found.LastSeen, found.FirstSeen)),
		DataTypes:    dataTypes(found.DataTypesObserved),
	}
}

// recordView turns a record into words. An active record whose end has come by the portal's own clock shows as
// ended, for the reading may be an hour old (decisions.md, Expiry).
func recordView(held heldRecord, now time.Time) views.Record {
	summary := held.Summary
	record := views.Record{
		Handle:      held.Handle,
		Arrangement: arrangementLabels[value(summary.ArrangementType)],
		Basis:       basis(summary.LegalBasis),
		Purpose:     value(summary.Purpose),
		DataTypes:   dataTypes(summary.DataTypes),
		Since:       value(summary.RegisteredAt),
		Until:       value(summary.Expiry),
		Earlier:     summary.EarlierOccupant,
	}
	setControllers(&record, summary)
	setNotices(&record, summary.Notice)
	record.Changes = changes(summary)

	switch {
	case summary.State == registerclient.StateRevoked:
		record.State = cmp.Or(endLabels[value(summary.RevokedBy)], views.RecordClosed)
		record.EndedAt = value(summary.RevokedAt)
	case summary.State == registerclient.StateExpired || summary.Expiry != nil && !now.Before(*summary.Expiry):
		record.State = views.RecordExpired
		record.EndedAt = record.Until
	case summary.Expiry != nil && summary.Expiry.Sub(now) <= endingSoon:
		record.State = views.RecordEndingSoon
	default:
		record.State = views.RecordActive
	}

	record.CanWithdraw = (record.State == views.RecordActive || record.State == views.RecordEndingSoon) &&
		value(summary.LegalBasis).Consent()
	return record
}

// changes are what the owner has changed, the newest first: the register tells what a record said before each.
func changes(summary registerclient.AccessRecordSummary) []views.Change {
	after := registerclient.Amendment{
		LeadControllerName: value(
			summary.LeadControllerName,
		),
		LegalBasis: value(summary.LegalBasis),
		Purpose:    value(summary.Purpose),
		DataTypes:  summary.DataTypes,
		Expiry:     summary.Expiry,
	}
	without := func(all, gone []registerclient.DataType) []views.DataType {
		return dataTypes(
			slices.DeleteFunc(
				slices.Clone(all),
				func(t registerclient.DataType) bool { return slices.Contains(gone, t) },
			),
		)
	}
	var all []views.Change
	for _, before := range slices.Backward(summary.Amendments) {
		change := views.Change{
			At:       before.AmendedAt,
			Added:    without(after.DataTypes, before.DataTypes),
			Removed:  without(before.DataTypes, after.DataTypes),
			EndMoved: !value(before.Expiry).Equal(value(after.Expiry)),
			Until:    value(before.Expiry),
		}
		if before.LeadControllerName != after.LeadControllerName {
			change.Organisation = before.LeadControllerName
		}
		if before.LegalBasis != after.LegalBasis {
			change.Basis = basis(&before.LegalBasis)
		}
		if before.Purpose != after.Purpose {
			change.Purpose = before.Purpose
		}

		all, after = append(all, change), before
	}

	return all
}

// setControllers says who is responsible, the lead first.
func setControllers(record *views.Record, summary registerclient.AccessRecordSummary) {
	record.Organisation = value(summary.LeadControllerName)
	dataUser := value(summary.DataUserName)
	if summary.RecordMetadata == nil {
		record.Organisation = cmp.Or(record.Organisation, dataUser)
		return
	}

	arrangement := summary.RecordMetadata.ControllerArrangement
	record.Arrangement = cmp.Or(record.Arrangement, arrangementLabels[arrangement.ArrangementType])
	if record.Since.IsZero() {
		record.Since = value(summary.RecordMetadata.CreatedAt)
	}

	if lead := arrangement.Lead(); lead != nil {
		record.Organisation = lead.Name
		record.Reference = cmp.Or(value(lead.StatutoryReference), value(lead.LIAReference))
		if storage := lead.StorageConditions; storage != nil {
			record.Storage = &views.Storage{Country: storage.Location, Retention: storage.RetentionPeriod}
		}
	}

	isController := false
	for _, controller := range arrangement.Controllers {
		isController = isController || sameName(controller.Name, dataUser)
		record.Controllers = append(record.Controllers, views.Controller{
			Name:       controller.Name,
			Role:       controllerLabels[controller.Role],
			ContactURL: webAddress(controller.ContactURL),
			PrivacyURL: webAddress(controller.PrivacyRightsURL),
		})
	}

	slices.SortStableFunc(record.Controllers, func(a, b views.Controller) int {
		return cmp.Compare(rank(a.Role), rank(b.Role))
	})
	if !isController {
		record.DataUser = dataUser
	}
}

// rank puts the one who answers for all before the others.
func rank(role string) int {
	if role == "sole" || role == "lead" {
		return 0
	}
	return 1
}

func sameName(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

func setNotices(record *views.Record, notice *registerclient.Notice) {
	if notice == nil {
		return
	}
	if shared := notice.SharedNotice; shared != nil {
		record.Language = shared.NoticeLanguage
		record.Notices = []views.Notice{{URL: webAddress(shared.TermsURL), Version: shared.NoticeVersion}}
	}

	for _, one := range notice.Notices {
		record.Language = cmp.Or(record.Language, one.NoticeLanguage)
		record.Notices = append(record.Notices, views.Notice{
			Controller: one.ControllerName, URL: webAddress(one.TermsURL), Version: one.NoticeVersion,
		})
	}

	record.Notices = slices.DeleteFunc(record.Notices, func(n views.Notice) bool { return n.URL == "" })
}

// webAddress lets through what may become a link: http or https to a host. Anything else - a script, a file, a
// password in an address - is a Data User's mistake or worse, and becomes nothing.
func webAddress(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// day is the moment at which a calendar day begins in UTC: the same day in London all year round. A day that
// cannot be read is zero.
func day(d registerclient.Date) time.Time {
	t, _ := time.Parse(time.DateOnly, string(d))
	return t
}

// value is what a pointer points to, or the zero value.
func value[T any](pointer *T) T {
	if pointer == nil {
		var zero T
		return zero
	}
	return *pointer
}
