package main

import (
	"time"

	"central.consent/dar/registerclient"
)

// meterPoint is the meter point of the demonstration.
const meterPoint = "2312345678901"

var administrator = registerclient.CreateAccountRequest{
	AccountID:   "admin_ops",
	SecretKey:   "admin-secret-demo",
	Role:        registerclient.RoleAdmin,
	DisplayName: "Ops Team",
	DUID:        "duid_adminops000000000000",
	ContactURL:  "https://central.consent/contact",
}

var allDataTypes = []registerclient.DataType{
	registerclient.HalfHourlyConsumption,
	registerclient.HalfHourlyExport,
	registerclient.MonthlyConsumption,
	registerclient.MonthlyExport,
	registerclient.AnnualConsumption,
	registerclient.AnnualExport,
	registerclient.TariffImport,
	registerclient.TariffExport,
}

// dccAccount and the operators' accounts register no records.
var dccAccount = registerclient.CreateAccountRequest{
	AccountID:   "dcc_system",
	SecretKey:   "dcc-secret-demo",
	Role:        registerclient.RoleDCC,
	DisplayName: "Smart DCC",
	DUID:        "duid_dccsystem000000000000",
	ContactURL:  "https://smartdcc.co.uk",

	ReservedName: true,
}

// customer is one Data User with the identity record and the access record that it holds.
type customer struct {
	account  registerclient.CreateAccountRequest
	identity registerclient.CreateIdentityRecordRequest
	access   registerclient.AccessRecord
}

// customers are the published demonstration set, in the order in which it is written.
var customers = []customer{
	{
		account: dataUser(
			"bright_energy",
			"bright-secret-demo",
			"Bright Energy Ltd",
			"duid_brightenergy0000000000",
			"https://bright-energy.com/contact",
		),
		identity: registerclient.CreateIdentityRecordRequest{
			PIIPrincipal: registerclient.PIIPrincipal{
				MPxN:       meterPoint,
				MoveInDate: "2022-06-30",
				Address:    ukAddress("14 Acacia Avenue", "Manchester", "M14 5RT"),
			},
			ExpressedBy: "data-subject",
			Email:       new("demo.customer@example.com"),
			PrincipalVerification: &registerclient.PrincipalVerification{
				Method:          "credit-card",
				VerifiedAt:      at("2023-11-07T05:30:45Z"),
				Outcome:         "verified",
				Reference:       "ch_3ABC123xyz",
				Submitted:       "XXXX-XXXX-XXXX-4242",
				VerifiedAgainst: "Stripe customer record cus_ABC123",
				Detail:          map[string]any{"last4": "4242", "brand": "visa"},
			},
		},
		access: registerclient.AccessRecord{
			RecordMetadata: sole(registerclient.Controller{
				Name:              "Bright Energy Ltd",
				ContactURL:        "https://bright-energy.com/contact",
				Address:           ukAddress("10 Canary Wharf", "London", "E14 5AB"),
				PrivacyRightsURL:  "https://bright-energy.com/your-rights",
				StorageConditions: &registerclient.StorageConditions{Location: "GB", RetentionPeriod: "P2Y"},
			}),
			Notice: notice("https://bright-energy.com/privacy-v3.html", "v3.2"),
			Processing: registerclient.Processing{
				LegalBasis: registerclient.BasisConsent,
				Purpose:    "Energy efficiency analysis and tariff recommendations",
				DataTypes: []registerclient.DataType{
					registerclient.HalfHourlyConsumption,
					registerclient.HalfHourlyExport,
					registerclient.TariffImport,
				},
			},
			AccessEvent: registerclient.AccessEvent{
				State:               registerclient.StateActive,
				RegisteredAt:        at("2023-11-07T05:31:56Z"),
				Expiry:              new(at("2027-11-10T17:07:01Z")),
				ControllerReference: "REF-00123",
				Consent:             expressed("Explicit web checkbox"),
			},
		},
	},
	{
		account: dataUser(
			"octopusflux",
			"octopus-secret-demo",
			"OctopusFlux Ltd",
			"duid_octopusflux00000000000",
			"https://octopusflux.com/contact",
		),
		identity: registerclient.CreateIdentityRecordRequest{
			PIIPrincipal: registerclient.PIIPrincipal{
				MPxN:       meterPoint,
				MoveInDate: "2022-06-30",
			},
			ExpressedBy: "data-subject",
			PrincipalVerification: &registerclient.PrincipalVerification{
				Method:          "existing-authenticated-session",
				VerifiedAt:      at("2024-01-14T09:58:00Z"),
				Outcome:         "verified",
				Reference:       "sess_OFX9928abc",
				Submitted:       "Authenticated session token",
				VerifiedAgainst: "OctopusFlux customer account OFX-9928",
			},
		},
		access: registerclient.AccessRecord{
			RecordMetadata: sole(registerclient.Controller{
				Name:             "OctopusFlux Ltd",
				ContactURL:       "https://octopusflux.com/contact",
				Address:          ukAddress("100 Oxford Street", "London", "W1D 1LL"),
				PrivacyRightsURL: "https://octopusflux.com/rights",
			}),
			Notice: notice("https://octopusflux.com/privacy.html", "v1.0"),
			Processing: registerclient.Processing{
				LegalBasis: registerclient.BasisConsent,
				Purpose:    "Flexible tariff optimisation and demand forecasting",
				DataTypes: []registerclient.DataType{
					registerclient.HalfHourlyConsumption,
				},
				DataSource: "Bright Energy Ltd / MPAS",
			},
			AccessEvent: registerclient.AccessEvent{
				State:               registerclient.StateActive,
				RegisteredAt:        at("2024-01-14T10:00:00Z"),
				Expiry:              new(at("2028-01-14T00:00:00Z")),
				ControllerReference: "OFX-2024-001",
				Consent:             expressed("In-app toggle"),
			},
		},
	},
	{
		account: dataUser(
			"northern_networks",
			"northern-secret-demo",
			"Northern Networks plc",
			"duid_northernnetworks000000",
			"https://northernnetworks.co.uk/contact",
		),
		identity: registerclient.CreateIdentityRecordRequest{
			PIIPrincipal: registerclient.PIIPrincipal{
				MPxN:       meterPoint,
				MoveInDate: "2019-06-01",
			},
			ExpressedBy: "data-subject",
		},
		access: registerclient.AccessRecord{
			RecordMetadata: sole(registerclient.Controller{
				Name:               "Northern Networks plc",
				ContactURL:         "https://northernnetworks.co.uk/contact",
				Address:            ukAddress("1 Grid House", "Leeds", "LS1 1AA"),
				PrivacyRightsURL:   "https://northernnetworks.co.uk/your-rights",
				StatutoryReference: new("Energy Act 2023, s.147"),
			}),
			Processing: registerclient.Processing{
				LegalBasis: registerclient.BasisPublicTask,
				Purpose:    "Statutory network safety and capacity monitoring",
				DataTypes: []registerclient.DataType{
					registerclient.HalfHourlyConsumption,
					registerclient.HalfHourlyExport,
				},
			},
			AccessEvent: registerclient.AccessEvent{
				State:               registerclient.StateActive,
				RegisteredAt:        at("2024-01-15T00:00:00Z"),
				ControllerReference: "OFGEM-AUTH-2024-0042",
			},
		},
	},
	{
		account: dataUser(
			"greenswitch",
			"greenswitch-secret-demo",
			"GreenSwitch Analytics",
			"duid_greenswitch00000000000",
			"https://greenswitch.io/contact",
		),
		identity: registerclient.CreateIdentityRecordRequest{
			PIIPrincipal: registerclient.PIIPrincipal{
				MPxN:       meterPoint,
				MoveInDate: "2020-01-01",
			},
			ExpressedBy: "data-subject",
			PrincipalVerification: &registerclient.PrincipalVerification{
				Method:          "account-postcode",
				VerifiedAt:      at("2022-03-03T08:55:00Z"),
				Outcome:         "verified",
				Reference:       "VER-GS-20220303-001",
				Submitted:       "postcode M14 5RT",
				VerifiedAgainst: "GreenSwitch utility account on file",
			},
		},
		access: registerclient.AccessRecord{
			RecordMetadata: sole(registerclient.Controller{
				Name:             "GreenSwitch Analytics",
				ContactURL:       "https://greenswitch.io/contact",
				Address:          ukAddress("22 Fintech Quarter", "Bristol", "BS1 5TR"),
				PrivacyRightsURL: "https://greenswitch.io/rights",
			}),
			Notice: notice("https://greenswitch.io/privacy.html", "v2.1"),
			Processing: registerclient.Processing{
				LegalBasis: registerclient.BasisConsent,
				Purpose:    "Annual consumption benchmarking and carbon reporting",
				DataTypes:  []registerclient.DataType{registerclient.AnnualConsumption},
			},
			AccessEvent: registerclient.AccessEvent{
				State:               registerclient.StateActive,
				RegisteredAt:        at("2022-03-03T09:00:00Z"),
				Expiry:              new(at("2024-03-03T00:00:00Z")),
				ControllerReference: "GS-2022-882",
				Consent:             expressed("Signed paper form"),
			},
		},
	},
}

