package id_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"central.consent/dar/register/mail/catcher"
	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

const (
	assertPage = "/id/passkey/assert"
	enrolPage  = "/id/passkey/register"
	returnURL  = "https://portal.example.org/back"
)

// home is one meter point of a register, whose people have a mailbox, and those who ask them.
type home struct {
	*registertest.Register
	inbox         *catcher.Catcher
	owner, portal *registerclient.Client
	ir            string
}

func newHome(t *testing.T, d registertest.Database) *home {
	t.Helper()
	inbox, sender := registertest.NewInbox(t)
	r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations(), registertest.WithMail(sender))
	h := &home{Register: r, inbox: inbox.Catcher}
	h.owner = r.ClientOf(
		t,
		registerclient.CreateAccountRequest{Role: registerclient.RoleDataUser, DisplayName: "Bright <Energy>"},
	)
	h.portal = r.ClientOf(
		t,
		registerclient.CreateAccountRequest{Role: registerclient.RolePortal, DisplayName: "Advice & Co"},
	)
	for _, account := range []*registerclient.Client{h.owner, h.portal} {
		must(
			account.ReplaceReturnURLs(
				t.Context(),
				registerclient.ReplaceReturnURLsRequest{ReturnURLs: []string{returnURL}},
			),
		)(
			t,
		)
	}

	h.ir = h.lives(t, "customer@example.com", "2022-06-30")
	return h
}

func (h *home) lives(t *testing.T, email, since string) string {
	t.Helper()
	in := registertest.IdentityRecord(registertest.MeterPoint, email)
	in.PIIPrincipal.MoveInDate = registerclient.Date(since)
	return must(h.owner.CreateIdentityRecord(t.Context(), in))(t).IR
}

// asks starts a challenge at the portal.
func (h *home) asks(t *testing.T, in registerclient.ReidentifyRequest) *registerclient.ReidentifyResponse {
	t.Helper()
	in.MPxN = registertest.MeterPoint
	h.ForgetLimits(t)
	return must(h.portal.Reidentify(t.Context(), in))(t)
}

// asksToAssert starts a challenge by passkey, and answers the address of its page.
func (h *home) asksToAssert(t *testing.T) (page string, started *registerclient.ReidentifyResponse) {
	t.Helper()
	started = h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyAssert})
	return started.Passkey.RedirectURL, started
}

func (h *home) status(t *testing.T, started *registerclient.ReidentifyResponse) string {
	t.Helper()
	got := must(h.portal.ReidentificationStatus(t.Context(), started.TokenRef()))(t)
	return strings.TrimSpace(string(got.Status) + " " + string(got.Reason))
}

// mailed follows the latest mailed link to its confirmation.
func (h *home) mailed(t *testing.T, b *registertest.Browser, code string) *registertest.Shown {
	t.Helper()
	h.WorkOff(t)
	return b.Submit(b.Open(registertest.Inbox{Catcher: h.inbox}.Link(t)), "/id/link", "code", code)
}

// device is an authenticator and what it holds.
type device struct {
	party virtualwebauthn.RelyingParty
	auth  virtualwebauthn.Authenticator
	held  virtualwebauthn.Credential
}

func newDevice() *device {
	d := &device{
		party: virtualwebauthn.RelyingParty{
			ID:     "localhost",
			Name:   "Central Access Register",
			Origin: registertest.PublicURL,
		},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(
			virtualwebauthn.AuthenticatorOptions{BackupEligible: true, BackupState: true},
		),
	}
	// The library drops the zero that a coordinate may begin with, and such a key is none.
	for d.held.Key == nil || len(d.held.Key.AttestationData()) != 77 {
		d.held = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}

	return d
}

// ceremony is a passkey page in a browser, as its script works it.
type ceremony struct {
	t       *testing.T
	browser *registertest.Browser
	path    string
	form    string
	fields  map[string]any
}

// opens reads a passkey page.
func opens(t *testing.T, b *registertest.Browser, page *registertest.Shown) *ceremony {
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

func (c *ceremony) on(b *registertest.Browser) *ceremony {
	other := *c
	other.browser = b
	return &other
}

// step sends one step; its answer is the JSON's members.
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

	return c.raw(end, text)
}

func (c *ceremony) raw(end string, body []byte) (int, map[string]any) {
	c.t.Helper()
	shown := c.browser.Fetch(c.path+end, body)
	var answer map[string]any
	if err := json.Unmarshal(shown.Body, &answer); err != nil {
		c.t.Fatalf("%s%s answers %d %q", c.path, end, shown.Status, shown.Body)
	}

	return shown.Status, answer
}

// question is what the browser is asked, as JSON.
func (c *ceremony) question() string {
	c.t.Helper()
	status, answer := c.step("/options", "")
	if status != http.StatusOK || answer["publicKey"] == nil {
		c.t.Fatalf("options: %d %v", status, answer)
	}

	text, _ := json.Marshal(answer["publicKey"])
	return string(text)
}

// makes is a device's answer to the question of an enrolment.
func (d *device) makes(t *testing.T, question string) string {
	t.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(question)
	if err != nil {
		t.Fatal(err)
	}

	d.auth.Options.UserHandle = []byte(options.UserID)
	return virtualwebauthn.CreateAttestationResponse(d.party, d.auth, d.held, *options)
}

// shows is a device's answer to the question of an assertion.
func (d *device) shows(t *testing.T, question string) string {
	t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(question)
	if err != nil {
		t.Fatal(err)
	}

	return virtualwebauthn.CreateAssertionResponse(d.party, d.auth, d.held, *options)
}

// signs is shows with client data and flags of the test's own choice.
func (d *device) signs(t *testing.T, clientData map[string]any, flags byte, counter uint32) string {
	t.Helper()
	data, err := json.Marshal(clientData)
	if err != nil {
		t.Fatal(err)
	}

	party := sha256.Sum256([]byte(d.party.ID))
	authenticator := append(party[:], flags, byte(counter>>24), byte(counter>>16), byte(counter>>8), byte(counter))
	hash := sha256.Sum256(data)
	digest := sha256.Sum256(append(slices.Clone(authenticator), hash[:]...))
	signature, err := d.held.Key.Sign(digest[:])
	if err != nil {
		t.Fatal(err)
	}

	text := base64.RawURLEncoding.EncodeToString
	answer, _ := json.Marshal(map[string]any{
		"id": text(d.held.ID), "rawId": text(d.held.ID), "type": "public-key", "response": map[string]any{
			"clientDataJSON": text(
				data,
			),
			"authenticatorData": text(authenticator),
			"signature":         text(signature),
			"userHandle":        text(d.auth.Options.UserHandle),
		},
	})
	return string(answer)
}

