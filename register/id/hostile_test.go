package id_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
)

// hostileTexts are what a program sends where a form or an address has something else.
var hostileTexts = []string{
	"", " ", "a", "\x00", "\xff\xfe", "%00", "../../admin",
	"cnt_" + strings.Repeat("0", 24), "' OR 1=1 --", "<script>",
	strings.Repeat("A", 4000), "\u202e2345", "２３４５", "2345\r\nSet-Cookie: a=b", "{\"a\":1}", "2 3 4 5", "💡💡💡💡",
}

// Nothing that a program sends to the page of a letter or of the customer's own contacts is an error of the register,
// or decides anything.
func TestHostileInputOfContactPages(t *testing.T) {
	t.Parallel()
	a := newAsked(t, registertest.SQLite)
	visitor := a.Browser(t)
	form := a.visit(t, visitor).Page.Find(`input[name="form"]`).First().AttrOr("value", "")
	reader := a.Browser(t)
	reader.Open(a.link)
	secret := a.link[strings.Index(a.link, "token=")+len("token="):]

	own := func() http.Header {
		return http.Header{
			"Origin": {registertest.PublicURL}, "Sec-Fetch-Site": {"same-origin"},
			"Content-Type": {"application/x-www-form-urlencoded"},
		}
	}
	expect := func(page *registertest.Shown, what, text string) {
		t.Helper()
		if page.Status >= http.StatusInternalServerError || page.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s %q: status %d", what, text, page.Status)
		}
	}
	for _, text := range hostileTexts {
		escaped := url.PathEscape(text)
		query := url.QueryEscape(text)
		expect(a.Browser(t).Open(letterPage+"?token="+query), "a secret", text)
		expect(visitor.Open(contactsPage+"?done="+query), "what was done", text)
		expect(visitor.Open(contactsPage+"/"+escaped+"/remove"), "a contact to remove", text)
		for _, action := range []string{"yes", "no", "keep", "remove"} {
			body := "form=" + url.QueryEscape(form) + "&page=" + query
			page := visitor.Do(http.MethodPost, contactsPage+"/"+escaped+"/"+action, []byte(body), own())
			expect(page, action, text)
		}

		for _, body := range []string{
			"form=" + query + "&code=" + a.code,
			"form=" + formTokenOf(secret) + "&code=" + query,
			"form=" + formTokenOf(secret) + "&code=&code=" + a.code,
			query,
		} {
			for _, action := range []string{letterPage, letterPage + "/decline"} {
				expect(reader.Do(http.MethodPost, action, []byte(body), own()), body, text)
			}
		}
	}
	a.expectState(t, store.ContactProvisional)
}
