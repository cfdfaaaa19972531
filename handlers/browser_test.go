package handlers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"central.consent/dar/views/i18n"
)

// browser is a customer's browser. It checks that no response holds one of the two secrets.
type browser struct {
	*http.Client
	t     testing.TB
	world *world
	base  string
	// header is added to every request.
	header http.Header
}

// browsers counts the browsers, so that each gets an address of its own.
var browsers atomic.Int64

func (w *world) browser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}

	return &browser{
		Client: &http.Client{
			Jar:           jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		t:      t,
		world:  w,
		base:   w.server.URL,
		header: http.Header{"X-Forwarded-For": {fmt.Sprintf("2001:db8:%x::1", browsers.Add(1))}},
	}
}

// page is one response.
type page struct {
	*http.Response
	body string
	doc  *goquery.Document
}

func (b *browser) do(method, path string, form url.Values) *page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	if form != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}

	response, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}

	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}

	p := &page{Response: response, body: string(body)}
	if p.doc, err = goquery.NewDocumentFromReader(bytes.NewReader(body)); err != nil {
		b.t.Fatal(err)
	}

	b.check(p)

	return p
}

// check fails the test if a response holds what no response may hold.
func (b *browser) check(p *page) {
	b.t.Helper()
	var head bytes.Buffer
	if err := p.Header.Write(&head); err != nil {
		b.t.Fatal(err)
	}
	if strings.Contains(head.String()+p.body, "mlr_") {
		b.t.Errorf("%s %s answers with a token-ref", p.Request.Method, p.Request.URL.Path)
	}
	if strings.Contains(head.String(), b.world.meterPoint) {
		b.t.Errorf("%s %s has the meter point in a header", p.Request.Method, p.Request.URL.Path)
	}

	p.doc.Find("[href],[src],[action],[hx-get],[hx-post]").Each(func(_ int, s *goquery.Selection) {
		for _, name := range []string{"href", "src", "action", "hx-get", "hx-post"} {
			if strings.Contains(s.AttrOr(name, ""), b.world.meterPoint) {
				b.t.Errorf("%s %s has the meter point in an address", p.Request.Method, p.Request.URL.Path)
			}
		}
	})
	for _, inner := range []string{"inner canary", "SRV001", "goroutine", "sql:", "dial tcp"} {
		if strings.Contains(p.body, inner) {
			b.t.Errorf("%s %s shows %q", p.Request.Method, p.Request.URL.Path, inner)
		}
	}
}

func (b *browser) get(path string) *page { b.t.Helper(); return b.do(http.MethodGet, path, nil) }

func (b *browser) post(path string, form url.Values) *page {
	b.t.Helper()
	return b.do(http.MethodPost, path, form)
}

// follow follows redirects, and returns the last page.
func (b *browser) follow(p *page) *page {
	b.t.Helper()
	for range 6 {
		to := p.Header.Get("Location") + p.Header.Get("HX-Redirect")
		if to == "" {
			return p
		}

		p = b.get(to)
	}

	b.t.Fatalf("redirected without end, at last to %s", p.Header.Get("Location"))

	return nil
}

// session returns the value of the session's cookie; empty if there is none.
func (b *browser) session() string {
	b.t.Helper()
	address, err := url.Parse(b.base + DefaultBase)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, cookie := range b.Jar.Cookies(address) {
		if cookie.Name == "portal_session" {
			return cookie.Value
		}
	}

	return ""
}

func (b *browser) setSession(value string) {
	b.t.Helper()
	address, err := url.Parse(b.base + DefaultBase)
	if err != nil {
		b.t.Fatal(err)
	}

	b.Jar.SetCookies(address, []*http.Cookie{{Name: "portal_session", Value: value, Path: "/"}})
}

// token returns the form token of a page.
func (p *page) token(t testing.TB) string {
	t.Helper()
	token, ok := p.doc.Find("input[name=token]").Attr("value")
	if !ok || token == "" {
		t.Fatalf("%s has no form token", p.Request.URL.Path)
	}

	return token
}

