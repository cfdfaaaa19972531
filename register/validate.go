package register

import (
	"fmt"
	"time"

	"central.consent/dar/registerclient"
)

// unreadAccessRecord is an access record to be read into. An expiry that is left out stays zero and is refused:
// whoever means an access without an end has to say so, by null.
func unreadAccessRecord() registerclient.AccessRecord {
	return registerclient.AccessRecord{AccessEvent: registerclient.AccessEvent{Expiry: new(time.Time)}}
}

// checkAccessRecord checks a whole access record, by its legal basis and by its controllers' arrangement, and
// answers every mistake at once. The register records claims: it does not judge whether a basis holds.
func checkAccessRecord(in *registerclient.AccessRecord, now time.Time) error {
	var k checks
	k.metadata(in)
	k.notice(in)
	k.processing(&in.Processing)
	k.accessEvent(in, now)

	return k.err()
}

// checkReplacement checks an access record that stands in for an active one.
func checkReplacement(in *registerclient.AccessRecord, now time.Time) error {
	var k checks
	if in.ReidentificationToken != nil {
		k.add("reidentification-token", "belongs to a new access record: this one keeps its identity record.")
	}
	if ref := in.RecordMetadata.IdentityRecordRef; ref != nil {
		k.pattern("record-metadata.identity-record-ref", *ref, patternKey, "is not the key of an identity record.")
	}

	k.readOnly(in)
	k.notice(in)
	k.processing(&in.Processing)
	k.accessEvent(in, now)
	if in.AccessEvent.State != registerclient.StateActive {
		k.add("access-event.state", "must be ACTIVE: DELETE ends an access record.")
	}

	return k.err()
}

func (k *checks) metadata(in *registerclient.AccessRecord) {
	const field = "record-metadata."
	m := in.RecordMetadata
	k.readOnly(in)
	switch {
	case m.IdentityRecordRef != nil && in.ReidentificationToken != nil:
		k.add("reidentification-token", "stands in for identity-record-ref: give one of the two.")
	case m.IdentityRecordRef == nil && in.ReidentificationToken == nil:
		k.add(field+"identity-record-ref", "is required where no reidentification-token is given.")
	case m.IdentityRecordRef != nil:
		k.pattern(
			field+"identity-record-ref",
			*m.IdentityRecordRef,
			patternKey,
			"is not the key of an identity record.",
		)
	default:
		k.pattern("reidentification-token", *in.ReidentificationToken, patternKey, "is not a token-ref.")
	}
}

// readOnly checks what of the metadata is the same for a new record and for a replacement.
func (k *checks) readOnly(in *registerclient.AccessRecord) {
	const field = "record-metadata."
	m := in.RecordMetadata
	if m.SchemaVersion != schemaVersion {
		k.add(field+"schema-version", "must be "+schemaVersion+".")
	}
	if m.RecordIdentifier != "" {
		k.add(field+"record-identifier", "is set by the register.")
	}
	if m.CreatedAt != nil {
		k.add(field+"created-at", "is set by the register.")
	}

	k.arrangement(field+"controller-arrangement.", m.ControllerArrangement)
}

// arrangement checks that the controllers' roles fit the arrangement: sole has exactly one sole; joint two or
// more, one of them lead and the rest joint; group one lead and the rest members.
func (k *checks) arrangement(field string, a registerclient.ControllerArrangement) {
	oneOf(
		k,
		field+"arrangement-type",
		a.ArrangementType,
		registerclient.ArrangementSole,
		registerclient.ArrangementJoint,
		registerclient.ArrangementGroup,
	)
	if a.Art26Reference != nil {
		k.required(field+"art26-reference", *a.Art26Reference, 500)
		if a.ArrangementType != registerclient.ArrangementJoint {
			k.add(field+"art26-reference", "belongs to a joint arrangement alone.")
		}
	}

	if len(a.Controllers) == 0 {
		k.add(field+"controllers", "must name at least one controller.")
		return
	}

	first := registerclient.ControllerLead
	rest := registerclient.ControllerJoint
	switch a.ArrangementType {
	case registerclient.ArrangementSole:
		first, rest = registerclient.ControllerSole, ""
		if len(a.Controllers) != 1 {
			k.add(field+"controllers", "must name exactly one controller in a sole arrangement.")
		}
	case registerclient.ArrangementJoint:
		if len(a.Controllers) < 2 {
			k.add(field+"controllers", "must name at least two controllers in a joint arrangement.")
		}
	case registerclient.ArrangementGroup:
		rest = registerclient.ControllerMember
	}

	leads := 0
	names := map[string]bool{}
	for i, c := range a.Controllers {
		at := fmt.Sprintf("%scontrollers[%d].", field, i)
		if c.Role == first {
			leads++
		} else if c.Role != rest || rest == "" {
			k.add(at+"role", fmt.Sprintf("does not fit a %s arrangement.", printable(string(a.ArrangementType))))
		}

		if names[c.Name] {
			k.add(at+"name", "is named twice.")
		}

		names[c.Name] = true
		k.controller(at, c)
	}

	if leads != 1 {
		k.add(field+"controllers", fmt.Sprintf("must have exactly one controller of role %s.", first))
	}
}

