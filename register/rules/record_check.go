package rules

import (
	"fmt"
	"time"

	"central.consent/dar/registerclient"
)

// schemaVersion is the version of the access record's shape.
const schemaVersion = "1.0"

// AllLegalBases are the grounds that an access record can claim.
var AllLegalBases = []registerclient.LegalBasis{
	registerclient.BasisConsent, registerclient.BasisExplicitConsent, registerclient.BasisLegitimateInterests,
	registerclient.BasisPublicTask, registerclient.BasisLegalObligation, registerclient.BasisContract,
}

// UnreadAccessRecord returns the value into which an access record is decoded. A missing expiry stays zero and is
// refused: the caller must say by null that access has no end.
func UnreadAccessRecord() registerclient.AccessRecord {
	return registerclient.AccessRecord{AccessEvent: registerclient.AccessEvent{Expiry: new(time.Time)}}
}

// checkAccessRecord returns every mistake of a new access record, by its legal basis and its controllers' arrangement.
// It cuts the times of in to whole seconds. The register stores claims: it does not judge whether a basis applies.
func checkAccessRecord(in *registerclient.AccessRecord, now time.Time) error {
	var k Checks
	k.readOnlyMetadata(in.RecordMetadata)
	k.arrangement(in.RecordMetadata.ControllerArrangement)
	k.identityReference(in)
	k.privacyNotice(in)
	k.processing(in.Processing)
	k.accessEvent(in, now)

	return k.Err()
}

// checkReplacement is checkAccessRecord for an access record that replaces an active one.
func checkReplacement(in *registerclient.AccessRecord, now time.Time) error {
	var k Checks
	if in.ReidentificationToken != nil {
		k.Add("reidentification-token", "is for a new access record: a replacement keeps the identity record.")
	}
	if ref := in.RecordMetadata.IdentityRecordRef; ref != nil {
		k.identityKey(*ref)
	}

	k.readOnlyMetadata(in.RecordMetadata)
	k.arrangement(in.RecordMetadata.ControllerArrangement)
	k.privacyNotice(in)
	k.processing(in.Processing)
	k.accessEvent(in, now)
	if in.AccessEvent.State != registerclient.StateActive {
		k.Add("access-event.state", "must be ACTIVE: DELETE ends an access record.")
	}

	return k.Err()
}

// fieldIdentityRef is the member that names the identity record of an access record.
const fieldIdentityRef = "record-metadata.identity-record-ref"

// identityReference checks that a new access record names its identity record or has a token, and not both.
func (k *Checks) identityReference(in *registerclient.AccessRecord) {
	ref := in.RecordMetadata.IdentityRecordRef
	token := in.ReidentificationToken
	switch {
	case ref != nil && token != nil:
		k.Add("reidentification-token", "cannot be given together with identity-record-ref.")
	case ref != nil:
		k.identityKey(*ref)
	case token != nil:
		k.pattern("reidentification-token", *token, patternKey, "is not a token-ref.")
	default:
		k.Add(fieldIdentityRef, "is required if no reidentification-token is given.")
	}
}

func (k *Checks) identityKey(ref string) {
	k.pattern(fieldIdentityRef, ref, patternKey, "is not the key of an identity record.")
}

// readOnlyMetadata checks the members that the caller cannot choose.
func (k *Checks) readOnlyMetadata(m registerclient.RecordMetadata) {
	const field = "record-metadata."
	if m.SchemaVersion != schemaVersion {
		k.Add(field+"schema-version", "must be "+schemaVersion+".")
	}
	if m.RecordIdentifier != "" {
		k.Add(field+"record-identifier", "is set by the register.")
	}
	if m.CreatedAt != nil {
		k.Add(field+"created-at", "is set by the register.")
	}
}

func (k *Checks) processing(p registerclient.Processing) {
	const field = "processing."
	OneOf(k, field+"legal-basis", p.LegalBasis, AllLegalBases...)
	k.required(field+"purpose", p.Purpose, 500)
	k.dataTypes(field+"data-types", p.DataTypes)
	if p.Jurisdiction != "" && p.Jurisdiction != jurisdiction {
		k.Add(field+"jurisdiction", "is set by the register, to "+jurisdiction+".")
	}

	k.text(field+"data-source", p.DataSource, 255)
	for i, recipient := range p.Recipients {
		at := fmt.Sprintf("%srecipients[%d].", field, i)
		k.required(at+"name", recipient.Name, 255)
		k.required(at+"role", recipient.Role, 100)
		k.optionalLink(at+"privacy-url", recipient.PrivacyURL)
	}
}

// accessEvent checks the state, the times and the consent of an access record, and cuts its times to whole seconds.
func (k *Checks) accessEvent(in *registerclient.AccessRecord, now time.Time) {
	const field = "access-event."
	event := &in.AccessEvent
	OneOf(k, field+"state", event.State,
		registerclient.StateActive, registerclient.StateExpired, registerclient.StateRevoked)

	k.pastInstant(field+"registered-at", event.RegisteredAt, now)
	event.RegisteredAt = event.RegisteredAt.UTC().Truncate(time.Second)
	k.expiry(field+"expiry", event, now)

	k.text(field+"controller-reference", event.ControllerReference, longestReference)
	if event.RevokedAt != nil {
		k.Add(field+"revoked-at", "is set by the register.")
	}

	consent := in.Processing.LegalBasis.Consent()
	switch {
	case consent && event.Consent == nil:
		k.Add(field+"consent", "is required if the legal basis is consent.")
	case !consent && event.Consent != nil:
		k.Add(field+"consent", "must be null if the legal basis is not consent.")
	case event.Consent != nil:
		OneOf(k, field+"consent.consent-type", event.Consent.ConsentType, "expressed-consent", "explicit-consent")
		k.text(field+"consent.method", event.Consent.Method, 100)
	}
}

// maxAccessYears is how many years ahead access may end. Access for longer has no end.
const maxAccessYears = 100

// expiry checks the end of access against its begin and its state.
func (k *Checks) expiry(field string, event *registerclient.AccessEvent, now time.Time) {
	if event.Expiry != nil && event.Expiry.IsZero() {
		k.Add(field, "is required: a date and time, or null for no end.")
	} else if event.Expiry != nil {
		k.year(field, *event.Expiry)
		end := event.Expiry.UTC().Truncate(time.Second)
		event.Expiry = &end
		if !end.After(event.RegisteredAt) {
			k.Add(field, "must come after registered-at.")
		}
		if end.After(now.AddDate(maxAccessYears, 0, 0)) {
			k.Add(field, fmt.Sprintf("must be at most %d years ahead, or null for no end.", maxAccessYears))
		}
	}

	if event.State == registerclient.StateExpired && (event.Expiry == nil || event.Expiry.After(now)) {
		k.Add(field, "must lie in the past if the state is EXPIRED.")
	}
}
