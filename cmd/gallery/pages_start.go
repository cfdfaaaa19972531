package main

import (
	"strings"

	"github.com/a-h/templ"

	"central.consent/dar/views"
)

// typedNumber is the number of the meter point as a customer types it.
const typedNumber = "2312345678901"

var numberErrors = []string{
	"error.number.empty",
	"error.number.characters",
	"error.number.length",
	"error.number.twice",
}

// addStart adds the pages that ask for the meter point number.
func (s *set) addStart() {
	s.start("start", stranger, views.StartPage{})
	s.start("start demonstration", demonstrated(stranger), views.StartPage{})
	s.start("start signed in", customer, views.StartPage{})
	s.start("start by link", stranger, views.StartPage{Number: electricity.Number, Linked: true})
	s.start("start by link without number", stranger, views.StartPage{NumberNeeded: true})
	for _, key := range numberErrors {
		name := "start " + strings.TrimPrefix(key, "error.number.")
		s.start(name, mistaken(stranger, "number", key), views.StartPage{Number: "12 34x"})
	}

	s.checkNumber("check number", stranger)
	s.noRecord("no record", stranger)
}

func (s *set) start(name string, p views.Page, m views.StartPage) {
	s.add(name, p, func(p views.Page) templ.Component {
		m.Page = p
		return views.Start(m)
	})
}

// checkNumber is the answer to a form, which the language switch sends again.
func (s *set) checkNumber(name string, p views.Page) {
	p.Resend = &views.Resend{
		Action: "/meter",
		Fields: []views.FormField{{Name: "number", Value: typedNumber}},
	}
	s.add(name, p, func(p views.Page) templ.Component {
		return views.CheckNumber(views.CheckNumberPage{Page: p, Number: typedNumber, MeterPoint: electricity})
	})
}

func (s *set) noRecord(name string, p views.Page) {
	s.add(name, p, func(p views.Page) templ.Component {
		return views.NoRecord(views.NoRecordPage{Page: p, MeterPoint: gas})
	})
}
