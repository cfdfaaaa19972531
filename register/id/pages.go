// Package id is the register's pages for customers, on the id origin: the page of a mailed link, the page on which a
// letter is answered, the passkeys' pages, and every page on which a challenge ends. Handlers read the browser's
// request and call package rules; models.go and the templates show the result. addresses.go holds every address.
package id

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"central.consent/dar/register/rules"
)

// Options is what the pages work on. Every field is required.
type Options struct {
	Rules *rules.Rules
	// Secure is true if browsers reach the pages by https: cookies are then bound to it and to the host.
	Secure bool
	// Demonstration is true if every customer counts as confirmed: each page says so.
	Demonstration bool
	Logger        *slog.Logger
}

// Pages holds the handlers of the pages.
type Pages struct {
	rules         *rules.Rules
	secure        bool
	demonstration bool
	logger        *slog.Logger
}

// New returns the pages over o.
func New(o Options) *Pages {
	return &Pages{rules: o.Rules, secure: o.Secure, demonstration: o.Demonstration, logger: o.Logger}
}

// Mount adds the routes to a router.
func (p *Pages) Mount(e *echo.Echo) {
	pages := e.Group(BasePath, p.protect)
	relative := func(path string) string { return strings.TrimPrefix(path, BasePath) }
	show := func(path string, h echo.HandlerFunc) {
		pages.Match([]string{http.MethodGet, http.MethodHead}, relative(path), h)
	}
	post := func(path string, h echo.HandlerFunc) { pages.POST(relative(path), h) }

	show(pathLink, p.showLink)
	post(pathLink, p.postLink)
	post(pathLinkDecline, p.postDecline)
	show(pathConfirmed, p.showConfirmed)
	show(pathDeclined, p.showDeclined)

	show(pathLetter, p.showLetter)
	post(pathLetter, p.postLetter(true))
	post(pathLetterDecline, p.postLetter(false))
	for reason, path := range pathsOfEnds {
		show(path, p.showEnd(path, reason))
	}

	show(pathAssert, p.showAssert)
	post(pathAssert+optionsSuffix, p.step(p.permitAssertion, p.beginAssertion))
	post(pathAssert+finishSuffix, p.step(p.permitAssertion, p.finishAssertion))
	post(pathAssertDecline, p.postPasskeyDecline)

	show(pathEnrol, p.showEnrol)
	post(pathEnrol+optionsSuffix, p.step(p.permitEnrolment, p.beginEnrolment))
	post(pathEnrol+finishSuffix, p.step(p.permitEnrolment, p.finishEnrolment))
	post(pathEnrolDecline, p.postPasskeyDecline)

	show(pathShown, p.showEnd(pathShown, EndShown))
	show(pathEnrolled, p.showEnd(pathEnrolled, EndEnrolled))
	p.mountContacts(show, post)
	show(pathPasskeyDeclined, p.showEnd(pathPasskeyDeclined, EndPasskeyDeclined))
	show(pathPasskeyStopped, p.showEnd(pathPasskeyStopped, EndWrongCode))
}
