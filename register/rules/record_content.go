package rules

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"central.consent/dar/registerclient"
)

// recordContent is what an access record tells the customer: all that a list shows of it, but for who registered it.
type recordContent struct {
	registeredAt time.Time
	// expiry is nil if the record does not expire.
	expiry    *time.Time
	leadName  string
	basis     registerclient.LegalBasis
	purpose   string
	dataTypes []registerclient.DataType
	// arrangement is as in registerclient.Amendment.
	arrangement registerclient.ControllerArrangement
	notices     []registerclient.PastNotice
	recipients  []registerclient.Recipient
	dataSource  string
}

// contentOf returns the content of a stored document. Lists are sorted: their order tells the customer nothing.
func contentOf(document []byte) (recordContent, error) {
	record, err := decodeAccessRecord(document)
	if err != nil {
		return recordContent{}, err
	}

	arrangement := record.RecordMetadata.ControllerArrangement
	content := recordContent{
		registeredAt: record.AccessEvent.RegisteredAt.UTC(),
		leadName:     arrangement.Lead().Name,
		basis:        record.Processing.LegalBasis,
		purpose:      record.Processing.Purpose,
		dataTypes:    slices.Sorted(slices.Values(record.Processing.DataTypes)),
		arrangement:  shownArrangement(arrangement),
		notices:      shownNotices(record.Notice),
		recipients:   []registerclient.Recipient{},
		dataSource:   record.Processing.DataSource,
	}
	if record.AccessEvent.Expiry != nil {
		content.expiry = new(record.AccessEvent.Expiry.UTC())
	}

	content.recipients = append(content.recipients, record.Processing.Recipients...)
	slices.SortFunc(content.recipients, func(a, b registerclient.Recipient) int {
		return cmp.Or(
			strings.Compare(a.Name, b.Name),
			strings.Compare(a.Role, b.Role),
			strings.Compare(a.PrivacyURL, b.PrivacyURL),
		)
	})

	return content, nil
}

// shownArrangement returns what a list shows of the controllers.
func shownArrangement(arrangement registerclient.ControllerArrangement) registerclient.ControllerArrangement {
	shown := registerclient.ControllerArrangement{
		ArrangementType: arrangement.ArrangementType,
		Controllers:     slices.Clone(arrangement.Controllers),
	}

	lead := arrangement.Lead()
	for i := range shown.Controllers {
		controller := &shown.Controllers[i]
		controller.Address = nil
		if controller.Name != lead.Name {
			controller.LIAReference = nil
			controller.StatutoryReference = nil
			controller.StorageConditions = nil
		}
	}

	slices.SortFunc(shown.Controllers, func(a, b registerclient.Controller) int {
		return strings.Compare(a.Name, b.Name)
	})

	return shown
}

// shownNotices returns the privacy notices of a record as one list.
func shownNotices(notice *registerclient.Notice) []registerclient.PastNotice {
	shown := []registerclient.PastNotice{}
	if notice == nil {
		return shown
	}

	if shared := notice.SharedNotice; shared != nil {
		shown = append(shown, registerclient.PastNotice{
			TermsURL: shared.TermsURL, NoticeVersion: shared.NoticeVersion,
		})
	}

	for _, own := range notice.Notices {
		shown = append(shown, registerclient.PastNotice{
			ControllerName: own.ControllerName, TermsURL: own.TermsURL, NoticeVersion: own.NoticeVersion,
		})
	}

	slices.SortFunc(shown, func(a, b registerclient.PastNotice) int {
		return strings.Compare(a.ControllerName, b.ControllerName)
	})

	return shown
}

// amendedInto returns the amendment by which a content was replaced by another one.
func (c recordContent) amendedInto(after recordContent, amendedAt time.Time) registerclient.Amendment {
	amendment := registerclient.Amendment{
		AmendedAt:          amendedAt,
		LeadControllerName: c.leadName,
		LegalBasis:         c.basis,
		Purpose:            c.purpose,
		DataTypes:          c.dataTypes,
		Expiry:             c.expiry,
	}
	if !c.registeredAt.Equal(after.registeredAt) {
		amendment.RegisteredAt = &c.registeredAt
	}
	if !reflect.DeepEqual(c.arrangement, after.arrangement) {
		amendment.ControllerArrangement = &c.arrangement
	}
	if !slices.Equal(c.notices, after.notices) {
		amendment.Notices = c.notices
	}
	if !slices.Equal(c.recipients, after.recipients) {
		amendment.Recipients = c.recipients
	}
	if c.dataSource != after.dataSource {
		amendment.DataSource = &c.dataSource
	}

	return amendment
}

// before returns the content that an amendment replaced by this one.
func (c recordContent) before(amendment registerclient.Amendment) recordContent {
	c.leadName = amendment.LeadControllerName
	c.basis = amendment.LegalBasis
	c.purpose = amendment.Purpose
	c.dataTypes = amendment.DataTypes
	c.expiry = amendment.Expiry

	if amendment.RegisteredAt != nil {
		c.registeredAt = *amendment.RegisteredAt
	}
	if amendment.ControllerArrangement != nil {
		c.arrangement = *amendment.ControllerArrangement
	}
	if amendment.Notices != nil {
		c.notices = amendment.Notices
	}
	if amendment.Recipients != nil {
		c.recipients = amendment.Recipients
	}
	if amendment.DataSource != nil {
		c.dataSource = *amendment.DataSource
	}

	return c
}

// organisations returns the names of all that the content names as responsible or as recipients, in one form for each.
// Spellings that differ in letter case or spaces are one name.
func (c recordContent) organisations() map[string]bool {
	names := map[string]bool{foldedName(c.leadName): true}
	for _, controller := range c.arrangement.Controllers {
		names[foldedName(controller.Name)] = true
	}
	for _, recipient := range c.recipients {
		names[foldedName(recipient.Name)] = true
	}

	return names
}

func foldedName(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// isLater reports whether access that ends at a time goes on longer than access that ends at another one; nil is never.
func isLater(end, than *time.Time) bool {
	if end == nil || than == nil {
		return end == nil && than != nil
	}

	return end.After(*than)
}
