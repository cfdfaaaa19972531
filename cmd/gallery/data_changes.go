package main

import "central.consent/dar/views"

// changed is a permission that the organisation has changed twice.
func changed() views.Record {
	r := consent()
	r.Changes = []views.Change{
		{
			At:       day(2026, 4, 2),
			Added:    types(views.DataHalfHourlyExport, views.DataPriceOfUse),
			Purpose:  "Energy efficiency analysis",
			EndMoved: true,
			Until:    day(2026, 11, 10),
		},
		{
			At:           day(2025, 6, 30),
			Removed:      types(views.DataMonthlyUse),
			Organisation: "Bright Savings Ltd",
			Basis:        views.BasisContract,
			EndMoved:     true,
		},
	}

	return r
}

// passedOn is a permission with data that goes to others.
func passedOn() views.Record {
	r := consent()
	r.DataSource = "The DCC, by our own SMETS2 connection"
	r.Recipients = []views.Recipient{
		{Name: "Cloud Hosting Ltd", Role: "Keeps the data for us", PrivacyURL: "https://cloud.example/privacy"},
		{Name: "Tariff Compare", Role: "Looks for a better deal"},
	}

	return r
}

// renewed is a permission that was renewed since.
func renewed() views.Record {
	r := passedOn()
	r.Renewed = day(2026, 1, 14)
	r.Changes = []views.Change{
		{At: day(2026, 1, 14), Began: r.Since, EndMoved: true, Longer: true, Until: day(2026, 11, 10)},
	}

	return r
}

// restarted is access that was registered again after the customer had stopped it.
func restarted() views.Record {
	r := consent()
	r.Since = day(2026, 4, 28)
	r.Restart = &views.Restart{On: day(2026, 4, 28), Stopped: day(2026, 4, 27)}

	return r
}

// everyChange is a permission of which everything was changed that customers are shown. The change that allows more is
// not the last one.
func everyChange() views.Record {
	r := renewed()
	r.Restart = restarted().Restart
	r.Changes = []views.Change{
		{
			At: day(2026, 4, 2),
			Facts: []views.PastFact{
				{
					Kind:         views.PastNotice,
					Organisation: r.Organisation,
					Words:        "v3.1",
					URL:          "https://bright-energy.com/privacy-v3.1",
				},
				{Kind: views.PastContact, Organisation: r.Organisation, URL: "https://bright-energy.com/help"},
				{Kind: views.PastNoRights, Organisation: r.Organisation},
				{Kind: views.PastStorage, Storage: views.Storage{Country: "IE", Retention: "P1Y"}},
				{Kind: views.PastNoReference},
				{Kind: views.PastSource, Words: "The supplier"},
			},
		},
		{
			At:                 day(2026, 3, 1),
			Added:              types(views.DataHalfHourlyExport),
			Removed:            types(views.DataMonthlyUse),
			OrganisationsAdded: []string{"Cloud Hosting Ltd", "Tariff Compare"},
			EndMoved:           true,
			Longer:             true,
			Until:              day(2026, 11, 10),
			Began:              r.Since,
		},
		{
			At:                   day(2025, 9, 1),
			OrganisationsRemoved: []string{"Bright Savings Ltd"},
			Facts: []views.PastFact{
				{Kind: views.PastNoNotice},
				{Kind: views.PastNoStorage},
				{Kind: views.PastNoSource},
				{Kind: views.PastRecipient, Organisation: "Tariff Compare", Words: "Compares tariffs"},
				{Kind: views.PastRole, Organisation: r.Organisation, Words: "lead"},
				{Kind: views.PastReference, Words: "Licence condition 4"},
				{Kind: views.PastRights, Organisation: r.Organisation, URL: "https://bright-energy.com/rights"},
			},
		},
	}

	return r
}

// endedAfterChanges is access that was renewed, passed on and started again, and has ended.
func endedAfterChanges() views.Record {
	r := everyChange()
	r.Handle = "b2"
	r.State = views.RecordClosed
	r.EndedAt = day(2026, 4, 30)
	r.CanWithdraw = false

	return r
}
