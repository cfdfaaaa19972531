package api_test

import (
	"errors"
	"fmt"
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

// movedIn puts a customer on record who moved in on a day.
func movedIn(t testing.TB, c *registerclient.Client, day registerclient.Date, email string) string {
	t.Helper()
	in := registertest.IdentityRecord(registertest.MeterPoint, email)
	in.PIIPrincipal.MoveInDate = day
	return must(c.CreateIdentityRecord(t.Context(), in))(t).IR
}

func report(t testing.TB, dcc *registerclient.Client, day registerclient.Date) *registerclient.ChangeOfTenancyResponse {
	t.Helper()
	return must(dcc.ReportChangeOfTenancy(t.Context(), registerclient.ChangeOfTenancyRequest{
		MPxN: registertest.MeterPoint, EffectiveDate: day, SourceReference: "COT-1",
	}))(t)
}

// withdrawReports withdraws every report for the meter point, as false.
func withdrawReports(t testing.TB, admin *registerclient.Client) {
	t.Helper()
	for _, change := range must(admin.ListChangesOfTenancy(t.Context(), registertest.MeterPoint))(t).ChangesOfTenancy {
		must(admin.WithdrawChangeOfTenancy(t.Context(), change.COT))(t)
	}
}

func expectStatus(t testing.TB, c *registerclient.Client, token string, want registerclient.ReidentificationStatus) {
	t.Helper()
	if got := must(c.ReidentificationStatus(t.Context(), token))(t); got.Status != want || got.Reason != "" {
		t.Fatalf("the token reads as %s %s, want %s", got.Status, got.Reason, want)
	}
}

// A change of tenancy is announced once to each Data User, with its own active records only (docs/decisions.md,
// Scope of every read).
func TestTenancyChangeIsAnnounced(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		one, _, ir := household(t, r)
		two, _, otherIR := household(t, r)
		deaf, _, deafIR := household(t, r)
		dcc := r.Client(t, registerclient.RoleDCC)
		admin := r.Client(t, registerclient.RoleAdmin)
		endpoint := newReceiver(t, r)
		other := newReceiver(t, r)
		endpoint.subscribe(one)
		other.subscribe(two, registerclient.EventTenancyChange)
		newReceiver(t, r).subscribe(deaf, registerclient.EventConsentExpiring)
		mine := []string{
			create(t, one, ir, registerclient.BasisConsent),
			create(t, one, ir, registerclient.BasisContract),
		}
		ending := registertest.AccessRecord(ir, registerclient.BasisConsent)
		ending.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
		must(one.CreateAccessRecord(t.Context(), ending))(t)
		theirs := create(t, two, otherIR, registerclient.BasisPublicTask)
		create(t, deaf, deafIR, registerclient.BasisConsent)
		r.Clock.Add(time.Minute) // the third has ended, though no sweep has run
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
		expectEvents(t, endpoint, "tenancy.change")
		expectEvents(t, other, "tenancy.change")
		payload := must(endpoint.accepted[0].TenancyChange())(t)
		slices.Sort(mine)
		slices.Sort(payload.AffectedAKs)
		if !slices.Equal(payload.AffectedAKs, mine) || payload.EffectiveDate != "2026-05-20" ||
			*payload.SourceReference != "COT-1" {
			t.Errorf("payload %+v", payload)
		}
		if payload := must(other.accepted[0].TenancyChange())(t); !slices.Equal(payload.AffectedAKs, []string{theirs}) {
			t.Errorf("the other's payload %+v", payload)
		}

		r.Clock.Add(time.Second)
		cot := must(admin.ListChangesOfTenancy(t.Context(), "23 1234 5678 901"))(t).ChangesOfTenancy
		if len(cot) != 1 || cot[0].WithdrawnAt != nil {
			t.Fatalf("listed %+v", cot)
		}

		withdrawn := must(admin.WithdrawChangeOfTenancy(t.Context(), cot[0].COT))(t)
		r.Clock.Add(time.Hour)
		if repeated := must(
			admin.WithdrawChangeOfTenancy(t.Context(), cot[0].COT),
		)(
			t,
		); !repeated.ChangeOfTenancy.WithdrawnAt.Equal(
			*withdrawn.ChangeOfTenancy.WithdrawnAt,
		) {
			t.Errorf("a second withdrawal answers %v", repeated.ChangeOfTenancy.WithdrawnAt)
		}
		if _, err := admin.WithdrawChangeOfTenancy(
			t.Context(),
			"cot_0123456789abcdef01234567",
		); !errors.Is(
			err,
			registerclient.ErrNotFound,
		) {
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
		endpoint := newReceiver(t, r)
		endpoint.subscribe(owner)
		create(t, owner, ir, registerclient.BasisConsent)
		dcc := bearer(t, r, "dcc", registerclient.RoleDCC)
		var made, repeated atomic.Int64
		var done sync.WaitGroup
		for range 10 {
			done.Go(func() {
				a := post(
					t,
					r.URL+"/cot-events",
					dcc,
					`{"mpxn":"2312345678901","effective-date":"2026-05-20","source-reference":"COT-1"}`,
				)
				if a.body["active-records-affected"] != 1.0 || len(a.body["data-users-notified"].([]any)) != 1 {
					t.Errorf("answered %v", a.body)
				}

				switch a.status {
				case http.StatusCreated:
					made.Add(1)
				case http.StatusOK:
					repeated.Add(1)
				}
			})
		}

		done.Wait()
		r.WorkOff(t)
		if made.Load() != 1 || repeated.Load() != 9 {
			t.Errorf("made %d, repeated %d", made.Load(), repeated.Load())
		}

		expectEvents(t, endpoint, "tenancy.change")
	})
}

