package id_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"central.consent/dar/register/id"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
	"central.consent/dar/views/i18n"
)

// sentences say who asks, with the place of the display name. The English one is the register's duty, word for word.
var sentences = map[string]string{
	"en": "%s is requesting access to confirm your identity with the Central Access Register.",
	"cy": "Mae %s yn gofyn am fynediad i gadarnhau eich hunaniaeth gyda’r Gofrestr Mynediad Ganolog.",
}

// Every page that asks for a confirmation has the sentence once, and says below it what that means.
func TestPagesHaveTheSentence(t *testing.T) {
	t.Parallel()

	const org = "O’Neill & <Daughters>"
	asking := id.Asking{Org: org, MeterEnding: "901"}
	for language, sentence := range sentences {
		text := i18n.For(language)
		shell := id.Page{Text: text, Other: text, OtherHref: "#"}
		pages := map[string]templ.Component{
			"enrol":           id.Enrol(id.EnrolPage{Page: shell, Asking: asking}),
			"enrol confirmed": id.Enrol(id.EnrolPage{Page: shell, Asking: asking, Confirmed: true}),
		}
		meanings := map[string]string{
			"enrol":           text.T("challenge.offer", "Org", org),
			"enrol confirmed": text.T("id.passkey.enrol.confirmed"),
		}

		for _, purpose := range []id.Purpose{id.PurposeList, id.PurposeCustomer, id.PurposePasskey} {
			meaning := text.T("challenge."+string(purpose), "Org", org)
			name := "link " + string(purpose)
			meanings[name] = meaning
			pages[name] = id.Link(id.LinkPage{Page: shell, Asking: asking, Purpose: purpose})

			name = "assert " + string(purpose)
			meanings[name] = meaning
			pages[name] = id.Assert(id.AssertPage{Page: shell, Asking: asking, Purpose: purpose})
		}

		for name, page := range pages {
			t.Run(language+" "+name, func(t *testing.T) {
				t.Parallel()

				words := wordsOf(t, page)
				if n := strings.Count(words, fmt.Sprintf(sentence, org)); n != 1 {
					t.Errorf("it has the sentence %d times:\n%s", n, words)
				}
				if !strings.Contains(words, meanings[name]) {
					t.Errorf("it does not say %q:\n%s", meanings[name], words)
				}
			})
		}
	}
}

// The name in the sentence is the display name of the account that asks, on every page and in the letter.
func TestSentenceNamesTheAccount(t *testing.T) {
	t.Parallel()

	h := newHome(t, registertest.SQLite)
	h.AddPasskey(t, h.ir)
	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink, Language: "en"})
	h.WorkOff(t)
	letter := h.inbox.Messages()[0]
	assert, _ := h.askToAssert(t)
	enrol := must(h.owner.ReidentifyOwn(t.Context(), h.ir, registerclient.ReidentifyOwnRequest{
		Method: registerclient.MethodPasskeyRegister,
	}))(t)

	for name, test := range map[string]struct{ words, org string }{
		"letter": {strings.Join(strings.Fields(letter.Text), " "), "Advice & Co"},
		"link":   {h.Browser(t).Open(h.inbox.Link(t)).Text(), "Advice & Co"},
		"assert": {h.Browser(t).Open(assert).Text(), "Advice & Co"},
		"enrol":  {h.Browser(t).Open(enrol.Passkey.RedirectURL).Text(), "Bright <Energy>"},
	} {
		if want := fmt.Sprintf(sentences["en"], test.org); !strings.Contains(test.words, want) {
			t.Errorf("the %s does not say %q:\n%s", name, want, test.words)
		}
	}
}

// wordsOf returns the words of the main part of a page.
func wordsOf(t testing.TB, page templ.Component) string {
	t.Helper()
	var html strings.Builder
	if err := page.Render(t.Context(), &html); err != nil {
		t.Fatal(err)
	}

	doc, err := goquery.NewDocumentFromReader(strings.NewReader(html.String()))
	if err != nil {
		t.Fatal(err)
	}

	return strings.Join(strings.Fields(doc.Find("main").Text()), " ")
}

// The pages of a challenge say in which browser it was started, as what the account says. Without that they say
// nothing.
func TestPagesSayWhereItWasStarted(t *testing.T) {
	t.Parallel()
	h := newHome(t, registertest.SQLite)
	h.AddPasskey(t, h.ir)
	for _, started := range []string{"", "Samsung <Internet>", "Samsung Internet"} {
		in := registerclient.ReidentifyRequest{
			MPxN: registertest.MeterPoint, Method: registerclient.MethodMagicLink, Language: "en", StartedFrom: started,
		}
		_, err := h.portal.Reidentify(t.Context(), in)
		if strings.Contains(started, "<") {
			if !isInvalid(err, "started-from") {
				t.Errorf("%q: %v", started, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}

		h.WorkOff(t)
		in.Method = registerclient.MethodPasskeyAssert
		asserting := must(h.portal.Reidentify(t.Context(), in))(t).Passkey.RedirectURL
		link := h.inbox.Link(t)
		h.inbox.Clear()
		for _, address := range []string{link, asserting} {
			page := h.Browser(t).Open(address)
			want := "Advice & Co says that this was started in Samsung Internet."
			if said := strings.Contains(page.Text(), want); said != (started != "") || page.Status != http.StatusOK {
				t.Errorf("%q: %d %s", started, page.Status, page.Text())
			}

			b := h.Browser(t)
			welsh := b.Open(b.Open(address).URL.Path + "?lang=cy")
			want = "Mae Advice & Co yn dweud y dechreuwyd hyn yn Samsung Internet."
			if said := strings.Contains(welsh.Text(), want); said != (started != "") {
				t.Errorf("%q: %s", started, welsh.Text())
			}
		}
	}
}
