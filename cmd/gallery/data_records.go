package main

import "central.consent/dar/views"

// sole is an active record of one controller.
func sole(handle, name, host string, basis views.Basis, purpose string) views.Record {
	return views.Record{
		Handle:       handle,
		Organisation: name,
		Arrangement:  "sole",
		State:        views.RecordActive,
		Basis:        basis,
		Purpose:      purpose,
		Controllers: []views.Controller{
			{
				Name:       name,
				Role:       "sole",
				ContactURL: "https://" + host + "/contact",
				PrivacyURL: "https://" + host + "/your-rights",
			},
		},
		DataTypes:      types(views.DataHalfHourlyUse),
		PrivacyNotices: []views.PrivacyNotice{{URL: "https://" + host + "/privacy", Version: "v1.0"}},
		Since:          day(2024, 1, 14),
		CanWithdraw:    basis == views.BasisConsent || basis == views.BasisExplicitConsent,
	}
}

// consent is a permission of one organisation.
func consent() views.Record {
	r := sole("b1", "Bright Energy Ltd", "bright-energy.com", views.BasisConsent,
		"Energy efficiency analysis and tariff recommendations")
	r.DataTypes = types(views.DataHalfHourlyUse, views.DataHalfHourlyExport, views.DataPriceOfUse)
	r.Since = day(2023, 11, 7)
	r.Until = day(2027, 11, 10)
	r.PrivacyNotices[0].Version = "v3.2"
	r.Storage = &views.Storage{Country: "GB", Retention: "P2Y"}

	return r
}

// joint is a permission that three organisations share, registered by a fourth.
func joint() views.Record {
	r := sole("j1", "Menai Homes", "menaihomes.example", views.BasisConsent, "Advice on heating for tenants")
	r.Arrangement = "joint"
	r.Controllers[0].Role = "lead"
	r.Controllers = append(
		r.Controllers,
		views.Controller{
			Name:       "Eryri Heat Pumps",
			Role:       "joint",
			ContactURL: "https://eryri.example/contact",
			PrivacyURL: "https://eryri.example/rights",
		},
		views.Controller{Name: "Ogwen Community Trust", Role: "joint", ContactURL: "https://ogwen.example/contact"},
	)
	r.PrivacyNotices = []views.PrivacyNotice{
		{Controller: "Menai Homes", URL: "https://menaihomes.example/privacy", Version: "4"},
		{Controller: "Eryri Heat Pumps", URL: "https://eryri.example/privacy", Version: "2025-02"},
		{Controller: "Ogwen Community Trust", URL: "https://ogwen.example/privacy", Version: "1"},
	}
	r.DataUser = "MeterBridge Services Ltd"
	r.Storage = &views.Storage{Country: "IE", Retention: "P1Y6M"}

	return r
}

// everyKind is one record of each basis, arrangement and state that an active record can have. Tests and letters refer
// to them by their place.
func everyKind() []views.Record {
	return []views.Record{
		joint(),
		group(),
		explicitConsent(),
		legalObligation(),
		legitimateInterests(),
		endingSoon(),
		twin(),
		endingTask(),
		elsewhere(),
		sole("a10", "Fenland Research", "fenland.example", views.BasisOther, "A study of insulation"),
		earlier(),
	}
}

func group() views.Record {
	r := sole("a2", "Severn Power Retail", "severn.example", views.BasisContract,
		"Bills from what you use, and a price for each half hour")
	r.Arrangement = "group"
	r.Controllers[0].Role = "lead"
	r.Controllers = append(
		r.Controllers,
		views.Controller{Name: "Severn Power Metering", Role: "member", ContactURL: "https://metering.severn.example"},
	)
	r.DataTypes = types(
		views.DataHalfHourlyUse,
		views.DataMonthlyUse,
		views.DataPriceOfUse,
		views.DataPriceOfExport,
	)

	return r
}

