package id_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// exists asks which methods there are at MeterPoint.
func exists(t *testing.T, portal *registerclient.Client) *registerclient.IdentityExistsResponse {
	t.Helper()

	return must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
}

// mailedTo starts a challenge by link at MeterPoint, and returns the masked address to which the link goes.
func mailedTo(t *testing.T, portal *registerclient.Client) string {
	t.Helper()

	return start(t, portal, registerclient.MethodMagicLink).MagicLink.DispatchedTo
}

// The methods at a meter point are the union over its live identity records (docs/decisions.md, Which person).
func TestMethodsAreTheUnionOfIdentityRecords(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	one := r.Client(t, registerclient.RoleDataUser)
	two := r.Client(t, registerclient.RoleDataUser)
	portal := r.Client(t, registerclient.RolePortal)
	methods := func() []registerclient.Method { return exists(t, portal).AvailableMethods }

	unknown := exists(t, portal)
	if unknown.Exists || len(unknown.AvailableMethods) != 0 {
		t.Errorf("without an identity record: %+v", unknown)
	}

	first := movedIn(t, one, "2022-06-30", "")
	if got := methods(); len(got) != 0 {
		t.Errorf("without an address: %v", got)
	}

	movedIn(t, two, "2022-06-30", "c@example.com")
	if got := methods(); !slices.Equal(got, []registerclient.Method{"magic-link", "passkey-register"}) {
		t.Errorf("with one address: %v", got)
	}

	r.AddPasskey(t, first)
	got := methods()
	if !slices.Equal(got, []registerclient.Method{"passkey-assert", "magic-link", "passkey-register"}) {
		t.Errorf("with a passkey too: %v", got)
	}
}

// A person confirms nothing and gets no letter before the move-in date, in London (docs/decisions.md, Which person).
func TestIdentityRecordWorksFromItsMoveInDate(t *testing.T) {
	eachLinked(t, func(t *testing.T, l linked) {
		l.Clock.Set(time.Date(2026, time.June, 1, 22, 59, 0, 0, time.UTC))
		next := movedIn(t, l.owner, "2026-06-02", "next@example.com")
		l.AddPasskey(t, next)
		if got := exists(t, l.portal); slices.Contains(got.AvailableMethods, registerclient.MethodPasskeyAssert) {
			t.Errorf("before the day: %v", got.AvailableMethods)
		}
		if got := mailedTo(t, l.portal); got != "c*****r@example.com" {
			t.Errorf("before the day mail goes to %s", got)
		}

		own := registerclient.ReidentifyOwnRequest{Method: registerclient.MethodMagicLink}
		if _, err := l.owner.ReidentifyOwn(t.Context(), next, own); !errors.Is(err, registerclient.ErrConflict) {
			t.Errorf("by its own record, before the day: %v", err)
		}

		const back = "https://bright.example/back"
		must(l.owner.ReplaceReturnURLs(t.Context(), registerclient.ReplaceReturnURLsRequest{
			ReturnURLs: []string{back},
		}))(t)
		enrol := registertest.IdentityRecord(registertest.MeterPoint, "")
		enrol.PIIPrincipal.MoveInDate = "2026-06-02"
		enrol.InitiatePasskeyRegistration = true
		enrol.PasskeyReturnURL = new(back)
		_, err := l.owner.CreateIdentityRecord(t.Context(), enrol)
		if !isInvalid(err, "initiate-passkey-registration") {
			t.Errorf("a passkey before the day: %v", err)
		}

		// The present occupant gets a letter about the removal of their own passkey, the next occupant gets none.
		l.AddPasskey(t, l.ir)
		for _, ir := range []string{l.ir, next} {
			if err := l.owner.DeletePasskeyCredential(t.Context(), ir, "cred_"+ir[3:]); err != nil {
				t.Fatal(err)
			}
		}

		l.WorkOff(t)
		letters := l.inbox.Messages()
		for _, letter := range letters {
			if letter.To == "next@example.com" {
				t.Errorf("a letter to the next occupant: %s", letter.Text)
			}
		}
		if len(letters) != 2 {
			t.Errorf("%d letters, want a link and a removal", len(letters))
		}

		l.AddPasskey(t, next)
		l.Clock.Set(time.Date(2026, time.June, 1, 23, 0, 0, 0, time.UTC)) // midnight in London
		if got := exists(t, l.portal); !slices.Contains(got.AvailableMethods, registerclient.MethodPasskeyAssert) {
			t.Errorf("on the day: %v", got.AvailableMethods)
		}
		if got := mailedTo(t, l.portal); got != "c*****r@example.com" {
			t.Errorf("on the day, without a change of tenancy, mail goes to %s", got)
		}

		must(l.owner.ReidentifyOwn(t.Context(), next, own))(t)
		must(l.owner.CreateIdentityRecord(t.Context(), enrol))(t)
	})
}

