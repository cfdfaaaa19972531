package main

import (
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/registerclient"
)

// open opens a page as a browser does, and wants this status.
func open(t *testing.T, browser *http.Client, address string, status int) (*http.Response, *goquery.Document) {
	t.Helper()
	response, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}

	return read(t, response, status)
}

func read(t *testing.T, response *http.Response, status int) (*http.Response, *goquery.Document) {
	t.Helper()
	defer response.Body.Close()
	page, err := goquery.NewDocumentFromReader(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status {
		t.Fatalf("%s answered %d, want %d: %s", response.Request.URL.Path, response.StatusCode, status, page.Text())
	}

	return response, page
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}

	return &http.Client{Jar: jar}
}

// letterOf waits for the newest letter in the inbox, and opens it.
func letterOf(t *testing.T, browser *http.Client, base string) (address string, letter *goquery.Document) {
	t.Helper()
	for {
		_, list := open(t, browser, base+inboxPath, http.StatusOK)
		if href, ok := list.Find("main h2 a").First().Attr("href"); ok {
			_, letter = open(t, browser, base+href, http.StatusOK)
			return base + href, letter
		}
		select {
		case <-t.Context().Done():
			t.Fatal("no letter came")
		case <-time.After(20 * time.Millisecond): // as a person looks again
		}
	}
}

func TestLiveDemonstrationAsksByMail(t *testing.T) {
	t.Parallel()
	base, _ := demo(t, options{dataDir: t.TempDir(), reidentification: "live"})
	portal, err := clientOf(base+"/v1", publishedPortal(t))
	if err != nil {
		t.Fatal(err)
	}

	started, err := portal.Reidentify(
		t.Context(),
		registerclient.ReidentifyRequest{
			MPxN:      meterPoint,
			Method:    registerclient.MethodMagicLink,
			MatchCode: true,
			Language:  "en",
		},
	)
	if err != nil {
		t.Fatal(err)
	}

	status := func(want registerclient.ReidentificationStatus) {
		t.Helper()
		if got, err := portal.ReidentificationStatus(
			t.Context(),
			started.TokenRef(),
		); err != nil ||
			got.Status != want {
			t.Fatalf("%v: %v, want %s", got, err, want)
		}
	}

	browser := newBrowser(t)
	address, letter := letterOf(t, browser, base)
	text := letter.Find("pre").Text()
	for _, want := range []string{publishedPortal(t).DisplayName, "Ends in 901"} {
		if !strings.Contains(text, want) {
			t.Errorf("the letter does not have %q:\n%s", want, text)
		}
	}

	if strings.Contains(text, started.MatchCode) {
		t.Error("the letter tells the match code")
	}
	if facts := letter.Find("dl").
		Text(); !strings.Contains(facts, "no-reply@central.consent") || !strings.Contains(facts, "demo.customer@example.com") ||
		!strings.Contains(facts, "en") {
		t.Errorf("the letter is described as %q", facts)
	}

	link := letter.Find(`pre a[href^="` + base + `/id/link?"]`)
	if link.Length() != 1 {
		t.Fatalf("%d links to confirm by", link.Length())
	}

	_, html := open(t, browser, address+"/html", http.StatusOK)
	if button := html.Find(`a[href="` + link.AttrOr("href", "") + `"]`); button.Length() == 0 {
		t.Error("the HTML part leads elsewhere")
	}

	_, page := open(t, browser, link.AttrOr("href", ""), http.StatusOK)
	status(registerclient.StatusPending)
	response, err := browser.PostForm(base+page.Find("form").First().AttrOr("action", ""), url.Values{
		"form": {page.Find("form input[name=form]").First().AttrOr("value", "")}, "code": {started.MatchCode},
	})
	if err != nil {
		t.Fatal(err)
	}

	read(t, response, http.StatusOK)
	status(registerclient.StatusConfirmed)

	_, page = open(t, browser, base+"/portal", http.StatusOK)
	if got := page.Find(
		".demonstration",
	); !strings.Contains(got.Text(), "invented") || strings.Contains(got.Text(), "Nobody checks") ||
		got.Find("a").AttrOr("href", "") != inboxPath {
		t.Errorf("the portal says of itself %q", got.Text())
	}
}

func TestLiveDemonstrationComesBackOnAnotherPort(t *testing.T) {
	t.Parallel()
	o := options{dataDir: t.TempDir(), reidentification: "live"}
	for range 2 {
		base, stop := demo(t, o)
		portal, err := clientOf(base+"/v1", publishedPortal(t))
		if err != nil {
			t.Fatal(err)
		}

		back := base + "/portal/return"
		self, err := portal.ReadSelf(t.Context())
		if err != nil || !slices.Equal(self.Account.ReturnURLs, []string{back}) {
			t.Errorf("registered are %v (%v), want %s", self.Account.ReturnURLs, err, back)
		}
		if _, err := portal.Reidentify(
			t.Context(),
			registerclient.ReidentifyRequest{
				MPxN:        meterPoint,
				Method:      registerclient.MethodMagicLink,
				RedirectURL: &back,
			},
		); err != nil {
			t.Fatal(err)
		}

		_, letter := letterOf(t, newBrowser(t), base)
		if letter.Find(`pre a[href^="`+base+`/id/link?"]`).Length() == 0 {
			t.Errorf("the letter leads elsewhere:\n%s", letter.Find("pre").Text())
		}

		stop()
		// Its port is taken now.
		taken, err := net.Listen("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}

		defer taken.Close()
	}
}

func TestLiveDemonstrationTellsWhereItsMailIs(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	go func() {
		writer.CloseWithError(
			run(t.Context(), []string{"--addr", "localhost:0", "--reidentification", "live"}, writer, io.Discard),
		)
	}()
	buffer := make([]byte, 4096)
	n, err := reader.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}

	go io.Copy(io.Discard, reader)
	told := string(buffer[:n])
	for _, want := range []string{`portal stands at http://localhost:\d+/portal\n`, `mail is read at http://localhost:\d+/demo/inbox\n`, `Passkeys work too: on localhost`} {
		if !regexp.MustCompile(want).MatchString(told) {
			t.Errorf("it does not tell %s:\n%s", want, told)
		}
	}
}

