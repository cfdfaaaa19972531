package handlers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

	"central.consent/dar/static"
	"central.consent/dar/views/i18n"
)

// routes are the portal's, with a path that leads to each in a session that has a record to stop.
func (w *world) routes(handle string) map[string]*echo.Route {
	routes := map[string]*echo.Route{}
	for _, route := range w.echo.Routes() {
		path := strings.NewReplacer(":handle", handle, "static/*", "static/nothing.css").Replace(route.Path)
		routes[route.Method+" "+path] = route
	}

	return routes
}

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	records := b.signIn()
	path := records.withdrawPath(t)
	token := records.token(t)
	stranger := w.browser(t)
	strangersToken := stranger.start().token(t)
	handle := strings.Split(path, "/")[3]

	posts := 0
	for target, route := range w.routes(handle) {
		method, path, _ := strings.Cut(target, " ")
		if method != http.MethodPost {
			continue
		}

		posts++
		valid := url.Values{"token": {token}, "number": {trueMPAN}, "method": {"magic-link"}}
		for _, test := range []struct {
			name   string
			header http.Header
			form   url.Values
		}{
			{"cross-site", http.Header{"Sec-Fetch-Site": {"cross-site"}}, valid},
			{"same-site", http.Header{"Sec-Fetch-Site": {"same-site"}}, valid},
			{"an old browser on another site", http.Header{"Origin": {"https://evil.example"}}, valid},
			{"a sandboxed frame", http.Header{"Origin": {"null"}}, valid},
			{"another port", http.Header{"Origin": {"http://127.0.0.1:1"}}, valid},
			{"no token", nil, url.Values{"number": {"x"}}},
			{"an empty token", nil, url.Values{"token": {""}}},
			{"a wrong token", nil, url.Values{"token": {strings.ToLower(token)}}},
			{"a stranger's token", nil, url.Values{"token": {strangersToken}}},
			{"the token in the address", nil, nil},
			{"the token in JSON", http.Header{"Content-Type": {"application/json"}}, valid},
			{"the token in plain text", http.Header{"Content-Type": {"text/plain"}}, valid},
			{"the token in another charset", http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-16"}}, valid},
		} {
			if test.header.Get("Sec-Fetch-Site") == "" && test.header.Get("Origin") == "" &&
				route.Path == "/portal/meter" {
				continue // one of the two forms that are open to everybody
			}
			if route.Path == "/portal/leave" && test.header.Get("Sec-Fetch-Site") == "" &&
				test.header.Get("Origin") == "" &&
				test.header.Get("Content-Type") == "" {
				continue // the other: see TestLeave
			}

			b.header = http.Header{}
			maps.Copy(b.header, test.header)
			to := path
			if test.form == nil {
				to += "?token=" + token
			}

			want := http.StatusForbidden
			if test.header.Get("Content-Type") != "" {
				want = http.StatusUnsupportedMediaType
			}
			if p := b.post(to, test.form); p.StatusCode != want {
				t.Errorf("%s from %s: %d", path, test.name, p.StatusCode)
			}
		}
	}

	if posts != 9 {
		t.Errorf("%d forms, want 9: is a new one tested?", posts)
	}

	b.header = http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {b.base}}
	if got := b.get("/portal/records").withdrawPath(t); got != path {
		t.Error("something was changed")
	}

	b.post(path, url.Values{"token": {token}}).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
}

// The headers of each route, as they were agreed: first what all have, then what is each one's own. Run with
// -update after a change, and read the difference.
func TestHeaders(t *testing.T) {
	t.Parallel()
	for golden, secure := range map[string]bool{"testdata/headers-loopback.golden": false, "testdata/headers.golden": true} {
		t.Run(golden, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser(t)
			handle := strings.Split(b.signIn().withdrawPath(t), "/")[3]
			session := b.session()
			w.options.Secure = secure
			_, server := w.newPortal(t)
			b.base = server.URL
			// A jar keeps the cookies of https to itself.
			b.Jar = nil
			b.header = http.Header{
				"Cookie":          {w.options.cookieName("portal_session") + "=" + session},
				"Accept-Encoding": {"gzip"},
			}

			snapshot(t, b, golden, handle, append(
				slices.Collect(maps.Keys(w.routes(handle))),
				"GET /portal/nowhere",
				"DELETE /portal",
				"GET /portal?lang=cy",
				"GET /portal/static/"+static.URL("portal.css"),
			))
		})
	}
}