// enrols makes a passkey for the home by a mailed link.
func (h *home) enrols(t *testing.T) *device {
	t.Helper()
	d := newDevice()
	b := h.Browser(t)
	h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
	h.mailed(t, b, "")
	c := opens(t, b, b.Open(enrolPage))
	expectLocation(t, c, d.makes(t, c.question()), "/id/passkey/added")
	h.WorkOff(t)
	h.inbox.Clear()

	return d
}

func expectLocation(t *testing.T, c *ceremony, credential, want string) {
	t.Helper()
	if status, answer := c.step(
		"/finish",
		credential,
	); status != http.StatusOK || answer["location"] != want ||
		len(answer) != 1 {
		t.Fatalf("finish: %d %v, want the way to %s", status, answer, want)
	}
}

const refusal = "We could not accept this passkey. Nothing has changed. Try again, or choose another way."

func expectRefusal(t *testing.T, c *ceremony, credential string) {
	t.Helper()
	if status, answer := c.step(
		"/finish",
		credential,
	); status != http.StatusUnprocessableEntity || answer["error"] != refusal ||
		len(answer) != 1 {
		t.Errorf("finish: %d %v, want the refusal", status, answer)
	}
}

func (h *home) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := h.DB.Read.Get(&n, h.DB.Read.Rebind(query), args...); err != nil {
		t.Fatal(err)
	}
	return n
}

func (h *home) passkeys(t *testing.T) int { return h.count(t, `SELECT COUNT(*) FROM credentials`) }

// eachHome runs a test on a home of each database.
func eachHome(t *testing.T, test func(t *testing.T, h *home)) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) { test(t, newHome(t, d)) })
}

// A customer follows a mailed link, makes a passkey on the strength of it, and next time shows that.
func TestPasskeyIsEnrolledAfterAMailedLinkAndThenConfirms(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		h.lives(t, "Partner@Example.com", "2023-01-01")
		h.lives(t, "customer@EXAMPLE.com", "2023-01-01")
		h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink, Language: "cy"})
		b := h.Browser(t)
		d := newDevice()
		b.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 Mobile")
		if page := h.mailed(t, b, ""); page.URL.Path != "/id/link/confirmed" {
			t.Fatalf("confirming leads to %s", page.URL)
		}

		h.inbox.Clear()
		page := b.Open(enrolPage + "?lang=en")
		if got := page.Page.Find("#name").AttrOr("value", ""); got != "Android phone" {
			t.Errorf("the passkey would be called %q", got)
		}

		c := opens(t, b, page)
		question := c.question()
		var asked struct {
			RP, User               struct{ ID, Name, DisplayName string }
			Attestation, Challenge string
			Timeout                int
			ExcludeCredentials     []any
			AuthenticatorSelection map[string]any
		}
		if err := json.Unmarshal([]byte(question), &asked); err != nil {
			t.Fatal(err)
		}
		if asked.RP.ID != "localhost" || asked.User.Name != "Electricity meter ending 901" || asked.User.DisplayName != asked.User.Name ||
			len(asked.User.ID) != 43 || len(asked.Challenge) != 43 || asked.Timeout != 300_000 ||
			asked.Attestation != "none" ||
			len(asked.ExcludeCredentials) != 0 ||
			asked.AuthenticatorSelection["userVerification"] != "required" ||
			asked.AuthenticatorSelection["residentKey"] != "required" {
			t.Errorf("the browser is asked %s", question)
		}

		c.fields["name"] = "  Mum's   phone "
		expectLocation(t, c, d.makes(t, question), "/id/passkey/added")
		if b.Cookie("dar-enrol") != "" {
			t.Error("the browser keeps a ticket that is spent")
		}

		h.WorkOff(t)
		var to []string
		for _, letter := range h.inbox.Messages() {
			to = append(to, letter.To)
			if !strings.Contains(letter.Text, "Mum's phone") || !strings.Contains(letter.Subject, "cod-allwedd") ||
				letter.Header.Get("Content-Language") != "cy" {
				t.Errorf("the letter says %s\n%s", letter.Subject, letter.Text)
			}
		}

		slices.Sort(to)
		if len(to) != 2 || !strings.EqualFold(to[0], "partner@example.com") ||
			!strings.EqualFold(to[1], "customer@example.com") {
			t.Errorf("letters went to %q", to)
		}

		address, started := h.asksToAssert(t)
		b = h.Browser(t)
		page = b.Open(address)
		if page.URL.String() != registertest.PublicURL+assertPage || !strings.Contains(page.Text(), "Advice & Co") ||
			!strings.Contains(page.Text(), "ending in 901") {
			t.Errorf("the page at %s says %s", page.URL, page.Text())
		}

		c = opens(t, b, page)
		question = c.question()
		if strings.Contains(question, "allowCredentials") ||
			!strings.Contains(question, `"userVerification":"required"`) {
			t.Errorf("the browser is asked %s", question)
		}

		d.held.Counter = 1
		expectLocation(t, c, d.shows(t, question), "/id/passkey/confirmed")
		if got := h.status(t, started); got != "confirmed" {
			t.Errorf("the challenge is %s", got)
		}
		if b.Cookie("dar-passkey") != "" {
			t.Error("the browser keeps a secret that is spent")
		}
		for event, want := range map[string]int{"credential.created": 1, "credential.used": 1, "credential.refused": 0, "reidentification.confirmed": 2} {
			if got := h.count(t, `SELECT COUNT(*) FROM audit_events WHERE event_type = ?`, event); got != want {
				t.Errorf("%d times %s in the audit log, want %d", got, event, want)
			}
		}
	})
}

// A person may have several passkeys. All are made for the same user, and none on a device that has one.
func TestPasskeysOfAPersonShareTheirUser(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		first := h.enrols(t)
		h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyRegister})
		b := h.Browser(t)
		second := newDevice()
		if page := h.mailed(
			t,
			b,
			"",
		); page.URL.Path != enrolPage ||
			!strings.Contains(page.Text(), "added on 1 June 2026") {
			t.Fatalf("confirming leads to %s: %s", page.URL, page.Text())
		}

		c := opens(t, b, b.Open(enrolPage))
		question := c.question()
		options, err := virtualwebauthn.ParseAttestationOptions(question)
		if err != nil || !first.held.IsExcludedForAttestation(*options) ||
			options.UserID != string(first.auth.Options.UserHandle) {
			t.Errorf("the second device is asked %s", question)
		}

		expectLocation(t, c, second.makes(t, question), "/id/passkey/added")
		for _, d := range []*device{first, second} {
			address, started := h.asksToAssert(t)
			b := h.Browser(t)
			c := opens(t, b, b.Open(address))
			expectLocation(t, c, d.shows(t, c.question()), "/id/passkey/confirmed")
			if got := h.status(t, started); got != "confirmed" {
				t.Errorf("the challenge is %s", got)
			}
		}

		if must(h.owner.ReadIdentityRecord(t.Context(), h.ir))(t).IdentityRecord.Credentials[0].RegisteredAt.IsZero() {
			t.Error("the Data User does not read of the passkey")
		}
	})
}

