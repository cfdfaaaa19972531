package handlers

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
	"central.consent/dar/views/i18n"
)

var update = flag.Bool("update", false, "write the golden files anew")

// trueMPAN is an MPAN whose check digit holds, as the demonstration's does not.
const trueMPAN = "2312345678900"

// cameFrom is where links to the portal may lead back to.
const cameFrom = "https://app.example.org/energy?from=portal"

// framer is an origin that may frame the embedded pages.
const framer = "https://www.example.org"

const email = "canary.customer@example.com"

var sessionKey = bytes.Repeat([]byte{9}, 32)

// world is a portal on a real register, with one meter point: an organisation reads it by permission, and as a public
// task.
type world struct {
	register *registertest.Register
	// wire is between the two, and can be cut.
	wire       *wire
	options    Options
	echo       *echo.Echo
	server     *httptest.Server
	log        *registertest.Log
	database   *migrations.DB
	meterPoint string
	// dataUser owns the records; ir is its identity record of the meter point.
	dataUser *registerclient.Client
	ir       string
}

type setting struct {
	register      []registertest.Option
	database      registertest.Database
	demonstration bool
	secure        bool
	handover      time.Duration
	// returnURLs are those that the register has for the portal's account.
	returnURLs []string
}

// newWorld starts a register whose customer confirms when the test says so, unless changed.
func newWorld(t testing.TB, change ...func(*setting)) *world {
	t.Helper()
	s := setting{register: []registertest.Option{registertest.HoldConfirmations()}, handover: time.Nanosecond,
		returnURLs: []string{"https://portal.example.org/portal/return"}}
	for _, f := range change {
		f(&s)
	}

	w := &world{
		register:   registertest.New(t, s.register...),
		wire:       &wire{},
		log:        &registertest.Log{},
		database:   s.database.Open(t, migrations.Portal),
		meterPoint: registertest.MeterPoint,
	}
	w.register.ClientOf(t, registerclient.CreateAccountRequest{
		AccountID:   "portal_under_test",
		SecretKey:   strings.Repeat("s", 40),
		Role:        registerclient.RolePortal,
		DisplayName: "Citizens Example",
		ReturnURLs:  s.returnURLs,
	})
	client, err := registerclient.New(registerclient.Options{
		BaseURL:   w.register.URL,
		AccountID: "portal_under_test",
		SecretKey: strings.Repeat("s", 40),
		Clock:     w.register.Clock.Now,
		HTTP:      &http.Client{Transport: w.wire},
	})
	if err != nil {
		t.Fatal(err)
	}

	w.options = Options{
		Register:       client,
		DB:             portaldb.New(w.database.Write),
		SessionKey:     sessionKey,
		Brand:          views.Brand{Name: "Citizens Example", ContactURL: "https://example.org/help"},
		Clock:          w.register.Clock.Now,
		Logger:         slog.New(slog.NewJSONHandler(w.log, nil)),
		Demonstration:  s.demonstration,
		Secure:         s.secure,
		handover:       s.handover,
		PublicURL:      "https://portal.example.org",
		PasskeyOrigin:  "http://localhost:5001",
		ReturnURLs:     []string{cameFrom},
		FramingOrigins: []string{framer, "https://help.example.org:8443"},
		Address:        func(r *http.Request) string { return r.Header.Get("X-Forwarded-For") },
	}
	w.echo, w.server = w.newPortal(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the portal's log:\n%s", w.log)
		}
	})
	w.dataUser = w.register.ClientOf(
		t,
		registerclient.CreateAccountRequest{Role: registerclient.RoleDataUser, DisplayName: "Bright Energy Ltd"},
	)
	w.ir = w.identityRecord(t, w.meterPoint, email)
	w.accessRecord(t, registerclient.BasisConsent)
	w.accessRecord(t, registerclient.BasisPublicTask)

	return w
}

// discover lets the DCC find an organisation that never registered. An account more is a hash more, which takes
// long on purpose: only a test that looks at it pays.
func (w *world) discover(t testing.TB) {
	t.Helper()
	_, err := w.register.Client(t, registerclient.RoleDCC).
		SubmitDiscoveredAccess(t.Context(), registerclient.DiscoveredAccess{
			MPxN: w.meterPoint, OrganisationName: "Acme Energy Services Ltd", OrganisationReference: "SEC-OU-00429",
			FirstSeen: "2024-06-01", LastSeen: "2026-02-28", SourceReference: "DCC-1",
			DataTypesObserved: []registerclient.DataType{registerclient.HalfHourlyConsumption},
		})
	if err != nil {
		t.Fatal(err)
	}
}

