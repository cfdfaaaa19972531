package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/registerclient"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

func TestLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	lang := func(p *page) string { return p.doc.Find("html").AttrOr("lang", "") }
	if got := lang(b.get("/portal")); got != "en" {
		t.Errorf("by default: %s", got)
	}

	b.header.Set("Accept-Language", "cy-GB,cy;q=0.9,en;q=0.5")
	if got := lang(b.get("/portal")); got != "cy" {
		t.Errorf("a Welsh browser: %s", got)
	}

	b.header.Set("Accept-Language", ";;q=zz,,*")
	if got := lang(b.get("/portal")); got != "en" {
		t.Errorf("a broken header: %s", got)
	}
	if got := lang(b.get("/portal?lang=cy")); got != "cy" {
		t.Errorf("asked for: %s", got)
	}
	if got := lang(b.post("/portal/meter", url.Values{})); got != "cy" {
		t.Errorf("remembered: %s", got)
	}
	if got := lang(b.get("/portal?lang=xx")); got != "cy" {
		t.Errorf("a language that is none: %s", got)
	}
	if got := lang(b.get("/portal/nowhere")); got != "cy" {
		t.Errorf("an error page: %s", got)
	}
	if got := lang(b.get("/portal?lang=en")); got != "en" {
		t.Errorf("asked for again: %s", got)
	}
}

// A page that answers a form cannot be fetched again. Its language switch sends the number along, in the body.
func TestLanguageSwitchKeepsTheNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct {
		form   url.Values
		status int
		title  string
	}{
		"a number to be checked":    {url.Values{"number": {"2312345678901"}}, 200, "check.title"},
		"a number that is wrong":    {url.Values{"number": {"12 34x"}}, 422, "start.title"},
		"a number without a record": {url.Values{"number": {"1234567"}}, 200, "norecord.title"},
	} {
		b := w.browser(t)
		p := b.post("/portal/meter", test.form)
		form := p.doc.Find("nav.language form")
		if form.AttrOr("action", "") != "/portal/meter" || form.AttrOr("method", "") != "post" {
			t.Errorf("%s: the switch is no form", name)
			continue
		}

		sent := url.Values{"lang": {form.Find("button").AttrOr("value", "")}}
		form.Find("input").Each(func(_ int, field *goquery.Selection) {
			sent.Set(field.AttrOr("name", ""), field.AttrOr("value", ""))
		})
		if sent.Get("number") != test.form.Get("number") {
			t.Errorf("%s: the switch sends %v", name, sent)
		}

		p = b.post("/portal/meter", sent)
		got, want := p.doc.Find("h1").Text(), i18n.For("cy").T(test.title)
		if p.StatusCode != test.status || got != want {
			t.Errorf("%s: %d %q, want %q", name, p.StatusCode, got, want)
		}
		if lang := b.get("/portal").doc.Find("html").AttrOr("lang", ""); lang != "cy" {
			t.Errorf("%s: the language is forgotten", name)
		}
	}

	b := w.browser(t)
	b.header.Set("Sec-Fetch-Site", "cross-site")
	p := b.post("/portal/meter", url.Values{"lang": {"cy"}, "number": {"2312345678901"}})
	if p.StatusCode != 403 || p.Header.Get("Set-Cookie") != "" {
		t.Errorf("another site switched the language: %d", p.StatusCode)
	}
}

func TestLanguagesOfAnOperator(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		languages []string
		query     string
		prefers   string // Accept-Language
		cookie    string
		want      string
		other     string // the language that the page leads to
	}{
		{"Welsh first, to an English browser", []string{"cy", "en"}, "", "en-GB,en;q=0.9", "", "cy", "en"},
		{"Welsh first, to a browser that says nothing", []string{"cy", "en"}, "", "", "", "cy", "en"},
		{"Welsh first, and English asked for", []string{"cy", "en"}, "?lang=en", "en-GB", "", "en", "cy"},
		{"Welsh first, and English remembered", []string{"cy", "en"}, "", "en-GB", "en", "en", "cy"},
		{"English first, to a Welsh browser", []string{"en", "cy"}, "", "cy", "", "cy", "en"},
		{"English first, to a French browser", []string{"en", "cy"}, "", "fr", "", "en", "cy"},
		{"English alone", []string{"en"}, "", "cy", "", "en", ""},
		{"English alone, and Welsh asked for", []string{"en"}, "?lang=cy", "cy", "", "en", ""},
		{"English alone, and Welsh remembered", []string{"en"}, "", "cy", "cy", "en", ""},
		{"Welsh alone", []string{"cy"}, "?lang=en", "en", "en", "cy", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			options := Options{
				Register:   new(registerclient.Client),
				SessionKey: sessionKey,
				Operator:   "advice",
				Brand:      views.Brand{Name: "Advice", WelshName: "Cyngor", Languages: test.languages},
			}
			options.DB = newDatabase(t)
			portal, err := New(options)
			if err != nil {
				t.Fatal(err)
			}

			r := httptest.NewRequest(http.MethodGet, "/portal"+test.query, nil)
			r.Header.Set("Accept-Language", test.prefers)
			if test.cookie != "" {
				r.AddCookie(&http.Cookie{Name: "lang", Value: test.cookie})
			}

			w := httptest.NewRecorder()
			portal.ServeHTTP(w, r)
			doc, err := goquery.NewDocumentFromReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := doc.Find("html").AttrOr("lang", ""); got != test.want {
				t.Errorf("the page is in %q, want %s", got, test.want)
			}
			if got := doc.Find("nav.language a").AttrOr("lang", ""); got != test.other {
				t.Errorf("the page leads to %q, want %q", got, test.other)
			}
			got, want := doc.Find(".brand span").Text(), map[string]string{"en": "Advice", "cy": "Cyngor"}[test.want]
			if got != want {
				t.Errorf("the operator is called %q, want %q", got, want)
			}
		})
	}
}