func TestPasskeyRefusesWhatIsNotRight(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		d.held.Counter = 7
		address, _ := h.asksToAssert(t)
		b := h.Browser(t)
		c := opens(t, b, b.Open(address))
		expectLocation(t, c, d.shows(t, c.question()), "/id/passkey/confirmed")

		address, started := h.asksToAssert(t)
		c = opens(t, b, b.Open(address))
		const up, uv, be, bs = 1, 4, 8, 16
		right := func() map[string]any {
			options, _ := virtualwebauthn.ParseAssertionOptions(c.question())
			return map[string]any{
				"type":        "webauthn.get",
				"challenge":   base64.RawURLEncoding.EncodeToString(options.Challenge),
				"origin":      registertest.PublicURL,
				"crossOrigin": false,
			}
		}
		with := func(name string, value any) map[string]any {
			data := right()
			data[name] = value
			return data
		}
		other := *d
		other.party.ID = "127.0.0.1"
		stranger := *newDevice()
		stranger.auth.Options.UserHandle = d.auth.Options.UserHandle
		forged := *d
		forged.held.Key = stranger.held.Key
		otherUser := *d
		otherUser.auth.Options.UserHandle = bytes.Repeat([]byte{1}, 32)
		noUser := *d
		noUser.auth.Options.UserHandle = nil
		for _, test := range []struct {
			name   string
			answer func() string
		}{
			{"no longer backup-eligible", func() string { return d.signs(t, right(), up|uv, 8) }},
			{"backed up, but not eligible", func() string { return d.signs(t, right(), up|uv|bs, 8) }},
			{"no user verification", func() string { return d.signs(t, right(), up|be|bs, 8) }},
			{"no user presence", func() string { return d.signs(t, right(), uv|be|bs, 8) }},
			{"origin of another", func() string { return d.signs(t, with("origin", "https://evil.example"), up|uv|be|bs, 8) }},
			{"origin with another port", func() string { return d.signs(t, with("origin", "http://localhost:5002"), up|uv|be|bs, 8) }},
			{"origin in another spelling", func() string { return d.signs(t, with("origin", "http://LOCALHOST:5001"), up|uv|be|bs, 8) }},
			{"origin with a path", func() string { return d.signs(t, with("origin", registertest.PublicURL+"/"), up|uv|be|bs, 8) }},
			{"in a frame", func() string { return d.signs(t, with("crossOrigin", true), up|uv|be|bs, 8) }},
			{"under a foreign page", func() string { return d.signs(t, with("topOrigin", "https://evil.example"), up|uv|be|bs, 8) }},
			{"under our own page", func() string { return d.signs(t, with("topOrigin", registertest.PublicURL), up|uv|be|bs, 8) }},
			{"of an enrolment", func() string { return d.signs(t, with("type", "webauthn.create"), up|uv|be|bs, 8) }},
			{"a challenge of its own", func() string {
				return d.signs(t, with("challenge", base64.RawURLEncoding.EncodeToString(make([]byte, 32))), up|uv|be|bs, 8)
			}},
			{"for another relying party", func() string { return other.signs(t, right(), up|uv|be|bs, 8) }},
			{"of an unknown passkey", func() string { return stranger.signs(t, right(), up|uv|be|bs, 8) }},
			{"by another key", func() string { return forged.signs(t, right(), up|uv|be|bs, 8) }},
			{"of another user", func() string { return otherUser.signs(t, right(), up|uv|be|bs, 8) }},
			{"of no user", func() string { return noUser.signs(t, right(), up|uv|be|bs, 8) }},
			{"nothing", func() string { return "{}" }},
		} {
			t.Run(test.name, func(t *testing.T) {
				h.ForgetLimits(t)
				expectRefusal(t, c, test.answer())
			})
		}

		if got := h.status(t, started); got != "pending" {
			t.Errorf("the challenge is %s", got)
		}
		if got := h.count(t, `SELECT COUNT(*) FROM audit_events WHERE event_type = 'credential.refused'`); got != 19 {
			t.Errorf("%d refusals in the audit log", got)
		}

		h.ForgetLimits(t)
		expectLocation(
			t,
			c,
			d.signs(t, right(), up|uv|be, 8),
			"/id/passkey/confirmed",
		) // and the backup state may change
		if got := h.count(t, `SELECT flags FROM credentials`); got != up|uv|be {
			t.Errorf("the flags are kept as %b", got)
		}
	})
}

// Web Authentication level 3, 6.1.1. Whoever has the copy could try until it has caught up, so the passkey is over.
func TestPasskeyOfWhichThereIsACopyIsForgotten(t *testing.T) {
	for _, counter := range []int{7, 6, 0} {
		t.Run(fmt.Sprint(counter), func(t *testing.T) {
			eachHome(t, func(t *testing.T, h *home) {
				d := h.enrols(t)
				d.held.Counter = 7
				address, _ := h.asksToAssert(t)
				b := h.Browser(t)
				c := opens(t, b, b.Open(address))
				expectLocation(t, c, d.shows(t, c.question()), "/id/passkey/confirmed")
				address, started := h.asksToAssert(t)
				c = opens(t, b, b.Open(address))
				options, _ := virtualwebauthn.ParseAssertionOptions(c.question())
				data := map[string]any{
					"type":        "webauthn.get",
					"challenge":   base64.RawURLEncoding.EncodeToString(options.Challenge),
					"origin":      registertest.PublicURL,
					"crossOrigin": false,
				}
				expectRefusal(t, c, d.signs(t, data, 1|4|8|16, uint32(counter)))
				if got := h.passkeys(t); got != 0 {
					t.Errorf("%d passkeys", got)
				}

				expectRefusal(t, c, d.shows(t, c.question()))
				if got := h.status(t, started); got != "pending" {
					t.Errorf("the challenge is %s", got)
				}

				h.WorkOff(t)
				letters := h.inbox.Messages()
				if last := letters[len(letters)-1]; !strings.Contains(last.Subject, "removed") {
					t.Errorf("nobody was told, but %q", last.Subject)
				}
			})
		})
	}
}

