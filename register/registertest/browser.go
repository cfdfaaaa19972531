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

// PublicURL is where a register under test stands for browsers. A Browser finds it there, whatever its port is.
const PublicURL = "http://localhost:5001"

// Browser is what a customer opens the pages of the id origin in. It keeps cookies, follows redirects as long as they
// stay on that origin, and says of each request what browsers say of it (Fetch Metadata Request Headers). It runs no
// scripts: Fetch is what a script does.
type Browser struct {
	// Header is sent with every request, over what the browser would say itself. A value of nil is not sent.
	Header http.Header

	t      testing.TB
	client *http.Client
}

// Shown is what a browser got: a page, or the way to another site.
type Shown struct {
	Status int
	Header http.Header
	Body   []byte
	// URL is the address that the answer came from, after the redirects.
	URL *url.URL
	// Away is where a redirect to another site leads, which the browser does not follow; empty where there is none.
	Away string
	// Page is the document, to look in by selector; it is empty where the answer is no HTML.
	Page *goquery.Document
}

// Text is what the page's main content says, with single spaces.
func (s *Shown) Text() string { return strings.Join(strings.Fields(s.Page.Find("main").Text()), " ") }

// Browser is a customer's browser, without cookies.
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

// On is the same browser, its cookies too, when a load balancer leads it to another replica.
func (b *Browser) On(replica *Register) *Browser {
	b.t.Helper()
	other := *b
	other.client = &http.Client{Jar: b.client.Jar, Transport: replica.origin(b.t), CheckRedirect: stayOnOrigin}
	return &other
}

// origin reaches the register under its public address, and nothing else.
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

func stayOnOrigin(request *http.Request, via []*http.Request) error {
	if request.URL.Scheme+"://"+request.URL.Host != PublicURL || len(via) > 5 {
		return http.ErrUseLastResponse
	}
	return nil
}

// Cookie is the value of a cookie, empty where there is none.
func (b *Browser) Cookie(name string) string {
	public, _ := url.Parse(PublicURL + "/id/")
	for _, cookie := range b.client.Jar.Cookies(public) {
		if cookie.Name == name {
			return cookie.Value
		}
	}

	return ""
}

// SetCookie plants a cookie.
func (b *Browser) SetCookie(name, value string) {
	public, _ := url.Parse(PublicURL)
	b.client.Jar.SetCookies(public, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// Open follows a link from a mail or from another site. An address without a host is one of the register's.
func (b *Browser) Open(address string) *Shown {
	b.t.Helper()
	return b.Do(http.MethodGet, address, nil, http.Header{
		"Sec-Fetch-Site": {
			"cross-site",
		},
		"Sec-Fetch-Mode": {"navigate"},
		"Sec-Fetch-User": {"?1"},
		"Sec-Fetch-Dest": {"document"},
	})
}

// Submit sends a form of a page by hand: the one that goes to this action, or has a button that does, with its hidden
// fields and these.
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
		"Content-Type": {"application/x-www-form-urlencoded"},
		"Origin":       {PublicURL},
		"Sec-Fetch-Site": {
			"same-origin",
		},
		"Sec-Fetch-Mode": {"navigate"},
		"Sec-Fetch-User": {"?1"},
		"Sec-Fetch-Dest": {"document"},
	})
}

// Fetch posts JSON, as a script of a page does.
func (b *Browser) Fetch(address string, body []byte) *Shown {
	b.t.Helper()
	return b.Do(http.MethodPost, address, body, http.Header{
		"Content-Type": {"application/json"}, "Origin": {PublicURL},
		"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"},
	})
}

// Do sends any request, with these headers under those of the browser.
func (b *Browser) Do(method, address string, body []byte, header http.Header) *Shown {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = PublicURL + address
	}

	request, err := http.NewRequestWithContext(b.t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}

	for _, some := range []http.Header{header, b.Header} {
		for name, values := range some {
			if request.Header[name] = values; values == nil {
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
