package api_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

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

// docs/decisions.md, Token times.
func TestChallengeRunsOutUnlessItIsConfirmed(t *testing.T) {
	t.Parallel()
	for method, life := range map[registerclient.Method]time.Duration{
		registerclient.MethodMagicLink: 15 * time.Minute, registerclient.MethodPasskeyAssert: 5 * time.Minute, registerclient.MethodPasskeyRegister: 15 * time.Minute,
	} {
		t.Run(string(method), func(t *testing.T) {
			t.Parallel()
			r := registertest.New(t, registertest.HoldConfirmations())
			_, portal, ir := household(t, r)
			r.AddPasskey(t, ir)
			left := start(t, portal, method).TokenRef()
			confirmed := start(t, portal, method).TokenRef()
			is := func(token string, want registerclient.ReidentificationStatus) {
				t.Helper()
				if got := must(
					portal.ReidentificationStatus(t.Context(), token),
				)(
					t,
				); got.Status != want ||
					(got.ConfirmedAt != nil) != (want == registerclient.StatusConfirmed) {
					t.Errorf("%s, want %s", got.Status, want)
				}
			}
			r.Clock.Add(life - time.Second)
			is(left, registerclient.StatusPending)
			r.Confirm(t, confirmed)
			r.Clock.Add(time.Second)
			is(left, registerclient.StatusExpired)
			is(confirmed, registerclient.StatusConfirmed)
			r.Clock.Add(time.Hour - life - time.Second)
			is(confirmed, registerclient.StatusConfirmed)
			r.Clock.Add(time.Second)
			is(confirmed, registerclient.StatusExpired)
		})
	}
}

func TestDeclinedChallengeSaysSo(t *testing.T) {
	t.Parallel()
	r := registertest.New(t, registertest.HoldConfirmations())
	_, portal, _ := household(t, r)
	token := start(t, portal, registerclient.MethodMagicLink).TokenRef()
	r.Decline(t, token)
	if got := must(
		portal.ReidentificationStatus(t.Context(), token),
	)(
		t,
	); got.Status != registerclient.StatusExpired ||
		got.Reason != "declined" {
		t.Errorf("status %+v", got)
	}
}

// docs/decisions.md, Scope of every read: somebody else's token answers as one that does not exist.
func TestTokenOfAnotherAccountAnswersAsUnknown(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, portal, _ := household(t, r)
	stranger := bearer(t, r, "stranger", registerclient.RolePortal)
	theirs := get(
		t,
		r.URL+"/identity-records/reidentify/"+start(t, portal, registerclient.MethodMagicLink).TokenRef(),
		stranger,
	)
	unknown := get(t, r.URL+"/identity-records/reidentify/mlr_0123456789abcdef01234567", stranger)
	expect(t, theirs, http.StatusNotFound, "NOT001")
	expect(t, unknown, http.StatusNotFound, "NOT001")
}

func TestReidentifyRefusesWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.Client(t, registerclient.RoleDataUser)
	must(owner.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")))(t)
	portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
	for _, test := range []struct {
		name, body string
		status     int
		code       string
		fields     string
	}{
		{"nobody on record", `{"mpxn":"9900000000001","method":"magic-link"}`, 404, "NOT001", ""},
		{"no address", `{"mpxn":"2312345678901","method":"magic-link"}`, 422, "VAL002", "method"},
		{"no passkey", `{"mpxn":"2312345678901","method":"passkey-assert"}`, 422, "VAL003", "method"},
		{"enrolment without an address to prove it by", `{"mpxn":"2312345678901","method":"passkey-register"}`, 422, "VAL002", "method"},
		{"no meter point, unknown method", `{"method":"telepathy"}`, 400, "VAL001", "mpxn method"},
		{"a return URL that is not registered", `{"mpxn":"2312345678901","method":"magic-link","redirect-url":"https://evil.example"}`, 400, "VAL001", "redirect-url"},
		{"a return URL of the other method", `{"mpxn":"2312345678901","method":"magic-link","passkey-return-url":"https://a.example"}`, 400, "VAL001", "passkey-return-url"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := post(t, r.URL+"/identity-records/reidentify", portal, test.body)
			expect(t, a, test.status, test.code)
			if a.fields() != test.fields {
				t.Errorf("names %q, want %q", a.fields(), test.fields)
			}
		})
	}
}

func TestMatchCodeIsGivenToWhoeverAsks(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	_, portal, _ := household(t, r)
	started := must(
		portal.Reidentify(
			t.Context(),
			registerclient.ReidentifyRequest{
				MPxN:      registertest.MeterPoint,
				Method:    registerclient.MethodMagicLink,
				MatchCode: true,
			},
		),
	)(
		t,
	)
	if !regexp.MustCompile(`^[2-9A-HJ-NP-Z]{4}$`).MatchString(started.MatchCode) {
		t.Errorf("match code %q", started.MatchCode)
	}
}

// docs/decisions.md, Which person: mail goes to the address on the record with the latest move-in, then the newest.
func TestMailGoesToTheLatestOccupantOnRecord(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.Client(t, registerclient.RoleDataUser)
	portal := r.Client(t, registerclient.RolePortal)
	for _, record := range []struct{ movedIn, email string }{
		{"2022-06-30", "old@example.com"}, {"2024-02-01", "first@example.com"}, {"2024-02-01", "second@example.com"}, {"2025-01-01", ""}, {"2019-01-01", "last@example.com"},
	} {
		in := registertest.IdentityRecord(registertest.MeterPoint, record.email)
		in.PIIPrincipal.MoveInDate = registerclient.Date(record.movedIn)
		must(owner.CreateIdentityRecord(t.Context(), in))(t)
		r.Clock.Add(time.Minute)
	}

	if got := start(t, portal, registerclient.MethodMagicLink).MagicLink.DispatchedTo; got != "s*****d@example.com" {
		t.Errorf("mail goes to %s", got)
	}
}