// A question is answered once, on whichever replica, for its own challenge and page, and in time.
func TestPasskeyCeremonyWorksOnce(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		replica := registertest.New(t, registertest.HoldConfirmations(), registertest.ReplicaOf(h.Register))
		address, first := h.asksToAssert(t)
		b := h.Browser(t)
		c := opens(t, b, b.Open(address))
		answer := d.shows(t, c.question())

		otherAddress, second := h.asksToAssert(t)
		otherBrowser := h.Browser(t)
		otherPage := opens(t, otherBrowser, otherBrowser.Open(otherAddress))
		expectRefusal(t, otherPage, answer) // of another challenge

		expectLocation(t, c.on(b.On(replica)), answer, "/id/passkey/confirmed")
		b.SetCookie("dar-passkey", strings.TrimPrefix(address[strings.Index(address, "pks_"):], ""))
		expectRefusal(t, c, answer)
		expectRefusal(t, c.on(b.On(replica)), answer)
		if h.status(t, first) != "confirmed" || h.status(t, second) != "pending" {
			t.Errorf("%s, %s", h.status(t, first), h.status(t, second))
		}

		// Two replicas take turns, and one of the two answers that come at once is taken.
		answer = d.shows(t, otherPage.on(otherBrowser.On(replica)).question())
		results := make(chan int, 2)
		for _, browser := range []*registertest.Browser{otherBrowser, otherBrowser.On(replica)} {
			go func() {
				body, _ := json.Marshal(map[string]any{"form": otherPage.form, "credential": json.RawMessage(answer)})
				results <- browser.Fetch(assertPage+"/finish", body).Status
			}()
		}

		if got := []int{<-results, <-results}; got[0]+got[1] != http.StatusOK+http.StatusUnprocessableEntity {
			t.Errorf("two at once: %v", got)
		}

		// Both the question and the challenge end after five minutes, whichever is first.
		address, third := h.asksToAssert(t)
		c = opens(t, b, b.Open(address))
		h.Clock.Add(2 * time.Minute)
		answer = d.shows(t, c.question())
		if !strings.Contains(c.question(), `"timeout":180000`) {
			t.Error("the question outlives its challenge")
		}

		h.Clock.Add(3 * time.Minute)
		expectRefusal(t, c, answer)
		if h.status(t, third) != "expired" {
			t.Errorf("the third is %s", h.status(t, third))
		}
		if got := h.count(t, `SELECT COUNT(*) FROM credentials WHERE used_at IS NOT NULL`); got != 1 {
			t.Errorf("%d used", got)
		}
	})
}

// The passkey's person must live there today, and on the one record where its own Data User asks.
func TestPasskeyOfAnotherPersonIsRefused(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		newer := h.lives(t, "newcomer@example.com", "2026-05-01")
		h.AddPasskey(t, newer)
		b := h.Browser(t)

		// Its own Data User asks by the newer record alone.
		own := must(
			h.owner.ReidentifyOwn(
				t.Context(),
				newer,
				registerclient.ReidentifyOwnRequest{Method: registerclient.MethodPasskeyAssert},
			),
		)(
			t,
		)
		c := opens(t, b, b.Open(own.Passkey.RedirectURL))
		expectRefusal(t, c, d.shows(t, c.question()))
		own = must(
			h.owner.ReidentifyOwn(
				t.Context(),
				h.ir,
				registerclient.ReidentifyOwnRequest{Method: registerclient.MethodPasskeyAssert},
			),
		)(
			t,
		)
		c = opens(t, b, b.Open(own.Passkey.RedirectURL))
		expectLocation(t, c, d.shows(t, c.question()), "/id/passkey/confirmed")

		// Another meter point.
		in := registertest.IdentityRecord("9900000000001", "other@example.com")
		elsewhere := must(h.owner.CreateIdentityRecord(t.Context(), in))(t).IR
		h.AddPasskey(t, elsewhere)
		started := must(
			h.portal.Reidentify(
				t.Context(),
				registerclient.ReidentifyRequest{MPxN: "9900000000001", Method: registerclient.MethodPasskeyAssert},
			),
		)(
			t,
		)
		c = opens(t, b, b.Open(started.Passkey.RedirectURL))
		expectRefusal(t, c, d.shows(t, c.question()))

		// The people change while the page is open: the passkey is of those who have gone, the challenge of the newcomer.
		address, _ := h.asksToAssert(t)
		c = opens(t, b, b.Open(address))
		answer := d.shows(t, c.question())
		dcc := h.Client(t, registerclient.RoleDCC)
		must(
			dcc.ReportChangeOfTenancy(
				t.Context(),
				registerclient.ChangeOfTenancyRequest{
					MPxN:            registertest.MeterPoint,
					EffectiveDate:   "2026-05-01",
					SourceReference: "S1",
				},
			),
		)(
			t,
		)
		expectRefusal(t, c, answer)
		address, _ = h.asksToAssert(t)
		c = opens(t, b, b.Open(address))
		expectRefusal(t, c, d.shows(t, c.question()))

		// A newcomer's device keeps nothing under the user of those who lived there before.
		h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		h.mailed(t, b, "")
		c = opens(t, b, b.Open(enrolPage))
		options, err := virtualwebauthn.ParseAttestationOptions(c.question())
		if err != nil || options.UserID == string(d.auth.Options.UserHandle) ||
			d.held.IsExcludedForAttestation(*options) {
			t.Errorf("the newcomer's device is asked %+v %v", options, err)
		}
	})
}

