package main

import (
	"cmp"

	"github.com/a-h/templ"

	"central.consent/dar/views"
)

// addLetters adds a letter of each kind.
func (s *set) addLetters() {
	kinds := everyKind()
	for _, i := range []int{1, 3, 4, 7, 9} {
		s.letter(string(kinds[i].Basis), views.LetterPage{Record: kinds[i]})
	}

	s.letter("consent", views.LetterPage{Record: joint()})
	s.letter("elsewhere", views.LetterPage{Record: kinds[8], WithNumber: true})
	s.letter("earlier", views.LetterPage{Record: kinds[10]})
	s.letter("excluded", views.LetterPage{Kind: "consent", Record: everyExclusion()[1]})
	s.letter("delete", views.LetterPage{Record: everyEnd()[0], StoppedReference: receipt})
	s.letter("still-seen", views.LetterPage{Sighting: stillSeen()})
	s.letter("still-seen", views.LetterPage{Sighting: stillSeenAfterExpiry(), WithNumber: true})
	s.letter("discovered", views.LetterPage{Sighting: acme(), WithNumber: true})
}

// letter is a letter of a kind. If the model has a kind of its own, the other is only a name.
func (s *set) letter(kind string, m views.LetterPage) {
	m.Kind = cmp.Or(m.Kind, kind)
	m.Day = now
	m.MeterPoint = electricity
	name := "letter " + kind
	if m.WithNumber {
		name += " with number"
	}

	s.add(name, customer, func(p views.Page) templ.Component {
		m.Page = p
		return views.Letter(m)
	})
}
