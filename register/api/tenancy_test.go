package api_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// report reports a change of tenancy at MeterPoint.
func report(t testing.TB, dcc *registerclient.Client, day registerclient.Date) *registerclient.ChangeOfTenancyResponse {
	t.Helper()

	return must(dcc.ReportChangeOfTenancy(t.Context(), registerclient.ChangeOfTenancyRequest{
		MPxN:            registertest.MeterPoint,
		EffectiveDate:   day,
		SourceReference: "COT-1",
	}))(t)
}

// withdrawReports withdraws every report for MeterPoint, as false.
func withdrawReports(t testing.TB, admin *registerclient.Client) {
	t.Helper()
	reports := must(admin.ListChangesOfTenancy(t.Context(), registertest.MeterPoint))(t)
	for _, change := range reports.ChangesOfTenancy {
		must(admin.WithdrawChangeOfTenancy(t.Context(), change.COT))(t)
	}
}

// dispute puts the report for MeterPoint and a day in dispute, as a person does who lived there before.
func dispute(t testing.TB, r *registertest.Register, day string) {
	t.Helper()
	err := r.Store.Transact(t.Context(), func(tx *store.Tx) error {
		return tx.DisputeTenancyChanges(t.Context(), registertest.MeterPoint, day, r.Clock.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

func expectStatus(t testing.TB, c *registerclient.Client, token string, want registerclient.ReidentificationStatus) {
	t.Helper()
	if got := must(c.ReidentificationStatus(t.Context(), token))(t); got.Status != want || got.Reason != "" {
		t.Fatalf("the token is %s %s, want %s", got.Status, got.Reason, want)
	}
}

// A change of tenancy is announced once to each Data User, with its own active records only (docs/decisions.md, Scope
// of every read).
func TestTenancyChangeIsAnnounced(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		one, _, ir := household(t, r)
		two, _, otherIR := household(t, r)
		unsubscribed, _, unsubscribedIR := household(t, r)
		dcc := r.Client(t, registerclient.RoleDCC)
		admin := r.Client(t, registerclient.RoleAdmin)
		endpoint := registertest.NewReceiver(t, r)
		other := registertest.NewReceiver(t, r)
		endpoint.Subscribe(t, one)
		other.Subscribe(t, two, registerclient.EventTenancyChange)
		registertest.NewReceiver(t, r).Subscribe(t, unsubscribed, registerclient.EventConsentExpiring)
		mine := []string{
			create(t, one, ir, registerclient.BasisConsent),
			create(t, one, ir, registerclient.BasisContract),
		}
		ending := registertest.AccessRecord(ir, registerclient.BasisConsent)
		ending.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
		must(one.CreateAccessRecord(t.Context(), ending))(t)
		theirs := create(t, two, otherIR, registerclient.BasisPublicTask)
		create(t, unsubscribed, unsubscribedIR, registerclient.BasisConsent)
		r.Clock.Add(time.Minute) // the third record has expired

		first := report(t, dcc, "2026-05-20")
		again := report(t, dcc, "2026-05-20")
		if first.ActiveRecordsAffected != 4 || len(first.DataUsersNotified) != 2 {
			t.Errorf("reported: %+v", first)
		}
		if again.ActiveRecordsAffected != 4 || !slices.Equal(again.DataUsersNotified, first.DataUsersNotified) {
			t.Errorf("again: %+v", again)
		}

		r.WorkOff(t)
		r.WorkOff(t)
		endpoint.Expect(t, "tenancy.change")
		other.Expect(t, "tenancy.change")
		payload := must(endpoint.Accepted()[0].TenancyChange())(t)
		slices.Sort(mine)
		slices.Sort(payload.AffectedAKs)
		if !slices.Equal(payload.AffectedAKs, mine) || payload.EffectiveDate != "2026-05-20" ||
			*payload.SourceReference != "COT-1" {
			t.Errorf("payload %+v", payload)
		}

		payload = must(other.Accepted()[0].TenancyChange())(t)
		if !slices.Equal(payload.AffectedAKs, []string{theirs}) {
			t.Errorf("the other's payload %+v", payload)
		}

		r.Clock.Add(time.Second)
		changes := must(admin.ListChangesOfTenancy(t.Context(), "23 1234 5678 901"))(t).ChangesOfTenancy
		if len(changes) != 1 || changes[0].WithdrawnAt != nil {
			t.Fatalf("listed %+v", changes)
		}

		withdrawn := must(admin.WithdrawChangeOfTenancy(t.Context(), changes[0].COT))(t)
		r.Clock.Add(time.Hour)
		repeated := must(admin.WithdrawChangeOfTenancy(t.Context(), changes[0].COT))(t)
		if !repeated.ChangeOfTenancy.WithdrawnAt.Equal(*withdrawn.ChangeOfTenancy.WithdrawnAt) {
			t.Errorf("a second withdrawal returns %v", repeated.ChangeOfTenancy.WithdrawnAt)
		}

		_, err := admin.WithdrawChangeOfTenancy(t.Context(), "cot_0123456789abcdef01234567")
		if !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("an unknown report: %v", err)
		}
	})
}

// An administrator upholds a report that is in dispute, and no other.
func TestUpholdTenancyChange(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		admin := r.Client(t, registerclient.RoleAdmin)
		report(t, r.Client(t, registerclient.RoleDCC), "2026-05-20")
		cot := must(admin.ListChangesOfTenancy(t.Context(), registertest.MeterPoint))(t).ChangesOfTenancy[0].COT
		if _, err := admin.UpholdChangeOfTenancy(t.Context(), cot); !errors.Is(err, registerclient.ErrConflict) {
			t.Errorf("no dispute: %v", err)
		}

		dispute(t, r, "2026-05-20")
		upheld := must(admin.UpholdChangeOfTenancy(t.Context(), cot))(t).ChangeOfTenancy
		listed := must(admin.ListChangesOfTenancy(t.Context(), registertest.MeterPoint))(t).ChangesOfTenancy[0]
		if upheld.DisputedAt == nil || upheld.UpheldAt == nil || !upheld.UpheldAt.Equal(*listed.UpheldAt) {
			t.Errorf("upheld %+v, listed %+v", upheld, listed)
		}

		_, err := admin.UpholdChangeOfTenancy(t.Context(), "cot_0123456789abcdef01234567")
		if !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("an unknown report: %v", err)
		}
	})
}