func TestEnrolTakesProof(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		// Nobody: neither with nothing nor with planted secrets.
		b := h.Browser(t)
		for _, planted := range []string{"", "pks_0123456789abcdef01234567", h.ir, strings.Repeat("x", 5000)} {
			for _, cookie := range []string{"dar-passkey", "dar-enrol", "dar-link"} {
				h.ForgetLimits(t)
				b.SetCookie(cookie, planted)
				if page := b.Open(enrolPage); page.Status != http.StatusGone || page.Page.Find("form").Length() != 0 {
					t.Errorf("%s %.20q: %d %s", cookie, planted, page.Status, page.Text())
				}
			}
		}

		// A mailed challenge: its page says to look into the mailbox, before and after somebody waits.
		started := h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyRegister})
		b = h.Browser(t)
		page := b.Open(started.Passkey.RedirectURL)
		if page.Status != http.StatusOK || page.URL.RawQuery != "" ||
			!strings.Contains(page.Text(), "Look in your email") ||
			page.Page.Find("form").Length() != 0 {
			t.Errorf("the page of a mailed challenge: %d %s", page.Status, page.Text())
		}

		mailedSession := b.Cookie("dar-passkey")
		c := &ceremony{t: t, browser: b, path: enrolPage, form: formTokenOf(mailedSession), fields: map[string]any{}}
		for _, end := range []string{"/options", "/finish"} {
			if status, answer := c.step(
				end,
				`{}`,
			); status != http.StatusUnprocessableEntity ||
				answer["error"] != refusal {
				t.Errorf("%s of a mailed challenge: %d %v", end, status, answer)
			}
		}

		// The session of a portal's challenge to assert does not enrol either, nor does a magic link's.
		h.AddPasskey(t, h.ir)
		address, _ := h.asksToAssert(t)
		b = h.Browser(t)
		b.Open(address)
		if page := b.Open(enrolPage); page.Status != http.StatusGone {
			t.Errorf("the session of an assertion: %d", page.Status)
		}

		// A ticket is good for ten minutes, once.
		for _, late := range []time.Duration{10*time.Minute - time.Second, 10 * time.Minute} {
			h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
			b := h.Browser(t)
			d := newDevice()
			h.mailed(t, b, "")
			h.Clock.Add(9 * time.Minute)
			c := opens(t, b, b.Open(enrolPage))
			ticket := b.Cookie("dar-enrol")
			question := c.question()
			if !strings.Contains(question, `"timeout":60000`) {
				t.Errorf("the question outlives its ticket: %s", question)
			}

			h.Clock.Add(late - 9*time.Minute)
			if late == 10*time.Minute {
				expectRefusal(t, c, d.makes(t, question))
				continue
			}

			again := newDevice()
			more := c.question()
			expectLocation(t, c, d.makes(t, question), "/id/passkey/added")
			b.SetCookie("dar-enrol", ticket)
			expectRefusal(t, c, again.makes(t, more))
			if page := b.Open(enrolPage); page.Status != http.StatusGone {
				t.Errorf("a spent ticket: %d", page.Status)
			}
		}

		if got := h.passkeys(t); got != 2 {
			t.Errorf("%d passkeys, want the one that was there and the one with a fresh ticket", got)
		}
	})
}

// formTokenOf is what the pages of a secret carry: known to the test so that the refusal is not for its lack.
func formTokenOf(secret string) string {
	sum := sha256.Sum256([]byte("form " + secret))
	return fmt.Sprintf("%x", sum[:16])
}

func TestEnrolRefusesWhatIsNotRight(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		known := h.enrols(t)
		h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		b := h.Browser(t)
		h.mailed(t, b, "")
		c := opens(t, b, b.Open(enrolPage))
		for name, change := range map[string]func(*device){
			"origin":                  func(d *device) { d.party.Origin = "https://evil.example" },
			"relying party":           func(d *device) { d.party.ID = "evil.example" },
			"user verification":       func(d *device) { d.auth.Options.UserNotVerified = true },
			"presence":                func(d *device) { d.auth.Options.UserNotPresent = true },
			"backup state":            func(d *device) { d.auth.Options.BackupEligible = false },
			"a passkey that there is": func(d *device) { d.held = known.held },
		} {
			h.ForgetLimits(t)
			d := newDevice()
			change(d)
			t.Log(name)
			expectRefusal(t, c, d.makes(t, c.question()))
		}

		// A question to assert is none to enrol, and the other way round.
		address, _ := h.asksToAssert(t)
		shows := opens(t, b, b.Open(address))
		expectRefusal(t, c, newDevice().makes(t, c.question()[:0]+shows.question()))
		for _, name := range []string{strings.Repeat("x", 51), "two\u0007lines", "hid\u200bden", "back\u202ewards"} {
			c.fields["name"] = name
			for _, end := range []string{"/options", "/finish"} {
				if status, answer := c.step(
					end,
					"{}",
				); status != http.StatusUnprocessableEntity ||
					answer["error"] != "Enter a name of one line, with at most 50 letters" {
					t.Errorf("%q: %d %v", name, status, answer)
				}
			}
		}

		c.fields["name"] = strings.Repeat("é", 50)
		expectLocation(t, c, newDevice().makes(t, c.question()), "/id/passkey/added")
	})
}

// A Data User who has verified its customer sends them to enrol without a mailed link, and that confirms its challenge.
func TestEnrolForOnesOwnRecord(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		own := must(h.owner.ReidentifyOwn(t.Context(), h.ir, registerclient.ReidentifyOwnRequest{
			Method: registerclient.MethodPasskeyRegister, PasskeyReturnURL: new(returnURL),
		}))(t)
		b := h.Browser(t)
		d := newDevice()
		page := b.Open(own.Passkey.RedirectURL)
		if !strings.Contains(page.Text(), "Bright <Energy>") ||
			page.Page.Find(`a[href="`+returnURL+`?dar-action=cancelled"]`).Length() != 1 {
			t.Errorf("the page says %s", page.Text())
		}

		c := opens(t, b, page)
		expectLocation(t, c, d.makes(t, c.question()), returnURL+"?dar-passkey-token="+own.TokenRef())
		if got := must(
			h.owner.ReidentificationStatus(t.Context(), own.TokenRef()),
		)(
			t,
		).Status; got != registerclient.StatusConfirmed {
			t.Errorf("the challenge is %s", got)
		}
		if page := b.Open(own.Passkey.RedirectURL); page.Status != http.StatusGone {
			t.Errorf("the page works twice: %d", page.Status)
		}

		in := registertest.IdentityRecord("9900000000001", "")
		in.InitiatePasskeyRegistration, in.PasskeyReturnURL = true, new(returnURL)
		made := must(h.owner.CreateIdentityRecord(t.Context(), in))(t)
		c = opens(t, b, b.Open(made.PasskeyRegistrationRedirect.RedirectURL))
		expectLocation(
			t,
			c,
			newDevice().makes(t, c.question()),
			returnURL+"?dar-passkey-token="+made.PasskeyRegistrationRedirect.TokenRef,
		)

		// The record is anonymised, or its people have gone, while the page is open.
		own = must(
			h.owner.ReidentifyOwn(
				t.Context(),
				h.ir,
				registerclient.ReidentifyOwnRequest{Method: registerclient.MethodPasskeyRegister},
			),
		)(
			t,
		)
		c = opens(t, b, b.Open(own.Passkey.RedirectURL))
		question := c.question()
		dcc := h.Client(t, registerclient.RoleDCC)
		must(
			dcc.ReportChangeOfTenancy(
				t.Context(),
				registerclient.ChangeOfTenancyRequest{
					MPxN:            registertest.MeterPoint,
					EffectiveDate:   "2026-05-01",
					SourceReference: "S1",
				},
			),
		)(
			t,
		)
		expectRefusal(t, c, newDevice().makes(t, question))
		own = must(
			h.owner.ReidentifyOwn(
				t.Context(),
				made.IR,
				registerclient.ReidentifyOwnRequest{Method: registerclient.MethodPasskeyRegister},
			),
		)(
			t,
		)
		c = opens(t, b, b.Open(own.Passkey.RedirectURL))
		question = c.question()
		must(h.owner.AnonymiseIdentityRecord(t.Context(), made.IR))(t)
		expectRefusal(t, c, newDevice().makes(t, question))
		if got := h.passkeys(t); got != 1 {
			t.Errorf("%d passkeys", got)
		}
	})
}