// newPortal starts another process, as it were, on the same database and register.
func (w *world) newPortal(t testing.TB) (*echo.Echo, *httptest.Server) {
	t.Helper()
	portal, err := New(w.options)
	if err != nil {
		t.Fatal(err)
	}

	server := httptest.NewServer(portal)
	t.Cleanup(server.Close)
	return portal.(*echo.Echo), server
}

func (w *world) identityRecord(t testing.TB, mpxn, email string) string {
	t.Helper()
	created, err := w.dataUser.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(mpxn, email))
	if err != nil {
		t.Fatal(err)
	}

	return created.IR
}

func (w *world) accessRecord(t testing.TB, basis registerclient.LegalBasis) string {
	t.Helper()
	created, err := w.dataUser.CreateAccessRecord(t.Context(), registertest.AccessRecord(w.ir, basis))
	if err != nil {
		t.Fatal(err)
	}

	return created.AccessToken.Key
}

// sessions counts the rows.
func (w *world) sessions(t testing.TB) int {
	t.Helper()
	n, err := w.options.DB.CountSessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	return n
}

// browser is one customer's. Whatever it is sent is held against the two secrets.
type browser struct {
	*http.Client
	t     testing.TB
	world *world
	base  string
	// header is added to every request.
	header http.Header
}

// browsers counts them, so that each has an address of its own.
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

// page is one answer.
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

// check holds every answer against what must never be in one.
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

// follow goes where redirects lead, and gives the last page.
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

// session is the session cookie's value; empty without one.
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

// token is the form token of a page.
func (p *page) token(t testing.TB) string {
	t.Helper()
	token, ok := p.doc.Find("input[name=token]").Attr("value")
	if !ok || token == "" {
		t.Fatalf("%s has no form token", p.Request.URL.Path)
	}

	return token
}

// wants checks the status, and that the page is the one with this title, by its text key.
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

// blames checks that the error summary says this, by its text key, and leads to an element that exists.
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

// start names the meter point, and gives the page that asks for the proof.
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

// confirm is the customer's yes.
func (b *browser) confirm() {
	b.t.Helper()
	b.world.register.Confirm(b.t, b.world.wire.tokenRef())
}

// signIn goes all the way to the records.
func (b *browser) signIn() *page {
	b.t.Helper()
	b.prove()
	b.confirm()
	return b.follow(b.get("/portal/waiting/check")).wants(b.t, 200, "records.title")
}

// withdrawPath is where the page offers to stop the first access.
func (p *page) withdrawPath(t testing.TB) string {
	t.Helper()
	path, ok := p.doc.Find(`a[href$="/withdraw"]`).Attr("href")
	if !ok {
		t.Fatal("the page offers nothing to stop")
	}

	return path
}

// routes returns the routes of the own pages, each by its method and a path that leads to it in a session that has a
// record with this handle.
func (w *world) routes(handle string) map[string]*echo.Route { return pathsOf(w.echo, handle) }

// routesOf returns the routes of another kind of pages, like routes.
func (w *world) routesOf(t testing.TB, k kind, handle string) map[string]*echo.Route {
	t.Helper()
	p := w.portal(t, k)
	r := p.newRouter()
	if k.framed {
		p.routeEmbedded(r)
	} else {
		p.routeAdviser(r)
	}

	return pathsOf(r.Echo, handle)
}

func pathsOf(e *echo.Echo, handle string) map[string]*echo.Route {
	paths := map[string]*echo.Route{}
	for _, route := range e.Routes() {
		path := strings.NewReplacer(":handle", handle, "static/*", "static/nothing.css").Replace(route.Path)
		paths[route.Method+" "+path] = route
	}

	return paths
}

// portal returns pages of one kind, to look inside.
func (w *world) portal(t testing.TB, k kind) *portal {
	t.Helper()
	p, err := newPortal(w.options, k)
	if err != nil {
		t.Fatal(err)
	}

	return p
}

// alter changes a stored visit without the portal.
func (w *world) alter(t testing.TB, b *browser, apply func(*visit)) {
	t.Helper()
	store := w.portal(t, ownPages).sessions
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}

	r.AddCookie(&http.Cookie{Name: store.name, Value: b.session()})
	session, err := store.Get(r, store.name)
	if err != nil {
		t.Fatal(err)
	}

	apply(session.Values[visitKey].(*visit))
	if err := session.Save(r, nil); err != nil {
		t.Fatal(err)
	}
}