// Concurrent reports of the same change are one report.
func TestConcurrentTenancyReports(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		endpoint := registertest.NewReceiver(t, r)
		endpoint.Subscribe(t, owner)
		create(t, owner, ir, registerclient.BasisConsent)
		dcc := bearer(t, r, "dcc", registerclient.RoleDCC)
		var made, repeated atomic.Int64
		var reports sync.WaitGroup
		const body = `{"mpxn":"2312345678901","effective-date":"2026-05-20","source-reference":"COT-1"}`
		for range 10 {
			reports.Go(func() {
				a := post(t, r.URL+"/cot-events", dcc, body)
				if a.body["active-records-affected"] != 1.0 || len(a.body["data-users-notified"].([]any)) != 1 {
					t.Errorf("response %v", a.body)
				}

				switch a.status {
				case http.StatusCreated:
					made.Add(1)
				case http.StatusOK:
					repeated.Add(1)
				}
			})
		}

		reports.Wait()
		r.WorkOff(t)
		if made.Load() != 1 || repeated.Load() != 9 {
			t.Errorf("%d made, %d repeated, want 1 and 9", made.Load(), repeated.Load())
		}

		endpoint.Expect(t, "tenancy.change")
	})
}

// A wrong report is refused with every mistake.
func TestWrongTenancyReport(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	dcc := bearer(t, r, "dcc", registerclient.RoleDCC)
	a := post(t, r.URL+"/cot-events", dcc, `{"mpxn":"12","effective-date":"2026-02-30","source-reference":""}`)
	expect(t, a, http.StatusBadRequest, "VAL001")
	if a.fields() != "mpxn effective-date source-reference" {
		t.Errorf("the errors name %q", a.fields())
	}
}

