package main

import (
	"github.com/a-h/templ"

	"central.consent/dar/views"
)

// addHelp adds the pages that explain something.
func (s *set) addHelp() {
	s.help("help", stranger)
	s.add("accessibility", stranger, func(p views.Page) templ.Component {
		return views.Accessibility(views.AccessibilityPage{Page: p, Prepared: now})
	})
}

func (s *set) help(name string, p views.Page) {
	s.add(name, p, func(p views.Page) templ.Component { return views.Help(views.HelpPage{Page: p}) })
}
