package handlers

import (
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// wordsOf returns the words of a part of a page, with single spaces.
func wordsOf(selection *goquery.Selection) string {
	return strings.Join(strings.Fields(selection.Text()), " ")
}

// registerForOfgem lets another organisation register a record on the customer's permission for Ofgem.
func (w *world) registerForOfgem(t testing.TB) {
	t.Helper()
	namer := w.register.ClientOf(t, registerclient.CreateAccountRequest{
		Role:        registerclient.RoleDataUser,
		DisplayName: "Namer Ltd",
	})
	identity, err := namer.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(w.meterPoint, email))
	if err != nil {
		t.Fatal(err)
	}

	record := registertest.AccessRecord(identity.IR, registerclient.BasisConsent)
	record.RecordMetadata.ControllerArrangement.Controllers[0].Name = "Ofgem"
	if _, err := namer.CreateAccessRecord(t.Context(), record); err != nil {
		t.Fatal(err)
	}
}

// What an organisation registers for another one is told as its own word, wherever the customer reads it.
func TestRegisteredForAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registerForOfgem(t)
	b := w.browser(t)
	list := b.signIn()

	for path, want := range map[string][]string{
		"/portal/records?lang=en": {"Registered by Namer Ltd for Ofgem", "Namer Ltd says that you agreed to this on "},
		"/portal/records?lang=cy": {
			"Cofrestrwyd gan Namer Ltd ar gyfer Ofgem", "Mae Namer Ltd yn dweud eich bod wedi cytuno i hyn ar ",
		},
	} {
		card := b.get(path).doc.Find(`#active article:contains("Namer Ltd")`)
		if first := wordsOf(card.Find(".head + p")); card.Length() != 1 || first != want[0] {
			t.Errorf("%s: %d cards, whose first line is %q, want %q", path, card.Length(), first, want[0])
		}
		if words := wordsOf(card); !strings.Contains(words, want[1]) || strings.Contains(words, "Ofgem says") {
			t.Errorf("%s: the card says %q, want %q", path, words, want[1])
		}
	}

	b.get("/portal/records?lang=en")
	const line = "Registered by Namer Ltd for Ofgem"
	card := list.doc.Find(`#active article:contains("Namer Ltd")`)
	stopPath := card.Find(`a[href$="/withdraw"]`).AttrOr("href", "")
	stop := b.get(stopPath)
	letter := b.get(card.Find(`a[href*="/letter"]`).AttrOr("href", ""))
	receipt := b.follow(b.post(stopPath, url.Values{"token": {stop.token(t)}}))
	for name, p := range map[string]*page{"confirmation": stop, "receipt": receipt} {
		if words := wordsOf(p.doc.Find("main")); !strings.Contains(words, line) {
			t.Errorf("the %s does not say who registered the record: %q", name, words)
		}
	}

	const inLetter = "To Ofgem"
	words := wordsOf(letter.doc.Find("#letter"))
	if !strings.Contains(words, inLetter) || !strings.Contains(words, "Namer Ltd registered this there for Ofgem.") {
		t.Errorf("the letter says %q", words)
	}

	for ending, wants := range map[string][]string{
		"csv":  {`"Namer Ltd"`, "You gave permission. Namer Ltd says that you agreed to this on "},
		"json": {`"registered-by": "Namer Ltd"`, "You gave permission. Namer Ltd says that you agreed to this on "},
		"pdf":  {"Namer Ltd"},
	} {
		file := b.get("/portal/records." + ending).body
		if ending == "pdf" {
			file = pdfText(t, file)
		}
		for _, want := range wants {
			if !strings.Contains(file, want) {
				t.Errorf("the %s file does not say %q", ending, want)
			}
		}
	}
}
