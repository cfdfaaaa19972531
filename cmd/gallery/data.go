package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"central.consent/dar/views"
)

var (
	now         = time.Date(2026, 5, 3, 13, 3, 0, 0, time.UTC)
	electricity = views.MeterPoint{Number: "23 1234 5678 901", Electricity: true}
	gas         = views.MeterPoint{Number: "7654 321 098"}
)

// day is noon of a day.
func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 12, 0, 0, 0, time.UTC)
}

func types(keys ...string) []views.DataType {
	dataTypes := make([]views.DataType, len(keys))
	for i, key := range keys {
		dataTypes[i].Key = key
	}

	return dataTypes
}

func acme() views.Sighting {
	return views.Sighting{
		Organisation: "Acme Energy Services Ltd",
		Reference:    "SEC-OU-00429",
		FirstSeen:    day(2024, 6, 1),
		LastSeen:     day(2026, 2, 28),
		DataTypes:    types(views.DataHalfHourlyUse),
	}
}

// newcomer was seen once.
func newcomer() views.Sighting {
	return views.Sighting{
		Organisation: "Penrhyn Data Services",
		Reference:    "SEC-OU-00511",
		FirstSeen:    day(2026, 4, 30),
		DataTypes:    types(views.DataYearlyUse, views.DataOther),
	}
}

// stillSeen was seen after the customer had stopped it.
func stillSeen() views.Sighting {
	return views.Sighting{
		Organisation: "Brookfield Home Insights Ltd",
		Reference:    "SEC-OU-00618",
		FirstSeen:    day(2025, 2, 10),
		LastSeen:     day(2026, 4, 29),
		DataTypes:    types(views.DataHalfHourlyUse, views.DataPriceOfUse),
		EndedAt:      day(2026, 3, 16),
		Stopped:      true,
	}
}

// stillSeenAfterExpiry was seen after its permission had expired.
func stillSeenAfterExpiry() views.Sighting {
	sighting := stillSeen()
	sighting.Organisation = "Carrick Data Partners"
	sighting.Reference = "SEC-OU-00702"
	sighting.Stopped = false

	return sighting
}

// stillSeenList is a list on which an organisation that the customer stopped was seen again.
func stillSeenList() views.RecordsPage {
	stopped := sole("k1", stillSeen().Organisation, "brookfield.example", views.BasisConsent, "Tips to use less")
	stopped.State = views.RecordStopped
	stopped.CanWithdraw = false
	stopped.Since = day(2025, 2, 10)
	stopped.Until = time.Time{}
	stopped.EndedAt = stillSeen().EndedAt

	m := demoList()
	m.StillSeen = []views.Sighting{stillSeen()}
	m.Ended = append([]views.Record{stopped}, m.Ended...)

	return m
}

// demoList is what the published demo set shows.
func demoList() views.RecordsPage {
	flux := sole("o1", "OctopusFlux Ltd", "octopusflux.com", views.BasisConsent,
		"Flexible tariff optimisation and demand forecasting")
	flux.Until = day(2028, 1, 14)

	northern := sole("n1", "Northern Networks plc", "northernnetworks.co.uk", views.BasisPublicTask,
		"Statutory network safety and capacity monitoring")
	northern.DataTypes = types(views.DataHalfHourlyUse, views.DataHalfHourlyExport)
	northern.Reference = "Energy Act 2023, s.147"
	northern.PrivacyNotices = nil

	green := sole("g1", "GreenSwitch Analytics", "greenswitch.io", views.BasisConsent,
		"Annual consumption benchmarking and carbon reporting")
	green.State = views.RecordExpired
	green.CanWithdraw = false
	green.Since = day(2022, 3, 3)
	green.EndedAt = day(2024, 3, 3)
	green.DataTypes = types(views.DataYearlyUse)

	return views.RecordsPage{
		Discovered: []views.Sighting{acme()},
		Active:     []views.Record{consent(), flux, northern},
		Ended:      []views.Record{green},
	}
}

// longNames is a list with names and words that do not fit on a line.
func longNames() views.RecordsPage {
	const long = "The Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch " +
		"Community Energy and Retrofit Co-operative Society Limited"

	m := demoList()
	m.Discovered[0].Organisation = long
	for _, r := range []*views.Record{&m.Active[0], &m.Ended[0]} {
		r.Organisation = long
		r.Controllers[0].Name = long
	}
	m.Active[0].Purpose = strings.Repeat("Averyveryverylongwordwithoutanyspace", 4) + " and more"

	return m
}

// manyRecords is a list of n entries, with its filter.
func manyRecords(n int) views.RecordsPage {
	m := demoList()
	m.States = []views.Option{
		{Slug: "seen", Key: "filter.state.seen", Count: 1},
		{Slug: "can-see", Key: "filter.state.can-see", Count: 198},
		{Slug: "ending-soon", Key: "filter.state.ending-soon", Count: 40},
		{Slug: "ended", Key: "filter.state.ended", Count: 1},
	}
	m.Bases = []views.Option{
		{Slug: "you-said-yes", Key: "records.basis.consent", Count: 82},
		{Slug: "public-duty", Key: "records.basis.public-task", Count: 21},
		{Slug: "none-given", Key: "records.discovered.badge", Count: 1},
	}

	kinds := everyKind()
	for i := range n - 5 {
		r := kinds[i%len(kinds)]
		r.Handle = fmt.Sprintf("m%d", i)
		r.Organisation = fmt.Sprintf("%s %d", r.Organisation, i+1)
		m.Active = append(m.Active, r)
	}

	slices.SortStableFunc(m.Active, withdrawableFirst)

	return m
}

func withdrawableFirst(a, b views.Record) int {
	switch {
	case a.CanWithdraw == b.CanWithdraw:
		return 0
	case a.CanWithdraw:
		return -1
	}

	return 1
}
