package id_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"central.consent/dar/internal/web"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

const (
	assertPage = "/id/passkey/assert"
	enrolPage  = "/id/passkey/register"
	returnURL  = "https://portal.example.org/back"

	// The pages on which a ceremony ends.
	confirmedPage = "/id/passkey/confirmed"
	addedPage     = "/id/passkey/added"
)

// refusal is what the script of a passkey page gets for every step that is refused.
const refusal = "We could not accept this passkey. Nothing has changed. Try again, or choose another way."

// must is registertest.Must.
func must[T any](value T, err error) func(testing.TB) T { return registertest.Must(value, err) }

// household is registertest.Household.
func household(t testing.TB, r *registertest.Register) (owner, portal *registerclient.Client, ir string) {
	t.Helper()

	return registertest.Household(t, r)
}

// start is registertest.Start.
func start(t testing.TB, c *registerclient.Client, method registerclient.Method) *registerclient.ReidentifyResponse {
	t.Helper()

	return registertest.Start(t, c, method)
}

// list is registertest.ListRecords.
func list(t testing.TB, c *registerclient.Client, token string) []registerclient.AccessRecordSummary {
	t.Helper()

	return registertest.ListRecords(t, c, token)
}

// audited is registertest.CountAudited.
func audited(t testing.TB, r *registertest.Register, eventType, mpxn string) int {
	t.Helper()

	return registertest.CountAudited(t, r, eventType, mpxn)
}

// movedIn creates an identity record of a person who moved in on a day, and returns its key.
func movedIn(t testing.TB, c *registerclient.Client, day registerclient.Date, email string) string {
	t.Helper()
	in := registertest.IdentityRecord(registertest.MeterPoint, email)
	in.PIIPrincipal.MoveInDate = day

	return must(c.CreateIdentityRecord(t.Context(), in))(t).IR
}

// reportTenancy reports a change of tenancy at MeterPoint.
func reportTenancy(t testing.TB, r *registertest.Register, effective registerclient.Date) {
	t.Helper()
	dcc := r.Client(t, registerclient.RoleDCC)
	must(dcc.ReportChangeOfTenancy(t.Context(), registerclient.ChangeOfTenancyRequest{
		MPxN:            registertest.MeterPoint,
		EffectiveDate:   effective,
		SourceReference: "MPAS-1",
	}))(t)
}

// accountOf returns the id of the client's account.
func accountOf(t testing.TB, c *registerclient.Client) string {
	t.Helper()

	return must(c.ReadSelf(t.Context()))(t).Account.AccountID
}

// isInvalid reports whether err is a 400 that names the field.
func isInvalid(err error, field string) bool {
	refused, ok := errors.AsType[*registerclient.Error](err)

	return ok && refused.Status == http.StatusBadRequest && refused.Names(field)
}

func expectPage(t testing.TB, page *registertest.Shown, status int, text string) {
	t.Helper()
	if page.Status != status || !strings.Contains(page.Text(), text) {
		t.Fatalf("%d %s: %s\nwant %d %q", page.Status, page.URL.Path, page.Text(), status, text)
	}
}

// linked is a register that mails links, on two replicas, with one household.
type linked struct {
	*registertest.Register
	replica *registertest.Register
	inbox   registertest.Inbox
	owner   *registerclient.Client
	portal  *registerclient.Client
	ir      string
}

func newLinked(t *testing.T, d registertest.Database) linked {
	t.Helper()
	on := registertest.On(d)
	inbox, sender := registertest.NewInbox(t)
	r := registertest.New(t, on, registertest.HoldConfirmations(), registertest.WithMail(sender))
	l := linked{
		Register: r,
		replica:  registertest.New(t, registertest.HoldConfirmations(), registertest.ReplicaOf(r)),
		inbox:    inbox,
	}
	l.owner, l.portal, l.ir = household(t, r)

	return l
}

// eachLinked runs a test on a linked register of each database.
func eachLinked(t *testing.T, test func(t *testing.T, l linked)) {
	t.Helper()
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) { test(t, newLinked(t, d)) })
}

// ask starts a challenge with a match code, and returns it with the link that was mailed.
func (l linked) ask(t testing.TB) (*registerclient.ReidentifyResponse, string) {
	t.Helper()
	started := must(l.portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
		MPxN:      registertest.MeterPoint,
		Method:    registerclient.MethodMagicLink,
		MatchCode: true,
		Language:  "en",
	}))(t)
	l.WorkOff(t)

	return started, l.inbox.Link(t)
}

