package api_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// A stubbed register confirms every challenge at once.
func TestStubConfirmsAtOnce(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, portal, _ := household(t, r)
	started := start(t, portal, registerclient.MethodMagicLink)
	if started.MagicLink.DispatchedTo != "c*****r@example.com" ||
		!started.MagicLink.ExpiresAt.Equal(r.Clock.Now().Add(15*time.Minute)) ||
		started.Passkey != nil ||
		started.MatchCode != "" {
		t.Errorf("started %+v", started.MagicLink)
	}

	status := must(portal.ReidentificationStatus(t.Context(), started.TokenRef()))(t)
	if status.Status != registerclient.StatusConfirmed || status.ConfirmedAt == nil {
		t.Errorf("status %+v", status)
	}
}

// A pending challenge expires after its method's time, a confirmed one after an hour (docs/decisions.md, Token times).
func TestChallengeExpires(t *testing.T) {
	t.Parallel()
	for method, life := range map[registerclient.Method]time.Duration{
		registerclient.MethodMagicLink:       15 * time.Minute,
		registerclient.MethodPasskeyAssert:   5 * time.Minute,
		registerclient.MethodPasskeyRegister: 15 * time.Minute,
	} {
		t.Run(string(method), func(t *testing.T) {
			t.Parallel()
			r := registertest.New(t, registertest.HoldConfirmations())
			_, portal, ir := household(t, r)
			r.AddPasskey(t, ir)
			unconfirmed := start(t, portal, method).TokenRef()
			confirmed := start(t, portal, method).TokenRef()
			expectToken := func(token string, want registerclient.ReidentificationStatus) {
				t.Helper()
				got := must(portal.ReidentificationStatus(t.Context(), token))(t)
				if got.Status != want || (got.ConfirmedAt != nil) != (want == registerclient.StatusConfirmed) {
					t.Errorf("%s, want %s", got.Status, want)
				}
			}
			r.Clock.Add(life - time.Second)
			expectToken(unconfirmed, registerclient.StatusPending)
			r.Confirm(t, confirmed)
			r.Clock.Add(time.Second)
			expectToken(unconfirmed, registerclient.StatusExpired)
			expectToken(confirmed, registerclient.StatusConfirmed)
			r.Clock.Add(time.Hour - life - time.Second)
			expectToken(confirmed, registerclient.StatusConfirmed)
			r.Clock.Add(time.Second)
			expectToken(confirmed, registerclient.StatusExpired)
		})
	}
}

// A declined challenge has expired for the reason "declined".
func TestDeclinedChallenge(t *testing.T) {
	t.Parallel()
	r := registertest.New(t, registertest.HoldConfirmations())
	_, portal, _ := household(t, r)
	token := magicLink(t, portal)
	r.Decline(t, token)
	got := must(portal.ReidentificationStatus(t.Context(), token))(t)
	if got.Status != registerclient.StatusExpired || got.Reason != "declined" {
		t.Errorf("status %+v", got)
	}
}

// Another account's token gets the same response as one that does not exist (docs/decisions.md, Scope of every read).
func TestForeignTokenIsUnknown(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, portal, _ := household(t, r)
	stranger := bearer(t, r, "stranger", registerclient.RolePortal)
	theirs := get(t, r.URL+"/identity-records/reidentify/"+magicLink(t, portal), stranger)
	unknown := get(t, r.URL+"/identity-records/reidentify/mlr_0123456789abcdef01234567", stranger)
	expect(t, theirs, http.StatusNotFound, "NOT001")
	expect(t, unknown, http.StatusNotFound, "NOT001")
}

// A challenge is refused if no person at the meter point has the method, and if the request is wrong.
func TestWrongChallenges(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.Client(t, registerclient.RoleDataUser)
	identity(t, owner, "")
	portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
	for _, test := range []struct {
		name, body string
		status     int
		code       string
		fields     string
	}{
		{"no person on record", `{"mpxn":"9900000000001","method":"magic-link"}`, 404, "NOT001", ""},
		{"no address", `{"mpxn":"2312345678901","method":"magic-link"}`, 422, "VAL002", "method"},
		{"no passkey", `{"mpxn":"2312345678901","method":"passkey-assert"}`, 422, "VAL003", "method"},
		{"enrolment, no address", `{"mpxn":"2312345678901","method":"passkey-register"}`, 422, "VAL002", "method"},
		{"no meter point, unknown method", `{"method":"telepathy"}`, 400, "VAL001", "mpxn method"},
		{
			"a return URL that is not registered",
			`{"mpxn":"2312345678901","method":"magic-link","redirect-url":"https://evil.example"}`,
			400, "VAL001", "redirect-url",
		},
		{
			"a return URL of the other method",
			`{"mpxn":"2312345678901","method":"magic-link","passkey-return-url":"https://a.example"}`,
			400, "VAL001", "passkey-return-url",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := post(t, r.URL+"/identity-records/reidentify", portal, test.body)
			expect(t, a, test.status, test.code)
			if a.fields() != test.fields {
				t.Errorf("names %q, want %q", a.fields(), test.fields)
			}
		})
	}
}

// A caller that asks for a match code gets four letters and digits without 0, 1, I and O.
func TestMatchCode(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, portal, _ := household(t, r)
	started := must(portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
		MPxN:      registertest.MeterPoint,
		Method:    registerclient.MethodMagicLink,
		MatchCode: true,
	}))(t)
	if !regexp.MustCompile(`^[2-9A-HJ-NP-Z]{4}$`).MatchString(started.MatchCode) {
		t.Errorf("match code %q", started.MatchCode)
	}
}

// Mail goes to the address that stands, however late the move-in dates of others are (docs/decisions.md, Which person).
func TestMailGoesToTheStandingAddress(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.Client(t, registerclient.RoleDataUser)
	portal := r.Client(t, registerclient.RolePortal)
	for _, person := range []struct {
		since registerclient.Date
		email string
	}{
		{"2022-06-30", "first@example.com"},
		{"2024-02-01", "second@example.com"},
		{"2025-01-01", ""},
		{"2019-01-01", "last@example.com"},
	} {
		movedIn(t, owner, person.since, person.email)
		r.Clock.Add(time.Minute)
	}

	if got := start(t, portal, registerclient.MethodMagicLink).MagicLink.DispatchedTo; got != "f*****t@example.com" {
		t.Errorf("mail goes to %s", got)
	}
}
