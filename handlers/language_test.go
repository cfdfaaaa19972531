package handlers

import (
	"net/url"
	"testing"

	"github.com/PuerkitoBio/goquery"

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

// A page that answered a form cannot be fetched again. Its language switch carries the number along, in the body.
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
		if got, want := p.doc.Find("h1").
			Text(),
			i18n.For("cy").
				T(test.title); p.StatusCode != test.status ||
			got != want {
			t.Errorf("%s: %d %q, want %q", name, p.StatusCode, got, want)
		}
		if lang := b.get("/portal").doc.Find("html").AttrOr("lang", ""); lang != "cy" {
			t.Errorf("%s: the language is forgotten", name)
		}
	}

	b := w.browser(t)
	b.header.Set("Sec-Fetch-Site", "cross-site")
	if p := b.post(
		"/portal/meter",
		url.Values{"lang": {"cy"}, "number": {"2312345678901"}},
	); p.StatusCode != 403 ||
		p.Header.Get("Set-Cookie") != "" {
		t.Errorf("another site switched the language: %d", p.StatusCode)
	}
}
