package main

import (
	"bytes"
	"compress/gzip"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/cmd/internal/operators"
	"central.consent/dar/static"
	"central.consent/dar/views/i18n"
	"central.consent/dar/views/ui"
)

// codes are the wire's words, none of which a customer may see.
var codes = regexp.MustCompile(
	`HH-|MTH-|ANNUAL-|TARIFF-|\buk-|\bsole\b|ACTIVE|REVOKED|EXPIRED|DISCOVERED|half-hourly-use|magic-link|passkey-assert|\bak_|\bmlr_|\b(ui|id|page|start|check|prove|waiting|records|withdrawn?|error)\.[a-z]`,
)

// brands are the product's own look and those of the demonstration's operators.
func brands(t *testing.T) []operators.Operator {
	t.Helper()
	all, err := operators.Load("../demo/operators/operators.toml")
	if err != nil {
		t.Fatal(err)
	}

	return append([]operators.Operator{ownLook}, all...)
}

// numbers are what could be a meter's.
var numbers = regexp.MustCompile(`\d[\d ]{4,}`)

func everyPage(t *testing.T) (all []page) {
	for _, o := range brands(t) {
		all = append(all, pages(o)...)
	}
	return all
}

// TestEveryPage holds every page in every state, language and brand to what all have in common.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	served := handler(brands(t)...)
	for _, p := range everyPage(t) {
		t.Run(p.Operator+" "+p.Lang+" "+p.Name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := p.Component.Render(t.Context(), &b); err != nil {
				t.Fatal(err)
			}

			doc, err := goquery.NewDocumentFromReader(&b)
			if err != nil {
				t.Fatal(err)
			}
			if got := doc.Find("html").AttrOr("lang", ""); got != p.Lang {
				t.Errorf("the page says that it is in %q", got)
			}
			if got := doc.Find("h1").Length(); got != 1 {
				t.Errorf("the page has %d h1", got)
			}

			// The browser's history keeps titles: they name neither a meter nor an organisation.
			title := doc.Find("title").Text()
			heading := doc.Find("h1")
			if private := heading.Find("bdi").Length() > 0; !private && !strings.Contains(title, heading.Text()) {
				t.Errorf("the title %q does not carry the heading %q", title, heading.Text())
			}
			if title != ui.Unmarked(title) || numbers.MatchString(title) {
				t.Errorf("the title %q is private", title)
			}

			doc.Find("main bdi").Each(func(_ int, name *goquery.Selection) {
				if strings.Contains(title, name.Text()) {
					t.Errorf("the title %q names %s", title, name.Text())
				}
			})
			if exit := doc.Find(`form#leave[method=post][target=_top]`).Length(); exit != 1 && !strings.HasPrefix(p.Name, "id ") {
				t.Errorf("the page has %d quick exits", exit)
			}
			if got, want := doc.Find(".demonstration").Length() == 1, strings.Contains(p.Name, "demo"); got != want {
				t.Errorf("the page says that it is a demonstration: %v", got)
			}
			if code := codes.FindString(doc.Find("title, body").Text()); code != "" {
				t.Errorf("the page shows %q", code)
			}

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
			doc.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
				if strings.HasPrefix(a.AttrOr("href", ""), "https:") && !a.HasClass("button") &&
					!strings.HasPrefix(a.AttrOr("rel", ""), "noreferrer noopener") {
					t.Errorf("%q tells where the customer came from", a.Text())
				}
			})
			if doc.Find("[style], [onclick], script:not([src]), style").Length() != 0 {
				t.Error("the content security policy forbids something on the page")
			}
			if footer := doc.Find(
				`footer a[href="/accessibility"]`,
			); footer.Length() != 1 &&
				!strings.HasPrefix(p.Name, "id ") {
				t.Error("the page does not lead to the accessibility statement")
			}

			doc.Find("link[rel=stylesheet], link[rel=icon], img, source").Each(func(_ int, s *goquery.Selection) {
				address := s.AttrOr("href", "") + s.AttrOr("src", "") + s.AttrOr("srcset", "")
				w := httptest.NewRecorder()
				if served.ServeHTTP(w, httptest.NewRequest("GET", address, nil)); w.Code != 200 {
					t.Errorf("%s answers %d", address, w.Code)
				}
			})
			other := i18n.Languages()[0]
			if p.Lang == other {
				other = i18n.Languages()[1]
			}
			if got := doc.Find("nav.language a, nav.language button").AttrOr("lang", ""); got != other {
				t.Errorf("the language switch leads to %q", got)
			}

			noindex := doc.Find(`meta[name="robots"][content="noindex"]`).Length() == 1
			if noindex == strings.HasPrefix(p.Name, "start") {
				t.Errorf("hidden from search engines: %v", noindex)
			}

			signedIn := doc.Find(`form[action$="/sign-out"] input[name="token"]`).Length() > 0
			if warned := doc.Find("dialog#idle").
				Length() ==
				1; signedIn != warned &&
				(warned || !strings.Contains(p.Name, "adviser")) {
				t.Error("a customer who is signed in can sign out, and is warned before the session ends")
			}
		})
	}
}

// TestWeight keeps the first visit to the list, with all that it loads, under 45 KB compressed.
func TestWeight(t *testing.T) {
	t.Parallel()
	total := 0
	for _, path := range []string{"/en/records-demo", "/static/" + static.URL("portal.css"), "/static/" + static.URL("portal.js"), "/static/" + static.URL("htmx.js"), "/static/" + static.URL("favicon.svg")} {
		w := httptest.NewRecorder()
		handler(ownLook).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 {
			t.Fatalf("%s answers %d", path, w.Code)
		}

		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		if _, err := w.Body.WriteTo(z); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}

		t.Logf("%s: %d bytes", path, zipped.Len())
		total += zipped.Len()
	}

	if total > 45*1000 {
		t.Errorf("the list weighs %d bytes", total)
	}
}

func TestIndexLeadsToEveryPage(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	handler(brands(t)...).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, p := range everyPage(t) {
		if !strings.Contains(w.Body.String(), `href="`+p.Path+`"`) {
			t.Errorf("the index does not lead to %s", p.Path)
		}
	}
}

// customers are words that only a customer can be told.
var customers = regexp.MustCompile(
	`(?i)\byour (meter|home|email|list|passkey|number|data|permission|reference|supplier|energy|code|fingerprint)\b|\bthat you live\b|\bit is you\b|\bsigned? you\b|\byou can confirm\b|\byou have confirmed\b`,
)

// TestAdvisersAreNotTakenForCustomers reads what advisers are told to do. Left out is what they read to the customer: where the
// number is, what stopping means, the page to hand over, and the list and advice that are the customer's own.
func TestAdvisersAreNotTakenForCustomers(t *testing.T) {
	t.Parallel()
	forCustomers := regexp.MustCompile(`^records|^adviser (withdraw( |$)|handover|help)`)
	for _, p := range pages(ownLook) {
		if p.Lang != "en" || !strings.Contains(p.Name, "adviser") || forCustomers.MatchString(p.Name) {
			continue
		}

		var b bytes.Buffer
		if err := p.Component.Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}

		doc, err := goquery.NewDocumentFromReader(&b)
		if err != nil {
			t.Fatal(err)
		}

		doc.Find(".find, .doors").Remove()
		if said := customers.FindString(doc.Find("main").Text()); said != "" {
			t.Errorf("%s says %q", p.Name, said)
		}
	}
}
