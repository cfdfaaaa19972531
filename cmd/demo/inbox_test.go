package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/register/mail/catcher"
)

// hostile is a letter that tries to run scripts and to mislead.
const hostile = `Subject: <script>alert(1)</script>
Content-Language: en"><script>alert(2)</script>
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain; charset=utf-8

<script>alert(3)</script> javascript:alert(4) http://a.example/"onclick="alert(5) see https://b.example/x?a=1&b=2.
--x
Content-Type: text/html; charset=utf-8

<html><head><base href="https://evil.example/"><script>alert(6)</script></head>
<body><a href="/id/link?token=x">Yes</a></body></html>
--x--
`

func TestHostileLettersAreEscaped(t *testing.T) {
	t.Parallel()
	server := caught(t, hostile)
	for _, path := range []string{inboxPath, inboxPath + "/1"} {
		_, page := open(t, server.Client(), server.URL+path, http.StatusOK)
		if page.Find("script").Length() > 0 || page.Find("[onclick]").Length() > 0 {
			t.Errorf("%s runs what the letter says", path)
		}
		if !strings.Contains(page.Find("main").Text(), "<script>alert(1)</script>") ||
			!strings.Contains(page.Find("title, main").Text(), "alert(2)") {
			t.Errorf("%s does not show what the letter says", path)
		}
	}

	_, page := open(t, server.Client(), server.URL+inboxPath+"/1", http.StatusOK)
	var links []string
	page.Find("pre a").Each(func(_ int, a *goquery.Selection) { links = append(links, a.AttrOr("href", "")) })
	if !slices.Equal(links, []string{"http://a.example/", "https://b.example/x?a=1&b=2"}) {
		t.Errorf("links are %q", links)
	}

	const want = `<script>alert(3)</script> javascript:alert(4) http://a.example/"onclick="alert(5) ` +
		`see https://b.example/x?a=1&b=2.`
	if got := page.Find("pre").Text(); !strings.Contains(got, want) {
		t.Errorf("the text is %q", got)
	}
}

func TestHTMLPartsAreSandboxed(t *testing.T) {
	t.Parallel()
	server := caught(t, hostile)
	response, part := open(t, server.Client(), server.URL+inboxPath+"/1/html", http.StatusOK)
	h := response.Header
	policy := strings.Split(h.Get("Content-Security-Policy"), "; ")
	for _, want := range []string{
		"sandbox allow-popups allow-top-navigation-by-user-activation",
		"default-src 'none'",
		"style-src 'unsafe-inline'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'self'",
	} {
		if !slices.Contains(policy, want) {
			t.Errorf("the policy does not have %s: %s", want, policy)
		}
	}

	if h.Get("X-Frame-Options") != "SAMEORIGIN" || h.Get("X-Content-Type-Options") != "nosniff" ||
		h.Get("Cross-Origin-Opener-Policy") != "" {
		t.Errorf("headers %v", h)
	}
	if part.Find("base").First().AttrOr("target", "") != "_top" {
		t.Error("its links stay in the frame")
	}

	_, page := open(t, server.Client(), server.URL+inboxPath+"/1", http.StatusOK)
	frame := page.Find("iframe")
	if frame.AttrOr("src", "") != inboxPath+"/1/html" || frame.AttrOr("sandbox", "") != letterSandbox ||
		frame.AttrOr("title", "") == "" {
		html, _ := goquery.OuterHtml(frame)
		t.Errorf("the frame is %s", html)
	}
}

func TestInboxListsTheNewestFirst(t *testing.T) {
	t.Parallel()
	server := caught(t, "Subject: One\n\nHello\n", "Subject: Two\n\nHello\n", "To: x\n\nHello\n")
	response, page := open(t, server.Client(), server.URL+inboxPath, http.StatusOK)
	var subjects []string
	page.Find("main h2").Each(func(_ int, h *goquery.Selection) { subjects = append(subjects, h.Text()) })
	if want := []string{"(no subject)", "Two", "One"}; !slices.Equal(subjects, want) {
		t.Errorf("it lists %q, want %q", subjects, want)
	}
	if response.Header.Get("Refresh") == "" {
		t.Error("it does not look for new letters")
	}
	if _, page = open(t, server.Client(), server.URL+inboxPath+"/2", http.StatusOK); page.Find("iframe").Length() > 0 {
		t.Error("a letter without HTML has a frame")
	}
	for _, path := range []string{"/4", "/0", "/02", "/x", "/2/html", "/1/", "/1/../2", "/9999999999"} {
		open(t, server.Client(), server.URL+inboxPath+path, http.StatusNotFound)
	}

	_, page = open(t, server.Client(), caught(t).URL+inboxPath, http.StatusOK)
	if !strings.Contains(page.Find("main").Text(), "No letter has come yet") {
		t.Error("an empty inbox does not say so")
	}
}

