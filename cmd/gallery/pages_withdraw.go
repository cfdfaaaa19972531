package main

import (
	"time"

	"github.com/a-h/templ"

	"central.consent/dar/views"
)

// receipt is a reference of the register.
const receipt = "tid_5f2b8c1d9e3a4b6c7d8e9f01"

var (
	// reasons are those that a customer may give.
	reasons = []string{"changed-my-mind", "no-longer-needed", "something-else"}

	// deliveries are the states of the message that tells an organisation of a withdrawal.
	deliveries = []views.DeliveryStatus{
		{State: views.DeliveryDelivered, At: now.Add(2 * time.Second)},
		{State: views.DeliveryPending, Again: "#", PollSeconds: 5},
		{State: views.DeliveryUndelivered, At: now},
		{State: views.DeliveryNone},
		{State: views.DeliveryUnknown, Again: "#"},
	}
	delivered = deliveries[0]
	pending   = deliveries[1]
)

// addWithdraw adds the pages on which one access is stopped.
func (s *set) addWithdraw() {
	s.withdraw("withdraw", customer, views.WithdrawPage{Record: consent()})
	s.withdraw("withdraw joint", customer, views.WithdrawPage{Record: joint()})
	s.withdraw("withdraw excluded", customer, views.WithdrawPage{Record: everyExclusion()[1]})

	for _, delivery := range deliveries {
		s.withdrawn("withdrawn "+string(delivery.State), customer, views.WithdrawnPage{
			Erasure:  true,
			Record:   consent(),
			Delivery: delivery,
		})
	}
	s.withdrawn("withdrawn joint", customer, views.WithdrawnPage{Record: joint(), Delivery: pending, Erasure: true})
	s.withdrawn("withdrawn by link", customer, views.WithdrawnPage{
		Record:   consent(),
		Delivery: delivered,
		Return: &views.ReturnLink{
			Host: "app.bright-energy.com",
			URL:  "https://app.bright-energy.com/energy?dar-action=withdrawn",
		},
	})
}

func (s *set) withdraw(name string, p views.Page, m views.WithdrawPage) {
	m.MeterPoint = electricity
	m.Reasons = reasons
	s.add(name, p, func(p views.Page) templ.Component {
		m.Page = p
		return views.Withdraw(m)
	})
}

func (s *set) withdrawn(name string, p views.Page, m views.WithdrawnPage) {
	m.MeterPoint = electricity
	m.At = now
	m.Reference = receipt
	s.add(name, p, func(p views.Page) templ.Component {
		m.Page = p
		return views.Withdrawn(m)
	})
}

// addSeveral adds the pages on which several accesses are stopped at once.
func (s *set) addSeveral() {
	flux := demoList().Active[1]
	s.add("several", customer, func(p views.Page) templ.Component {
		return views.Several(views.SeveralPage{
			Page:       p,
			MeterPoint: electricity,
			Records:    []views.Record{consent(), flux, joint()},
			Reasons:    reasons,
		})
	})

	stoppedConsent := views.Outcome{Record: consent(), At: now, Reference: receipt, Delivery: delivered}
	stoppedFlux := views.Outcome{Record: flux, At: now, Reference: "tid_5f2b8c1d9e3a4b6c7d8e9f02", Delivery: pending}
	unanswered := views.Outcome{Record: joint(), Failure: "unanswered"}
	refused := views.Outcome{Record: everyKind()[2], Failure: "refused"}
	over := views.Outcome{Record: everyKind()[5], Failure: "over"}
	s.stopped("all", stoppedConsent, stoppedFlux)
	s.stopped("some", unanswered, refused, over, stoppedFlux)
	s.stopped("none", unanswered)
}

func (s *set) stopped(name string, outcomes ...views.Outcome) {
	s.add("stopped "+name, customer, func(p views.Page) templ.Component {
		return views.Stopped(views.StoppedPage{Page: p, MeterPoint: electricity, Outcomes: outcomes})
	})
}