// A ticket does not outlive its person either.
func TestEnrolEndsWithATenancy(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		b := h.Browser(t)
		h.mailed(t, b, "")
		c := opens(t, b, b.Open(enrolPage))
		question := c.question()
		dcc := h.Client(t, registerclient.RoleDCC)
		must(
			dcc.ReportChangeOfTenancy(
				t.Context(),
				registerclient.ChangeOfTenancyRequest{
					MPxN:            registertest.MeterPoint,
					EffectiveDate:   "2026-05-01",
					SourceReference: "S1",
				},
			),
		)(
			t,
		)
		expectRefusal(t, c, newDevice().makes(t, question))
		if h.passkeys(t) != 0 {
			t.Error("a passkey was made for those who have gone")
		}
	})
}

// A mailed challenge to enrol, with a way back: the customer gets there after the passkey, not before.
func TestEnrolLeadsBackToWhoeverAsked(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		started := h.asks(
			t,
			registerclient.ReidentifyRequest{
				Method:           registerclient.MethodPasskeyRegister,
				PasskeyReturnURL: new(returnURL),
				MatchCode:        true,
			},
		)
		b := h.Browser(t)
		page := h.mailed(t, b, started.MatchCode)
		if page.URL.Path != enrolPage || h.status(t, started) != "confirmed" {
			t.Fatalf("the link leads to %s, and the challenge is %s", page.URL, h.status(t, started))
		}

		back := returnURL + "?dar-passkey-token=" + started.TokenRef()
		if page.Page.Find(`a[href="`+back+`"]`).Length() != 1 {
			t.Error("who wants no passkey after all does not get back")
		}

		c := opens(t, b, page)
		expectLocation(t, c, newDevice().makes(t, c.question()), back)
	})
}

// Whoever fails too often waits, and the page's script is told so.
func TestPasskeyFailuresAreLimited(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		h.AddPasskey(t, h.ir)
		address, _ := h.asksToAssert(t)
		b := h.Browser(t)
		c := opens(t, b, b.Open(address))
		for range 30 {
			expectRefusal(t, c, "{}")
		}

		shown := b.Fetch(assertPage+"/finish", []byte("{}"))
		if shown.Status != http.StatusTooManyRequests || shown.Header.Get("Retry-After") != "900" ||
			!strings.Contains(string(shown.Body), `{"error":"Too many tries`) {
			t.Errorf("%d %s", shown.Status, shown.Body)
		}
		if page := b.Open(
			assertPage,
		); page.Status != http.StatusTooManyRequests ||
			!strings.Contains(page.Text(), "Too many tries") {
			t.Errorf("the page: %d %s", page.Status, page.Text())
		}
	})
}

// In the same window nobody types: the browser brings a completion code back to the page that asked.
func TestPasskeyCompletesWhereItStarted(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		stranger := h.Client(t, registerclient.RolePortal)
		shows := func() (started *registerclient.ReidentifyResponse, code string) {
			t.Helper()
			started = h.asks(
				t,
				registerclient.ReidentifyRequest{
					Method:           registerclient.MethodPasskeyAssert,
					PasskeyReturnURL: new(returnURL),
					MatchCode:        true,
				},
			)
			b := h.Browser(t)
			page := b.Open(started.Passkey.RedirectURL)
			if page.Page.Find("#code").Length() != 0 ||
				page.Page.Find(`a[href="`+returnURL+`?dar-action=cancelled"]`).Length() != 1 {
				t.Errorf("the page says %s", page.Text())
			}

			c := opens(t, b, page)
			status, answer := c.step("/finish", d.shows(t, c.question()))
			location, err := url.Parse(fmt.Sprint(answer["location"]))
			if status != http.StatusOK || err != nil ||
				location.Query().Get("dar-passkey-token") != started.TokenRef() ||
				!strings.HasPrefix(location.String(), returnURL+"?") {
				t.Fatalf("finish: %d %v", status, answer)
			}

			return started, location.Query().Get("dar-completion-code")
		}
		complete := func(c *registerclient.Client, started *registerclient.ReidentifyResponse, code string) error {
			_, err := c.CompleteReidentification(
				t.Context(),
				started.TokenRef(),
				registerclient.CompleteReidentificationRequest{CompletionCode: code},
			)
			return err
		}
		started, code := shows()
		other, otherCode := shows()
		if len(code) != 43 || code == otherCode || h.status(t, started) != "pending" {
			t.Errorf("the code %q, the challenge %s", code, h.status(t, started))
		}

		for name, err := range map[string]error{
			"another account": complete(stranger, started, code), "no such code": complete(h.portal, started, "x"), "another challenge's": complete(h.portal, started, otherCode),
		} {
			if err == nil {
				t.Errorf("%s completes it", name)
			}
		}

		if err := complete(h.portal, started, code); err != nil || h.status(t, started) != "confirmed" {
			t.Errorf("%v, the challenge is %s", err, h.status(t, started))
		}
		if err := complete(h.portal, started, code); err != nil {
			t.Errorf("a repetition: %v", err)
		}

		h.Clock.Add(time.Minute)
		if err := complete(h.portal, other, otherCode); err == nil || h.status(t, other) != "expired" {
			t.Errorf("too late: %v, the challenge is %s", err, h.status(t, other))
		}
	})
}

// In a tab of its own the customer types the code, which only the starting page shows.
func TestPasskeyInANewTabTakesTheMatchCode(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		open := func() (*ceremony, *registerclient.ReidentifyResponse) {
			t.Helper()
			started := h.asks(
				t,
				registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyAssert, MatchCode: true},
			)
			b := h.Browser(t)
			page := b.Open(started.Passkey.RedirectURL)
			if page.Page.Find("#code").Length() != 1 || page.Page.Find("#passkey-autofill").Length() != 0 ||
				strings.Contains(page.Text(), started.MatchCode) {
				t.Errorf("the page says %s", page.Text())
			}

			return opens(t, b, page), started
		}
		wrong := func(right string) string {
			if right == "2222" {
				return "3333"
			}
			return "2222"
		}
		says := func(c *ceremony, end, credential, code, want string) {
			t.Helper()
			c.fields["code"] = code
			if status, answer := c.step(
				end,
				credential,
			); status != http.StatusUnprocessableEntity ||
				answer["error"] != want {
				t.Errorf("%s with %q: %d %v", end, code, status, answer)
			}
		}
		c, started := open()
		c.fields["code"] = strings.ToLower(started.MatchCode[:2]) + " - " + started.MatchCode[2:]
		answer := d.shows(t, c.question())
		for range 5 { // none of these is a try
			says(c, "/options", "", "", "Enter the code from the page where you started")
			says(c, "/finish", answer, " - ", "Enter the code from the page where you started")
			says(
				c,
				"/finish",
				answer,
				"0O1I",
				"Enter 4 letters and digits, such as K7QX. The code never has 0, 1, I or O",
			)
		}

		says(c, "/options", "", wrong(started.MatchCode), "That is not the code. You have 2 tries left")
		says(c, "/finish", answer, wrong(started.MatchCode), "That is not the code. You have 1 try left")
		if h.status(t, started) != "pending" {
			t.Errorf("the challenge is %s", h.status(t, started))
		}

		c.fields["code"] = started.MatchCode
		expectLocation(t, c, d.shows(t, c.question()), "/id/passkey/confirmed")
		if h.status(t, started) != "confirmed" {
			t.Errorf("the challenge is %s", h.status(t, started))
		}

		c, started = open()
		c.fields["code"] = started.MatchCode
		answer = d.shows(t, c.question())
		c.fields["code"] = wrong(started.MatchCode)
		c.step("/options", "")
		c.step("/options", "")
		expectLocation(t, c, answer, "/id/passkey/stopped")
		if h.status(t, started) != "expired wrong-code" {
			t.Errorf("the challenge is %s", h.status(t, started))
		}
	})
}

