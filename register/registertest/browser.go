package registertest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// PublicURL is the address of a register under test for browsers. A Browser reaches the register at this address on
// any port.
const PublicURL = "http://localhost:5001"

// Browser is the browser of a customer on the identity pages. It keeps cookies, follows redirects within that origin,
// and sends the Fetch Metadata headers of a real browser. It runs no scripts; Fetch does what a script would do.
type Browser struct {
	// Header is sent with every request and replaces the browser's own headers. A nil value removes one.
	Header http.Header

	t      testing.TB
	client *http.Client
}

// Shown is a response as the browser shows it.
type Shown struct {
	Status int
	Header http.Header
	Body   []byte
	// URL is the address of the response, after the redirects.
	URL *url.URL
	// Away is the target of a redirect to another site, which the browser does not follow, or empty.
	Away string
	// Page is the document, for selectors. It is empty if the response is not HTML.
	Page *goquery.Document
}

// Text returns the words of the page's main content, with single spaces.
func (s *Shown) Text() string { return strings.Join(strings.Fields(s.Page.Find("main").Text()), " ") }

// Browser returns a new browser without cookies.
func (r *Register) Browser(t testing.TB) *Browser {
	t.Helper()

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}

	b := &Browser{t: t, Header: http.Header{}}
	b.client = &http.Client{Jar: jar, Transport: r.origin(t), CheckRedirect: stayOnOrigin}

	return b
}

// On returns the same browser, with its cookies, after a load balancer has sent it to another replica.
func (b *Browser) On(replica *Register) *Browser {
	b.t.Helper()

	other := *b
	other.client = &http.Client{Jar: b.client.Jar, Transport: replica.origin(b.t), CheckRedirect: stayOnOrigin}

	return &other
}

// origin returns a transport that connects to the register, for requests to any address.
func (r *Register) origin(t testing.TB) http.RoundTripper {
	t.Helper()

	server, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}

	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Host)
	}}
	t.Cleanup(transport.CloseIdleConnections)

	return transport
}

// stayOnOrigin stops at a redirect to another site.
func stayOnOrigin(request *http.Request, via []*http.Request) error {
	if request.URL.Scheme+"://"+request.URL.Host != PublicURL || len(via) > 5 {
		return http.ErrUseLastResponse
	}
	return nil
}

// Cookie returns the value of a cookie, or empty if there is none.
func (b *Browser) Cookie(name string) string {
	public, _ := url.Parse(PublicURL + "/id/")
	for _, cookie := range b.client.Jar.Cookies(public) {
		if cookie.Name == name {
			return cookie.Value
		}
	}

	return ""
}

// SetCookie sets a cookie.
func (b *Browser) SetCookie(name, value string) {
	public, _ := url.Parse(PublicURL)
	b.client.Jar.SetCookies(public, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// Open follows a link from a letter or from another site. An address without a host is one of the register's pages.
func (b *Browser) Open(address string) *Shown {
	b.t.Helper()

	return b.Do(http.MethodGet, address, nil, http.Header{
		"Sec-Fetch-Site": {"cross-site"},
		"Sec-Fetch-Mode": {"navigate"},
		"Sec-Fetch-User": {"?1"},
		"Sec-Fetch-Dest": {"document"},
	})
}

// Submit submits the form of a page that has this action, or a button with it. It sends the form's hidden fields and
// fields, which alternates names and values.
func (b *Browser) Submit(from *Shown, action string, fields ...string) *Shown {
	b.t.Helper()

	form := from.Page.Find(
		`form[method="post"][action="` + action + `"], form[method="post"]:has(button[formaction="` + action + `"])`,
	)
	if form.Length() != 1 {
		b.t.Fatalf("the page at %s has %d forms to %s", from.URL.Path, form.Length(), action)
	}

	values := url.Values{}
	form.Find("input[name]").Each(func(_ int, input *goquery.Selection) {
		values.Set(input.AttrOr("name", ""), input.AttrOr("value", ""))
	})
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}

	return b.Do(http.MethodPost, action, []byte(values.Encode()), http.Header{
		"Content-Type":   {"application/x-www-form-urlencoded"},
		"Origin":         {PublicURL},
		"Sec-Fetch-Site": {"same-origin"},
		"Sec-Fetch-Mode": {"navigate"},
		"Sec-Fetch-User": {"?1"},
		"Sec-Fetch-Dest": {"document"},
	})
}

// Fetch posts JSON, as a script of a page does.
func (b *Browser) Fetch(address string, body []byte) *Shown {
	b.t.Helper()

	return b.Do(http.MethodPost, address, body, http.Header{
		"Content-Type":   {"application/json"},
		"Origin":         {PublicURL},
		"Sec-Fetch-Site": {"same-origin"},
		"Sec-Fetch-Mode": {"cors"},
		"Sec-Fetch-Dest": {"empty"},
	})
}

// Do sends a request. Browser.Header replaces the headers that it is given.
func (b *Browser) Do(method, address string, body []byte, header http.Header) *Shown {
	b.t.Helper()

	if strings.HasPrefix(address, "/") {
		address = PublicURL + address
	}

	request, err := http.NewRequestWithContext(b.t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}

	for _, headers := range []http.Header{header, b.Header} {
		for name, values := range headers {
			request.Header[name] = values
			if values == nil {
				delete(request.Header, name)
			}
		}
	}

	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}

	defer response.Body.Close()

	shown := &Shown{Status: response.StatusCode, Header: response.Header, URL: response.Request.URL}
	if shown.Body, err = io.ReadAll(response.Body); err != nil {
		b.t.Fatal(err)
	}
	if location := response.Header.Get("Location"); response.StatusCode/100 == 3 && !strings.HasPrefix(location, "/") {
		shown.Away = location
	}

	text := shown.Body
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		text = nil
	}
	if shown.Page, err = goquery.NewDocumentFromReader(bytes.NewReader(text)); err != nil {
		b.t.Fatal(err)
	}

	return shown
}
