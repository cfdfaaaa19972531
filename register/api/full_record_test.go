package api_test

import (
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// fullAccessRecord returns an access record with every member.
func fullAccessRecord(ir *string) registerclient.AccessRecord {
	in := registertest.AccessRecord("", registerclient.BasisConsent)
	in.RecordMetadata.IdentityRecordRef = ir
	lead := in.RecordMetadata.ControllerArrangement.Controllers[0]
	lead.Role = registerclient.ControllerLead
	lead.LIAReference = new("LIA-1")
	lead.StatutoryReference = new("Energy Act 2023, s.147")
	lead.StorageConditions = &registerclient.StorageConditions{Location: "GB", RetentionPeriod: "P2Y"}
	lead.Address = &registerclient.UKAddress{
		AddressLine1: "10 Canary Wharf",
		AddressLine2: new("Floor 3"),
		TownCity:     "London",
		County:       new("Essex"),
		Postcode:     "E14 5AB",
	}
	other := registerclient.Controller{
		Name:       "Flux Ltd",
		Role:       registerclient.ControllerJoint,
		ContactURL: "https://flux.example.com",
	}
	in.RecordMetadata.ControllerArrangement = registerclient.ControllerArrangement{
		ArrangementType: registerclient.ArrangementJoint,
		Art26Reference:  new("AGR-1"),
		Controllers:     []registerclient.Controller{lead, other},
	}
	in.Notice = &registerclient.Notice{Notices: []registerclient.ControllerNotice{
		{ControllerName: lead.Name, TermsURL: "https://example.com/terms", NoticeVersion: "1", NoticeLanguage: "cy"},
		{ControllerName: other.Name, TermsURL: "https://example.com/terms", NoticeVersion: "1"},
	}}
	in.Processing.Jurisdiction = "GB"
	in.Processing.DataSource = "MPAS"
	in.Processing.Recipients = []registerclient.Recipient{
		{Name: "Auditor", Role: "audits", PrivacyURL: "https://example.com/p"},
	}
	in.AccessEvent.ControllerReference = "REF-1"

	return in
}