// askWithoutCode starts a challenge without a match code, and returns it with the link that was mailed.
func (l linked) askWithoutCode(t testing.TB) (*registerclient.ReidentifyResponse, string) {
	t.Helper()
	started := start(t, l.portal, registerclient.MethodMagicLink)
	l.WorkOff(t)

	return started, l.inbox.Link(t)
}

func (l linked) status(t testing.TB, started *registerclient.ReidentifyResponse) string {
	t.Helper()
	got := must(l.portal.ReidentificationStatus(t.Context(), started.TokenRef()))(t)

	return strings.TrimSpace(string(got.Status) + " " + got.Reason)
}

func expectChallenge(t testing.TB, l linked, started *registerclient.ReidentifyResponse, want string) {
	t.Helper()
	if got := l.status(t, started); got != want {
		t.Fatalf("the challenge is %q, want %q", got, want)
	}
}

// otherCode returns a well-formed match code that is not this one.
func otherCode(code string) string {
	if code == "2222" {
		return "3333"
	}

	return "2222"
}

// home is one meter point of a register, its occupants' mailbox, and the clients that ask them.
type home struct {
	*registertest.Register
	inbox         registertest.Inbox
	owner, portal *registerclient.Client
	ir            string
}

func newHome(t *testing.T, d registertest.Database) *home {
	t.Helper()
	inbox, sender := registertest.NewInbox(t)
	r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations(), registertest.WithMail(sender))
	h := &home{Register: r, inbox: inbox}
	h.owner = r.ClientOf(t, registerclient.CreateAccountRequest{
		Role:        registerclient.RoleDataUser,
		DisplayName: "Bright <Energy>",
	})
	h.portal = r.ClientOf(t, registerclient.CreateAccountRequest{
		Role:        registerclient.RolePortal,
		DisplayName: "Advice & Co",
	})

	for _, account := range []*registerclient.Client{h.owner, h.portal} {
		must(account.ReplaceReturnURLs(t.Context(), registerclient.ReplaceReturnURLsRequest{
			ReturnURLs: []string{returnURL},
		}))(t)
	}

	h.ir = movedIn(t, h.owner, "2022-06-30", "customer@example.com")

	return h
}

// eachHome runs a test on a home of each database.
func eachHome(t *testing.T, test func(t *testing.T, h *home)) {
	t.Helper()
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) { test(t, newHome(t, d)) })
}

// ask starts a challenge at the portal.
func (h *home) ask(t *testing.T, in registerclient.ReidentifyRequest) *registerclient.ReidentifyResponse {
	t.Helper()
	in.MPxN = registertest.MeterPoint
	h.ForgetLimits(t)

	return must(h.portal.Reidentify(t.Context(), in))(t)
}

// askToAssert starts a challenge by passkey, and returns the address of its page.
func (h *home) askToAssert(t *testing.T) (page string, started *registerclient.ReidentifyResponse) {
	t.Helper()
	started = h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyAssert})

	return started.Passkey.RedirectURL, started
}

// askOwn starts a challenge by one of the owner's identity records.
func (h *home) askOwn(t *testing.T, ir string, method registerclient.Method) *registerclient.ReidentifyResponse {
	t.Helper()

	return must(h.owner.ReidentifyOwn(t.Context(), ir, registerclient.ReidentifyOwnRequest{Method: method}))(t)
}

func (h *home) status(t *testing.T, started *registerclient.ReidentifyResponse) string {
	t.Helper()
	got := must(h.portal.ReidentificationStatus(t.Context(), started.TokenRef()))(t)

	return strings.TrimSpace(string(got.Status) + " " + got.Reason)
}

// confirmByMail follows the latest mailed link, and confirms with this match code.
func (h *home) confirmByMail(t *testing.T, b *registertest.Browser, code string) *registertest.Shown {
	t.Helper()
	h.WorkOff(t)

	return b.Submit(b.Open(h.inbox.Link(t)), "/id/link", "code", code)
}

// enrol creates a passkey for the home by a mailed link, and empties the mailbox.
func (h *home) enrol(t *testing.T) *device {
	t.Helper()
	d := newDevice()
	b := h.Browser(t)
	h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	h.confirmByMail(t, b, "")
	c := openCeremony(t, b, b.Open(enrolPage))
	expectLocation(t, c, d.create(t, c.options()), addedPage)

	h.WorkOff(t)
	h.inbox.Clear()

	return d
}

