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

// docs/decisions.md, Which person: the methods are the union over every live identity record.
func TestMethodsAreTheUnionOverAllIdentityRecords(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	one := r.Client(t, registerclient.RoleDataUser)
	two := r.Client(t, registerclient.RoleDataUser)
	portal := r.Client(t, registerclient.RolePortal)
	methods := func() []registerclient.Method {
		t.Helper()
		answer := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
		return answer.AvailableMethods
	}
	unknown := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
	if unknown.Exists || len(unknown.AvailableMethods) != 0 {
		t.Errorf("nobody on record, and yet %+v", unknown)
	}

	first := must(one.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "")))(t)
	if got := methods(); len(got) != 0 {
		t.Errorf("without an address: %v", got)
	}

	must(
		two.CreateIdentityRecord(t.Context(), registertest.IdentityRecord(registertest.MeterPoint, "c@example.com")),
	)(
		t,
	)
	if got := methods(); !slices.Equal(got, []registerclient.Method{"magic-link", "passkey-register"}) {
		t.Errorf("with one address: %v", got)
	}

	r.AddPasskey(t, first.IR)
	if got := methods(); !slices.Equal(
		got,
		[]registerclient.Method{"passkey-assert", "magic-link", "passkey-register"},
	) {
		t.Errorf("with a passkey as well: %v", got)
	}
}

// docs/decisions.md, Which person: who is still to move in answers nothing and gets no letter until the day, in London.
func TestARecordAnswersFromItsMoveInDate(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		l := newLinked(t, d)
		l.Clock.Set(time.Date(2026, time.June, 1, 22, 59, 0, 0, time.UTC))
		next := movedIn(t, l.owner, "2026-06-02", "next@example.com")
		l.AddPasskey(t, next)
		exists := func() registerclient.IdentityExistsResponse {
			t.Helper()
			return *must(l.portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
		}
		if got := exists(); slices.Contains(got.AvailableMethods, registerclient.MethodPasskeyAssert) {
			t.Errorf("before the day: %v", got.AvailableMethods)
		}
		if got := start(
			t,
			l.portal,
			registerclient.MethodMagicLink,
		).MagicLink.DispatchedTo; got != "c*****r@example.com" {
			t.Errorf("before the day mail goes to %s", got)
		}

		own := registerclient.ReidentifyOwnRequest{Method: registerclient.MethodMagicLink}
		if _, err := l.owner.ReidentifyOwn(t.Context(), next, own); !errors.Is(err, registerclient.ErrConflict) {
			t.Errorf("by its own record, before the day: %v", err)
		}

		const back = "https://bright.example/back"
		must(l.owner.ReplaceReturnURLs(
			t.Context(),
			registerclient.ReplaceReturnURLsRequest{ReturnURLs: []string{back}},
		))(t)
		enrol := registertest.IdentityRecord(registertest.MeterPoint, "")
		enrol.PIIPrincipal.MoveInDate = "2026-06-02"
		enrol.InitiatePasskeyRegistration, enrol.PasskeyReturnURL = true, new(back)
		if _, err := l.owner.CreateIdentityRecord(
			t.Context(),
			enrol,
		); !isInvalid(
			err,
			"initiate-passkey-registration",
		) {
			t.Errorf("a passkey before the day: %v", err)
		}
		// The people there now hear of their own passkey, and those to come of neither.
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
				t.Errorf("a letter to somebody still to come: %s", letter.Text)
			}
		}
		if len(letters) != 2 {
			t.Errorf("%d letters, want a link and a removal", len(letters))
		}

		l.AddPasskey(t, next)
		l.Clock.Set(time.Date(2026, time.June, 1, 23, 0, 0, 0, time.UTC)) // midnight in London
		if got := exists(); !slices.Contains(got.AvailableMethods, registerclient.MethodPasskeyAssert) {
			t.Errorf("on the day: %v", got.AvailableMethods)
		}
		if got := start(
			t,
			l.portal,
			registerclient.MethodMagicLink,
		).MagicLink.DispatchedTo; got != "n*****t@example.com" {
			t.Errorf("on the day mail goes to %s", got)
		}

		must(l.owner.ReidentifyOwn(t.Context(), next, own))(t)
		must(l.owner.CreateIdentityRecord(t.Context(), enrol))(t)
	})
}

