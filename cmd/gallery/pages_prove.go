package main

import (
	"github.com/a-h/templ"

	"central.consent/dar/views"
)

var (
	magicLink  = views.Method{Name: "magic-link"}
	passkey    = views.Method{Name: "passkey-assert"}
	newPasskey = views.Method{Name: "passkey-register"}
)

// addProve adds the pages that ask for a proof.
func (s *set) addProve() {
	s.prove("prove demonstration", demonstrated(visitor), magicLink, newPasskey)
	s.prove("prove email only", visitor, magicLink)
	s.prove("prove", visitor, passkey, magicLink, newPasskey)
	s.add("prove cancelled", visitor, func(p views.Page) templ.Component {
		return views.Prove(views.ProvePage{
			Page:       p,
			MeterPoint: electricity,
			Chosen:     magicLink,
			Others:     []views.Method{passkey, newPasskey},
			Cancelled:  true,
		})
	})
	for _, mistake := range []string{"none", "magic-link", "passkey-assert", "passkey-register", "only", "twice"} {
		p := mistaken(visitor, "method", "error.prove."+mistake)
		s.prove("prove wrong "+mistake, p, passkey, magicLink)
	}

	s.pendingAddress("pending address", visitor)
	s.add("elsewhere", stranger, func(p views.Page) templ.Component {
		return views.Elsewhere(views.ElsewherePage{Page: p})
	})
}

// pendingAddress has no method, because the register may use no address yet.
func (s *set) pendingAddress(name string, p views.Page) {
	s.add(name, p, func(p views.Page) templ.Component {
		return views.PendingAddress(views.PendingAddressPage{Page: p, MeterPoint: electricity})
	})
}

func (s *set) prove(name string, p views.Page, chosen views.Method, others ...views.Method) {
	s.add(name, p, func(p views.Page) templ.Component {
		return views.Prove(views.ProvePage{Page: p, MeterPoint: electricity, Chosen: chosen, Others: others})
	})
}
