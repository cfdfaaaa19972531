package rules_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"central.consent/dar/register/passkey"
	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// device is an authenticator with one passkey.
type device struct {
	party         virtualwebauthn.RelyingParty
	authenticator virtualwebauthn.Authenticator
	credential    virtualwebauthn.Credential
}

// newDevice returns a device on which no passkey is enrolled yet.
func newDevice() *device {
	d := &device{
		party: virtualwebauthn.RelyingParty{ID: "id.example.org", Name: "Central Access Register", Origin: origin},
		authenticator: virtualwebauthn.NewAuthenticatorWithOptions(
			virtualwebauthn.AuthenticatorOptions{BackupEligible: true, BackupState: true},
		),
	}
	// The library drops a leading zero of a coordinate, and such a key is not valid.
	for d.credential.Key == nil || len(d.credential.Key.AttestationData()) != 77 {
		d.credential = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}

	return d
}

// makes returns the response of the device to the options of an enrolment.
func (d *device) makes(t testing.TB, options []byte) []byte {
	t.Helper()
	parsed := must(virtualwebauthn.ParseAttestationOptions(string(options)))(t)
	d.authenticator.Options.UserHandle = []byte(parsed.UserID)

	return []byte(virtualwebauthn.CreateAttestationResponse(d.party, d.authenticator, d.credential, *parsed))
}

// shows returns the response of the device to the options of an assertion.
func (d *device) shows(t testing.TB, options []byte) []byte {
	t.Helper()
	parsed := must(virtualwebauthn.ParseAssertionOptions(string(options)))(t)

	return []byte(virtualwebauthn.CreateAssertionResponse(d.party, d.authenticator, d.credential, *parsed))
}

// sessionOf returns the secret of the browser that is sent to a passkey page.
func sessionOf(t testing.TB, started registerclient.ReidentifyResponse) string {
	t.Helper()

	return queryOf(t, started.Passkey.RedirectURL).Get("session")
}

// ticket confirms a challenge of the portal by a link, and returns the ticket to enrol a passkey.
func (h *house) ticket(t testing.TB) string {
	t.Helper()
	_, secret := h.askByLink(t, false)
	opened := must(h.Open(t.Context(), store.LinkSecret, secret))(t)

	return must(h.ConfirmByLink(t.Context(), opened, rules.LinkConfirmation{ByHand: true}))(t)
}

// makePasskey enrols the passkey of a device under a permission.
func (h *house) makePasskey(
	t testing.TB, permission rules.Permission, d *device, code string,
) (rules.CeremonyResult, error) {
	t.Helper()
	options, err := h.BeginEnrolment(t.Context(), permission, code, "Electricity meter")
	if err != nil {
		return rules.CeremonyResult{}, err
	}

	return h.FinishEnrolment(t.Context(), permission, code, d.makes(t, options),
		func(passkey.Passkey) string { return "A phone" })
}

// enrol enrols the passkey of a new device by a mailed link, and takes the letters.
func (h *house) enrol(t testing.TB) *device {
	t.Helper()
	d := newDevice()
	permission := must(h.PermitEnrolment(t.Context(), "", h.ticket(t)))(t)
	must(h.makePasskey(t, permission, d, ""))(t)
	h.letters(t)

	return d
}

// askToShow starts a challenge of the portal by passkey, and returns it with the permission of the browser.
func (h *house) askToShow(
	t testing.TB, in registerclient.ReidentifyRequest,
) (registerclient.ReidentifyResponse, rules.Permission) {
	t.Helper()
	in.Method = registerclient.MethodPasskeyAssert
	started := h.ask(t, in)

	return started, must(h.PermitAssertion(t.Context(), sessionOf(t, started)))(t)
}

// showPasskey shows the passkey of a device under a permission.
func (h *house) showPasskey(
	t testing.TB, permission rules.Permission, d *device, code string,
) (rules.CeremonyResult, error) {
	t.Helper()
	options, err := h.BeginAssertion(t.Context(), permission, code)
	if err != nil {
		return rules.CeremonyResult{}, err
	}

	return h.FinishAssertion(t.Context(), permission, code, d.shows(t, options))
}