// The identity records of a suspended or terminated account confirm no challenge and get no letters
// (docs/decisions.md, Which person).
func TestIdentityRecordsOfSuspendedAccounts(t *testing.T) {
	eachLinked(t, func(t *testing.T, l linked) {
		admin := l.Client(t, registerclient.RoleAdmin)
		other := l.Client(t, registerclient.RoleDataUser)
		l.Clock.Add(time.Minute)
		theirs := movedIn(t, other, "2024-01-01", "other@example.com")
		l.AddPasskey(t, theirs)
		l.Stand(t, theirs)
		otherID := accountOf(t, other)
		ownerID := accountOf(t, l.owner)

		started := must(l.portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
			MPxN:         registertest.MeterPoint,
			Method:       registerclient.MethodMagicLink,
			MatchCode:    true,
			Language:     "en",
			OtherAddress: true,
		}))(t)
		l.WorkOff(t)
		link := l.inbox.Link(t)
		if started.MagicLink.DispatchedTo != "o*****r@example.com" {
			t.Fatalf("mail goes to %s", started.MagicLink.DispatchedTo)
		}

		browser := l.Browser(t)
		page := browser.Open(link)
		must(admin.SuspendAccount(t.Context(), otherID))(t)
		expectPage(t, browser.Submit(page, "/id/link", "code", started.MatchCode), http.StatusGone, "does not work")
		expectChallenge(t, l, started, "expired")
		got := exists(t, l.portal)
		if !got.Exists || slices.Contains(got.AvailableMethods, registerclient.MethodPasskeyAssert) {
			t.Errorf("one suspended: %t %v", got.Exists, got.AvailableMethods)
		}
		if to := mailedTo(t, l.portal); to != "c*****r@example.com" {
			t.Errorf("one suspended: mail goes to %s", to)
		}

		// A letter about a passkey goes to the people of active Data Users only.
		l.AddPasskey(t, l.ir)
		if err := l.owner.DeletePasskeyCredential(t.Context(), l.ir, "cred_"+l.ir[3:]); err != nil {
			t.Fatal(err)
		}

		l.WorkOff(t)
		for _, letter := range l.inbox.Messages()[1:] {
			if letter.To == "other@example.com" {
				t.Errorf("a letter by a suspended account's record: %s", letter.Text)
			}
		}

		must(admin.TerminateAccount(t.Context(), ownerID))(t)
		got = exists(t, l.portal)
		if got.Exists || len(got.AvailableMethods) != 0 {
			t.Errorf("both accounts closed: %t %v", got.Exists, got.AvailableMethods)
		}

		ask := registerclient.ReidentifyRequest{
			MPxN:   registertest.MeterPoint,
			Method: registerclient.MethodPasskeyAssert,
		}
		if _, err := l.portal.Reidentify(t.Context(), ask); !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("both accounts closed: %v", err)
		}

		must(admin.ReactivateAccount(t.Context(), otherID))(t)
		must(l.portal.Reidentify(t.Context(), ask))(t)
	})
}

// A Data User starts a challenge by its own identity record. A passkey can be enrolled that way without a mailed link
// (docs/decisions.md, Enrolling a passkey); other people at the meter point are not asked.
func TestChallengeByOwnIdentityRecord(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	const back = "https://bright-energy.com/back"
	owner := r.ClientOf(t, registerclient.CreateAccountRequest{
		Role:       registerclient.RoleDataUser,
		ReturnURLs: []string{back},
	})
	ir := movedIn(t, owner, "2022-06-30", "")
	movedIn(t, owner, "2024-01-01", "other@example.com")
	ask := func(in registerclient.ReidentifyOwnRequest) (*registerclient.ReidentifyResponse, error) {
		return owner.ReidentifyOwn(t.Context(), ir, in)
	}
	for _, method := range []registerclient.Method{"magic-link", "passkey-assert"} {
		_, err := ask(registerclient.ReidentifyOwnRequest{Method: method})
		if !errors.Is(err, registerclient.ErrUnprocessable) {
			t.Errorf("%s: %v", method, err)
		}
	}

	for name, in := range map[string]registerclient.ReidentifyOwnRequest{
		"no method":               {},
		"another's URL":           {Method: "passkey-register", PasskeyReturnURL: new("https://evil.example")},
		"URL of the other method": {Method: "passkey-register", RedirectURL: new(back)},
	} {
		if _, err := ask(in); !errors.Is(err, registerclient.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}

	enrol := must(ask(registerclient.ReidentifyOwnRequest{
		Method:           "passkey-register",
		PasskeyReturnURL: new(back),
		MatchCode:        true,
	}))(t)
	if enrol.Passkey == nil || enrol.MagicLink != nil || enrol.MatchCode == "" || *enrol.Passkey.ReturnURL != back {
		t.Errorf("enrolment %+v", enrol)
	}
}