// caught serves the inbox of a catcher, into which each letter is put.
func caught(t *testing.T, letters ...string) *httptest.Server {
	t.Helper()
	c, err := catcher.Start(catcher.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { c.Close() })
	for _, letter := range letters {
		letter = strings.ReplaceAll(letter, "\n", "\r\n")
		if err := smtp.SendMail(
			c.Addr(),
			nil,
			"sender@example.com",
			[]string{"customer@example.com"},
			[]byte(letter),
		); err != nil {
			t.Fatal(err)
		}
	}

	server := httptest.NewServer(inbox(c))
	t.Cleanup(server.Close)
	return server
}

// hostile is a letter that wants to be more than one.
const hostile = `Subject: <script>alert(1)</script>
Content-Language: en"><script>alert(2)</script>
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain; charset=utf-8

<script>alert(3)</script> javascript:alert(4) http://a.example/"onclick="alert(5) see https://b.example/x?a=1&b=2.
--x
Content-Type: text/html; charset=utf-8

<html><head><base href="https://evil.example/"><script>alert(6)</script></head><body><a href="/id/link?token=x">Yes</a></body></html>
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
	if want := []string{"http://a.example/", "https://b.example/x?a=1&b=2"}; !slices.Equal(links, want) {
		t.Errorf("links are %q, want %q", links, want)
	}
	if got := page.Find("pre").
		Text(); !strings.Contains(
		got,
		`<script>alert(3)</script> javascript:alert(4) http://a.example/"onclick="alert(5) see https://b.example/x?a=1&b=2.`,
	) {
		t.Errorf("the text is %q", got)
	}
}

func TestHTMLPartsAreSandboxed(t *testing.T) {
	t.Parallel()
	server := caught(t, hostile)
	response, part := open(t, server.Client(), server.URL+inboxPath+"/1/html", http.StatusOK)
	h := response.Header
	policy := strings.Split(h.Get("Content-Security-Policy"), "; ")
	for _, want := range []string{"sandbox allow-popups allow-top-navigation-by-user-activation", "default-src 'none'", "style-src 'unsafe-inline'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'"} {
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

// The inbox sends what the register's pages for customers send, and what it says of itself stands on every page.
func TestInboxPagesAreAsStrictAsTheRegisters(t *testing.T) {
	t.Parallel()
	base, _ := demo(t, options{dataDir: t.TempDir(), reidentification: "live"})
	register, _ := open(t, newBrowser(t), base+"/id/link?token=x", http.StatusGone)
	strict := register.Header
	server := caught(t, hostile)
	for path, status := range map[string]int{inboxPath: http.StatusOK, inboxPath + "/1": http.StatusOK, inboxPath + "/2": http.StatusNotFound} {
		response, page := open(t, server.Client(), server.URL+path, status)
		for _, name := range []string{"Permissions-Policy", "X-Frame-Options", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "X-Content-Type-Options", "Cache-Control"} {
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
			t.Errorf("%s: it may be indexed, or told to others", path)
		}
		if text := page.Find("header").
			Text(); !strings.Contains(text, "demonstration's own inbox") ||
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

func TestInboxIsReadOnThisMachineAlone(t *testing.T) {
	t.Parallel()
	c, err := catcher.Start(catcher.Options{})
	if err != nil {
		t.Fatal(err)
	}

	defer c.Close()
	for host, status := range map[string]int{
		"localhost:5001": 200, "localhost": 200, "127.0.0.1:5001": 200, "[::1]:5001": 200, "[::1]": 200,
		"evil.example:5001": 421, "localhost.evil.example": 421, "192.0.2.1:5001": 421, "": 421,
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
	if text := page.Find("main").
		Text(); !strings.Contains(text, "No mail is sent") || !strings.Contains(text, "make demo-live") ||
		response.Header.Get("Refresh") != "" {
		t.Errorf("it says %q", text)
	}
	if _, page = open(t, browser, base+"/portal", http.StatusOK); page.Find(`a[href="`+inboxPath+`"]`).Length() > 0 {
		t.Error("the portal leads to an inbox that is none")
	}
}

// publishedPortal is the account of the first operator.
func publishedPortal(t *testing.T) registerclient.CreateAccountRequest {
	t.Helper()
	all, err := theOperators()
	if err != nil {
		t.Fatal(err)
	}

	return portalAccount(all[0])
}