// wants checks the status, and the title of the page by its text key.
func (p *page) wants(t testing.TB, status int, title string) *page {
	t.Helper()
	if p.StatusCode != status {
		t.Fatalf(
			"%s %s answers %d, want %d: %s",
			p.Request.Method,
			p.Request.URL.Path,
			p.StatusCode,
			status,
			p.doc.Find("h1").Text(),
		)
	}
	if got, want := strings.TrimSpace(p.doc.Find("h1").First().Text()), i18n.For("en").T(title); got != want {
		t.Fatalf("%s %s is headed %q, want %q", p.Request.Method, p.Request.URL.Path, got, want)
	}

	return p
}

// blames checks the text of the error summary by its key, and that it leads to an existing element.
func (p *page) blames(t testing.TB, target, mistake string) *page {
	t.Helper()
	link := p.doc.Find("#error-summary a")
	if got, want := link.Text(), i18n.For("en").T(mistake); got != want {
		t.Errorf("the summary says %q, want %q", got, want)
	}
	if got := link.AttrOr("href", ""); got != target || p.doc.Find(target).Length() != 1 {
		t.Errorf("the summary leads to %q, want %s", got, target)
	}

	return p
}

func (p *page) sendsTo(t testing.TB, path string) *page {
	t.Helper()
	if got := p.Header.Get("Location"); p.StatusCode != http.StatusSeeOther || got != path {
		t.Fatalf(
			"%s %s answers %d to %q, want 303 to %s: %s",
			p.Request.Method,
			p.Request.URL.Path,
			p.StatusCode,
			got,
			path,
			p.doc.Find("h1").Text(),
		)
	}

	return p
}

// start enters the meter point number, and returns the page that asks for a proof.
func (b *browser) start() *page {
	b.t.Helper()
	b.post("/portal/meter", url.Values{"number": {b.world.meterPoint}, "confirmed": {"yes"}}).
		sendsTo(b.t, "/portal/prove")
	return b.get("/portal/prove").wants(b.t, 200, "prove.title")
}

// prove starts a proof by mail.
func (b *browser) prove() {
	b.t.Helper()
	token := b.start().token(b.t)
	b.post("/portal/prove", url.Values{"token": {token}, "method": {"magic-link"}}).sendsTo(b.t, "/portal/waiting")
}

// confirm lets the customer confirm.
func (b *browser) confirm() {
	b.t.Helper()
	b.world.register.Confirm(b.t, b.world.wire.tokenRef())
}

// signIn walks the whole journey, and returns the page with the records.
func (b *browser) signIn() *page {
	b.t.Helper()
	b.prove()
	b.confirm()
	return b.follow(b.get("/portal/waiting/check")).wants(b.t, 200, "records.title")
}

// withdrawPath returns the path of the first record that the page offers to stop.
func (p *page) withdrawPath(t testing.TB) string {
	t.Helper()
	path, ok := p.doc.Find(`a[href$="/withdraw"]`).Attr("href")
	if !ok {
		t.Fatal("the page offers nothing to stop")
	}

	return path
}

func (b *browser) code() string {
	b.t.Helper()
	code := b.get("/portal/waiting").wants(b.t, 200, "waiting.magic-link.title").doc.Find(".match-code").Text()
	if len(code) != 4 {
		b.t.Fatalf("the code is %q", code)
	}

	return code
}

// askForPasskey starts a proof by passkey, and returns the redirect.
func (b *browser) askForPasskey() *page {
	b.t.Helper()
	return b.post("/portal/prove", url.Values{"token": {b.start().token(b.t)}, "method": {"passkey-assert"}})
}

// adviser returns the browser of an adviser who has given the secret.
func (w *world) adviser(t testing.TB) *browser {
	t.Helper()
	b := w.browser(t)
	b.get("/portal/adviser").sendsTo(t, "/portal/adviser/sign-in")
	b.get("/portal/adviser/sign-in").wants(t, 200, "adviser.signin.title")
	b.post("/portal/adviser/sign-in", url.Values{"secret": {adviserSecret}}).sendsTo(t, "/portal/adviser")

	return b
}

// help walks the whole journey for a customer, and returns the page with the records.
func (b *browser) help() *page {
	b.t.Helper()
	b.post("/portal/adviser/meter", url.Values{"number": {b.world.meterPoint}, "confirmed": {"yes"}}).
		sendsTo(b.t, "/portal/adviser/prove")
	token := b.get("/portal/adviser/prove").wants(b.t, 200, "prove.title.adviser").token(b.t)
	b.post("/portal/adviser/prove", url.Values{"token": {token}, "method": {"magic-link"}}).
		sendsTo(b.t, "/portal/adviser/waiting")
	b.confirm()

	return b.follow(b.get("/portal/adviser/waiting/check")).wants(b.t, 200, "records.title")
}

