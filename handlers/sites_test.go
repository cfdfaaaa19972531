package handlers

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

	"central.consent/dar/internal/web"
	"central.consent/dar/registerclient"
	"central.consent/dar/static"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

func TestHostChoosesTheOperator(t *testing.T) {
	t.Parallel()
	named := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, name) })
	}
	sites, err := Sites([]Site{
		{[]string{"one.example.org", "eins.example.org"}, "/portal", named("one")},
		{[]string{"localhost:5001"}, "/o/b/portal", named("b")},
		{[]string{"localhost:5001"}, "/portal", named("a")},
		{[]string{"paths.example.org"}, "/o/c/portal", named("c")},
		{[]string{"paths.example.org"}, "/o/d/portal", named("d")},
	})
	if err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct{ host, path, want string }{
		{"one.example.org", "/portal", "one"},
		{"ONE.example.org", "/portal/records", "one"},
		{"eins.example.org", "/", "one"},
		{"one.example.org:443", "/portal", "one"},
		{"one.example.org", "/o/b/portal", "one"},
		{"localhost:5001", "/portal", "a"},
		{"localhost:5001", "/o/b/portal", "b"},
		{"localhost:5001", "/o/b/portal/records", "b"},
		{"localhost:5001", "/o/b/portalx", "a"},
		{"localhost:5001", "/o/none/portal", "a"},
		{"localhost:5001", "/o/b/portal/../../../portal", "b"},
		{"paths.example.org", "/o/d/portal", "d"},
		{"paths.example.org", "/", "c"},
		{"two.example.org", "/portal", ""},
		{"example.org", "/portal", ""},
		{"one.example.org.", "/portal", ""},
		{"one.example.org.evil.example", "/portal", ""},
		{"evil.example#one.example.org", "/portal", ""},
		{"one.example.org:8443", "/portal", ""},
		{"localhost", "/portal", ""},
		{"127.0.0.1:5001", "/portal", ""},
		{"", "/portal", ""},
		{"two.example.org", "/o/b/portal", ""},
		{"two.example.org", "/portal/healthz", "ok"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			r := httptest.NewRequest(method, test.path, nil)
			r.Host = test.host
			// These headers do not count.
			r.Header = http.Header{
				"X-Forwarded-Host": {"one.example.org"},
				"Forwarded":        {"host=one.example.org"},
				"Origin":           {"https://one.example.org"},
			}
			w := httptest.NewRecorder()
			sites.ServeHTTP(w, r)
			switch {
			case test.want != "" && (w.Code != http.StatusOK || w.Body.String() != test.want):
				t.Errorf("%s %s%s: %d %q, want %s", method, test.host, test.path, w.Code, w.Body, test.want)
			case test.want == "" && w.Code != http.StatusMisdirectedRequest:
				t.Errorf("%s %s%s: %d, want 421", method, test.host, test.path, w.Code)
			}

			if test.want != "" || method == http.MethodHead {
				continue
			}

			doc, docErr := goquery.NewDocumentFromReader(w.Body)
			if docErr != nil {
				t.Fatal(docErr)
			}
			for lang, text := range map[string]string{"en": "h1", "cy": "[lang=cy] h2"} {
				if got, want := doc.Find(text).Text(), i18n.For(lang).T("misdirected.title"); got != want {
					t.Errorf("421 in %s is headed %q, want %q", lang, got, want)
				}
			}

			if doc.Find("link, script, img, form, a").Length() != 0 ||
				!strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
				t.Error("the page loads something")
			}
		}
	}

	_, err = Sites([]Site{{[]string{"a.example"}, "/portal", nil}, {[]string{"A.example"}, "/portal", nil}})
	if err == nil {
		t.Error("two operators may stand at one address")
	}
}

// tenant is one of several portals with one database and session key, as one process runs them.
type tenant struct {
	Options
	host string
	echo *echo.Echo
	// cookie is the name of the session's cookie.
	cookie string
	// id is the id of a session that shows the records, and v its visit.
	id string
	v  *visit
}

// newTenants returns n portals, half of them on hosts of their own, the others on one host by path.
func newTenants(t *testing.T, w *world, n int) ([]tenant, http.Handler) {
	t.Helper()
	var tenants []tenant
	var sites []Site
	for i := range n {
		o := tenant{Options: w.options, host: fmt.Sprintf("h%d.example.org", i)}
		o.Base = DefaultBase
		o.Operator = fmt.Sprintf("op-%d", i)
		o.Brand = views.Brand{Name: fmt.Sprintf("Operator %d", i), Phone: "0800 000 0000"}
		if i%2 == 1 {
			o.host = "shared.example.org"
			o.Base = "/o/" + o.Operator + "/portal"
		}

		portal, err := New(o.Options)
		if err != nil {
			t.Fatal(err)
		}

		o.echo = portal.(*echo.Echo)
		o.signIn(t, w.meterPoint)
		tenants = append(tenants, o)
		sites = append(sites, Site{Hosts: []string{o.host}, Base: o.Base, Portal: portal})
	}

	handler, err := Sites(sites)
	if err != nil {
		t.Fatal(err)
	}

	return tenants, handler
}

