package e2e

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// visitor is a customer without a browser.
type visitor struct {
	*testing.T
	http.Client
	base string
	// token is the form token of the last page.
	token string
}

func newVisitor(t *testing.T, base string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}

	return &visitor{T: t, base: base, Client: http.Client{Jar: jar, Timeout: time.Minute}}
}

// enterNumber enters the meter point and confirms it.
func (v *visitor) enterNumber() {
	v.Helper()
	v.send("/portal/meter", url.Values{"number": {demoMPxN}, "confirmed": {"yes"}})
}

// prove asks for a letter.
func (v *visitor) prove() {
	v.Helper()
	v.send("/portal/prove", url.Values{"method": {"magic-link"}})
}

// get returns a page.
func (v *visitor) get(path string) *goquery.Document {
	v.Helper()
	response, err := v.Client.Get(v.base + path)
	if err != nil {
		v.Fatal(err)
	}

	return v.read(response)
}

// send sends a form and returns the page that it leads to.
func (v *visitor) send(path string, form url.Values) *goquery.Document {
	v.Helper()
	form.Set("token", v.token)
	response, err := v.PostForm(v.base+path, form)
	if err != nil {
		v.Fatal(err)
	}

	return v.read(response)
}

// read parses the page of a response and keeps its form token.
func (v *visitor) read(response *http.Response) *goquery.Document {
	v.Helper()
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		v.Fatalf("%s: %s", response.Request.URL.Path, response.Status)
	}

	doc, err := goquery.NewDocumentFromReader(response.Body)
	if err != nil {
		v.Fatal(err)
	}

	v.token = doc.Find("input[name=token]").AttrOr("value", "")

	return doc
}

// page describes a page of the visit to Lighthouse.
func (v *visitor) page(name, path string) auditedPage {
	v.Helper()
	u, err := url.Parse(v.base + path)
	if err != nil {
		v.Fatal(err)
	}

	var cookies []string
	for _, cookie := range v.Jar.Cookies(u) {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}

	return auditedPage{
		Name:   name,
		URL:    u.String(),
		Cookie: strings.Join(cookies, "; "),
		Hidden: true,
	}
}