// loopbackJar sends Secure cookies to a loopback address too, as Chromium does.
type loopbackJar struct{ http.CookieJar }

func (j loopbackJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, cookie := range cookies {
		cookie.Secure = false
	}
	j.CookieJar.SetCookies(u, cookies)
}

// frame returns the browser of a customer who sees the embedded pages in another site's frame.
func (w *world) frame(t testing.TB) *browser {
	t.Helper()
	b := w.browser(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}

	b.Jar = loopbackJar{jar}
	b.header.Set("Sec-Fetch-Dest", "iframe")

	return b
}

// signInFramed walks the whole journey in a frame, and returns the page with the records.
func (b *browser) signInFramed() *page {
	b.t.Helper()
	b.get("/portal/embed?lang=en").wants(b.t, 200, "start.title")
	b.post("/portal/embed/meter", url.Values{"number": {b.world.meterPoint}, "confirmed": {"yes"}}).
		sendsTo(b.t, "/portal/embed/prove")
	token := b.get("/portal/embed/prove").wants(b.t, 200, "prove.title").token(b.t)
	b.post("/portal/embed/prove", url.Values{"token": {token}, "method": {"magic-link"}}).
		sendsTo(b.t, "/portal/embed/waiting")
	b.confirm()

	return b.follow(b.get("/portal/embed/waiting/check")).wants(b.t, 200, "records.title")
}

// ticket gets a ticket for the first record that can be stopped, and returns its address.
func (b *browser) ticket(records *page) string {
	b.t.Helper()
	path := records.withdrawPath(b.t)
	leave := b.get(path)
	if leave.StatusCode != 200 || leave.doc.Find("form[data-new-tab]").Length() != 1 {
		b.t.Fatalf("%s answers %d", path, leave.StatusCode)
	}

	p := b.post(strings.TrimSuffix(path, "withdraw")+"ticket", url.Values{"token": {leave.token(b.t)}})
	address := p.Header.Get("Location")
	if p.StatusCode != http.StatusCreated || p.doc.Find(`a[target=_blank][href="`+address+`"]`).Length() != 1 {
		b.t.Fatalf("the ticket's form answers %d, to %q", p.StatusCode, address)
	}

	return address
}

// useTicket follows a ticket's address in a tab of the portal's own, and presses the button.
func (b *browser) useTicket(address string) *page {
	b.t.Helper()
	b.get(address).sendsTo(b.t, "/portal/ticket")
	asked := b.get("/portal/ticket").wants(b.t, 200, "embed.ticket.title")
	return b.post("/portal/ticket", url.Values{"token": {asked.token(b.t)}})
}

// pagesOf walks the journey of one kind of pages, and calls visit with every page on the way.
func (b *browser) pagesOf(base string, visit func(*page)) {
	b.t.Helper()
	visit(b.get(base))
	visit(b.get(base + "/nowhere"))
	visit(b.follow(b.get(base + "/records")))
	visit(b.get(base + "/prove"))
	visit(b.post(base+"/meter", url.Values{"number": {"12"}}))
	visit(b.post(base+"/meter", url.Values{"number": {b.world.meterPoint}}))
	b.post(base+"/meter", url.Values{"number": {b.world.meterPoint}, "confirmed": {"yes"}}).sendsTo(b.t, base+"/prove")

	prove := b.get(base + "/prove")
	visit(prove)
	visit(b.post(base+"/prove", url.Values{"token": {prove.token(b.t)}}))
	b.post(base+"/prove", url.Values{"token": {prove.token(b.t)}, "method": {"magic-link"}}).
		sendsTo(b.t, base+"/waiting")
	visit(b.get(base + "/waiting"))
	b.confirm()

	records := b.follow(b.get(base+"/waiting/check")).wants(b.t, 200, "records.title")
	visit(records)
	visit(b.get(records.withdrawPath(b.t)))
	visit(b.post(base+"/records/nowhere/withdraw", url.Values{"token": {records.token(b.t)}}))

	b.post(base+"/sign-out", url.Values{"token": {records.token(b.t)}}).sendsTo(b.t, base+"/signed-out")
	visit(b.get(base + "/signed-out"))
}
