package handlers

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"central.consent/dar/registerclient"
)

// digitsOf returns the digits of a text.
func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// The page to take home says of each organisation what, why, how long and its Smart Energy Code reference.
func TestHandoverTellsReferences(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	w.discover(t)
	w.registerFor(t, w.register.ClientOf(t, registerclient.CreateAccountRequest{
		Role:                  registerclient.RoleDataUser,
		DisplayName:           "Switch Ltd",
		OrganisationReference: "SEC-OU-00777",
	}), registerclient.BasisContract)
	b := w.browser(t)
	b.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	b.help()
	text := b.get("/portal/adviser/handover").wants(t, 200, "adviser.handover.title").doc.Find("main").Text()
	text = strings.Join(strings.Fields(text), " ")
	for _, want := range []string{
		"Smart Energy Code reference of Acme Energy Services Ltd: SEC-OU-00429",
		"Smart Energy Code reference of Switch Ltd: SEC-OU-00777",
		"Why: You gave permission.",
		"First seen on 1 June 2024, last seen on 28 February 2026.",
		"Information Commissioner",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q: %s", want, text)
		}
	}
	if n := strings.Count(text, "Smart Energy Code reference of"); n != 2 {
		t.Errorf("%d references, want those of the two that have one", n)
	}
}

// The letters that the customer wants are printed with the page. They hold the number only if the customer wants that.
func TestHandoverHasLetters(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	w.discover(t)
	b := w.browser(t)
	b.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	b.help()
	page := b.get("/portal/adviser/handover").wants(t, 200, "adviser.handover.title")
	var handles []string
	for _, node := range page.doc.Find("input[name=letter][form=letters]:not([checked])").EachIter() {
		handles = append(handles, node.AttrOr("value", ""))
	}
	if len(handles) != 3 || page.doc.Find(".letter").Length() != 0 {
		t.Fatalf("%d letters are offered, and %d are there", len(handles), page.doc.Find(".letter").Length())
	}

	query := url.Values{"letter": append(handles[1:], handles[1], "unknown", "")}
	page = b.get("/portal/adviser/handover?" + query.Encode())
	letters := page.doc.Find("main .handover article.letter")
	if letters.Length() != 2 || page.doc.Find("input[name=letter][checked]").Length() != 2 {
		t.Errorf("%d letters, and %d ticks", letters.Length(), page.doc.Find("input[name=letter][checked]").Length())
	}
	if !strings.Contains(letters.Text(), "[Your name, and how to reach you]") ||
		strings.Contains(digitsOf(page.body), w.meterPoint) {
		t.Error("the letters are not the customer's, or tell the number unasked")
	}
	if other := page.doc.Find("nav.language a").AttrOr("href", ""); strings.Count(other, "letter=") != 5 {
		t.Errorf("the other language loses the letters: %s", other)
	}

	query.Set("number", "yes")
	page = b.get("/portal/adviser/handover?" + query.Encode())
	if n := strings.Count(digitsOf(page.doc.Find(".letter").Text()), w.meterPoint); n != 2 {
		t.Errorf("the number is in %d of 2 letters", n)
	}

	page.doc.Find(".letter").Remove()
	if strings.Contains(digitsOf(page.doc.Find("main").Text()), w.meterPoint) {
		t.Error("the page itself tells the number")
	}
}

// An adviser opens each letter by itself too. It is as the customer's own, and may be printed.
func TestAdviserOpensLetter(t *testing.T) {
	t.Parallel()
	w := newNamedWorld(t)
	b := w.browser(t)
	b.signInAs(samName, samCode).sendsTo(t, "/portal/adviser")
	records := b.help()
	links := records.doc.Find(`main a[href$="/letter"]`)
	if links.Length() != 2 {
		t.Fatalf("the list leads to %d letters", links.Length())
	}

	form := regexp.MustCompile(`^/portal/adviser/records/[A-Z2-7]{12}/letter$`)
	for _, link := range links.EachIter() {
		path := link.AttrOr("href", "")
		p := b.get(path)
		if !form.MatchString(path) || p.StatusCode != http.StatusOK || p.doc.Find("#letter").Length() != 1 {
			t.Errorf("%s answers %d", path, p.StatusCode)
		}
		if p.Header.Get("Content-Disposition") != "" || strings.Contains(p.doc.Find("#letter").Text(), "adviser") {
			t.Errorf("%s is a download, or speaks of an adviser", path)
		}
	}

	b.get("/portal/adviser/records/unknown/letter").wants(t, 404, "error.not-found.title")
	stranger := w.browser(t)
	stranger.get(links.AttrOr("href", "")).sendsTo(t, "/portal/adviser/sign-in")
}