// snapshot holds what each target answers against what was agreed.
func snapshot(t *testing.T, b *browser, golden, handle string, targets []string) {
	t.Helper()
	slices.Sort(targets)
	answers := map[string][]string{}
	shared := map[string]int{}
	for _, target := range targets {
		method, path, _ := strings.Cut(target, " ")
		p := b.do(method, path, nil)
		lines := []string{"status " + p.Status}
		for header, values := range p.Header {
			switch header {
			case "X-Request-Id":
				values = []string{"..."}
			case "Date", "Content-Length":
				continue
			}

			line := header + ": " + strings.ReplaceAll(strings.Join(values, "\n    "), handle, ":handle")
			lines = append(lines, line)
			shared[line]++
		}

		answers[target] = lines
	}

	var got bytes.Buffer
	got.WriteString("every answer\n")
	for _, line := range slices.Sorted(maps.Keys(shared)) {
		if shared[line] == len(targets) {
			fmt.Fprintf(&got, "    %s\n", line)
		}
	}

	for _, target := range targets {
		fmt.Fprintf(
			&got,
			"%s\n",
			strings.NewReplacer(handle, ":handle", static.URL("portal.css"), "portal.css").Replace(target),
		)
		slices.Sort(answers[target])
		for _, line := range answers[target] {
			if shared[line] != len(targets) {
				fmt.Fprintf(&got, "    %s\n", line)
			}
		}
	}

	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("differs from %s; got\n%s", golden, got.String())
	}
}

var hostile = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`'-alert(1)-'`,
	`javascript:alert(1)`,
	`{{.}}`,
	`${7*7}`,
	`' OR '1'='1`,
	`'; DROP TABLE portal_sessions; --`,
	`../../../../etc/passwd`,
	`..\..\x`,
	"\x00",
	"\xff\xfe",
	"\r\nSet-Cookie: a=b",
	"%00",
	"%ff",
	"\u202e\u2066",
	strings.Repeat("9", 5000),
	strings.Repeat("%", 100),
	"𝟚𝟛𝟙𝟚",
	"S",
	"-1",
	"NaN",
	"🏠",
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	records := b.signIn()
	token := records.token(t)
	handle := strings.Split(records.withdrawPath(t), "/")[3]
	session := b.session()
	answered := func(what string, p *page) {
		t.Helper()
		if p.StatusCode >= 500 {
			t.Errorf("%s: %d", what, p.StatusCode)
		}
		if p.Header.Get("Set-Cookie") == "a=b" {
			t.Errorf("%s: a header was made", what)
		}
		if p.doc.Find(`script:not([src]), [onerror], [src="x"], [href^="javascript:"], [action^="javascript:"]`).
			Length() !=
			0 {
			t.Errorf("%s: the page contains what was sent", what)
		}
	}
	for target, route := range w.routes(handle) {
		method, path, _ := strings.Cut(target, " ")
		if path == "/portal/sign-out" || path == "/portal/leave" {
			continue // it would end the test
		}

		for i, text := range hostile {
			what := fmt.Sprintf("%s with text %d", target, i)
			escaped := url.QueryEscape(text)
			answered(what+" in the query", b.do(method, path+"?lang="+escaped+"&"+escaped+"="+escaped, nil))
			if param := strings.NewReplacer(":handle", url.PathEscape(text), "*", url.PathEscape(text)).
				Replace(route.Path); param != route.Path {
				answered(what+" in the path", b.do(method, param, url.Values{"token": {token}}))
			}

			if method == http.MethodPost {
				form := url.Values{"number": {text}, "method": {text}, "confirmed": {text}, text: {text}}
				answered(what+" in the form", b.post(path, form))
				if route.Path != "/portal/records/:handle/withdraw" {
					form.Set("token", token)
					answered(what+" in the form", b.post(path, form))
				}
			}
		}
	}

	for i, text := range hostile {
		what := fmt.Sprintf("text %d", i)
		answered(what+" as a path", b.get("/portal/"+url.PathEscape(text)))
		answered(what+" in a cookie", func() *page {
			stranger := w.browser(t)
			clean := strings.Map(func(r rune) rune {
				if r < ' ' || r == '\ufffd' {
					return '.'
				}
				return r
			}, text)
			stranger.header.Set("Cookie", "portal_session="+clean+"; lang="+clean)
			stranger.header.Set("Accept-Language", clean)
			stranger.header.Set("HX-Request", clean)

			return stranger.get("/portal/waiting")
		}())
	}

	b.setSession(session)
	b.get("/portal/records").wants(t, 200, "records.title")
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.get("/portal/nowhere").wants(t, 404, "error.not-found.title")
	b.get("/nowhere").wants(t, 404, "error.not-found.title")
	if p := b.do(http.MethodDelete, "/portal/prove", nil).
		wants(t, 405, "error.method.title"); p.Header.Get(
		"Allow",
	) == "" {
		t.Error("does not say what is allowed")
	}

	b.do(http.MethodHead, "/portal/waiting/check", nil)
	if n := w.wire.called("status"); n != 0 {
		t.Error("HEAD asked the register")
	}
	for path, allowed := range map[string]string{"/portal/meter": "POST", "/portal": "GET, HEAD", "/portal/prove": "GET, HEAD, POST"} {
		if p := b.do(http.MethodOptions, path, nil).
			wants(t, 405, "error.method.title"); p.Header.Get(
			"Allow",
		) != allowed {
			t.Errorf("OPTIONS %s allows %q", path, p.Header.Get("Allow"))
		}
	}

	b.do(http.MethodOptions, "/portal/nowhere", nil).wants(t, 404, "error.not-found.title")
	b.get("/portal/static/nope").wants(t, 404, "error.not-found.title")
	b.post("/portal/meter", url.Values{"number": {strings.Repeat("9", maxForm)}}).wants(t, 413, "error.too-long.title")
	b.post("/portal/meter?%zz", url.Values{}).wants(t, 400, "error.escape.title")
	for _, media := range []string{"multipart/form-data; boundary=x", "application/json", "application/x-www-form-urlencoded; charset=latin1", "nonsense;"} {
		b.header.Set("Content-Type", media)
		b.post("/portal/meter", url.Values{"number": {trueMPAN}}).wants(t, 415, "error.media.title")
	}

	b.header.Del("Content-Type")
	for _, path := range []string{"/", "/portal/"} {
		if p := b.get(path); p.StatusCode != http.StatusFound || p.Header.Get("Location") != "/portal" {
			t.Errorf("%s: %d to %q", path, p.StatusCode, p.Header.Get("Location"))
		}
	}

	b.get("//evil.example/%2f..").wants(t, 404, "error.not-found.title")
	if href := b.get("//evil.example/").doc.Find(`a[href^="//"]`).Length(); href != 0 {
		t.Error("a link leads to another host")
	}
}