// A browser may show a passkey on the page of that method only.
func TestPermitAssertion(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.addPasskey(t, h.ir)
	_, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
	if permission.Confirmed || permission.Found.MPxN != meterPoint {
		t.Errorf("permitted %+v", permission)
	}

	enrolment := h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyRegister})
	for name, session := range map[string]string{
		"of an enrolment": sessionOf(t, enrolment), "unknown": rules.NewID("pks"), "none": "",
	} {
		if _, err := h.PermitAssertion(t.Context(), session); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("%s: %v", name, err)
		}
	}

	h.clock.Add(rules.PasskeyLife)
	if _, err := h.PermitAssertion(t.Context(), permission.Secret); !errors.Is(err, rules.ErrEnded) {
		t.Errorf("expired: %v", err)
	}
}

// A passkey is enrolled by a browser that followed a mailed link, or that a Data User sends for a record of its own.
// The page of a challenge that waits for its link proves nothing (docs/decisions.md, Enrolling a passkey).
func TestPermitEnrolment(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.addPasskey(t, h.ir)
	mailed := h.ask(t, registerclient.ReidentifyRequest{Method: registerclient.MethodPasskeyRegister})
	own := must(h.reidentifyOwn(t, h.owner, h.ir, registerclient.ReidentifyOwnRequest{
		Method: registerclient.MethodPasskeyRegister,
	}))(t)
	shown, _ := h.askToShow(t, registerclient.ReidentifyRequest{})
	ticket := h.ticket(t)
	for _, test := range []struct {
		name, session, ticket string
		want                  error
		confirmed             bool
	}{
		{"waits for its link", sessionOf(t, mailed), "", rules.ErrMailed, false},
		{"record of the Data User", sessionOf(t, own), "", nil, false},
		{"of an assertion", sessionOf(t, shown), "", rules.ErrEnded, false},
		{"unknown", rules.NewID("pks"), "", rules.ErrEnded, false},
		{"ticket", "", ticket, nil, true},
		{"ticket beside another session", sessionOf(t, shown), ticket, nil, true},
		{"unknown ticket", "", rules.NewSecret(), rules.ErrEnded, false},
	} {
		permission, err := h.PermitEnrolment(t.Context(), test.session, test.ticket)
		if !errors.Is(err, test.want) || permission.Confirmed != test.confirmed {
			t.Errorf("%s: %+v, %v, want %v", test.name, permission, err, test.want)
		}
	}
}

// The match code is typed on the passkey page only if the browser does not return to the page that shows it.
func TestTypesCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code, address *string
		confirmed     bool
		want          bool
	}{
		{new("AB23"), nil, false, true},
		{new("AB23"), new(returnURL), false, false},
		{new("AB23"), nil, true, false},
		{nil, nil, false, false},
	} {
		permission := rules.Permission{
			Opened:    rules.Opened{Found: store.Reidentification{MatchCode: test.code, RedirectURL: test.address}},
			Confirmed: test.confirmed,
		}
		if got := permission.TypesCode(); got != test.want {
			t.Errorf("%+v: typed is %v", test, got)
		}
	}
}