// The inbox has the headers of the register's pages for customers, and every page says what the inbox is.
func TestInboxPagesAreAsStrictAsTheRegisters(t *testing.T) {
	t.Parallel()
	base, _ := demo(t, options{dataDir: t.TempDir(), reidentification: "live"})
	linkPage, _ := open(t, newBrowser(t), base+"/id/link?token=x", http.StatusGone)
	strict := linkPage.Header
	server := caught(t, hostile)
	for path, status := range map[string]int{
		inboxPath:        http.StatusOK,
		inboxPath + "/1": http.StatusOK,
		inboxPath + "/2": http.StatusNotFound,
	} {
		response, page := open(t, server.Client(), server.URL+path, status)
		for _, name := range []string{
			"Permissions-Policy",
			"X-Frame-Options",
			"Cross-Origin-Opener-Policy",
			"Cross-Origin-Resource-Policy",
			"X-Content-Type-Options",
			"Cache-Control",
		} {
			if got, want := response.Header.Get(name), strict.Get(name); got != want || got == "" {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}

		policy := response.Header.Get("Content-Security-Policy")
		for directive := range strings.SplitSeq(strict.Get("Content-Security-Policy"), "; ") {
			if !strings.HasPrefix(directive, "form-action") && !strings.Contains(policy, directive) {
				t.Errorf("%s: the policy does not have %s: %s", path, directive, policy)
			}
		}

		if response.Header.Get("Referrer-Policy") != "no-referrer" ||
			response.Header.Get("X-Robots-Tag") != "noindex" ||
			page.Find(`meta[name=robots][content=noindex]`).Length() != 1 {
			t.Errorf("%s: it may be indexed, or its address sent to others", path)
		}

		text := page.Find("header").Text()
		if !strings.Contains(text, "demonstration's own inbox") ||
			!strings.Contains(text, "No letter leaves this machine") {
			t.Errorf("%s says of itself %q", path, text)
		}
		if page.Find("h1").Length() != 1 || page.Find("script").Length() != 0 {
			t.Errorf("%s has %d h1 and %d scripts", path, page.Find("h1").Length(), page.Find("script").Length())
		}
	}

	style, _ := open(t, server.Client(), server.URL+inboxPath+".css", http.StatusOK)
	if got := style.Header.Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Errorf("the style is %q", got)
	}
}

func TestInboxIsReadOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	c, err := catcher.Start(catcher.Options{})
	if err != nil {
		t.Fatal(err)
	}

	defer c.Close()
	for host, status := range map[string]int{
		"localhost:5001":         200,
		"localhost":              200,
		"127.0.0.1:5001":         200,
		"[::1]:5001":             200,
		"[::1]":                  200,
		"evil.example:5001":      421,
		"localhost.evil.example": 421,
		"192.0.2.1:5001":         421,
		"":                       421,
	} {
		for path, letters := range map[string]int{inboxPath: status, inboxPath + "/1": max(status, 404)} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = host
			inbox(c).ServeHTTP(w, r)
			if w.Code != letters {
				t.Errorf("%s at %q: %d, want %d", path, host, w.Code, letters)
			}
		}
	}

	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "http://localhost"+inboxPath, nil)
	if inbox(nil).ServeHTTP(w, r); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, allowed %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestStubHasNoInbox(t *testing.T) {
	t.Parallel()
	base, _ := demo(t, options{dataDir: t.TempDir(), reidentification: "stub"})
	browser := newBrowser(t)
	response, page := open(t, browser, base+inboxPath, http.StatusOK)
	text := page.Find("main").Text()
	if !strings.Contains(text, "No mail is sent") || !strings.Contains(text, "make demo-live") ||
		response.Header.Get("Refresh") != "" {
		t.Errorf("it says %q", text)
	}
	if _, page = open(t, browser, base+"/portal", http.StatusOK); page.Find(`a[href="`+inboxPath+`"]`).Length() > 0 {
		t.Error("the portal leads to an inbox that is not there")
	}
}