// discovered is the access that the DCC has seen without a record.
var discovered = registerclient.DiscoveredAccess{
	MPxN:                  meterPoint,
	OrganisationName:      "Acme Energy Services Ltd",
	OrganisationReference: "SEC-OU-00429",
	SourceReference:       "DCC-TRANS-2024-06-01",
	FirstSeen:             "2024-06-01",
	LastSeen:              "2026-02-28",
	DataTypesObserved:     []registerclient.DataType{registerclient.HalfHourlyConsumption},
}

func dataUser(id, secret, name, duid, contact string) registerclient.CreateAccountRequest {
	return registerclient.CreateAccountRequest{
		AccountID:   id,
		SecretKey:   secret,
		Role:        registerclient.RoleDataUser,
		DisplayName: name,
		DUID:        duid,
		ContactURL:  contact,
		DataTypes:   allDataTypes,
	}
}

func ukAddress(line, town, postcode string) *registerclient.UKAddress {
	return &registerclient.UKAddress{AddressLine1: line, TownCity: town, Postcode: postcode}
}

func sole(c registerclient.Controller) registerclient.RecordMetadata {
	c.Role = registerclient.ControllerSole

	return registerclient.RecordMetadata{
		SchemaVersion: "1.0",
		ControllerArrangement: registerclient.ControllerArrangement{
			ArrangementType: registerclient.ArrangementSole,
			Controllers:     []registerclient.Controller{c},
		},
	}
}

func notice(address, version string) *registerclient.Notice {
	return &registerclient.Notice{
		SharedNotice: &registerclient.NoticeDetail{
			TermsURL:       address,
			NoticeVersion:  version,
			NoticeLanguage: "en",
		},
	}
}

func expressed(method string) *registerclient.Consent {
	return &registerclient.Consent{ConsentType: "expressed-consent", Method: method}
}

// at parses a time of this file.
func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}

	return t
}
