package handlers

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"central.consent/dar/handlers/portaldb"
	"central.consent/dar/migrations"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
	"central.consent/dar/views"
)

var update = flag.Bool("update", false, "write the golden files anew")

// trueMPAN is an MPAN with a correct check digit. That of the demonstration's MPAN is wrong.
const trueMPAN = "2312345678900"

// trueMPRN is an MPRN with correct check digits.
const trueMPRN = "123409"

// mprnOf returns the MPRN that begins with these digits and ends with correct check digits.
func mprnOf(digits int) string {
	sum := 0
	for place, left := 1, digits; left > 0; place, left = place+1, left/10 {
		sum += left % 10 * place
	}

	return fmt.Sprintf("%d%02d", digits, sum%11)
}

// cameFrom is the listed return URL.
const cameFrom = "https://app.example.org/energy?from=portal"

// framer is an origin that may frame the embedded pages.
const framer = "https://www.example.org"

const email = "canary.customer@example.com"

var sessionKey = bytes.Repeat([]byte{9}, 32)

// world is a portal on a real register, with one meter point. An organisation has access to it by consent, and for a
// public task.
type world struct {
	register *registertest.Register
	// wire is between portal and register, and can fail.
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
	// returnURLs are those of the portal's account at the register.
	returnURLs []string
}

// newWorld starts a portal and a register. The customer confirms when the test says so.
func newWorld(t testing.TB, change ...func(*setting)) *world {
	t.Helper()
	s := setting{
		register:   []registertest.Option{registertest.HoldConfirmations()},
		handover:   time.Nanosecond,
		returnURLs: []string{"https://portal.example.org/portal/return"},
	}
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

// discover lets the DCC find an organisation that never registered. It needs one more account, and so one more password
// hash, which is slow on purpose: only the tests that need it call it.
func (w *world) discover(t testing.TB) {
	t.Helper()
	_, err := w.register.Client(t, registerclient.RoleDCC).
		SubmitDiscoveredAccess(t.Context(), registerclient.DiscoveredAccess{
			MPxN:                  w.meterPoint,
			OrganisationName:      "Acme Energy Services Ltd",
			OrganisationReference: "SEC-OU-00429",
			FirstSeen:             "2024-06-01",
			LastSeen:              "2026-02-28",
			SourceReference:       "DCC-1",
			DataTypesObserved:     []registerclient.DataType{registerclient.HalfHourlyConsumption},
		})
	if err != nil {
		t.Fatal(err)
	}
}

// seeAfterStop lets the DCC find an organisation a week after it had ended its access. It needs two more accounts.
func (w *world) seeAfterStop(t testing.TB) {
	t.Helper()
	owner := w.register.ClientOf(t, registerclient.CreateAccountRequest{
		Role:                  registerclient.RoleDataUser,
		DisplayName:           "Again Energy Ltd",
		OrganisationReference: "SEC-OU-00618",
	})
	ir, err := owner.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(w.meterPoint, ""))
	if err != nil {
		t.Fatal(err)
	}

	ak := registertest.CreateRecord(t, owner, ir.IR, registerclient.BasisConsent)
	registertest.Revoke(t, owner, ak)
	w.register.Clock.Add(7 * 24 * time.Hour)
	_, err = w.register.Client(t, registerclient.RoleDCC).
		SubmitDiscoveredAccess(t.Context(), registerclient.DiscoveredAccess{
			MPxN:                  w.meterPoint,
			OrganisationName:      "Again Energy Ltd",
			OrganisationReference: "SEC-OU-00618",
			FirstSeen:             "2026-05-20",
			SourceReference:       "DCC-2",
			DataTypesObserved:     []registerclient.DataType{registerclient.HalfHourlyConsumption},
		})
	if err != nil {
		t.Fatal(err)
	}
}

// newPortal starts another portal on the same database and register, like another process.
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

// registerFor registers an identity record of the same customer and an access record for another Data User.
func (w *world) registerFor(t testing.TB, c *registerclient.Client, basis registerclient.LegalBasis) {
	t.Helper()
	identity, err := c.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(w.meterPoint, email))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateAccessRecord(t.Context(), registertest.AccessRecord(identity.IR, basis)); err != nil {
		t.Fatal(err)
	}
}

func (w *world) accessRecord(t testing.TB, basis registerclient.LegalBasis) string {
	t.Helper()
	created, err := w.dataUser.CreateAccessRecord(t.Context(), registertest.AccessRecord(w.ir, basis))
	if err != nil {
		t.Fatal(err)
	}

	return created.AccessToken.Key
}

// sessions returns how many sessions are stored.
func (w *world) sessions(t testing.TB) int {
	t.Helper()
	n, err := w.options.DB.CountSessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	return n
}

// eventually polls until done returns true. It fails the test if that takes more than ten seconds.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Errorf("in ten seconds it did not happen that %s", what)
			return
		}
	}
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

// newAdvisedWorld is newWorld for an operator that has advisers.
func newAdvisedWorld(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.options.AdviserSecret = adviserSecret
	w.echo, w.server = w.newPortal(t)

	return w
}

func newPasskeyWorld(t testing.TB, change ...func(*setting)) *world {
	w := newWorld(t, change...)
	w.register.AddPasskey(t, w.ir)
	return w
}

// showPasskey uses the customer's passkey, in any browser, and returns the address that the register's page sends that
// browser back to.
func (w *world) showPasskey(t testing.TB) (back string) {
	t.Helper()
	if !strings.Contains(w.wire.challengeRequest(), `"passkey-return-url":"https://portal.example.org/portal/return"`) {
		t.Fatal("the register was not told where the passkey comes back to")
	}

	w.register.ShowPasskey(t, w.wire.tokenRef(), completionCode)

	return "/portal/return?" + url.Values{
		"dar-passkey-token":   {w.wire.tokenRef()},
		"dar-completion-code": {completionCode},
	}.Encode()
}

// used returns how often the register was called with a token.
func (w *world) used() int {
	return w.wire.called("complete") + w.wire.called("status") + w.wire.called("list")
}

// newDatabase returns an empty portal database.
func newDatabase(t *testing.T) *portaldb.DB {
	t.Helper()
	return portaldb.New(registertest.SQLite.Open(t, migrations.Portal).Write)
}