// docs/decisions.md, Which person: with a Data User that may not call, its records answer nobody's challenge.
func TestRecordsOfSuspendedAndTerminatedAccountsAnswerNothing(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		l := newLinked(t, d)
		admin := l.Client(t, registerclient.RoleAdmin)
		other := l.Client(t, registerclient.RoleDataUser)
		theirs := movedIn(t, other, "2024-01-01", "other@example.com")
		l.AddPasskey(t, theirs)
		id := func(c *registerclient.Client) string { return must(c.ReadSelf(t.Context()))(t).Account.AccountID }
		otherID := id(other)
		ownerID := id(l.owner)
		exists := func() registerclient.IdentityExistsResponse {
			t.Helper()
			return *must(l.portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
		}

		started, link := l.ask(t)
		if started.MagicLink.DispatchedTo != "o*****r@example.com" {
			t.Fatalf("mail goes to %s", started.MagicLink.DispatchedTo)
		}

		browser := l.Browser(t)
		page := browser.Open(link)
		must(admin.SuspendAccount(t.Context(), otherID))(t)
		expectPage(t, browser.Submit(page, "/id/link", "code", started.MatchCode), http.StatusGone, "does not work")
		expectChallenge(t, l, started, "expired")
		if got := exists(); !got.Exists || slices.Contains(got.AvailableMethods, registerclient.MethodPasskeyAssert) {
			t.Errorf("one suspended: %t %v", got.Exists, got.AvailableMethods)
		}
		if got := start(
			t,
			l.portal,
			registerclient.MethodMagicLink,
		).MagicLink.DispatchedTo; got != "c*****r@example.com" {
			t.Errorf("one suspended: mail goes to %s", got)
		}
		// A letter about a passkey goes to those whose Data User is active.
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
		if got := exists(); got.Exists || len(got.AvailableMethods) != 0 {
			t.Errorf("both gone: %t %v", got.Exists, got.AvailableMethods)
		}

		ask := registerclient.ReidentifyRequest{
			MPxN:   registertest.MeterPoint,
			Method: registerclient.MethodPasskeyAssert,
		}
		if _, err := l.portal.Reidentify(t.Context(), ask); !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("both gone: %v", err)
		}

		must(admin.ReactivateAccount(t.Context(), otherID))(t)
		must(l.portal.Reidentify(t.Context(), ask))(t)
	})
}

// docs/decisions.md, Enrolling a passkey: without a mailed link it is open to the Data User who owns the record.
func TestOwnerAsksByItsOwnRecordAlone(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.ClientOf(
		t,
		registerclient.CreateAccountRequest{
			Role:       registerclient.RoleDataUser,
			ReturnURLs: []string{"https://bright-energy.com/back"},
		},
	)
	ir := movedIn(t, owner, "2022-06-30", "")
	movedIn(t, owner, "2024-01-01", "other@example.com") // of the same meter point, and not asked
	ask := func(in registerclient.ReidentifyOwnRequest) (*registerclient.ReidentifyResponse, error) {
		return owner.ReidentifyOwn(t.Context(), ir, in)
	}
	for _, method := range []registerclient.Method{"magic-link", "passkey-assert"} {
		if _, err := ask(
			registerclient.ReidentifyOwnRequest{Method: method},
		); !errors.Is(
			err,
			registerclient.ErrUnprocessable,
		) {
			t.Errorf("%s: %v", method, err)
		}
	}

	for name, in := range map[string]registerclient.ReidentifyOwnRequest{
		"no method": {}, "another's URL": {Method: "passkey-register", PasskeyReturnURL: new("https://evil.example")},
		"URL of the other method": {Method: "passkey-register", RedirectURL: new("https://bright-energy.com/back")},
	} {
		if _, err := ask(in); !errors.Is(err, registerclient.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}

	enrol := must(
		ask(
			registerclient.ReidentifyOwnRequest{
				Method:           "passkey-register",
				PasskeyReturnURL: new("https://bright-energy.com/back"),
				MatchCode:        true,
			},
		),
	)(
		t,
	)
	if enrol.Passkey == nil || enrol.MagicLink != nil || enrol.MatchCode == "" ||
		*enrol.Passkey.ReturnURL != "https://bright-energy.com/back" {
		t.Errorf("enrolment %+v", enrol)
	}
}

func isInvalid(err error, field string) bool {
	refused, ok := errors.AsType[*registerclient.Error](err)
	return ok && refused.Status == http.StatusBadRequest && refused.Names(field)
}
