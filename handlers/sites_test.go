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

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
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
		{"one.example.org", "/portal", "one"}, {"ONE.example.org", "/portal/records", "one"}, {"eins.example.org", "/", "one"},
		{"one.example.org:443", "/portal", "one"}, {"one.example.org", "/o/b/portal", "one"}, // and answers that it has no such page
		{"localhost:5001", "/portal", "a"}, {"localhost:5001", "/o/b/portal", "b"}, {"localhost:5001", "/o/b/portal/records", "b"},
		{"localhost:5001", "/o/b/portalx", "a"}, {"localhost:5001", "/o/none/portal", "a"}, {"localhost:5001", "/o/b/portal/../../../portal", "b"},
		{"paths.example.org", "/o/d/portal", "d"}, {"paths.example.org", "/", "c"},
		{"two.example.org", "/portal", ""}, {"example.org", "/portal", ""}, {"one.example.org.", "/portal", ""}, {"one.example.org.evil.example", "/portal", ""},
		{"evil.example#one.example.org", "/portal", ""}, {"one.example.org:8443", "/portal", ""}, {"localhost", "/portal", ""}, {"127.0.0.1:5001", "/portal", ""},
		{"", "/portal", ""}, {"two.example.org", "/o/b/portal", ""}, {"two.example.org", "/portal/healthz", "ok"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			r := httptest.NewRequest(method, test.path, nil)
			r.Host = test.host
			// None of these is the Host.
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

			doc, err := goquery.NewDocumentFromReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			for lang, text := range map[string]string{"en": "h1", "cy": "[lang=cy] h2"} {
				if got, want := doc.Find(text).Text(), i18n.For(lang).T("misdirected.title"); got != want {
					t.Errorf("421 in %s is headed %q, want %q", lang, got, want)
				}
			}

			if doc.Find("link, script, img, form, a").Length() != 0 ||
				!strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
				t.Error("the page of nobody fetches something")
			}
		}
	}

	if _, err := Sites(
		[]Site{{[]string{"a.example"}, "/portal", nil}, {[]string{"A.example"}, "/portal", nil}},
	); err == nil {
		t.Error("two operators may stand at one address")
	}
}

// tenants are portals of one database and session key, as one process runs them: half of them by host, half by path.
type tenant struct {
	Options
	host string
	echo *echo.Echo
	// cookie is the name of the session's cookie.
	cookie string
	// id is a session of it that is as far as one can get.
	id string
	v  *visit
}

