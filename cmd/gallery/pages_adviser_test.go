package main

import (
	"regexp"
	"strings"
	"testing"
)

// customerWords are words that only a customer can be told.
var customerWords = regexp.MustCompile(`(?i)` +
	`\byour (meter|home|email|list|passkey|number|data|permission|reference|supplier|energy|code|fingerprint)\b|` +
	`\bthat you live\b|\bit is you\b|\bsigned? you\b|\byou can confirm\b|\byou have confirmed\b`)

// No page tells an adviser what only a customer can do. The test leaves out what an adviser reads to the customer: how
// to find the number, what stopping means, the page to hand over, and the list, advice and letters that are the
// customer's own.
func TestAdvisersAreNotCustomers(t *testing.T) {
	t.Parallel()
	forCustomers := regexp.MustCompile(`^records|^adviser (withdraw( |$)|handover|letter|help)`)
	for _, p := range pages(ownLook) {
		if p.Lang != "en" || !strings.Contains(p.Name, "adviser") || forCustomers.MatchString(p.Name) {
			continue
		}

		doc := render(t, p.Component)
		doc.Find(".find, .doors").Remove()
		if words := customerWords.FindString(doc.Find("main").Text()); words != "" {
			t.Errorf("%s says %q", p.Name, words)
		}
	}
}