func explicitConsent() views.Record {
	r := sole("a3", "Cwtch Care Monitoring", "cwtch.example", views.BasisExplicitConsent,
		"Rhybudd i’r teulu os bydd y defnydd yn newid")
	r.Language = "cy"

	return r
}

func legalObligation() views.Record {
	r := sole("a4", "Settlement Office", "settlement.example", views.BasisLegalObligation,
		"Settling what suppliers owe each other")
	r.Reference = "Balancing and Settlement Code, section S"

	return r
}

func legitimateInterests() views.Record {
	r := sole("a5", "Tyne Forecasting", "tyne.example", views.BasisLegitimateInterests,
		"Forecasts of demand for one street at a time")
	r.DataTypes = types(
		views.DataMonthlyUse,
		views.DataMonthlyExport,
		views.DataYearlyUse,
		views.DataYearlyExport,
	)

	return r
}

// endingSoon is a permission that ends unless the customer agrees again.
func endingSoon() views.Record {
	r := sole("a6", "Bright Energy Ltd", "bright-energy.com", views.BasisConsent, "A comparison of tariffs, once")
	r.State = views.RecordEndingSoon
	r.Until = day(2026, 5, 20)

	return r
}

// twin is another record of the organisation of endingSoon.
func twin() views.Record {
	r := sole("a7", "Bright Energy Ltd", "bright-energy.com", views.BasisConsent,
		"Energy efficiency analysis and tariff recommendations")
	r.Changes = []views.Change{{At: day(2026, 4, 2), EndMoved: true}}

	return r
}

// endingTask is a public task that ends unless the organisation renews it.
func endingTask() views.Record {
	r := sole("a8", "Humber Grid", "humber.example", views.BasisPublicTask, "Planning where the network needs work")
	r.State = views.RecordEndingSoon
	r.Until = day(2026, 5, 9)

	return r
}

// elsewhere is a permission that cannot be stopped here.
func elsewhere() views.Record {
	r := sole("a9", "Solent Solar Club", "solent.example", views.BasisConsent, "A map of rooftop power")
	r.CanWithdraw = false
	r.DataTypes = types(views.DataHalfHourlyExport)
	r.Controllers[0].PrivacyURL = ""

	return r
}

// earlier is a permission of an earlier occupant.
func earlier() views.Record {
	r := sole("a11", "Mersey Meter Club", "mersey.example", views.BasisConsent,
		"A prize for the street that saves most")
	r.Earlier = true

	return r
}

// everyExclusion is one record of each kind that organisations have which are suspended or have left the register.
func everyExclusion() []views.Record {
	suspended := consent()
	suspended.Handle = "x1"
	suspended.State = views.RecordSuspended
	suspended.RegistrantStatus = views.RegistrantSuspended

	left := joint()
	left.Handle = "x2"
	left.State = views.RecordLeft
	left.RegistrantStatus = views.RegistrantLeft

	duty := legalObligation()
	duty.Handle = "x3"
	duty.State = views.RecordSuspended
	duty.RegistrantStatus = views.RegistrantSuspended
	duty.Until = day(2026, 11, 10)

	before := earlier()
	before.Handle = "x4"
	before.State = views.RecordLeft
	before.RegistrantStatus = views.RegistrantLeft

	return []views.Record{suspended, left, before, duty}
}

// everyEnd is one record of each state that an ended record can have.
func everyEnd() []views.Record {
	stopped := joint()
	stopped.Handle = "e1"
	stopped.State = views.RecordStopped
	stopped.CanWithdraw = false
	stopped.EndedAt = day(2026, 5, 3)

	closed := sole("e2", "Calder Insulation", "calder.example", views.BasisContract,
		"Checking that a grant was well spent")
	closed.Changes = []views.Change{{At: day(2025, 4, 2), Added: types(views.DataHalfHourlyUse)}}
	closed.State = views.RecordClosed
	closed.EndedAt = day(2025, 12, 31)
	closed.Reference = "Grant scheme 12"

	return append([]views.Record{stopped, closed}, demoList().Ended...)
}
