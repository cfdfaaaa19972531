package main

import (
	"time"

	"github.com/a-h/templ"

	"central.consent/dar/views"
)

// addWaiting adds the pages that wait for a confirmation.
func (s *set) addWaiting() {
	for _, w := range []struct {
		name   string
		change func(*views.WaitingPage)
	}{
		{"email", nil},
		{"email somewhere", func(m *views.WaitingPage) { m.SentTo, m.SecondsLeft = "", 40 }},
		{"email just sent", func(m *views.WaitingPage) { m.ResendSeconds = 30 }},
		{"email sent again", func(m *views.WaitingPage) { m.Resent, m.ResendsLeft, m.ResendSeconds = 1, 2, 30 }},
		{"email sent again too soon", func(m *views.WaitingPage) { m.ResendSeconds, m.NotSent = 12, true }},
		{"email sent for the last time", sentForTheLastTime},
		{"email for long", waitingForLong},
		{"email other address", withOtherAddress},
		{"passkey", func(m *views.WaitingPage) {
			m.Method, m.PasskeyURL, m.MatchCode = passkey, "https://id.example/passkey", ""
		}},
		{"passkey in a new tab", inANewTab},
		{"new passkey", func(m *views.WaitingPage) { m.Method = newPasskey }},
		{"expired", func(m *views.WaitingPage) { m.State = views.WaitingExpired }},
		{"wrong code", func(m *views.WaitingPage) { m.State = views.WaitingWrongCode }},
		{"cancelled", func(m *views.WaitingPage) { m.State = views.WaitingCancelled }},
		{"gone", func(m *views.WaitingPage) { m.State = views.WaitingGone }},
		{"lost", func(m *views.WaitingPage) { m.State = views.WaitingLost }},
		{"declined", func(m *views.WaitingPage) { m.State = views.WaitingDeclined }},
	} {
		s.waiting(w.name, visitor, w.change)
	}

	s.waiting("demonstration", demonstrated(visitor), nil)
}

func sentForTheLastTime(m *views.WaitingPage) { m.Resent, m.ResendsLeft = 3, 0 }

func withOtherAddress(m *views.WaitingPage) { m.OtherAddress = "d*****e@example.org" }

func waitingForLong(m *views.WaitingPage) { m.PollingLeft, m.SecondsLeft = 0, 0 }

func inANewTab(m *views.WaitingPage) {
	m.Method, m.PasskeyURL, m.NewTab = passkey, "https://id.example/passkey", true
}

// waiting waits for a magic link that was sent a moment ago, but for the change, which may be nil.
func (s *set) waiting(name string, p views.Page, change func(*views.WaitingPage)) {
	m := views.WaitingPage{
		MeterPoint:  electricity,
		Method:      magicLink,
		State:       views.WaitingPending,
		SentTo:      "c*****r@example.com",
		MatchCode:   "7KQ4",
		ExpiresAt:   now.Add(15 * time.Minute),
		SecondsLeft: 872,
		ResendsLeft: 3,
		PollSeconds: 4,
		PollingLeft: 1200,
	}
	if change != nil {
		change(&m)
	}

	s.add("waiting "+name, p, func(p views.Page) templ.Component {
		m.Page = p
		return views.Waiting(m)
	})
}