// signIn stores a session of a customer who has confirmed and sees one record.
func (o *tenant) signIn(t *testing.T, meterPoint string) {
	t.Helper()
	pages, err := newPortal(o.Options, ownPages)
	if err != nil {
		t.Fatal(err)
	}

	r := httptest.NewRequest(http.MethodGet, "/", nil)
	o.cookie = pages.sessions.name
	session, err := pages.sessions.Get(r, o.cookie)
	if err != nil {
		t.Fatal(err)
	}

	o.v = newVisit(meterPoint, []registerclient.Method{registerclient.MethodMagicLink}, "", o.Clock())
	o.v.Opened = true
	o.v.Challenge = &challenge{
		Method:   registerclient.MethodMagicLink,
		TokenRef: "canary",
		State:    views.WaitingPending,
	}
	o.v.Reading = &reading{
		At:      o.Clock(),
		Records: []heldRecord{{Handle: "handle", Summary: summary("Bright Energy Ltd")}},
	}
	session.Values[visitKey] = o.v
	if err := session.Save(r, httptest.NewRecorder()); err != nil {
		t.Fatal(err)
	}

	o.id = session.ID
}

func (o *tenant) ask(handler http.Handler, method, path, id, token string) *httptest.ResponseRecorder {
	form := url.Values{"token": {token}, "method": {"magic-link"}, "number": {"2312345678901"}, "confirmed": {"yes"}}
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Host = o.host
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}

	r.AddCookie(&http.Cookie{Name: o.cookie, Value: id})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)

	return w
}

// TestSessionsOfOperatorsAreSeparate sends each of twenty operators the session of each other one, with its form
// token, on every route that needs a session.
func TestSessionsOfOperatorsAreSeparate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenants, handler := newTenants(t, w, 20)
	needless := []string{
		"/embed.js",
		"",
		"/",
		"/meter",
		"/signed-out",
		"/static/*",
		"/healthz",
		"/accessibility",
		"/help",
		"/leave",
		returnPath + "/elsewhere",
	}
	swaps := 0
	accepted := 0
	for i := range tenants {
		to := &tenants[i]
		// Its own cookie must work, or the rest would prove nothing.
		if own := to.ask(handler, http.MethodGet, to.Base+"/records", to.id, ""); own.Code != http.StatusOK {
			t.Fatalf("%s refuses its own customer: %d", to.Operator, own.Code)
		}

		for j := range tenants {
			if i == j {
				continue
			}

			from := &tenants[j]
			swaps++
			for _, route := range to.echo.Routes() {
				path, under := strings.CutPrefix(route.Path, to.Base)
				if !under || slices.Contains(needless, path) || route.Method == http.MethodHead {
					continue
				}

				target := to.Base + strings.ReplaceAll(path, ":handle", "handle")
				answer := to.ask(handler, route.Method, target, from.id, web.MaskToken(from.v.FormToken))
				sent := answer.Header().Get("Location") + answer.Header().Get("HX-Redirect")
				// The way back from a passkey says without a session that it came to the wrong browser.
				refused := answer.Code == http.StatusGone && path == "/ticket" || // it has a cookie of its own
					answer.Code == http.StatusSeeOther && path == returnPath && sent == to.Base &&
						answer.Body.Len() == 0 ||
					answer.Code == http.StatusForbidden && sent == "" ||
					answer.Code == http.StatusSeeOther && sent == to.Base+"/waiting" &&
						(path == "/records" || path == "/waiting/check" || path == "/waiting/refresh") ||
					answer.Code == http.StatusOK && sent == to.Base+"/waiting" && path == "/waiting/status" &&
						answer.Body.Len() == 0
				if !refused || answer.Header().Get("Set-Cookie") != "" {
					accepted++
					t.Errorf(
						"%s takes the session of %s: %s %s answers %d, to %q",
						to.Operator,
						from.Operator,
						route.Method,
						path,
						answer.Code,
						sent,
					)
				}
			}
		}
	}

	if swaps != 380 {
		t.Errorf("%d swaps were tried", swaps)
	}
	if accepted > 0 {
		t.Errorf("%d were accepted", accepted)
	}

	// To begin a new visit with the cookie of another operator ends nothing there.
	to := &tenants[0]
	from := &tenants[1]
	if begun := to.ask(handler, http.MethodPost, to.Base+"/meter", from.id, ""); begun.Code != http.StatusSeeOther {
		t.Errorf("a customer with an odd cookie cannot begin: %d", begun.Code)
	}
	for i := range tenants {
		own := tenants[i].ask(handler, http.MethodGet, tenants[i].Base+"/records", tenants[i].id, "")
		if own.Code != http.StatusOK || !strings.Contains(own.Body.String(), tenants[i].Brand.Name) {
			t.Errorf("%s has lost its own customer: %d", tenants[i].Operator, own.Code)
		}
	}

	// A row cannot be moved either: what is sealed names the operator too.
	row, err := w.options.DB.FindSession(t.Context(), from.Operator, hashSecret(from.id), w.options.Clock())
	if err != nil {
		t.Fatal(err)
	}

	row.EndsAt = row.ExpiresAt
	if err := w.options.DB.InsertSession(t.Context(), to.Operator, row, &row, w.options.Clock()); err != nil {
		t.Fatal(err)
	}
	if answer := to.ask(handler, http.MethodGet, to.Base+"/prove", from.id, ""); answer.Code != http.StatusForbidden {
		t.Errorf("a row that was moved opens: %d", answer.Code)
	}
}

