package main

import (
	"github.com/a-h/templ"

	"central.consent/dar/views"
)

// addAdviser adds the pages of advisers who help customers.
func (s *set) addAdviser() {
	s.addAdviserStart()
	s.addAdviserProof()
	s.addAdviserRecords()
	s.addAdviserLetters()
	s.addAdviserErrors()
}

// addAdviserStart adds the sign-in and the pages before a proof.
func (s *set) addAdviserStart() {
	named := views.AdviserSignInPage{Named: true}
	wrong := views.AdviserSignInPage{Named: true, Name: "Sam Jones"}
	shared := views.AdviserSignInPage{Shared: true}
	s.adviserSignIn("adviser sign in", stranger, named)
	s.adviserSignIn("adviser wrong code", mistaken(stranger, "secret", "error.adviser.named"), wrong)
	s.adviserSignIn("adviser no name", mistaken(stranger, "name", "error.adviser.name"), named)
	s.adviserSignIn("adviser shared code", stranger, shared)
	s.adviserSignIn("adviser wrong shared code", mistaken(stranger, "secret", "error.adviser.secret"), shared)
	s.adviserSignIn("adviser name or shared code", stranger, views.AdviserSignInPage{Named: true, Shared: true})

	idle := advised(stranger)
	s.start("adviser start", idle, views.StartPage{})
	s.start("adviser start empty", mistaken(idle, "number", "error.number.empty"), views.StartPage{})
	s.checkNumber("adviser check number", idle, electricity)
	s.noRecord("adviser no record", idle)
	s.help("adviser help", idle)
	s.signedOut("adviser signed out", idle)
}

func (s *set) adviserSignIn(name string, p views.Page, m views.AdviserSignInPage) {
	s.add(name, p, func(p views.Page) templ.Component {
		m.Page = p
		return views.AdviserSignIn(m)
	})
}

// addAdviserProof adds the pages on which a customer proves who they are.
func (s *set) addAdviserProof() {
	helped := advised(visitor)
	s.prove("adviser prove", helped, magicLink, passkey)
	s.prove("adviser prove by passkey only", helped, passkey)
	for _, mistake := range []string{"none", "magic-link", "passkey-assert", "only", "twice"} {
		p := mistaken(helped, "method", "error.prove."+mistake)
		s.prove("adviser prove wrong "+mistake, p, magicLink, passkey)
	}

	s.waiting("adviser", helped, nil)
	s.waiting("adviser sent again", helped, func(m *views.WaitingPage) {
		m.SentTo, m.Resent, m.ResendsLeft, m.ResendSeconds = "", 1, 2, 30
	})
	s.waiting("adviser sent for the last time", helped, sentForTheLastTime)
	s.waiting("adviser other address", helped, withOtherAddress)
	s.pendingAddress("adviser pending address", helped)
	s.waiting("adviser for long", helped, waitingForLong)
	s.waiting("adviser passkey", helped, inANewTab)
	s.waiting("adviser demonstration", demonstrated(helped), nil)
	for _, state := range []views.WaitingState{
		views.WaitingExpired,
		views.WaitingDeclined,
		views.WaitingWrongCode,
		views.WaitingLost,
		views.WaitingGone,
	} {
		s.waiting("adviser "+string(state), helped, func(m *views.WaitingPage) { m.State = state })
	}
}

// addAdviserRecords adds the list, the withdrawal, and the page to take home.
func (s *set) addAdviserRecords() {
	helped := advised(customer)
	s.records("with an adviser", helped, demoList())
	s.records("still seen with an adviser", helped, stillSeenList())

	s.withdraw("adviser withdraw", helped, views.WithdrawPage{Record: consent()})
	s.withdraw(
		"adviser withdraw without a yes",
		mistaken(helped, "customer-yes", "error.adviser.yes"),
		views.WithdrawPage{Record: consent(), Reason: "no-longer-needed"},
	)
	for _, delivery := range deliveries {
		s.withdrawn("adviser withdrawn "+string(delivery.State), helped, views.WithdrawnPage{
			Record:   consent(),
			Delivery: delivery,
		})
	}

	list := demoList()
	s.handover("adviser handover nothing stopped", views.HandoverPage{
		Active: list.Active,
		Ended:  list.Ended,
	})
	s.handover("adviser handover", views.HandoverPage{
		Active:   list.Active[1:],
		Excluded: everyExclusion()[1:2],
		Ended:    append([]views.Record{consent()}, list.Ended...),
		Stopped:  []views.Receipt{{Record: consent(), At: now, Reference: receipt}},
	})
	known := consent()
	known.OrganisationReference = "SEC-OU-00102"
	s.handover("adviser handover with letters", views.HandoverPage{
		Active:     []views.Record{known},
		WithNumber: true,
		Letters: []views.LetterPage{
			{Kind: "consent", Record: known, MeterPoint: electricity, Day: now, WithNumber: true},
			{Kind: "discovered", Sighting: acme(), MeterPoint: electricity, Day: now, WithNumber: true},
		},
	})
	s.handover("adviser handover still seen", views.HandoverPage{
		StillSeen: stillSeenList().StillSeen,
		Active:    list.Active,
		Ended:     stillSeenList().Ended,
	})
}

// addAdviserLetters adds letters as an adviser opens them.
func (s *set) addAdviserLetters() {
	add := func(name string, m views.LetterPage) {
		m.Day = now
		m.MeterPoint = electricity
		s.add(name, advised(customer), func(p views.Page) templ.Component {
			m.Page = p
			return views.Letter(m)
		})
	}
	add("adviser letter", views.LetterPage{Kind: "contract", Record: everyKind()[1]})
	add("adviser letter with number", views.LetterPage{Kind: "discovered", Sighting: acme(), WithNumber: true})
}

func (s *set) handover(name string, m views.HandoverPage) {
	m.MeterPoint = views.MeterPoint{Number: "901", Electricity: true}
	m.ReadAt = now
	m.PortalURL = "https://energy.example.org/portal"
	m.Discovered = demoList().Discovered
	s.add(name, advised(customer), func(p views.Page) templ.Component {
		m.Page = p
		for i := range m.Letters {
			m.Letters[i].Page = p
		}

		return views.Handover(m)
	})
}

func (s *set) addAdviserErrors() {
	for _, kind := range []string{"session-ended", "too-long", "no-download"} {
		s.failure("adviser error "+kind, advised(stranger), views.ErrorPage{Kind: kind})
	}

	s.failure("adviser error withdraw-failed", advised(customer), views.ErrorPage{
		Kind:      "withdraw-failed",
		Reference: receipt,
	})
	s.failure("adviser error too-often waiting", advised(visitor), views.ErrorPage{
		Kind:        "too-often",
		WaitSeconds: 75,
		Waiting:     true,
	})
}