// An earlier occupant cannot confirm from the day of the change on. A withdrawn report has no effect
// (docs/decisions.md, Which person).
func TestTenancyChangeDividesOccupants(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, old := household(t, r)
		r.AddPasskey(t, old)
		dcc := r.Client(t, registerclient.RoleDCC)
		admin := r.Client(t, registerclient.RoleAdmin)
		every := []registerclient.Method{"passkey-assert", "magic-link", "passkey-register"}
		expectMethods := func(exists bool, want ...registerclient.Method) {
			t.Helper()
			got := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
			if got.Exists != exists || !slices.Equal(got.AvailableMethods, want) {
				t.Fatalf("exists %t, methods %v; want %t, %v", got.Exists, got.AvailableMethods, exists, want)
			}
		}
		report(t, dcc, "2026-06-02")
		expectMethods(true, every...) // a change of tomorrow has no effect today
		r.Clock.Set(time.Date(2026, time.June, 2, 0, 0, 0, 0, time.UTC))
		expectMethods(false)
		_, err := portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
			MPxN:   registertest.MeterPoint,
			Method: "magic-link",
		})
		if !errors.Is(err, registerclient.ErrNotFound) {
			t.Errorf("a challenge to the earlier occupant: %v", err)
		}

		_, err = owner.ReidentifyOwn(t.Context(), old, registerclient.ReidentifyOwnRequest{Method: "magic-link"})
		if !errors.Is(err, registerclient.ErrConflict) {
			t.Errorf("a challenge to the earlier occupant by its own record: %v", err)
		}

		movedIn(t, owner, "2026-06-02", "new@example.com") // the day of the change belongs to the new occupancy
		expectMethods(true, every[1:]...)
		if got := start(t, portal, "magic-link").MagicLink.DispatchedTo; got != "n*****w@example.com" {
			t.Errorf("mail goes to %s", got)
		}

		withdrawReports(t, admin)
		expectMethods(true, every...)
	})
}

// The token of an earlier occupant opens nothing, in any state. A refused attempt does not consume it.
func TestTokenOfEarlierOccupant(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations())
		owner, portal, ir := household(t, r)
		second := r.Client(t, registerclient.RoleDataUser)
		dcc := r.Client(t, registerclient.RoleDCC)
		admin := r.Client(t, registerclient.RoleAdmin)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		begin := func(c *registerclient.Client, confirmed bool) string {
			token := magicLink(t, c)
			if confirmed {
				r.Confirm(t, token)
			}

			return token
		}
		pending := begin(portal, false)
		confirmed := begin(portal, true)
		consumed := begin(portal, true)
		toCreate := begin(second, true)
		list(t, portal, consumed)
		read := func(token string) error {
			query := registerclient.ListAccessRecordsQuery{ReidentificationToken: token}

			return errorOf(portal.ListAccessRecords(t.Context(), registertest.MeterPoint, query))
		}
		in := recordByToken(registerclient.BasisConsent, toCreate)
		expectError := func(name string, err, want error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		report(t, dcc, "2026-06-01")
		for _, token := range []string{pending, confirmed, consumed} {
			expectStatus(t, portal, token, registerclient.StatusExpired)
		}

		// No operation confirms it any more. A token that a fault confirms must not open anything either.
		registertest.Tamper(t, r, `UPDATE reidentifications SET confirmed_at = ? WHERE token_hash = ?`,
			store.Millis(r.Clock.Now()), rules.HashToken(pending))

		for name, token := range map[string]string{"pending": pending, "confirmed": confirmed} {
			expectStatus(t, portal, token, registerclient.StatusExpired)
			expectError("reading, "+name, read(token), registerclient.ErrForbidden)
			expectError("withdrawing, "+name, withdraw(t, portal, ak, token), registerclient.ErrForbidden)
		}

		expectError("withdrawing, consumed", withdraw(t, portal, ak, consumed), registerclient.ErrForbidden)
		_, err := second.CreateAccessRecord(t.Context(), in)
		expectError("creating", err, registerclient.ErrUnprocessable)

		// The report has ended every token for good. Without it, a new confirmation works as before.
		withdrawReports(t, admin)
		expectError("reading again", read(confirmed), registerclient.ErrForbidden)
		_, err = second.CreateAccessRecord(t.Context(), in)
		expectError("creating again", err, registerclient.ErrUnprocessable)
		expectError("withdrawing again", withdraw(t, portal, ak, consumed), registerclient.ErrForbidden)

		r.Clock.Add(time.Hour) // the links of a meter point are limited
		anew := begin(portal, true)
		expectError("reading with a new token", read(anew), nil)
		must(second.CreateAccessRecord(t.Context(), recordByToken(registerclient.BasisConsent, begin(second, true))))(t)
		expectError("withdrawing with a new token", withdraw(t, portal, ak, anew), nil)
	})
}