// Unknown, used, run out, declined: each answers alike, on the page and to its script.
func TestPasskeyPagesThatOpenNothingAnswerAlike(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		secret := func(address string) string { return address[strings.Index(address, "pks_"):] }
		used, _ := h.asksToAssert(t)
		b := h.Browser(t)
		c := opens(t, b, b.Open(used))
		expectLocation(t, c, d.shows(t, c.question()), "/id/passkey/confirmed")
		declined, started := h.asksToAssert(t)
		if page := b.Submit(
			b.Open(declined),
			assertPage+"/decline",
		); page.URL.Path != "/id/passkey/declined" ||
			h.status(t, started) != "expired declined" {
			t.Errorf("declining leads to %s, and the challenge is %s", page.URL, h.status(t, started))
		}

		late, _ := h.asksToAssert(t)
		h.Clock.Add(5 * time.Minute)
		var want string
		for name, session := range map[string]string{"unknown": "pks_0123456789abcdef01234567", "used": secret(used), "declined": secret(declined), "late": secret(late)} {
			h.ForgetLimits(t)
			b := h.Browser(t)
			page := b.Open(assertPage + "?session=" + session)
			page.Page.Find("strong").Remove() // the reference of the one request
			answer := fmt.Sprint(page.Status, page.Text())
			for _, end := range []string{"/options", "/finish"} {
				shown := b.Fetch(assertPage+end, []byte(`{"form":"`+formTokenOf(session)+`"}`))
				answer += fmt.Sprint(shown.Status, string(shown.Body))
			}
			if want == "" {
				want = answer
			}
			if answer != want || page.Status != http.StatusGone {
				t.Errorf("%s answers %s\nanother %s", name, answer, want)
			}
		}
	})
}

// The address of a passkey page is never mailed, so a decline needs no proof that a person sent it: WebKit gives none.
func TestAPasskeyPageIsDeclinedInASilentBrowser(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		address, started := h.asksToAssert(t)
		b := h.Browser(t)
		b.Header["Sec-Fetch-User"] = nil
		page := b.Open(address)
		c := opens(t, b, page)
		answer := d.shows(t, c.question())
		expectPage(t, b.Submit(page, assertPage+"/decline"), http.StatusOK, "We have stopped it")
		expectRefusal(t, c, answer)
		if got := h.status(t, started); got != "expired declined" {
			t.Errorf("the challenge is %s", got)
		}
	})
}

// docs/decisions.md, Which person: a passkey under a suspended account's identity record confirms nothing, also when the
// browser was asked for it before.
func TestAPasskeyOfASuspendedAccountsRecordConfirmsNothing(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		address, started := h.asksToAssert(t)
		b := h.Browser(t)
		c := opens(t, b, b.Open(address))
		answer := d.shows(t, c.question())
		h.Suspend(t, must(h.owner.ReadSelf(t.Context()))(t).Account.AccountID)
		expectRefusal(t, c, answer)
		if got := h.status(t, started); got != "expired" {
			t.Errorf("the challenge is %s", got)
		}
	})
}

// Mail scanners, and whoever else only looks, change nothing.
func TestPasskeyPagesChangeNothingByBeingOpened(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		address, started := h.asksToAssert(t)
		state := func() string {
			return fmt.Sprint(
				h.count(t, `SELECT COUNT(*) FROM audit_events`),
				h.count(t, `SELECT COUNT(*) FROM passkey_ceremonies`),
				h.status(t, started),
			)
		}
		before := state()
		b := h.Browser(t)
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			for _, path := range []string{address, assertPage, assertPage + "?lang=en", enrolPage, assertPage + "/options", assertPage + "/finish", assertPage + "/decline"} {
				if shown := b.Do(method, path, nil, nil); shown.Status >= 500 {
					t.Errorf("%s %s: %d", method, path, shown.Status)
				}
			}
		}

		if after := state(); after != before {
			t.Errorf("%s, before %s", after, before)
		}

		page := b.Open(assertPage)
		// Another site sends what ours would.
		c := opens(t, b, page)
		answer := d.shows(t, c.question())
		before = state()
		b.Header.Set("Sec-Fetch-Site", "cross-site")
		b.Header.Set("Origin", "https://evil.example")
		for _, end := range []string{"/options", "/finish"} {
			if status, got := c.step(end, answer); status != http.StatusForbidden || got["error"] == nil {
				t.Errorf("%s from another site: %d %v", end, status, got)
			}
		}

		if shown := b.Submit(page, assertPage+"/decline"); shown.Status != http.StatusForbidden {
			t.Errorf("declining from another site: %d", shown.Status)
		}

		delete(b.Header, "Sec-Fetch-Site")
		delete(b.Header, "Origin")
		if after := state(); after != before {
			t.Errorf("%s, before %s", after, before)
		}

		// Neither does a form of another challenge's page, or of none.
		for _, form := range []string{"", formTokenOf("x")} {
			b.Submit(page, assertPage+"/decline", "form", form)
			other := *c
			other.form = form
			expectRefusal(t, &other, answer)
		}

		if got := h.status(t, started); got != "pending" {
			t.Errorf("the challenge is %s", got)
		}

		expectLocation(t, c, answer, "/id/passkey/confirmed")
	})
}

