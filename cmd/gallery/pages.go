package main

import (
	"strings"
	"time"

	"github.com/a-h/templ"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

// page is one page in one state and language, in one operator's brand.
type page struct {
	// Operator is the operator's slug; empty for the product's own look.
	Operator string
	Name     string
	Lang     string
	Path     string

	Component templ.Component
}

// ownLook is the gallery without operators.
var ownLook = operators.Operator{
	Brand: views.Brand{
		Name:       "Central Access Register Portal",
		ContactURL: "https://central.consent/contact",
		Phone:      "0808 157 0000",
	},
}

// The people who see the pages, and what their pages have in common.
var (
	// stranger has not given a number yet.
	stranger = views.Page{}
	// visitor has given a number, and proves who they are.
	visitor = views.Page{FormToken: "t", IdleMinutes: 15}
	// customer has been confirmed.
	customer = views.Page{
		FormToken:      "t",
		IdleMinutes:    15,
		SignedIn:       true,
		SignOutAt:      now.Add(time.Hour),
		SessionSeconds: 3600,
	}
)

// pages lists every page in every state that looks different, in every language that the operator offers.
func pages(o operators.Operator) []page {
	var listed []page
	for _, lang := range o.Brand.Offered() {
		s := &set{operator: o, lang: lang}
		s.addHelp()
		s.addStart()
		s.addProve()
		s.addWaiting()
		s.addRecords()
		s.addWithdraw()
		s.addSeveral()
		s.addLetters()
		s.addFramed()
		s.addAdviser()
		s.addErrors()
		if o.Slug == "" {
			s.addID() // these have no operator's look
		}

		listed = append(listed, s.pages...)
	}

	return listed
}

// set collects the pages of one operator in one language.
type set struct {
	operator operators.Operator
	lang     string
	pages    []page
}

// add adds a page. It completes p, and render puts that into a model.
func (s *set) add(name string, p views.Page, render func(views.Page) templ.Component) {
	path := "/" + s.lang + "/" + slug(name)
	if s.operator.Slug != "" {
		path = "/" + s.operator.Slug + path
	}

	p.Path = path
	p.Brand = s.operator.Brand.In(s.lang)
	p.Text = i18n.For(s.lang)
	if p.Adviser {
		p.Text = p.Text.ForAdviser()
	}

	s.pages = append(s.pages, page{
		Operator:  s.operator.Slug,
		Name:      name,
		Lang:      s.lang,
		Path:      path,
		Component: render(p),
	})
}

func slug(name string) string { return strings.ReplaceAll(name, " ", "-") }

// demonstrated is the page in a demonstration.
func demonstrated(p views.Page) views.Page {
	p.Demonstration = true
	return p
}

// advised is the page of an adviser who helps a customer.
func advised(p views.Page) views.Page {
	p.Adviser = true
	p.AdviserName = "Siân Hughes"
	return p
}

// mistaken is the page after a mistake.
func mistaken(p views.Page, field, key string) views.Page {
	p.Errors = []views.FieldError{{Field: field, Key: key}}
	return p
}