func tenants(t *testing.T, w *world, n int) ([]tenant, http.Handler) {
	t.Helper()
	var all []tenant
	var sites []Site
	for i := range n {
		one := tenant{Options: w.options, host: fmt.Sprintf("h%d.example.org", i)}
		one.Operator = fmt.Sprintf("op-%d", i)
		one.Brand = views.Brand{Name: fmt.Sprintf("Operator %d", i), Phone: "0800 000 0000"}
		if i%2 == 1 {
			one.host, one.Base = "shared.example.org", "/o/"+one.Operator+"/portal"
		} else {
			one.Base = DefaultBase
		}

		portal, err := New(one.Options)
		if err != nil {
			t.Fatal(err)
		}

		one.echo = portal.(*echo.Echo)
		pages, err := newPortal(one.Options, ownPages)
		if err != nil {
			t.Fatal(err)
		}

		store := pages.sessions
		one.cookie = store.name
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		session, err := store.Get(r, store.name)
		if err != nil {
			t.Fatal(err)
		}

		one.v = newVisit(w.meterPoint, []registerclient.Method{registerclient.MethodMagicLink}, "", w.options.Clock())
		one.v.Challenge = &challenge{
			Method:   registerclient.MethodMagicLink,
			TokenRef: "canary",
			State:    views.WaitingPending,
		}
		consent := summary("Bright Energy Ltd")
		one.v.Reading, one.v.Opened = &reading{
			At:      w.options.Clock(),
			Records: []heldRecord{{Handle: "handle", Summary: consent}},
		}, true
		session.Values[visitKey] = one.v
		if err := session.Save(r, httptest.NewRecorder()); err != nil {
			t.Fatal(err)
		}

		one.id = session.ID
		all = append(all, one)
		sites = append(sites, Site{Hosts: []string{one.host}, Base: one.Base, Portal: portal})
	}

	handler, err := Sites(sites)
	if err != nil {
		t.Fatal(err)
	}

	return all, handler
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

// TestCookieOfOneOperatorOpensNothingAtAnother hands each of twenty operators the session of each other, with its form
// token, on every route that needs a session.
func TestCookieOfOneOperatorOpensNothingAtAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all, handler := tenants(t, w, 20)
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
	for i := range all {
		to := &all[i]
		// Its own cookie works: else the rest would prove nothing.
		if own := to.ask(handler, http.MethodGet, to.Base+"/records", to.id, ""); own.Code != http.StatusOK {
			t.Fatalf("%s refuses its own customer: %d", to.Operator, own.Code)
		}

		for j := range all {
			if i == j {
				continue
			}

			from := &all[j]
			swaps++
			for _, route := range to.echo.Routes() {
				path, under := strings.CutPrefix(route.Path, to.Base)
				if !under || slices.Contains(needless, path) || route.Method == http.MethodHead {
					continue
				}

				target := to.Base + strings.ReplaceAll(path, ":handle", "handle")
				answer := to.ask(handler, route.Method, target, from.id, from.v.FormToken)
				sent := answer.Header().Get("Location") + answer.Header().Get("HX-Redirect")
				// What comes back from the passkey needs no session to be told that it came to the wrong one.
				refused := answer.Code == http.StatusGone && path == "/ticket" || // a cookie of its own
					answer.Code == http.StatusSeeOther && path == returnPath && sent == to.Base &&
						answer.Body.Len() == 0 ||
					answer.Code == http.StatusForbidden && sent == "" ||
					answer.Code == http.StatusSeeOther && sent == to.Base+"/waiting" &&
						(path == "/records" || path == "/waiting/check") ||
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

	// To begin anew with somebody else's cookie ends nothing there.
	to := &all[0]
	from := &all[1]
	if begun := to.ask(handler, http.MethodPost, to.Base+"/meter", from.id, ""); begun.Code != http.StatusSeeOther {
		t.Errorf("a customer with an odd cookie cannot begin: %d", begun.Code)
	}
	for i := range all {
		if own := all[i].ask(
			handler,
			http.MethodGet,
			all[i].Base+"/records",
			all[i].id,
			"",
		); own.Code != http.StatusOK ||
			!strings.Contains(own.Body.String(), all[i].Brand.Name) {
			t.Errorf("%s has lost its own customer: %d", all[i].Operator, own.Code)
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
	if moved := to.ask(handler, http.MethodGet, to.Base+"/prove", from.id, ""); moved.Code != http.StatusForbidden {
		t.Errorf("a row that was moved opens: %d", moved.Code)
	}
}

// under makes another operator's portal of the world.
func (w *world) under(t *testing.T, change func(*Options)) *browser {
	t.Helper()
	change(&w.options)
	w.echo, w.server = w.newPortal(t)
	return w.browser(t)
}

// TestJourneyStaysUnderTheOperatorsPath goes all the way, and looks at every address that it is given.
func TestJourneyStaysUnderTheOperatorsPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const home = "/o/advice/portal"
	files := new(static.Files)
	sheet := files.Add("brand.css", []byte("@layer base{:root{--accent:#000000;}}"))
	b := w.under(t, func(o *Options) {
		o.Operator, o.Base, o.Files, o.Brand.Sheet = "advice", home, files, sheet
	})
	visited := func(p *page) *page {
		t.Helper()
		if sent := p.Header.Get(
			"Location",
		) + p.Header.Get(
			"HX-Redirect",
		); sent != "" && sent != home &&
			!strings.HasPrefix(sent, home+"/") {
			t.Errorf("%s sends to %s", p.Request.URL.Path, sent)
		}

		p.doc.Find("[href],[src],[action],[hx-get],[hx-post],[data-after]").Each(func(_ int, s *goquery.Selection) {
			for _, name := range []string{"href", "src", "action", "hx-get", "hx-post", "data-after"} {
				if to := s.AttrOr(
					name,
					"",
				); strings.HasPrefix(to, "/") && to != home && !strings.HasPrefix(to, home+"/") &&
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
	if got := start.doc.Find("link[rel=stylesheet]").
		Last().
		AttrOr("href", ""); got != home+"/static/"+sheet ||
		b.get(got).StatusCode != 200 {
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

func TestLanguagesOfAnOperator(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		languages []string
		query     string
		prefers   string // Accept-Language
		cookie    string
		want      string
		other     string // that the page leads to
	}{
		{"Welsh first, to an English browser", []string{"cy", "en"}, "", "en-GB,en;q=0.9", "", "cy", "en"},
		{"Welsh first, to a browser that says nothing", []string{"cy", "en"}, "", "", "", "cy", "en"},
		{"Welsh first, and English asked for", []string{"cy", "en"}, "?lang=en", "en-GB", "", "en", "cy"},
		{"Welsh first, and English remembered", []string{"cy", "en"}, "", "en-GB", "en", "en", "cy"},
		{"English first, to a Welsh browser", []string{"en", "cy"}, "", "cy", "", "cy", "en"},
		{"English first, to a French browser", []string{"en", "cy"}, "", "fr", "", "en", "cy"},
		{"English alone", []string{"en"}, "", "cy", "", "en", ""},
		{"English alone, and Welsh asked for", []string{"en"}, "?lang=cy", "cy", "", "en", ""},
		{"English alone, and Welsh remembered", []string{"en"}, "", "cy", "cy", "en", ""},
		{"Welsh alone", []string{"cy"}, "?lang=en", "en", "en", "cy", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			options := Options{
				Register:   new(registerclient.Client),
				SessionKey: sessionKey,
				Operator:   "advice",
				Brand:      views.Brand{Name: "Advice", WelshName: "Cyngor", Languages: test.languages},
			}
			options.DB = newDatabase(t)
			portal, err := New(options)
			if err != nil {
				t.Fatal(err)
			}

			r := httptest.NewRequest(http.MethodGet, "/portal"+test.query, nil)
			r.Header.Set("Accept-Language", test.prefers)
			if test.cookie != "" {
				r.AddCookie(&http.Cookie{Name: "lang", Value: test.cookie})
			}

			w := httptest.NewRecorder()
			portal.ServeHTTP(w, r)
			doc, err := goquery.NewDocumentFromReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := doc.Find("html").AttrOr("lang", ""); got != test.want {
				t.Errorf("the page is in %q, want %s", got, test.want)
			}
			if got := doc.Find("nav.language a").AttrOr("lang", ""); got != test.other {
				t.Errorf("the page leads to %q, want %q", got, test.other)
			}
			if got, want := doc.Find(".brand span").
				Text(),
				map[string]string{"en": "Advice", "cy": "Cyngor"}[test.want]; got != want {
				t.Errorf("the operator is called %q, want %q", got, want)
			}
		})
	}
}

func TestOperatorThatSharesAHostNeedsAName(t *testing.T) {
	t.Parallel()
	if _, err := New(
		Options{Register: new(registerclient.Client), DB: newDatabase(t), SessionKey: sessionKey, Base: "/o/a/portal"},
	); err == nil {
		t.Error("accepted")
	}
}

// newDatabase is a portal's database without anything around it.
func newDatabase(t *testing.T) *portaldb.DB {
	t.Helper()
	return portaldb.New(registertest.SQLite.Open(t, migrations.Portal).Write)
}