func TestPasskeyPagesSayWhatBrowsersMayDo(t *testing.T) {
	t.Parallel()
	h := newHome(t, registertest.SQLite)
	h.AddPasskey(t, h.ir)
	address, _ := h.asksToAssert(t)
	own := must(
		h.owner.ReidentifyOwn(
			t.Context(),
			h.ir,
			registerclient.ReidentifyOwnRequest{Method: registerclient.MethodPasskeyRegister},
		),
	)(
		t,
	)
	for address, permission := range map[string]string{
		address: "publickey-credentials-create=(), publickey-credentials-get=(self)", own.Passkey.RedirectURL: "publickey-credentials-create=(self), publickey-credentials-get=()",
	} {
		page := h.Browser(t).Open(address)
		if got := page.Header.Get("Permissions-Policy"); !strings.HasSuffix(got, permission) {
			t.Errorf("Permissions-Policy: %s", got)
		}

		want := "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; " +
			"script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
		if got := page.Header.Get(
			"Content-Security-Policy",
		); got != want ||
			page.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("Content-Security-Policy: %s", got)
		}
		if scripts := page.Page.Find(
			"script",
		); scripts.Length() != 1 ||
			!strings.Contains(scripts.AttrOr("src", ""), "passkey.") {
			t.Errorf("%d scripts", scripts.Length())
		}
		if page.Page.Find("form#passkey[hidden]").Length() != 1 || page.Page.Find("noscript").Length() != 1 {
			t.Error("without a script the page offers what it cannot do")
		}
	}

	for _, path := range []string{"/id/passkey/confirmed", "/id/passkey/added", "/id/passkey/declined", "/id/passkey/stopped", "/id/link/declined"} {
		page := h.Browser(t).Open(path)
		if page.Status != http.StatusOK || page.Page.Find("script").Length() != 0 ||
			strings.Contains(page.Header.Get("Content-Security-Policy"), "script-src") ||
			!strings.Contains(
				page.Header.Get("Permissions-Policy"),
				"publickey-credentials-create=(), publickey-credentials-get=()",
			) {
			t.Errorf("%s: %d %s", path, page.Status, page.Header)
		}
	}
}

// A Data User removes a passkey: it no longer works, and everybody on record is told.
func TestPasskeyIsRemoved(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		h.lives(t, "partner@example.com", "2023-01-01")
		h.AddPasskey(t, h.lives(t, "", "2023-01-01"))
		address, _ := h.asksToAssert(t)
		b := h.Browser(t)
		c := opens(t, b, b.Open(address))
		answer := d.shows(t, c.question())
		credential := must(h.owner.ReadIdentityRecord(t.Context(), h.ir))(t).IdentityRecord.Credentials[0].CredentialID
		if err := h.owner.DeletePasskeyCredential(t.Context(), h.ir, credential); err != nil {
			t.Fatal(err)
		}

		expectRefusal(t, c, answer)
		h.WorkOff(t)
		if letters := h.inbox.Messages(); len(letters) != 2 ||
			!strings.Contains(letters[0].Subject, "passkey was removed") ||
			!strings.Contains(letters[0].Text, "My device") {
			t.Errorf("%d letters", len(letters))
		}
	})
}

// Whatever is changed in an answer, it is not taken, and nothing breaks.
func TestPasskeyRefusesMutations(t *testing.T) {
	eachHome(t, func(t *testing.T, h *home) {
		d := h.enrols(t)
		address, started := h.asksToAssert(t)
		b := h.Browser(t)
		shows := opens(t, b, b.Open(address))
		h.asks(t, registerclient.ReidentifyRequest{Method: registerclient.MethodMagicLink})
		h.mailed(t, b, "")
		enrols := opens(t, b, b.Open(enrolPage))
		have := h.passkeys(t)
		tried := 0
		try := func(c *ceremony, body []byte) {
			t.Helper()
			if tried++; tried%10 == 0 {
				h.ForgetLimits(t)
			}
			if shown := c.browser.Fetch(c.path+"/finish", body); shown.Status < 400 || shown.Status >= 500 {
				t.Errorf("%d %s to %.300s", shown.Status, shown.Body, body)
			}
		}
		for _, c := range []*ceremony{shows, enrols} {
			answer := func() string {
				if c == shows {
					return d.shows(t, c.question())
				}
				return newDevice().makes(t, c.question())
			}
			var parts map[string]any
			if err := json.Unmarshal([]byte(answer()), &parts); err != nil {
				t.Fatal(err)
			}

			signed := []string{"clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject"}
			for _, part := range signed {
				whole, _ := parts["response"].(map[string]any)[part].(string)
				raw, _ := base64.RawURLEncoding.DecodeString(whole)
				for i := 0; i < len(raw); i += 1 + len(raw)/24 {
					fresh := map[string]any{}
					if err := json.Unmarshal([]byte(answer()), &fresh); err != nil {
						t.Fatal(err)
					}

					response := fresh["response"].(map[string]any)
					bits, _ := base64.RawURLEncoding.DecodeString(response[part].(string))
					switch i % 3 {
					case 0:
						bits[i%len(bits)] ^= 1 << (i % 8)
					case 1:
						bits = bits[:i%len(bits)]
					case 2:
						bits = slices.Insert(bits, i%len(bits), byte(i))
					}

					response[part] = base64.RawURLEncoding.EncodeToString(bits)
					body, _ := json.Marshal(map[string]any{"form": c.form, "credential": fresh})
					try(c, body)
				}
			}

			whole, _ := json.Marshal(map[string]any{"form": c.form, "credential": json.RawMessage(answer())})
			for i := 0; i < len(whole); i += 1 + len(whole)/40 {
				try(c, whole[:i])
				try(c, slices.Concat(whole[:i], []byte(`"`), whole[i:]))
			}
			for _, value := range []string{"null", "1", `""`, "[]", "{}", `{"response":null}`, `{"response":{"clientDataJSON":"e30"}}`, `{"response":{"clientDataJSON":1}}`, strings.Repeat("[", 40) + strings.Repeat("]", 40), `"` + strings.Repeat("x", 70_000) + `"`} {
				try(c, []byte(`{"form":"`+c.form+`","credential":`+value+`}`))
			}

			for _, member := range []string{"id", "rawId", "type", "response"} {
				for _, value := range []any{nil, "", 1, []any{}, "AAAA", map[string]any{}} {
					fresh := map[string]any{}
					if err := json.Unmarshal([]byte(answer()), &fresh); err != nil {
						t.Fatal(err)
					}

					fresh[member] = value
					body, _ := json.Marshal(map[string]any{"form": c.form, "credential": fresh})
					try(c, body)
				}
			}
		}

		t.Logf("%d bodies", tried)
		if got := h.status(t, started); got != "pending" {
			t.Errorf("the challenge is %s", got)
		}
		if got := h.passkeys(t); got != have {
			t.Errorf("%d passkeys, before %d", got, have)
		}
	})
}
