package main

import (
	"github.com/a-h/templ"

	"central.consent/dar/register/id"
	"central.consent/dar/register/rules"
)

// addIDLetters adds the pages on which a letter is answered, and those that follow.
func (s *set) addIDLetters() {
	s.idLetter(" addition", nil)
	s.idLetter(" addition of a passkey", func(m *id.LetterPage) { m.Passkey, m.Contact = true, "Mair’s phone" })
	s.idLetter(" wrong empty", func(m *id.LetterPage) { m.Mistake = "id.letter.error.empty" })
	s.idLetter(" wrong form-of-code", func(m *id.LetterPage) { m.Mistake = "id.letter.error.form-of-code" })
	s.idLetter(" wrong code", func(m *id.LetterPage) { m.Mistake = "id.link.error.code" })
	s.idLetter(" wrong form", func(m *id.LetterPage) { m.Mistake = "id.link.error.form" })

	s.idLetter(" removal", func(m *id.LetterPage) { m.Kind, m.Org, m.Gas = rules.LetterRemoval, "", true })
	s.idLetter(" reading", func(m *id.LetterPage) { m.Kind, m.Contact = rules.LetterReading, "" })
	s.idLetter(" tenancy", func(m *id.LetterPage) { m.Kind, m.Org, m.Contact = rules.LetterTenancy, "", "" })

	for _, reason := range []id.Reason{
		id.EndLetterYes,
		id.EndLetterNo,
		id.EndLetterKept,
		id.EndLetterFrozen,
		id.EndLetterHere,
		id.EndLetterDead,
		id.EndLetterWrongCode,
	} {
		s.idPage("end "+string(reason), func(p id.Page) templ.Component {
			return id.End(id.EndPage{Page: p, Reason: reason})
		})
	}
}

// idLetter adds the page of a letter about a new address, changed.
func (s *set) idLetter(name string, change func(*id.LetterPage)) {
	s.idPage("letter"+name, func(p id.Page) templ.Component {
		m := id.LetterPage{
			Page:        p,
			FormToken:   "t",
			Kind:        rules.LetterAddition,
			Org:         "Bright Energy Ltd",
			Contact:     "c*****r@example.com",
			MeterEnding: "901",
			Written:     now.AddDate(0, 0, -2),
			OpenUntil:   now.AddDate(0, 0, 28),
			At:          now.AddDate(0, 0, -2),
			TriesLeft:   8,
		}
		if change != nil {
			change(&m)
		}

		return id.Letter(m)
	})
}
