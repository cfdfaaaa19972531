package registertest

import (
	"time"

	"central.consent/dar/registerclient"
)

// IdentityRecord returns a valid request that a test may change. It has no e-mail address if email is empty.
func IdentityRecord(mpxn, email string) registerclient.CreateIdentityRecordRequest {
	in := registerclient.CreateIdentityRecordRequest{
		PIIPrincipal: registerclient.PIIPrincipal{
			MPxN:       mpxn,
			MoveInDate: "2022-06-30",
			Address: &registerclient.UKAddress{
				AddressLine1: "14 Acacia Avenue",
				TownCity:     "Manchester",
				Postcode:     "M14 5RT",
			},
		},
		ExpressedBy: "data-subject",
		PrincipalVerification: &registerclient.PrincipalVerification{
			Method:          "account-postcode",
			VerifiedAt:      time.Date(2023, time.November, 7, 5, 30, 45, 0, time.UTC),
			Outcome:         "verified",
			Reference:       "VER-1",
			Submitted:       "postcode M** 5RT",
			VerifiedAgainst: "account on file",
			Detail:          map[string]any{"attempts": 1.0},
		},
	}
	if email != "" {
		in.Email = &email
	}

	return in
}

// AccessRecord returns a valid request that a test may change: active until 2028, with a sole controller.
func AccessRecord(ir string, basis registerclient.LegalBasis) registerclient.AccessRecord {
	expiry := time.Date(2028, time.January, 14, 0, 0, 0, 0, time.UTC)

	in := registerclient.AccessRecord{
		RecordMetadata: registerclient.RecordMetadata{
			SchemaVersion:     "1.0",
			IdentityRecordRef: &ir,
			ControllerArrangement: registerclient.ControllerArrangement{
				ArrangementType: registerclient.ArrangementSole,
				Controllers: []registerclient.Controller{
					{
						Name:             "Bright Energy Ltd",
						Role:             registerclient.ControllerSole,
						ContactURL:       "https://bright-energy.com/contact",
						PrivacyRightsURL: "https://bright-energy.com/your-rights",
					},
				},
			},
		},
		Processing: registerclient.Processing{
			LegalBasis: basis,
			Purpose:    "Energy efficiency analysis",
			DataTypes:  []registerclient.DataType{registerclient.HalfHourlyConsumption, registerclient.TariffImport},
		},
		AccessEvent: registerclient.AccessEvent{
			State:        registerclient.StateActive,
			RegisteredAt: time.Date(2024, time.January, 14, 10, 0, 0, 0, time.UTC),
			Expiry:       &expiry,
		},
	}

	if basis.Consent() {
		in.Notice = &registerclient.Notice{SharedNotice: &registerclient.NoticeDetail{
			TermsURL:       "https://bright-energy.com/privacy-v3.html",
			NoticeVersion:  "v3.2",
			NoticeLanguage: "en",
		}}
		in.AccessEvent.Consent = &registerclient.Consent{ConsentType: "expressed-consent", Method: "Web checkbox"}
	}

	return in
}
