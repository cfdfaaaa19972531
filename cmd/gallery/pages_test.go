package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"central.consent/dar/views/i18n"
	"central.consent/dar/views/ui"
)

var (
	// codes are words of the wire and of the catalogue, which a customer must not see.
	codes = regexp.MustCompile(`HH-|MTH-|ANNUAL-|TARIFF-|\buk-|\bsole\b|ACTIVE|REVOKED|EXPIRED|DISCOVERED|` +
		`half-hourly-use|magic-link|passkey-assert|\bak_|\bmlr_|` +
		`\b(ui|id|page|start|check|prove|waiting|records|withdrawn?|error)\.[a-z]`)
	// numbers could be those of a meter point.
	numbers = regexp.MustCompile(`\d[\d ]{4,}`)
	// register is the register's name, in full or in short.
	register = regexp.MustCompile(`(?i)(central access )?\bregister\b|\b[cg]ofrestr\b( mynediad ganolog)?`)
)

// Every page in every state, language and brand has what all pages have in common.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	served := handler(brands(t)...)
	for _, p := range everyPage(t) {
		t.Run(p.Operator+" "+p.Lang+" "+p.Name, func(t *testing.T) {
			t.Parallel()
			doc := render(t, p.Component)
			checkHeading(t, p, doc)
			checkPrivacy(t, doc)
			checkNames(t, doc)
			checkLinks(t, p, doc)
			checkAssets(t, served, doc)
			checkSession(t, p, doc)
			checkLanguages(t, p, doc)
			checkRegister(t, doc)

			demonstrated := doc.Find(".demonstration").Length() == 1
			if demonstrated != strings.Contains(p.Name, "demo") {
				t.Errorf("the page says that it is a demonstration: %v", demonstrated)
			}
			if doc.Find("[style], [onclick], script:not([src]), style").Length() != 0 {
				t.Error("the content security policy forbids something on the page")
			}

			hidden := doc.Find(`meta[name="robots"][content="noindex"]`).Length() == 1
			if hidden == strings.HasPrefix(p.Name, "start") {
				t.Errorf("hidden from search engines: %v", hidden)
			}
		})
	}
}

func checkHeading(t *testing.T, p page, doc *goquery.Document) {
	t.Helper()
	if got := doc.Find("html").AttrOr("lang", ""); got != p.Lang {
		t.Errorf("the page says that it is in %q", got)
	}

	heading := doc.Find("h1")
	if got := heading.Length(); got != 1 {
		t.Errorf("the page has %d h1", got)
	}

	title := doc.Find("title").Text()
	if private := heading.Find("bdi").Length() > 0; !private && !strings.Contains(title, heading.Text()) {
		t.Errorf("the title %q does not carry the heading %q", title, heading.Text())
	}
}

// checkPrivacy checks that the title names neither a meter nor an organisation, because the browser's history keeps it,
// and that the page shows no code.
func checkPrivacy(t *testing.T, doc *goquery.Document) {
	t.Helper()
	title := doc.Find("title").Text()
	if title != ui.Unmarked(title) || numbers.MatchString(title) {
		t.Errorf("the title %q is private", title)
	}

	doc.Find("main bdi").Each(func(_ int, name *goquery.Selection) {
		if strings.Contains(title, name.Text()) {
			t.Errorf("the title %q names %s", title, name.Text())
		}
	})
	if code := codes.FindString(doc.Find("title, body").Text()); code != "" {
		t.Errorf("the page shows %q", code)
	}
}

// checkNames checks that every id and every name of a button is unique.
func checkNames(t *testing.T, doc *goquery.Document) {
	t.Helper()
	ids := map[string]bool{}
	doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id := s.AttrOr("id", "")
		if ids[id] {
			t.Errorf("two elements have the id %s", id)
		}
		ids[id] = true
	})

	names := map[string]bool{}
	doc.Find("button, a.button, summary").Each(func(_ int, s *goquery.Selection) {
		name := strings.Join(strings.Fields(s.Text()), " ")
		if name == "" || names[name] {
			t.Errorf("a button has no name of its own: %q", name)
		}
		names[name] = true
	})
}

func checkLinks(t *testing.T, p page, doc *goquery.Document) {
	t.Helper()
	doc.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
		external := strings.HasPrefix(a.AttrOr("href", ""), "https:") && !a.HasClass("button")
		if external && !strings.HasPrefix(a.AttrOr("rel", ""), "noreferrer noopener") {
			t.Errorf("%q tells where the customer came from", a.Text())
		}
	})

	if strings.HasPrefix(p.Name, "id ") {
		return
	}
	if doc.Find(`footer a[href="/accessibility"]`).Length() != 1 {
		t.Error("the page does not lead to the accessibility statement")
	}
	if exits := doc.Find(`form#leave[method=post][target=_top]`).Length(); exits != 1 {
		t.Errorf("the page has %d quick exits", exits)
	}
}

// checkAssets checks that everything that the page loads is there.
func checkAssets(t *testing.T, served http.Handler, doc *goquery.Document) {
	t.Helper()
	doc.Find("link[rel=stylesheet], link[rel=icon], img, source").Each(func(_ int, s *goquery.Selection) {
		address := s.AttrOr("href", "") + s.AttrOr("src", "") + s.AttrOr("srcset", "")
		w := httptest.NewRecorder()
		served.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
		if w.Code != http.StatusOK {
			t.Errorf("%s has the status %d", address, w.Code)
		}
	})
}

func checkSession(t *testing.T, p page, doc *goquery.Document) {
	t.Helper()
	signedIn := doc.Find(`form[action$="/sign-out"] input[name="token"]`).Length() > 0
	warned := doc.Find("dialog#idle").Length() == 1
	if signedIn != warned && (warned || !strings.Contains(p.Name, "adviser")) {
		t.Error("a customer who is signed in can sign out, and is warned before the session ends")
	}
}

func checkLanguages(t *testing.T, p page, doc *goquery.Document) {
	t.Helper()
	other := i18n.Languages()[0]
	if p.Lang == other {
		other = i18n.Languages()[1]
	}
	if got := doc.Find("nav.language a, nav.language button").AttrOr("lang", ""); got != other {
		t.Errorf("the language switch leads to %q", got)
	}
}

// checkRegister checks that a page names the register in full before it says "the register".
func checkRegister(t *testing.T, doc *goquery.Document) {
	t.Helper()

	var words []string
	for _, body := range doc.Find("body").Nodes {
		for node := range body.Descendants() {
			if node.Type == html.TextNode {
				words = append(words, strings.Fields(node.Data)...)
			}
		}
	}

	first := strings.ToLower(register.FindString(strings.Join(words, " ")))
	if first == "register" || first == "gofrestr" || first == "cofrestr" {
		t.Errorf("the page says %q before it names the register in full", first)
	}
}