// expectStatus checks the status of a challenge that the portal started, and the reason if it has ended.
func (h *home) expectStatus(t *testing.T, started *registerclient.ReidentifyResponse, want string) {
	t.Helper()
	if got := h.status(t, started); got != want {
		t.Errorf("the challenge is %s, want %s", got, want)
	}
}

func (h *home) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := h.DB.Read.Get(&n, h.DB.Read.Rebind(query), args...); err != nil {
		t.Fatal(err)
	}

	return n
}

// passkeys and usedPasskeys count what the register holds; passkeyFlags returns the flags of the only passkey.
func (h *home) passkeys(t *testing.T) int { return h.count(t, `SELECT COUNT(*) FROM credentials`) }

func (h *home) usedPasskeys(t *testing.T) int {
	return h.count(t, `SELECT COUNT(used_at) FROM credentials`)
}

func (h *home) passkeyFlags(t *testing.T) int { return h.count(t, `SELECT flags FROM credentials`) }

// audited returns how many events of a type the audit log holds.
func (h *home) audited(t *testing.T, event string) int {
	return registertest.CountAudited(t, h.Register, event, "")
}

// The flags of authenticator data (Web Authentication level 3, 6.1): user present, user verified, backup eligible,
// backup state.
const up, uv, be, bs = 1, 4, 8, 16

// clientData returns the client data of a good assertion with these options.
func clientData(options string) map[string]any {
	parsed, _ := virtualwebauthn.ParseAssertionOptions(options)

	return map[string]any{
		"type":        "webauthn.get",
		"challenge":   base64.RawURLEncoding.EncodeToString(parsed.Challenge),
		"origin":      registertest.PublicURL,
		"crossOrigin": false,
	}
}

// ceremony is a passkey page in a browser, driven as its script drives it.
type ceremony struct {
	t       *testing.T
	browser *registertest.Browser
	path    string
	form    string
	fields  map[string]any
}

// openCeremony reads a passkey page.
func openCeremony(t *testing.T, b *registertest.Browser, page *registertest.Shown) *ceremony {
	t.Helper()
	form := page.Page.Find("form#passkey")
	if page.Status != http.StatusOK || form.Length() != 1 {
		t.Fatalf("no passkey page at %s: %d %s", page.URL, page.Status, page.Text())
	}

	return &ceremony{
		t:       t,
		browser: b,
		path:    form.AttrOr("data-path", ""),
		form:    form.AttrOr("data-form", ""),
		fields:  map[string]any{},
	}
}

// on returns the same page in another browser.
func (c *ceremony) on(b *registertest.Browser) *ceremony {
	other := *c
	other.browser = b

	return &other
}

// step sends one step, and returns the status and members of the response.
func (c *ceremony) step(end string, credential string) (int, map[string]any) {
	c.t.Helper()
	body := map[string]any{"form": c.form}
	for name, value := range c.fields {
		body[name] = value
	}
	if credential != "" {
		body["credential"] = json.RawMessage(credential)
	}

	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}

	shown := c.browser.Fetch(c.path+end, text)
	var response map[string]any
	if err := json.Unmarshal(shown.Body, &response); err != nil {
		c.t.Fatalf("%s%s returns %d %q", c.path, end, shown.Status, shown.Body)
	}

	return shown.Status, response
}

// options returns the options that the browser gets, as JSON.
func (c *ceremony) options() string {
	c.t.Helper()
	status, response := c.step("/options", "")
	if status != http.StatusOK || response["publicKey"] == nil {
		c.t.Fatalf("options: %d %v", status, response)
	}

	text, _ := json.Marshal(response["publicKey"])

	return string(text)
}

func expectLocation(t *testing.T, c *ceremony, credential, want string) {
	t.Helper()
	status, response := c.step("/finish", credential)
	if status != http.StatusOK || response["location"] != want || len(response) != 1 {
		t.Fatalf("finish: %d %v, want the location %s", status, response, want)
	}
}

func expectRefusal(t *testing.T, c *ceremony, credential string) {
	t.Helper()
	status, response := c.step("/finish", credential)
	if status != http.StatusUnprocessableEntity || response["error"] != refusal || len(response) != 1 {
		t.Errorf("finish: %d %v, want the refusal", status, response)
	}
}

// formTokenOf returns the form token of the pages that a secret opens. The test knows it so that a missing form token
// is not the cause of a refusal.
func formTokenOf(secret string) string { return web.MaskToken(secret) }