// A wrong report is refused with every mistake.
func TestTenancyReportErrors(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	a := post(
		t,
		r.URL+"/cot-events",
		bearer(t, r, "dcc", registerclient.RoleDCC),
		`{"mpxn":"12","effective-date":"2026-02-30","source-reference":""}`,
	)
	expect(t, a, http.StatusBadRequest, "VAL001")
	if a.fields() != "mpxn effective-date source-reference" {
		t.Errorf("names %q", a.fields())
	}
}

// An earlier occupant cannot confirm from the day of the change on. Once the report is withdrawn, everything is as
// before (docs/decisions.md, Which person).
func TestTenancyChangeDividesOccupants(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, old := household(t, r)
		r.AddPasskey(t, old)
		dcc := r.Client(t, registerclient.RoleDCC)
		admin := r.Client(t, registerclient.RoleAdmin)
		whole := []registerclient.Method{"passkey-assert", "magic-link", "passkey-register"}
		methods := func(exists bool, want ...registerclient.Method) {
			t.Helper()
			got := must(portal.IdentityRecordExists(t.Context(), registertest.MeterPoint))(t)
			if got.Exists != exists || !slices.Equal(got.AvailableMethods, want) {
				t.Fatalf("exists %t, methods %v; want %t, %v", got.Exists, got.AvailableMethods, exists, want)
			}
		}
		report(t, dcc, "2026-06-02")
		methods(true, whole...) // tomorrow divides nobody today
		r.Clock.Set(time.Date(2026, time.June, 2, 0, 0, 0, 0, time.UTC))
		methods(false)
		if _, err := portal.Reidentify(
			t.Context(),
			registerclient.ReidentifyRequest{MPxN: registertest.MeterPoint, Method: "magic-link"},
		); !errors.Is(
			err,
			registerclient.ErrNotFound,
		) {
			t.Errorf("asking the earlier occupant: %v", err)
		}
		if _, err := owner.ReidentifyOwn(
			t.Context(),
			old,
			registerclient.ReidentifyOwnRequest{Method: "magic-link"},
		); !errors.Is(
			err,
			registerclient.ErrConflict,
		) {
			t.Errorf("asking the earlier occupant by its own record: %v", err)
		}

		movedIn(t, owner, "2026-06-02", "new@example.com") // the very day is the new occupancy's
		methods(true, whole[1:]...)
		if got := start(t, portal, "magic-link").MagicLink.DispatchedTo; got != "n*****w@example.com" {
			t.Errorf("mail goes to %s", got)
		}

		withdrawReports(t, admin)
		methods(true, whole...)
	})
}

