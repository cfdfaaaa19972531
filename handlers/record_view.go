package handlers

import (
	"cmp"
	"slices"
	"time"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// endingSoon is how long before its end a record is marked.
const endingSoon = 30 * 24 * time.Hour

// state returns the state of the record at now. The reading may be older: a record has ended once its expiry has
// passed, even if the reading says that it is active (docs/decisions.md, Expiry).
func (h heldRecord) state(now time.Time) views.RecordState {
	summary := h.Summary
	switch {
	case summary.State == registerclient.StateRevoked:
		return cmp.Or(endLabels[value(summary.RevokedBy)], views.RecordClosed)
	case summary.State == registerclient.StateExpired || summary.Expiry != nil && !now.Before(*summary.Expiry):
		return views.RecordExpired
	case h.registrantStatus() == views.RegistrantSuspended:
		return views.RecordSuspended
	case h.registrantStatus() == views.RegistrantLeft:
		return views.RecordLeft
	case summary.Expiry != nil && summary.Expiry.Sub(now) <= endingSoon:
		return views.RecordEndingSoon
	default:
		return views.RecordActive
	}
}

// registrantStatus returns the status of the organisation that registered the record; empty while it takes part in the
// register.
func (h heldRecord) registrantStatus() views.RegistrantStatus {
	return registrantLabels[value(h.Summary.DataUserStatus)]
}

// isOpen reports whether a record in this state has not ended.
func isOpen(state views.RecordState) bool {
	switch state {
	case views.RecordActive, views.RecordEndingSoon, views.RecordSuspended, views.RecordLeft:
		return true
	default:
		return false
	}
}

// canWithdraw reports whether the customer can stop the record: it has not ended, and rests on the customer's
// permission.
func (h heldRecord) canWithdraw(now time.Time) bool {
	return isOpen(h.state(now)) && value(h.Summary.LegalBasis).Consent()
}

// recordView turns a record into what a page shows of it.
func recordView(held heldRecord, now time.Time) views.Record {
	summary := held.Summary
	record := views.Record{
		Handle:      held.Handle,
		Arrangement: arrangementLabels[value(summary.ArrangementType)],
		State:       held.state(now),
		Basis:       basisView(summary.LegalBasis),
		Purpose:     value(summary.Purpose),
		DataTypes:   dataTypeViews(summary.DataTypes),
		Recipients:  recipientViews(summary.Recipients),
		DataSource:  summary.DataSource,
		Since:       value(summary.RegisteredAt),
		Renewed:     value(summary.RenewedAt),
		Restart:     restartView(summary),
		Until:       value(summary.Expiry),
		Earlier:     summary.EarlierOccupant,
		CanWithdraw: held.canWithdraw(now),
		Changes:     changeViews(summary),
		Registrant:  value(summary.DataUserName),

		OrganisationReference: summary.OrganisationReference,

		RegistrantStatus: held.registrantStatus(),
	}

	switch {
	case summary.State == registerclient.StateRevoked:
		record.EndedAt = value(summary.RevokedAt)
	case record.State == views.RecordExpired:
		record.EndedAt = record.Until
	}

	setControllers(&record, summary)
	setPrivacyNotices(&record, summary.Notice)

	return record
}

// restartView says that access was registered again after the customer had stopped it; nil if it was not. The day is
// that on which the register got the record: the organisation may give an earlier one.
func restartView(summary registerclient.AccessRecordSummary) *views.Restart {
	if summary.StartedAgain == nil {
		return nil
	}

	restart := &views.Restart{On: value(summary.RegisteredAt), Stopped: *summary.StartedAgain}
	if summary.RecordMetadata != nil && summary.RecordMetadata.CreatedAt != nil {
		restart.On = *summary.RecordMetadata.CreatedAt
	}

	return restart
}

// recipientViews names those that get the data from the organisation.
func recipientViews(recipients []registerclient.Recipient) []views.Recipient {
	var named []views.Recipient
	for _, recipient := range recipients {
		named = append(named, views.Recipient{
			Name:       recipient.Name,
			Role:       recipient.Role,
			PrivacyURL: linkable(recipient.PrivacyURL),
		})
	}

	return named
}

// sightingView turns what the DCC found into what a page shows of it; held must be a sighting.
func sightingView(held heldRecord) views.Sighting {
	sighting := held.Summary.DiscoveredAccess
	view := views.Sighting{
		Handle:       held.Handle,
		Organisation: sighting.OrganisationName,
		Reference:    sighting.OrganisationReference,
		FirstSeen:    startOfDay(sighting.FirstSeen),
		LastSeen:     startOfDay(cmp.Or(sighting.LastSeen, sighting.FirstSeen)),
		DataTypes:    dataTypeViews(sighting.DataTypesObserved),
	}
	if held.Summary.StillSeenAfterStop {
		view.EndedAt = value(held.Summary.EndedAt)
		view.Stopped = held.Summary.EndedBy == registerclient.RevokedByCustomer
	}

	return view
}

// setControllers says who is responsible, the lead first.
func setControllers(record *views.Record, summary registerclient.AccessRecordSummary) {
	record.Organisation = value(summary.LeadControllerName)
	record.DataUser = summary.RegisteredBy
	if summary.RecordMetadata == nil {
		record.Organisation = cmp.Or(record.Organisation, value(summary.DataUserName))
		return
	}

	arrangement := summary.RecordMetadata.ControllerArrangement
	record.Arrangement = cmp.Or(record.Arrangement, arrangementLabels[arrangement.ArrangementType])
	if record.Since.IsZero() {
		record.Since = value(summary.RecordMetadata.CreatedAt)
	}

	if lead := arrangement.Lead(); lead != nil {
		record.Organisation = lead.Name
		record.Reference = referenceOf(*lead)
		if storage := lead.StorageConditions; storage != nil {
			record.Storage = &views.Storage{Country: storage.Location, Retention: storage.RetentionPeriod}
		}
	}

	for _, controller := range arrangement.Controllers {
		record.Controllers = append(record.Controllers, views.Controller{
			Name:       controller.Name,
			Role:       controllerLabels[controller.Role],
			ContactURL: linkable(controller.ContactURL),
			PrivacyURL: linkable(controller.PrivacyRightsURL),
		})
	}

	slices.SortStableFunc(record.Controllers, func(a, b views.Controller) int {
		return cmp.Compare(controllerRank(a.Role), controllerRank(b.Role))
	})
}

// controllerRank puts the controller that answers for all before the others.
func controllerRank(role string) int {
	if role == "sole" || role == "lead" {
		return 0
	}
	return 1
}

// setPrivacyNotices adds the privacy notices that a customer can follow a link to.
func setPrivacyNotices(record *views.Record, notice *registerclient.Notice) {
	if notice == nil {
		return
	}

	if shared := notice.SharedNotice; shared != nil {
		record.Language = shared.NoticeLanguage
		record.PrivacyNotices = []views.PrivacyNotice{{URL: linkable(shared.TermsURL), Version: shared.NoticeVersion}}
	}

	for _, own := range notice.Notices {
		record.Language = cmp.Or(record.Language, own.NoticeLanguage)
		record.PrivacyNotices = append(record.PrivacyNotices, views.PrivacyNotice{
			Controller: own.ControllerName,
			URL:        linkable(own.TermsURL),
			Version:    own.NoticeVersion,
		})
	}

	record.PrivacyNotices = slices.DeleteFunc(
		record.PrivacyNotices,
		func(n views.PrivacyNotice) bool { return n.URL == "" },
	)
}

// startOfDay returns the moment at which a calendar day begins in UTC, which is the same day in London all year round.
// It returns the zero time for a day that cannot be read.
func startOfDay(d registerclient.Date) time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}

	return t
}

// value returns what a pointer points to, or the zero value.
func value[T any](pointer *T) T {
	if pointer == nil {
		var zero T
		return zero
	}

	return *pointer
}