// The typed code is checked before the device is used. Three wrong ones end the challenge.
func TestCheckPasskeyCode(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.addPasskey(t, h.ir)
		started, permission := h.askToShow(t, registerclient.ReidentifyRequest{MatchCode: true})
		for _, test := range []struct {
			name, code string
			want       error
			left       int
		}{
			{"none", "", rules.ErrCodeMissing, 3},
			{"malformed", "I0O1", rules.ErrCodeMalformed, 3},
			{"right", started.MatchCode, nil, 3},
			{"wrong", otherCode(started.MatchCode), rules.ErrCodeWrong, 2},
			{"wrong again", otherCode(started.MatchCode), rules.ErrCodeWrong, 1},
		} {
			_, err := h.BeginAssertion(t.Context(), permission, test.code)
			left := must(h.AttemptsLeft(t.Context(), permission))(t)
			if !errors.Is(err, test.want) || left != test.left {
				t.Errorf("%s: %v and %d attempts left, want %v and %d", test.name, err, left, test.want, test.left)
			}
		}

		err := h.CheckPasskeyCode(t.Context(), permission, otherCode(started.MatchCode))
		if !errors.Is(err, rules.ErrCodeWrong) {
			t.Errorf("wrong a third time: %v", err)
		}
		if _, err := h.AttemptsLeft(t.Context(), permission); !errors.Is(err, rules.ErrEnded) {
			t.Errorf("attempts of an ended challenge: %v", err)
		}
		h.expectStatus(t, "three wrong codes", started, "expired wrong-code")
	})
}

// A response ends its own ceremony once, in time, and for its own challenge.
func TestCeremonyIsSingleUse(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := h.enrol(t)
		_, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
		other, elsewhere := h.askToShow(t, registerclient.ReidentifyRequest{})
		options := must(h.BeginAssertion(t.Context(), permission, ""))(t)
		response := d.shows(t, options)
		if _, err := h.FinishAssertion(t.Context(), elsewhere, "", response); !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("for another challenge: %v", err)
		}

		must(h.FinishAssertion(t.Context(), permission, "", response))(t)
		if _, err := h.FinishAssertion(t.Context(), permission, "", response); !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("a second time: %v", err)
		}

		late := d.shows(t, must(h.BeginAssertion(t.Context(), elsewhere, ""))(t))
		h.clock.Add(rules.PasskeyLife)
		if _, err := h.FinishAssertion(t.Context(), elsewhere, "", late); !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("too late: %v", err)
		}
		h.expectStatus(t, "too late", other, "expired")
	})
}

// A challenge has at most 30 ceremonies.
func TestCeremoniesAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.addPasskey(t, h.ir)
	_, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
	for range 30 {
		must(h.BeginAssertion(t.Context(), permission, ""))(t)
	}
	if _, err := h.BeginAssertion(t.Context(), permission, ""); !errors.Is(err, passkey.ErrRefused) {
		t.Errorf("one too many: %v", err)
	}
}

// The refusal of a passkey is audited with its cause.
func TestAuditRefusal(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.addPasskey(t, h.ir)
	_, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
	cause := fmt.Errorf("%w: another origin", passkey.ErrRefused)
	if err := h.AuditRefusal(t.Context(), permission.Found, cause); err != nil {
		t.Fatal(err)
	}

	refused := rules.AuditQuery{EventType: new("credential.refused")}
	events, _, _, err := h.ReadAudit(t.Context(), "admin", refused, store.Page{Limit: 10})
	if err != nil || len(events) != 1 || events[0].Detail["why"] != cause.Error() || events[0].MPxN != meterPoint {
		t.Errorf("audited %+v (%v)", events, err)
	}
}

// The page of a passkey stays open for five minutes, and its options say how long the browser may take.
func TestCeremonyTimeout(t *testing.T) {
	t.Parallel()
	h := newHouse(t, registertest.SQLite)
	h.addPasskey(t, h.ir)
	_, permission := h.askToShow(t, registerclient.ReidentifyRequest{})
	h.clock.Add(4 * time.Minute)
	for want, permission := range map[string]rules.Permission{
		"60000":  permission,
		"300000": must(h.PermitEnrolment(t.Context(), "", h.ticket(t)))(t),
	} {
		begin := func() ([]byte, error) { return h.BeginAssertion(t.Context(), permission, "") }
		if permission.Confirmed {
			begin = func() ([]byte, error) { return h.BeginEnrolment(t.Context(), permission, "", "Meter") }
		}
		if got := timeoutOf(t, must(begin())(t)); got != want {
			t.Errorf("the browser has %s ms, want %s", got, want)
		}
	}
}