func (k *checks) controller(field string, c registerclient.Controller) {
	k.required(field+"name", c.Name, 255)
	k.link(field+"contact-url", c.ContactURL)
	k.address(field+"address", c.Address)
	k.optionalLink(field+"privacy-rights-url", c.PrivacyRightsURL)
	k.optional(field+"lia-reference", c.LIAReference, 255)
	k.optional(field+"statutory-reference", c.StatutoryReference, 500)
	if storage := c.StorageConditions; storage != nil {
		k.pattern(
			field+"storage-conditions.location",
			storage.Location,
			patternCountry,
			"must be a country's two letters, as GB.",
		)
		if storage.RetentionPeriod == "P" || !patternPeriod.MatchString(storage.RetentionPeriod) {
			k.add(
				field+"storage-conditions.retention-period",
				"must be a period in years, months, weeks or days, as P2Y.",
			)
		}
	}
}

// notice checks that a consent carries what the customer was shown, in one form, and that nothing else does.
func (k *checks) notice(in *registerclient.AccessRecord) {
	consent := in.Processing.LegalBasis.Consent()
	n := in.Notice
	if n == nil {
		if consent {
			k.add("notice", "is required where the legal basis is consent.")
		}
		return
	}

	if !consent {
		k.add("notice", "must be null where the legal basis is not consent.")
		return
	}
	if (n.SharedNotice == nil) == (n.Notices == nil) {
		k.add("notice", "must have either shared-notice or notices.")
	}
	if n.SharedNotice != nil {
		k.noticeDetail(
			"notice.shared-notice.",
			n.SharedNotice.TermsURL,
			n.SharedNotice.NoticeVersion,
			n.SharedNotice.NoticeLanguage,
		)
	}
	if n.Notices == nil {
		return
	}

	arrangement := in.RecordMetadata.ControllerArrangement
	if arrangement.ArrangementType != registerclient.ArrangementJoint {
		k.add("notice.notices", "belongs to a joint arrangement alone.")
	}

	unnoticed := map[string]bool{}
	for _, c := range arrangement.Controllers {
		unnoticed[c.Name] = true
	}

	for i, one := range n.Notices {
		at := fmt.Sprintf("notice.notices[%d].", i)
		if !unnoticed[one.ControllerName] {
			k.add(at+"controller-name", "must be the name of a controller, each once.")
		}

		delete(unnoticed, one.ControllerName)
		k.noticeDetail(at, one.TermsURL, one.NoticeVersion, one.NoticeLanguage)
	}

	if len(unnoticed) > 0 || len(n.Notices) < 2 {
		k.add("notice.notices", "must have one notice for each controller, and at least two.")
	}
}

func (k *checks) noticeDetail(field, termsURL, version, language string) {
	k.link(field+"terms-url", termsURL)
	k.required(field+"notice-version", version, 50)
	if language != "" {
		k.pattern(field+"notice-language", language, patternLang, "must be a language's two letters, as en.")
	}
}

func (k *checks) processing(p *registerclient.Processing) {
	const field = "processing."
	oneOf(k, field+"legal-basis", p.LegalBasis, allLegalBases...)
	k.required(field+"purpose", p.Purpose, 500)
	k.dataTypes(field+"data-types", p.DataTypes)
	if p.Jurisdiction != "" && p.Jurisdiction != "GB" {
		k.add(field+"jurisdiction", "is set by the register, to GB.")
	}

	k.text(field+"data-source", p.DataSource, 255)
	for i, r := range p.Recipients {
		at := fmt.Sprintf("%srecipients[%d].", field, i)
		k.required(at+"name", r.Name, 255)
		k.required(at+"role", r.Role, 100)
		k.optionalLink(at+"privacy-url", r.PrivacyURL)
	}
}

func (k *checks) accessEvent(in *registerclient.AccessRecord, now time.Time) {
	const field = "access-event."
	e := &in.AccessEvent
	oneOf(
		k,
		field+"state",
		e.State,
		registerclient.StateActive,
		registerclient.StateExpired,
		registerclient.StateRevoked,
	)
	k.instant(field+"registered-at", e.RegisteredAt)
	e.RegisteredAt = e.RegisteredAt.UTC().Truncate(time.Second)
	if e.Expiry != nil && e.Expiry.IsZero() {
		k.add(field+"expiry", "is required: a date and time, or null where no end is set.")
	} else if e.Expiry != nil {
		k.year(field+"expiry", *e.Expiry)
		end := e.Expiry.UTC().Truncate(time.Second)
		e.Expiry = &end
		if !end.After(e.RegisteredAt) {
			k.add(field+"expiry", "must come after registered-at.")
		}
	}

	if e.State == registerclient.StateExpired && (e.Expiry == nil || e.Expiry.After(now)) {
		k.add(field+"expiry", "must lie in the past where the state is EXPIRED.")
	}

	k.text(field+"controller-reference", e.ControllerReference, 255)
	if e.RevokedAt != nil {
		k.add(field+"revoked-at", "is set by the register.")
	}

	consent := in.Processing.LegalBasis.Consent()
	switch {
	case consent && e.Consent == nil:
		k.add(field+"consent", "is required where the legal basis is consent.")
	case !consent && e.Consent != nil:
		k.add(field+"consent", "must be null where the legal basis is not consent.")
	case e.Consent != nil:
		oneOf(k, field+"consent.consent-type", e.Consent.ConsentType, "expressed-consent", "explicit-consent")
		k.text(field+"consent.method", e.Consent.Method, 100)
	}
}