// Which of two values counts would be a guess. What was typed is asked for again on its own page.
func TestFieldTwiceIsRefusedByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	p := b.post("/portal/meter", url.Values{"number": {trueMPAN, "123456"}}).wants(t, 422, "start.title")
	if got := p.doc.Find("#number").AttrOr("value", ""); got != trueMPAN {
		t.Errorf("the first number is lost: %q", got)
	}
	if got := p.doc.Find("#number-error").Text(); !strings.Contains(got, i18n.For("en").T("error.number.twice")) {
		t.Errorf("says %q", got)
	}

	p = b.post("/portal/meter", url.Values{"number": {trueMPAN}, "confirmed": {"yes", "no"}}).
		wants(t, 400, "error.repeated.title")
	if got := p.doc.Find("main bdi").Text(); got != "confirmed" {
		t.Errorf("names %q", got)
	}

	token := b.start().token(t)
	p = b.post("/portal/prove", url.Values{"token": {token}, "method": {"magic-link", "passkey-assert"}}).
		wants(t, 422, "prove.title")
	if !strings.Contains(p.doc.Find("#error-summary").Text(), i18n.For("en").T("error.prove.twice")) {
		t.Error("does not say that two ways were chosen")
	}
	if w.wire.called("reidentify") != 0 {
		t.Error("the register was asked")
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

func TestPanicIsAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.echo.GET("/portal/panic", func(echo.Context) error { panic("inner canary") })
	w.echo.GET("/portal/nil", func(c echo.Context) error { return c.Get("nothing").(error) })
	b := w.browser(t)
	for _, path := range []string{"/portal/panic", "/portal/nil"} {
		p := b.get(path).wants(t, 500, "error.internal.title")
		if !strings.Contains(p.body, p.Header.Get("X-Request-ID")) {
			t.Error("the page has no reference")
		}
	}

	if !strings.Contains(w.log.String(), "security.go") {
		t.Error("the log has no stack")
	}
}

// A page that fails halfway is not half a page.
func TestRenderFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.echo.GET("/portal/half", func(c echo.Context) error { return render(c, http.StatusOK, half{}) })
	p := w.browser(t).get("/portal/half").wants(t, 500, "error.internal.title")
	if strings.Contains(p.body, "first half") {
		t.Error("half a page was sent")
	}
}

type half struct{}

func (half) Render(_ context.Context, w io.Writer) error {
	fmt.Fprint(w, "first half")
	return io.ErrUnexpectedEOF
}
