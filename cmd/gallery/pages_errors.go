package main

import (
	"github.com/a-h/templ"

	"central.consent/dar/views"
)

// failureReference finds a failure in the log of the portal.
const failureReference = "7F3K-29QM"

// addErrors adds a page for each kind of failure, and the end of the visit.
func (s *set) addErrors() {
	s.signedOut("signed out", stranger)

	for _, e := range []struct {
		page views.Page
		m    views.ErrorPage
	}{
		{stranger, views.ErrorPage{Kind: "not-found"}},
		{stranger, views.ErrorPage{Kind: "method"}},
		{stranger, views.ErrorPage{Kind: "invalid"}},
		{stranger, views.ErrorPage{Kind: "too-long"}},
		{stranger, views.ErrorPage{Kind: "media"}},
		{stranger, views.ErrorPage{Kind: "escape"}},
		{stranger, views.ErrorPage{Kind: "repeated", Field: "confirmed"}},
		{stranger, views.ErrorPage{Kind: "forbidden"}},
		{stranger, views.ErrorPage{Kind: "session-ended"}},
		{customer, views.ErrorPage{Kind: "conflict"}},
		{stranger, views.ErrorPage{Kind: "busy"}},
		{stranger, views.ErrorPage{Kind: "ticket"}},
		{stranger, views.ErrorPage{Kind: "no-download"}},
		{stranger, views.ErrorPage{Kind: "too-often", WaitSeconds: 3600}},
		{stranger, views.ErrorPage{Kind: "unavailable", Reference: failureReference}},
		{customer, views.ErrorPage{Kind: "withdraw-failed", Reference: failureReference}},
		{stranger, views.ErrorPage{Kind: "internal", Reference: failureReference}},
	} {
		s.failure("error "+e.m.Kind, e.page, e.m)
	}

	s.failure("error too-often waiting", visitor, views.ErrorPage{Kind: "too-often", WaitSeconds: 75, Waiting: true})
	s.failure("error too-often proving", visitor, views.ErrorPage{
		Kind:        "too-often",
		WaitSeconds: 26 * 60,
		Proving:     true,
	})
}

func (s *set) failure(name string, p views.Page, m views.ErrorPage) {
	s.add(name, p, func(p views.Page) templ.Component {
		m.Page = p
		return views.Error(m)
	})
}

func (s *set) signedOut(name string, p views.Page) {
	s.add(name, p, func(p views.Page) templ.Component { return views.SignedOut(views.SignedOutPage{Page: p}) })
}
