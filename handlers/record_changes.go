package handlers

import (
	"cmp"
	"slices"
	"time"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

// recordContent is what a record says, now or before one of its amendments.
type recordContent struct {
	leadName    string
	basis       registerclient.LegalBasis
	purpose     string
	dataTypes   []registerclient.DataType
	began       time.Time
	expiry      *time.Time
	arrangement registerclient.ControllerArrangement
	notices     []registerclient.PastNotice
	recipients  []registerclient.Recipient
	dataSource  string
}

// contentOf returns what a record says now.
func contentOf(summary registerclient.AccessRecordSummary) recordContent {
	content := recordContent{
		leadName:   value(summary.LeadControllerName),
		basis:      value(summary.LegalBasis),
		purpose:    value(summary.Purpose),
		dataTypes:  summary.DataTypes,
		began:      value(cmp.Or(summary.RenewedAt, summary.RegisteredAt)),
		expiry:     summary.Expiry,
		notices:    noticesOf(summary.Notice),
		recipients: summary.Recipients,
		dataSource: summary.DataSource,
	}
	if summary.RecordMetadata != nil {
		content.arrangement = summary.RecordMetadata.ControllerArrangement
	}

	return content
}

// noticesOf returns the privacy notices of a record in the shape of an amendment.
func noticesOf(notice *registerclient.Notice) []registerclient.PastNotice {
	if notice == nil {
		return nil
	}

	var notices []registerclient.PastNotice
	if shared := notice.SharedNotice; shared != nil {
		notices = append(notices, registerclient.PastNotice{
			TermsURL: shared.TermsURL, NoticeVersion: shared.NoticeVersion,
		})
	}
	for _, own := range notice.Notices {
		notices = append(notices, registerclient.PastNotice{
			ControllerName: own.ControllerName, TermsURL: own.TermsURL, NoticeVersion: own.NoticeVersion,
		})
	}

	return notices
}

// before returns what a record said before an amendment, given what it said after.
func (c recordContent) before(amendment registerclient.Amendment) recordContent {
	c.leadName = amendment.LeadControllerName
	c.basis = amendment.LegalBasis
	c.purpose = amendment.Purpose
	c.dataTypes = amendment.DataTypes
	c.expiry = amendment.Expiry

	if amendment.RegisteredAt != nil {
		c.began = *amendment.RegisteredAt
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

// changeViews returns what the owner has changed, newest first. The register tells what a record said before each
// change; what it said after is told by the next one, or by the record itself.
func changeViews(summary registerclient.AccessRecordSummary) []views.Change {
	after := contentOf(summary)
	var changes []views.Change
	for _, amendment := range slices.Backward(summary.Amendments) {
		before := after.before(amendment)
		change := changeView(before, after)
		change.At = amendment.AmendedAt
		changes = append(changes, change)
		after = before
	}

	return changes
}

func changeView(before, after recordContent) views.Change {
	change := views.Change{
		Added:    dataTypeViews(without(after.dataTypes, before.dataTypes)),
		Removed:  dataTypeViews(without(before.dataTypes, after.dataTypes)),
		EndMoved: !value(before.expiry).Equal(value(after.expiry)),
		Until:    value(before.expiry),
	}
	change.Longer = change.EndMoved && before.expiry != nil &&
		(after.expiry == nil || after.expiry.After(*before.expiry))

	change.OrganisationsAdded = without(after.otherNames(), before.allNames())
	change.OrganisationsRemoved = without(before.otherNames(), after.allNames())
	if before.leadName != after.leadName {
		change.Organisation = before.leadName
	}
	if before.basis != after.basis {
		change.Basis = basisView(&before.basis)
	}
	if before.purpose != after.purpose {
		change.Purpose = before.purpose
	}
	if !before.began.Equal(after.began) {
		change.Began = before.began
	}

	change.Facts = slices.Concat(
		noticeFacts(before, after), controllerFacts(before, after), recipientFacts(before, after),
		leadFacts(before, after), sourceFacts(before, after),
	)

	return change
}

// allNames returns the names of all controllers and recipients.
func (c recordContent) allNames() []string {
	return append([]string{c.leadName}, c.otherNames()...)
}

// otherNames returns the names of all controllers and recipients but the lead, each once.
func (c recordContent) otherNames() []string {
	var names []string
	for _, controller := range c.arrangement.Controllers {
		names = append(names, controller.Name)
	}
	for _, recipient := range c.recipients {
		names = append(names, recipient.Name)
	}
	if lead := c.arrangement.Lead(); lead != nil {
		names = slices.DeleteFunc(names, func(name string) bool { return name == lead.Name })
	}
	slices.Sort(names)

	return slices.Compact(names)
}

// noticeFacts are the privacy notices that a record named before, if it names others now.
func noticeFacts(before, after recordContent) []views.PastFact {
	gone := without(before.notices, after.notices)
	if len(before.notices) == 0 && len(after.notices) > 0 {
		return []views.PastFact{{Kind: views.PastNoNotice}}
	}

	var facts []views.PastFact
	for _, notice := range gone {
		facts = append(facts, views.PastFact{
			Kind:         views.PastNotice,
			Organisation: cmp.Or(notice.ControllerName, before.leadName),
			Words:        notice.NoticeVersion,
			URL:          notice.TermsURL,
		})
	}

	return facts
}

// controllerFacts are what was different before of the controllers that a record names still.
func controllerFacts(before, after recordContent) []views.PastFact {
	var facts []views.PastFact
	for _, was := range before.arrangement.Controllers {
		i := slices.IndexFunc(after.arrangement.Controllers, func(c registerclient.Controller) bool {
			return c.Name == was.Name
		})
		if i < 0 {
			continue
		}

		is := after.arrangement.Controllers[i]
		if was.Role != is.Role {
			facts = append(facts, views.PastFact{
				Kind: views.PastRole, Organisation: was.Name, Words: controllerLabels[was.Role],
			})
		}
		if was.ContactURL != is.ContactURL {
			facts = append(facts, views.PastFact{
				Kind: views.PastContact, Organisation: was.Name, URL: was.ContactURL,
			})
		}
		if was.PrivacyRightsURL != is.PrivacyRightsURL {
			facts = append(facts, someFact(was.PrivacyRightsURL != "", views.PastNoRights, views.PastFact{
				Kind: views.PastRights, Organisation: was.Name, URL: was.PrivacyRightsURL,
			}))
		}
	}

	return facts
}

// recipientFacts are what was different before of the recipients that a record names still.
func recipientFacts(before, after recordContent) []views.PastFact {
	var facts []views.PastFact
	for _, was := range without(before.recipients, after.recipients) {
		named := slices.ContainsFunc(after.recipients, func(is registerclient.Recipient) bool {
			return is.Name == was.Name
		})
		if named {
			facts = append(facts, views.PastFact{
				Kind: views.PastRecipient, Organisation: was.Name, Words: was.Role, URL: was.PrivacyURL,
			})
		}
	}

	return facts
}

// leadFacts are what the lead controller said before of where it keeps the data and of what it rests on.
func leadFacts(before, after recordContent) []views.PastFact {
	was := before.arrangement.Lead()
	is := after.arrangement.Lead()
	if was == nil || is == nil {
		return nil
	}

	var facts []views.PastFact
	if value(was.StorageConditions) != value(is.StorageConditions) {
		storage := value(was.StorageConditions)
		facts = append(facts, someFact(was.StorageConditions != nil, views.PastNoStorage, views.PastFact{
			Kind:    views.PastStorage,
			Storage: views.Storage{Country: storage.Location, Retention: storage.RetentionPeriod},
		}))
	}
	if reference := referenceOf(*was); reference != referenceOf(*is) {
		facts = append(facts, someFact(reference != "", views.PastNoReference, views.PastFact{
			Kind: views.PastReference, Words: reference,
		}))
	}

	return facts
}

// referenceOf returns the law or the assessment that a controller names; empty if it names none.
func referenceOf(controller registerclient.Controller) string {
	return cmp.Or(value(controller.StatutoryReference), value(controller.LIAReference))
}

func sourceFacts(before, after recordContent) []views.PastFact {
	if before.dataSource == after.dataSource {
		return nil
	}

	return []views.PastFact{someFact(before.dataSource != "", views.PastNoSource, views.PastFact{
		Kind: views.PastSource, Words: before.dataSource,
	})}
}

// someFact returns a fact if there was one, else one of kind none about the same organisation.
func someFact(was bool, none views.PastFactKind, fact views.PastFact) views.PastFact {
	if was {
		return fact
	}

	return views.PastFact{Kind: none, Organisation: fact.Organisation}
}

// without returns the values that are not among the excluded ones.
func without[T comparable](values, excluded []T) []T {
	return slices.DeleteFunc(slices.Clone(values), func(v T) bool { return slices.Contains(excluded, v) })
}