// The token of an earlier occupant opens nothing, in any state, and is not consumed by trying.
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
			token := start(t, c, registerclient.MethodMagicLink).TokenRef()
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
			_, err := portal.ListAccessRecords(
				t.Context(),
				registertest.MeterPoint,
				registerclient.ListAccessRecordsQuery{ReidentificationToken: token},
			)
			return err
		}
		withdraw := func(token string) error {
			_, err := portal.RevokeAccessRecord(
				t.Context(),
				ak,
				registerclient.RevokeAccessRecordQuery{ReidentificationToken: token},
			)
			return err
		}
		in := registertest.AccessRecord("", registerclient.BasisConsent)
		in.RecordMetadata.IdentityRecordRef, in.ReidentificationToken = nil, &toCreate
		expectRefused := func(what string, err, want error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", what, err, want)
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
			expectRefused("reading, "+name, read(token), registerclient.ErrForbidden)
			expectRefused("withdrawing, "+name, withdraw(token), registerclient.ErrForbidden)
		}

		expectRefused("withdrawing, consumed", withdraw(consumed), registerclient.ErrForbidden)
		_, err := second.CreateAccessRecord(t.Context(), in)
		expectRefused("creating", err, registerclient.ErrUnprocessable)

		withdrawReports(t, admin) // it was false: nothing has been burnt
		expectStatus(t, portal, confirmed, registerclient.StatusConfirmed)
		expectRefused("reading again", read(confirmed), nil)
		must(second.CreateAccessRecord(t.Context(), in))(t)
		expectRefused("withdrawing again", withdraw(consumed), nil)
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
		must(owner.RevokeAccessRecord(t.Context(), revoked, registerclient.RevokeAccessRecordQuery{}))(t)
		ending := registertest.AccessRecord(old, registerclient.BasisConsent)
		ending.AccessEvent.Expiry = new(r.Clock.Now().Add(time.Minute))
		expired := must(owner.CreateAccessRecord(t.Context(), ending))(t).AccessToken.Key
		// Two records whose people are anonymised since: access was registered before the change, and after it.
		gone := movedIn(t, owner, "2022-06-30", "")
		var anonymised []string
		for _, registered := range []time.Time{time.Date(2026, time.May, 19, 23, 59, 59, 0, time.UTC), time.Date(2026, time.May, 20, 0, 0, 0, 0, time.UTC)} {
			in := registertest.AccessRecord(gone, registerclient.BasisContract)
			in.AccessEvent.State, in.AccessEvent.RegisteredAt, in.AccessEvent.Expiry = registerclient.StateRevoked, registered, nil
			anonymised = append(anonymised, must(owner.CreateAccessRecord(t.Context(), in))(t).AccessToken.Key)
		}

		must(owner.AnonymiseIdentityRecord(t.Context(), gone))(t)
		present := movedIn(t, owner, "2026-05-20", "new@example.com")
		own := create(t, owner, present, registerclient.BasisConsent)
		r.Clock.Add(time.Minute)
		read := func() (string, map[string]bool) {
			t.Helper()
			token := start(t, portal, registerclient.MethodMagicLink).TokenRef()
			earlier := map[string]bool{}
			for _, record := range list(t, portal, token) {
				earlier[record.AK] = record.EarlierOccupant
			}

			return token, earlier
		}
		expectShown := func(got, want map[string]bool) {
			t.Helper()
			if fmt.Sprint(got) != fmt.Sprint(want) { // fmt sorts the keys
				t.Errorf("shown, and whether of an earlier occupant: %v, want %v", got, want)
			}
		}
		report(t, dcc, "2026-05-20")
		token, shown := read()
		expectShown(shown, map[string]bool{active: true, own: false, anonymised[1]: false})
		withdraw := func(ak string) error {
			_, err := portal.RevokeAccessRecord(
				t.Context(),
				ak,
				registerclient.RevokeAccessRecordQuery{ReidentificationToken: token},
			)
			return err
		}
		for _, hidden := range []string{revoked, expired, anonymised[0]} {
			if err := withdraw(hidden); !errors.Is(err, registerclient.ErrForbidden) {
				t.Errorf("a record that was not shown: %v", err)
			}
		}

		if err := withdraw(active); err != nil {
			t.Errorf("the present occupant cannot end what an earlier one left active: %v", err)
		}

		_, shown = read()
		expectShown(shown, map[string]bool{own: false, anonymised[1]: false})
		withdrawReports(t, admin)
		_, shown = read()
		expectShown(
			shown,
			map[string]bool{
				active:        false,
				revoked:       false,
				expired:       false,
				own:           false,
				anonymised[0]: false,
				anonymised[1]: false,
			},
		)
	})
}

// What a record said before the move belongs to the earlier occupant, as a record that ended does
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
		for _, amendment := range list(t, portal, start(t, portal, registerclient.MethodMagicLink).TokenRef())[0].Amendments {
			purposes = append(purposes, amendment.Purpose)
		}
		return purposes
	}
	replace("Second purpose")
	report(t, r.Client(t, registerclient.RoleDCC), "2026-06-02")
	if got := past(); !slices.Equal(got, []string{"Energy efficiency analysis"}) {
		t.Errorf("before the move %q is told", got)
	}

	r.Clock.Set(time.Date(2026, time.June, 2, 0, 0, 0, 0, time.UTC))
	replace("Third purpose")
	movedIn(t, owner, "2026-06-02", "new@example.com")
	if got := past(); !slices.Equal(got, []string{"Second purpose"}) {
		t.Errorf("the present occupant is told %q", got)
	}

	withdrawReports(t, r.Client(t, registerclient.RoleAdmin))
	if got := past(); !slices.Equal(got, []string{"Energy efficiency analysis", "Second purpose"}) {
		t.Errorf("once the report is withdrawn %q is told", got)
	}
}