// The present occupant sees an earlier occupant's record only while it is active (docs/decisions.md, Which person).
func TestEarlierOccupantsRecords(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, old := household(t, r)
		dcc := r.Client(t, registerclient.RoleDCC)
		admin := r.Client(t, registerclient.RoleAdmin)
		active := create(t, owner, old, registerclient.BasisConsent)
		revoked := create(t, owner, old, registerclient.BasisConsent)
		revoke(t, owner, revoked)
		ending := registertest.AccessRecord(old, registerclient.BasisConsent)
		ending.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
		expired := must(owner.CreateAccessRecord(t.Context(), ending))(t).AccessToken.Key

		// Two records of a person who is then anonymised: registered before the change, and at it.
		person := movedIn(t, owner, "2022-06-30", "")
		change := time.Date(2026, time.May, 19, 23, 0, 0, 0, time.UTC) // midnight in London
		var anonymised []string
		for _, registered := range []time.Time{change.Add(-time.Second), change} {
			in := registertest.AccessRecord(person, registerclient.BasisContract)
			in.AccessEvent.State = registerclient.StateRevoked
			in.AccessEvent.RegisteredAt = registered
			in.AccessEvent.Expiry = nil
			anonymised = append(anonymised, must(owner.CreateAccessRecord(t.Context(), in))(t).AccessToken.Key)
		}

		must(owner.AnonymiseIdentityRecord(t.Context(), person))(t)
		present := movedIn(t, owner, "2026-05-20", "new@example.com")
		own := create(t, owner, present, registerclient.BasisConsent)
		r.Clock.Add(time.Minute)
		read := func() (string, map[string]bool) {
			t.Helper()
			token := magicLink(t, portal)
			earlier := map[string]bool{}
			for _, record := range list(t, portal, token) {
				earlier[record.AK] = record.EarlierOccupant
			}

			return token, earlier
		}
		expectShown := func(got, want map[string]bool) {
			t.Helper()
			if !maps.Equal(got, want) {
				t.Errorf("shown, with whether it is an earlier occupant's: %v, want %v", got, want)
			}
		}
		report(t, dcc, "2026-05-20")
		token, shown := read()
		expectShown(shown, map[string]bool{active: true, own: false, anonymised[1]: false})
		for _, hidden := range []string{revoked, expired, anonymised[0]} {
			if err := withdraw(t, portal, hidden, token); !errors.Is(err, registerclient.ErrForbidden) {
				t.Errorf("a record that was not shown: %v", err)
			}
		}

		if err := withdraw(t, portal, active, token); err != nil {
			t.Errorf("withdrawing an earlier occupant's active record: %v", err)
		}

		_, shown = read()
		expectShown(shown, map[string]bool{own: false, anonymised[1]: false})
		withdrawReports(t, admin)
		_, shown = read()
		expectShown(shown, map[string]bool{
			active:        false,
			revoked:       false,
			expired:       false,
			own:           false,
			anonymised[0]: false,
			anonymised[1]: false,
		})
	})
}

// What a record said before the move is shown to the earlier occupant only, as a record that ended is
// (docs/decisions.md, Which person).
func TestEarlierOccupantsAmendments(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, old := household(t, r)
	ak := create(t, owner, old, registerclient.BasisConsent)
	replace := func(purpose string) {
		t.Helper()
		in := registertest.AccessRecord(old, registerclient.BasisConsent)
		in.Processing.Purpose = purpose
		must(owner.ReplaceAccessRecord(t.Context(), ak, in))(t)
	}
	past := func() (purposes []string) {
		t.Helper()
		record := list(t, portal, magicLink(t, portal))[0]
		for _, amendment := range record.Amendments {
			purposes = append(purposes, amendment.Purpose)
		}

		return purposes
	}
	replace("Second purpose")
	report(t, r.Client(t, registerclient.RoleDCC), "2026-06-02")
	if got := past(); !slices.Equal(got, []string{"Energy efficiency analysis"}) {
		t.Errorf("before the move: %q", got)
	}

	r.Clock.Set(time.Date(2026, time.June, 2, 0, 0, 0, 0, time.UTC))
	replace("Third purpose")
	movedIn(t, owner, "2026-06-02", "new@example.com")
	if got := past(); !slices.Equal(got, []string{"Second purpose"}) {
		t.Errorf("for the present occupant: %q", got)
	}

	withdrawReports(t, r.Client(t, registerclient.RoleAdmin))
	if got := past(); !slices.Equal(got, []string{"Energy efficiency analysis", "Second purpose"}) {
		t.Errorf("without the report: %q", got)
	}
}
