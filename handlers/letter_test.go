package handlers

import (
	"net/url"
	"strings"
	"testing"
)

func TestLetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.discover(t)
	b := w.browser(t)
	list := b.signIn()
	links := map[string]string{}
	for _, link := range list.doc.Find(`a[href$="/letter"]`).EachIter() {
		links[strings.TrimSpace(link.Text())] = link.AttrOr("href", "")
	}
	if len(links) != 3 {
		t.Fatalf("letters: %v", links)
	}

	number := "23 1234 5678 901"
	for name, path := range links {
		p := b.get(path)
		if p.StatusCode != 200 || strings.Contains(p.body, number) || strings.Contains(p.body, w.meterPoint) {
			t.Errorf("%s: %d, or the number is there unasked", name, p.StatusCode)
		}

		with := b.get(path + "?number=yes")
		got := strings.Count(with.body, number)
		if got != 1 || with.doc.Find("#letter:contains('"+number+"')").Length() != 1 {
			t.Errorf("%s: the number stands there %d times, want once, in the letter", name, got)
		}
	}

	report := b.get(links["A report about Acme Energy Services Ltd, ready to send"])
	for _, words := range []string{
		"SEC-OU-00429",
		"To the Smart Energy Code Administrator",
		"1 June 2024",
		"every half hour",
	} {
		if !strings.Contains(report.doc.Find("#letter").Text(), words) {
			t.Errorf("the report does not say %q", words)
		}
	}

	path := list.withdrawPath(t)
	b.post(path, url.Values{"token": {list.token(t)}})
	text := b.get(strings.TrimSuffix(path, "withdraw") + "letter").doc.Find("#letter").Text()
	if !strings.Contains(text, "Please delete the data") ||
		!strings.Contains(text, "I stopped this on 1 June 2026. The register’s reference is tid_") {
		t.Errorf("after stopping: %s", text)
	}

	b.get("/portal/records/nonsense/letter").wants(t, 404, "error.not-found.title")
}

// A permission of an earlier occupant is not called the customer's own.
func TestEarlierOccupantsPermission(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.signIn()
	w.alter(t, b, func(v *visit) {
		for i := range v.Reading.Records {
			v.Reading.Records[i].Summary.EarlierOccupant = true
		}
	})
	list := b.get("/portal/records")
	text := list.doc.Find("#active").Text()
	for words, want := range map[string]int{
		"This is from somebody who lived here before.":   2,
		"Somebody who lived here before gave permission": 1,
		"You gave permission":                            0,
		"It is for you to say now.":                      1,
	} {
		if got := strings.Count(text, words); got != want {
			t.Errorf("%q stands there %d times, want %d", words, got, want)
		}
	}

	letter := strings.TrimSuffix(list.withdrawPath(t), "withdraw") + "letter"
	if text := b.get(letter).doc.Find("#letter").Text(); !strings.Contains(text, "I have not agreed to this.") {
		t.Errorf("the letter says %s", text)
	}
}
