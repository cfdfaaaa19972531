package main

import (
	"github.com/a-h/templ"

	"central.consent/dar/views"
)

// addRecords adds the lists.
func (s *set) addRecords() {
	s.records("demo", demonstrated(customer), demoList())
	s.records("every kind", customer, views.RecordsPage{
		Discovered: []views.Sighting{acme(), newcomer()},
		Active:     everyKind(),
		Ended:      everyEnd(),
	})
	s.records("still seen", customer, stillSeenList())
	s.records("only still seen", customer, views.RecordsPage{
		StillSeen: []views.Sighting{stillSeen(), stillSeenAfterExpiry()},
	})
	s.records("none discovered", customer, views.RecordsPage{Active: demoList().Active, Ended: demoList().Ended})
	s.records("only discovered", customer, views.RecordsPage{Discovered: []views.Sighting{acme()}})

	bright := views.Filter{State: "can-see", Basis: "you-said-yes", Name: "bright"}
	s.records("200 filtered", customer, filtered(bright, views.List{Active: manyRecords(200).Active[:2]}))
	s.records("200 no match", customer, filtered(views.Filter{Name: "Nobody Ltd"}, views.List{}))
	s.records("several none", mistaken(customer, "several", "error.several.none"), demoList())

	s.records("none", customer, views.RecordsPage{MeterPoint: gas})
	s.records("long names", customer, longNames())
	s.records("one", customer, views.RecordsPage{Active: demoList().Active[:1]})
	s.records("changed", customer, views.RecordsPage{Active: []views.Record{changed()}})
	s.records("passed on", customer, views.RecordsPage{Active: []views.Record{passedOn()}})
	s.records("renewed", customer, views.RecordsPage{Active: []views.Record{renewed()}})
	s.records("started again", customer, views.RecordsPage{Active: []views.Record{restarted()}})
	s.records("every change", customer, views.RecordsPage{
		Active: []views.Record{everyChange()},
		Ended:  []views.Record{endedAfterChanges()},
	})
	s.records("200", customer, manyRecords(200))

	left := demoList().Ended[0]
	left.RegistrantStatus = views.RegistrantLeft
	s.records("excluded", customer, views.RecordsPage{
		Discovered: []views.Sighting{acme()},
		Active:     demoList().Active[1:],
		Excluded:   everyExclusion(),
		Ended:      []views.Record{left},
	})
	s.records("only excluded", customer, views.RecordsPage{Excluded: everyExclusion()[:1]})

	linked := demoList()
	linked.Return = &views.ReturnLink{Host: "app.bright-energy.com", URL: "https://app.bright-energy.com/energy"}
	s.records("by link", customer, linked)
}

func (s *set) records(name string, p views.Page, m views.RecordsPage) {
	m.ReadAt = now
	if m.MeterPoint == (views.MeterPoint{}) {
		m.MeterPoint = electricity
	}

	s.add("records "+name, p, func(p views.Page) templ.Component {
		m.Page = p
		return views.Records(m)
	})
}

// filtered is a long list. The filter shows a part of it.
func filtered(f views.Filter, found views.List) views.RecordsPage {
	m := manyRecords(200)
	m.Filter = f
	m.Found = &found

	return m
}
