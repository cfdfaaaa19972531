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
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

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

// world is a portal on a real register, with one meter point: an organisation reads it by permission, and as a public task.
type world struct {
	register *registertest.Register
	// wire is between the two, and can be cut.
	wire       *wire
	options    Options
	echo       *echo.Echo
	server     *httptest.Server
	log        *registertest.Log
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
		DB:             s.database.Open(t, migrations.Portal).Write,
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
func (w *world) sessions(t testing.TB) (n int) {
	t.Helper()
	if err := w.options.DB.Get(&n, `SELECT count(*) FROM portal_sessions`); err != nil {
		t.Fatal(err)
	}
	return n
}

// wire carries the portal's calls to the register, and counts and loses them.
type wire struct {
	mu    sync.Mutex
	calls map[string]int
	// token is the last token-ref that the register gave.
	token string
	// answer, where it is set and does not return nil, answers instead of the register; lose loses what the
	// register answered.
	answer func(*http.Request) *http.Response
	lose   func(*http.Request) bool
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	operation := operationOf(r)
	w.mu.Lock()
	if w.calls == nil {
		w.calls = map[string]int{}
	}

	w.calls[operation]++
	answer, lose := w.answer, w.lose
	w.mu.Unlock()
	if answer != nil {
		if instead := answer(r); instead != nil {
			return instead, nil
		}
	}

	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if lose != nil && lose(r) {
		response.Body.Close()
		return nil, io.ErrUnexpectedEOF
	}

	if operation == "reidentify" {
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}

		response.Body = io.NopCloser(bytes.NewReader(body))
		w.keepToken(string(body))
	}

	return response, nil
}

// keepToken remembers the token-ref of an answer that has one.
func (w *wire) keepToken(body string) {
	if _, rest, ok := strings.Cut(body, `"token-ref":"`); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.token, _, _ = strings.Cut(rest, `"`)
	}
}

func (w *wire) called(operation string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[operation]
}

func (w *wire) tokenRef() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.token
}

func (w *wire) set(answer func(*http.Request) *http.Response, lose func(*http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer, w.lose = answer, lose
}

// operationOf names the call: token, exists, reidentify, complete, status, list, notice or revoke.
func operationOf(r *http.Request) string {
	path := strings.TrimPrefix(r.URL.Path, "/v1")
	switch {
	case path == "/auth/token":
		return "token"
	case path == "/identity-records/exists":
		return "exists"
	case path == "/identity-records/reidentify":
		return "reidentify"
	case strings.HasSuffix(path, "/complete"):
		return "complete"
	case strings.HasPrefix(path, "/identity-records/reidentify/"):
		return "status"
	case strings.HasSuffix(path, "/notice"):
		return "notice"
	case strings.HasPrefix(path, "/meter-points/"):
		return "list"
	case r.Method == http.MethodDelete:
		return "revoke"
	}

	return path
}

// refuse answers one operation with a status, and words that must not reach a browser.
func refuse(operation string, status int) func(*http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		if operationOf(r) != operation {
			return nil
		}

		return &http.Response{
			StatusCode: status,
			Header:     http.Header{"Content-Type": {"application/json"}},
			Request:    r,
			Body: io.NopCloser(
				strings.NewReader(
					`{"response":{"resource":"","timestamp":"2026-06-01T09:00:00Z","transaction-id":"tid_1"},` +
						`"errors":[{"error-code":"SRV001","message":"inner canary"}]}`,
				),
			),
		}
	}
}

// answerJSON is a good answer of the register's.
func answerJSON(r *http.Request, body string) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Request:    r,
		Body:       io.NopCloser(strings.NewReader(body)),
	}
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

func TestJourney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.discover(t)
	b := w.browser(t)
	b.get("/portal").wants(t, 200, "start.title")
	b.prove()
	b.get("/portal/waiting").wants(t, 200, "waiting.magic-link.title")
	if n := w.wire.called("status"); n != 0 {
		t.Errorf("the waiting page asked the register %d times", n)
	}
	if status := b.get(
		"/portal/waiting/status",
	); status.StatusCode != 200 ||
		status.doc.Find("#waiting[data-state=pending]").Length() != 1 {
		t.Errorf("status is %d %s", status.StatusCode, status.body)
	}

	b.get("/portal/waiting/check").sendsTo(t, "/portal/waiting")
	b.get("/portal/records").sendsTo(t, "/portal/waiting")

	b.confirm()
	before := b.session()
	status := b.get("/portal/waiting/status")
	if got := status.Header.Get("HX-Redirect"); got != "/portal/records" {
		t.Fatalf("sent to %q", got)
	}

	records := b.get("/portal/records").wants(t, 200, "records.title")
	after := b.session()
	if before == after {
		t.Error("the session kept its id")
	}
	for _, want := range []string{"Bright Energy Ltd", "Acme Energy Services Ltd", "SEC-OU-00429"} {
		if !strings.Contains(records.body, want) {
			t.Errorf("%s is not on the page", want)
		}
	}

	path := records.withdrawPath(t)
	withdraw := b.get(path)
	if withdraw.StatusCode != 200 {
		t.Fatalf("%s answers %d", path, withdraw.StatusCode)
	}

	form := url.Values{"token": {withdraw.token(t)}}
	b.post(path, form).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
	withdrawn := b.get(strings.TrimSuffix(path, "withdraw") + "withdrawn")
	if withdrawn.StatusCode != 200 || !strings.Contains(withdrawn.body, "tid_") {
		t.Errorf("withdrawn: %d, with a reference %v", withdrawn.StatusCode, strings.Contains(withdrawn.body, "tid_"))
	}

	b.post(path, form).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
	b.get(path).sendsTo(t, strings.TrimSuffix(path, "withdraw")+"withdrawn")
	if n := w.wire.called("revoke"); n != 1 {
		t.Errorf("the register was asked %d times to stop it", n)
	}
	if b.get("/portal/records").doc.Find(`a[href$="/withdraw"]`).Length() != 0 {
		t.Error("what is stopped can still be stopped")
	}
	if n := w.wire.called("list"); n != 1 {
		t.Errorf("the records were read %d times", n)
	}

	b.post("/portal/sign-out", form).sendsTo(t, "/portal/signed-out")
	b.get("/portal/signed-out").wants(t, 200, "signedout.title")
	if b.session() != "" || w.sessions(t) != 0 {
		t.Errorf("after signing out there is a cookie %q, and %d sessions", b.session(), w.sessions(t))
	}
	for _, old := range []string{before, after} {
		b.setSession(old)
		b.follow(b.get("/portal/records")).wants(t, 403, "error.session-ended.title")
	}
}

func TestLogTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	b.header.Set("Referer", "https://example.org/"+w.meterPoint)
	b.header.Set("X-Request-ID", w.meterPoint)
	b.header.Set("User-Agent", w.meterPoint)
	records := b.signIn()
	b.post(records.withdrawPath(t), url.Values{"token": {b.get(records.withdrawPath(t)).token(t)}})
	token, session := w.wire.tokenRef(), b.session()
	// Somebody types the number where it does not belong, and things fail.
	b.get("/portal/" + w.meterPoint)
	b.get("/" + w.meterPoint + "?number=" + w.meterPoint)
	b.get("/portal/records/" + w.meterPoint + "/withdraw")
	b.do(http.MethodPut, "/portal/prove?x="+w.meterPoint, url.Values{"number": {w.meterPoint}})
	b.post("/portal/meter?x=%zz"+w.meterPoint, url.Values{"number": {w.meterPoint}})
	for _, operation := range []string{"exists", "reidentify", "status", "list"} {
		for _, status := range []int{400, 401, 403, 404, 409, 422, 429, 500, 503} {
			w.register.Clock.Add(10 * time.Minute) // out of reach of the limits
			w.wire.set(refuse(operation, status), nil)
			b.post("/portal/meter", url.Values{"number": {w.meterPoint}, "confirmed": {"yes"}})
			w.wire.set(nil, func(r *http.Request) bool { return operationOf(r) == operation })
			b.post("/portal/meter", url.Values{"number": {trueMPAN}})
		}
	}

	text := w.log.String()
	if !strings.Contains(text, `"route":"/portal/records/:handle/withdraw"`) {
		t.Error("the log names no route")
	}
	for _, canary := range []string{w.meterPoint, trueMPAN, "mlr_", token, session, email, "canary", "example.com", "Bright Energy"} {
		if strings.Contains(text, canary) {
			t.Errorf("the log tells %q", canary)
		}
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	lang := func(p *page) string { return p.doc.Find("html").AttrOr("lang", "") }
	if got := lang(b.get("/portal")); got != "en" {
		t.Errorf("by default: %s", got)
	}

	b.header.Set("Accept-Language", "cy-GB,cy;q=0.9,en;q=0.5")
	if got := lang(b.get("/portal")); got != "cy" {
		t.Errorf("a Welsh browser: %s", got)
	}

	b.header.Set("Accept-Language", ";;q=zz,,*")
	if got := lang(b.get("/portal")); got != "en" {
		t.Errorf("a broken header: %s", got)
	}
	if got := lang(b.get("/portal?lang=cy")); got != "cy" {
		t.Errorf("asked for: %s", got)
	}
	if got := lang(b.post("/portal/meter", url.Values{})); got != "cy" {
		t.Errorf("remembered: %s", got)
	}
	if got := lang(b.get("/portal?lang=xx")); got != "cy" {
		t.Errorf("a language that is none: %s", got)
	}
	if got := lang(b.get("/portal/nowhere")); got != "cy" {
		t.Errorf("an error page: %s", got)
	}
	if got := lang(b.get("/portal?lang=en")); got != "en" {
		t.Errorf("asked for again: %s", got)
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser(t)
	token := b.signIn().token(t)
	for range 3 {
		w.register.Clock.Add(14 * time.Minute)
		if p := b.post("/portal/keep-alive", url.Values{"token": {token}}); p.StatusCode != http.StatusNoContent {
			t.Fatalf("answers %d", p.StatusCode)
		}
	}

	b.get("/portal/records").wants(t, 200, "records.title")
	w.register.Clock.Add(16 * time.Minute)
	b.header.Set("HX-Request", "true")
	if p := b.post(
		"/portal/keep-alive",
		url.Values{"token": {token}},
	); p.Header.Get(
		"HX-Redirect",
	) != "/portal/records" {
		t.Errorf("after the end it answers %d, to %q", p.StatusCode, p.Header.Get("HX-Redirect"))
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser(t)
	if p := b.get("/portal/healthz"); p.StatusCode != 200 || p.body != "ok" {
		t.Errorf("answers %d %q", p.StatusCode, p.body)
	}
}