// under changes the options of the world's portal, and returns a browser for it.
func (w *world) under(t *testing.T, change func(*Options)) *browser {
	t.Helper()
	change(&w.options)
	w.echo, w.server = w.newPortal(t)
	return w.browser(t)
}

// TestJourneyStaysUnderTheOperatorsPath walks the whole journey, and looks at every address in the responses.
func TestJourneyStaysUnderTheOperatorsPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const home = "/o/advice/portal"
	files := new(static.Files)
	sheet := files.Add("brand.css", []byte("@layer base{:root{--accent:#000000;}}"))
	b := w.under(t, func(o *Options) {
		o.Operator = "advice"
		o.Base = home
		o.Files = files
		o.Brand.Sheet = sheet
	})
	visited := func(p *page) *page {
		t.Helper()
		sent := p.Header.Get("Location") + p.Header.Get("HX-Redirect")
		if sent != "" && sent != home && !strings.HasPrefix(sent, home+"/") {
			t.Errorf("%s sends to %s", p.Request.URL.Path, sent)
		}

		p.doc.Find("[href],[src],[action],[hx-get],[hx-post],[data-after]").Each(func(_ int, s *goquery.Selection) {
			for _, name := range []string{"href", "src", "action", "hx-get", "hx-post", "data-after"} {
				to := s.AttrOr(name, "")
				if strings.HasPrefix(to, "/") && to != home && !strings.HasPrefix(to, home+"/") &&
					!strings.HasPrefix(to, home+"?") {
					t.Errorf("%s leads to %s", p.Request.URL.Path, to)
				}
			}
		})
		for _, cookie := range p.Cookies() {
			if !strings.HasSuffix(cookie.Name, "_advice") || cookie.Path != "/" {
				t.Errorf("%s sets the cookie %s for %s", p.Request.URL.Path, cookie.Name, cookie.Path)
			}
		}

		return p
	}
	visited(b.get("/"))
	start := visited(b.get(home)).wants(t, 200, "start.title")
	got := start.doc.Find("link[rel=stylesheet]").Last().AttrOr("href", "")
	if got != home+"/static/"+sheet || b.get(got).StatusCode != 200 {
		t.Errorf("the operator's colours are at %q", got)
	}

	visited(b.get(home + "/?lang=en"))
	visited(b.get(home+"/nowhere")).wants(t, 404, "error.not-found.title")
	visited(b.get("/portal")).wants(t, 404, "error.not-found.title")
	visited(b.get(home+"/accessibility")).wants(t, 200, "accessibility.title")
	visited(b.post(home+"/meter", url.Values{"number": {"x"}})).wants(t, 422, "start.title")
	visited(b.post(home+"/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}}))
	prove := visited(b.get(home+"/prove")).wants(t, 200, "prove.title")
	visited(
		b.post(home+"/prove", url.Values{"token": {prove.token(t)}, "method": {"magic-link"}}),
	).sendsTo(t, home+"/waiting")
	visited(b.get(home+"/waiting")).wants(t, 200, "waiting.magic-link.title")
	visited(b.get(home + "/waiting/status"))
	b.confirm()
	visited(b.get(home + "/waiting/status"))
	visited(b.get(home + "/waiting/check"))
	records := visited(b.get(home+"/records")).wants(t, 200, "records.title")
	path := records.withdrawPath(t)
	token := visited(b.get(path)).token(t)
	visited(b.post(path, url.Values{"token": {token}}))
	visited(b.get(strings.TrimSuffix(path, "withdraw") + "withdrawn"))
	visited(b.post(home+"/sign-out", url.Values{"token": {token}})).sendsTo(t, home+"/signed-out")
	visited(b.get(home+"/signed-out")).wants(t, 200, "signedout.title")
	if strings.Contains(w.log.String(), w.meterPoint) {
		t.Error("the log holds the meter point")
	}
}

func TestOperatorsUseTheirOwnAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asked []string
	for _, account := range []string{"first_account", "second_account"} {
		client, err := registerclient.New(
			registerclient.Options{BaseURL: w.register.URL, AccountID: account, SecretKey: strings.Repeat("x", 40),
				HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
					user, _, _ := r.BasicAuth()
					asked = append(asked, user)
					return http.DefaultTransport.RoundTrip(r)
				})}},
		)
		if err != nil {
			t.Fatal(err)
		}

		b := w.under(t, func(o *Options) { o.Register, o.Operator = client, account })
		b.post("/portal/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}})
	}

	if slices.Sort(asked); !slices.Equal(slices.Compact(asked), []string{"first_account", "second_account"}) {
		t.Errorf("the register was asked by %q", asked)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
