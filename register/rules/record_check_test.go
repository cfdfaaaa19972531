package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/registerclient"
)

// recordCheck is one alteration of the sample access record, and the refusal that it causes.
type recordCheck struct {
	name  string
	basis registerclient.LegalBasis
	alter func(in *registerclient.AccessRecord)
	want  string
}

// checkRecords prepares the sample access record with each alteration; it needs no database.
func checkRecords(t *testing.T, checks []recordCheck) {
	t.Helper()
	ruleset := rules.New(rules.Options{
		SecretCost: rules.SecretCost{Memory: 8, Passes: 1},
		Clock:      func() time.Time { return today },
	})
	for _, check := range checks {
		basis := check.basis
		if basis == "" {
			basis = registerclient.BasisConsent
		}

		in := registertest.AccessRecord("ir_0123456789abcdef01234567", basis)
		check.alter(&in)
		_, err := ruleset.PrepareAccessRecord(in)
		expectRefusal(t, check.name, err, check.want)
	}
}

// Every part of an access record is checked, and all mistakes are reported at once.
func TestRecordCheck(t *testing.T) {
	t.Parallel()
	const token = "mlr_0123456789abcdef01234567"
	checkRecords(t, []recordCheck{
		{"correct", "", func(*registerclient.AccessRecord) {}, ""},
		{"correct, without consent", registerclient.BasisContract, func(*registerclient.AccessRecord) {}, ""},
		{"by token", "", func(in *registerclient.AccessRecord) {
			in.RecordMetadata.IdentityRecordRef = nil
			in.ReidentificationToken = new(token)
		}, ""},
		{"reference and token", "", func(in *registerclient.AccessRecord) {
			in.ReidentificationToken = new(token)
		}, "invalid VAL001 reidentification-token"},
		{"neither", "", func(in *registerclient.AccessRecord) {
			in.RecordMetadata.IdentityRecordRef = nil
		}, "invalid VAL001 record-metadata.identity-record-ref"},
		{"read-only members", "", func(in *registerclient.AccessRecord) {
			in.RecordMetadata.SchemaVersion = "2.0"
			in.RecordMetadata.RecordIdentifier = "ak_0123456789abcdef01234567"
			in.RecordMetadata.CreatedAt = new(today)
			in.AccessEvent.RevokedAt = new(today)
			in.Processing.Jurisdiction = "FR"
		}, "invalid VAL001 record-metadata.schema-version record-metadata.record-identifier " +
			"record-metadata.created-at processing.jurisdiction access-event.revoked-at"},
		{"unread expiry", "", func(in *registerclient.AccessRecord) {
			in.AccessEvent.Expiry = rules.UnreadAccessRecord().AccessEvent.Expiry
		}, "invalid VAL001 access-event.expiry"},
		{"no end", "", func(in *registerclient.AccessRecord) { in.AccessEvent.Expiry = nil }, ""},
		{"ends in 100 years", "", func(in *registerclient.AccessRecord) {
			in.AccessEvent.Expiry = new(today.AddDate(100, 0, 0))
		}, ""},
		{"ends later", "", func(in *registerclient.AccessRecord) {
			in.AccessEvent.Expiry = new(today.AddDate(100, 0, 1))
		}, "invalid VAL001 access-event.expiry"},
		{"ends as it begins", "", func(in *registerclient.AccessRecord) {
			in.AccessEvent.Expiry = new(in.AccessEvent.RegisteredAt)
		}, "invalid VAL001 access-event.expiry"},
		{"expired before its end", "", func(in *registerclient.AccessRecord) {
			in.AccessEvent.State = registerclient.StateExpired
		}, "invalid VAL001 access-event.expiry"},
		{"expired after its end", "", func(in *registerclient.AccessRecord) {
			in.AccessEvent.State = registerclient.StateExpired
			in.AccessEvent.Expiry = new(today)
		}, ""},
		{"discovered", "", func(in *registerclient.AccessRecord) {
			in.AccessEvent.State = registerclient.StateDiscovered
		}, "invalid VAL001 access-event.state"},
		{"consent without its event and notice", "", func(in *registerclient.AccessRecord) {
			in.AccessEvent.Consent = nil
			in.Notice = nil
		}, "invalid VAL001 notice access-event.consent"},
		{"event and notice without consent", "", func(in *registerclient.AccessRecord) {
			in.Processing.LegalBasis = registerclient.BasisPublicTask
		}, "invalid VAL001 notice access-event.consent"},
		{"unknown basis", registerclient.BasisContract, func(in *registerclient.AccessRecord) {
			in.Processing.LegalBasis = "whim"
		}, "invalid VAL001 processing.legal-basis"},
		{"processing", "", func(in *registerclient.AccessRecord) {
			in.Processing.Purpose = " "
			in.Processing.DataTypes = nil
			in.Processing.Recipients = []registerclient.Recipient{{PrivacyURL: "javascript:alert(1)"}}
		}, "invalid VAL001 processing.purpose processing.data-types processing.recipients[0].name " +
			"processing.recipients[0].role processing.recipients[0].privacy-url"},
	})
}
