package rules_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// tenancyChange reports a change of tenancy.
func (r *records) tenancyChange(t testing.TB, mpxn string, day registerclient.Date) (report rules.TenancyReport) {
	t.Helper()
	prepared := must(r.PrepareTenancyChange("dcc", registerclient.ChangeOfTenancyRequest{
		MPxN: mpxn, EffectiveDate: day, SourceReference: "COT-1",
	}))(t)
	r.change(t, func(tx *store.Tx) (err error) {
		report, err = r.ReportTenancyChange(t.Context(), tx, prepared)

		return err
	})

	return report
}

// A report is refused with every mistake.
func TestTenancyChangeCheck(t *testing.T) {
	t.Parallel()
	r := openRecords(t, registertest.SQLite)
	_, err := r.PrepareTenancyChange(
		"dcc",
		registerclient.ChangeOfTenancyRequest{MPxN: "12", EffectiveDate: "2026-02-30"},
	)
	expectRefusal(t, "all wrong", err, "invalid VAL001 mpxn effective-date source-reference")
	expectRefusal(t, "malformed key", rules.CheckTenancyChangeKey("nonsense"), "not found NOT001")
}

// The first report counts the active records; the same report again returns the first result.
func TestReportTenancyChange(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		for _, id := range []string{"one", "two"} {
			account, ir := r.owner(t, id)
			r.access(t, account, ir, registerclient.BasisConsent)
			r.access(t, account, ir, registerclient.BasisContract)
			ended := r.access(t, account, ir, registerclient.BasisContract)
			must(r.RevokeOwn(t.Context(), account.AccountID, ended, nil))(t)
		}

		first := r.tenancyChange(t, meterPoint, "2026-05-20")
		again := r.tenancyChange(t, meterPoint, "2026-05-20")
		if !first.Created || first.Affected != 4 || len(first.Notified) != 0 {
			t.Errorf("the first report is %+v", first)
		}
		if again.Created || again.Affected != 4 || len(again.Notified) != 0 {
			t.Errorf("the second report is %+v", again)
		}
		if rows := r.count(t, "audit_events WHERE event_type = 'tenancy-change.reported'"); rows != 1 {
			t.Errorf("%d reports are audited, want 1", rows)
		}
	})
}

// The present occupant sees an earlier occupant's record only while it is active. Once the report is withdrawn,
// everything is as before (docs/decisions.md, Which person).
func TestVisibleToOccupant(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, former := r.owner(t, "owner")
		portal := r.account(t, "portal", registerclient.RolePortal)
		present := r.identity(t, owner, meterPoint, "2026-05-20")
		names := map[string]string{
			r.access(t, owner, former, registerclient.BasisConsent):  "former",
			r.access(t, owner, present, registerclient.BasisConsent): "present",
		}
		ended := r.access(t, owner, former, registerclient.BasisConsent)
		names[ended] = "ended"
		must(r.RevokeOwn(t.Context(), owner.AccountID, ended, nil))(t)

		read := func() []string {
			t.Helper()
			token := r.token(t, portal, meterPoint, present, nil)
			var seen []string
			list := must(
				r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, token),
			)(
				t,
			).Records
			for _, record := range list {
				name := names[record.AK]
				if record.EarlierOccupant {
					name += " (earlier)"
				}
				seen = append(seen, name)
			}
			slices.Sort(seen)

			return seen
		}
		expect := func(when string, want ...string) {
			t.Helper()
			if got := read(); !slices.Equal(got, want) {
				t.Errorf("%s: the occupant sees %q, want %q", when, got, want)
			}
		}
		expect("no change", "ended", "former", "present")
		r.tenancyChange(t, meterPoint, "2026-06-02")
		expect("a change to come", "ended", "former", "present")
		r.tenancyChange(t, meterPoint, "2026-05-20")
		expect("a change", "former (earlier)", "present")

		for _, change := range must(r.ListTenancyChanges(t.Context(), "admin", meterPoint))(t) {
			r.change(t, func(tx *store.Tx) error {
				_, err := r.WithdrawTenancyChange(t.Context(), tx, "admin", change.COT)

				return err
			})
		}
		expect("withdrawn", "ended", "former", "present")
	})
}

// A report is withdrawn once; an unknown one is not found.
func TestWithdrawTenancyChange(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		r.tenancyChange(t, meterPoint, "2026-05-20")
		cot := must(r.ListTenancyChanges(t.Context(), "admin", meterPoint))(t)[0].COT
		for _, test := range []struct{ name, cot, want string }{
			{"reported", cot, ""},
			{"withdrawn before", cot, ""},
			{"unknown", "cot_0123456789abcdef01234567", "not found NOT001"},
		} {
			err := r.store.Transact(t.Context(), func(tx *store.Tx) error {
				change, err := r.WithdrawTenancyChange(t.Context(), tx, "admin", test.cot)
				if err == nil && !change.WithdrawnAt.Equal(today) {
					t.Errorf("%s: withdrawn at %s, want %s", test.name, change.WithdrawnAt, today)
				}

				return err
			})
			expectRefusal(t, test.name, err, test.want)
			r.clock.Add(1)
		}
	})
}

// A record stays in the household of its first registration, also if it is replaced or its identity record anonymised:
// an active record cannot be moved to an earlier household and ended there (docs/decisions.md, Which person).
func TestReplacementKeepsHousehold(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, former := r.owner(t, "owner")
		portal := r.account(t, "portal", registerclient.RolePortal)
		present := r.identity(t, owner, meterPoint, "2026-05-20")
		gone := r.identity(t, owner, meterPoint, "2026-05-20")
		began := func(ir string, day int) registerclient.AccessRecord {
			in := registertest.AccessRecord(ir, registerclient.BasisContract)
			in.AccessEvent.RegisteredAt = time.Date(2026, time.May, day, 9, 0, 0, 0, time.UTC)

			return in
		}
		names := map[string]string{}
		replaced := func(name string, in, by registerclient.AccessRecord) {
			t.Helper()
			ak := must(r.register(t, owner, in))(t)
			names[ak] = name
			for range 2 {
				must(r.ReplaceAccess(t.Context(), owner.AccountID, ak, by))(t)
			}
		}
		replaced("own", began(present, 21), began(present, 25))
		replaced("earlier", began(former, 1), began(former, 21))
		replaced("own, anonymised", began(gone, 21), began(gone, 25))
		replaced("earlier, anonymised", began(gone, 1), began(gone, 21))

		// Replacements by earlier versions of the register could change the identity record.
		r.db.Write.MustExec(`UPDATE access_records SET first_ir = ir, ir = '` + former + `' WHERE ir = '` + gone + `'`)
		must(r.AnonymiseIdentityRecord(t.Context(), owner.AccountID, gone))(t)
		r.clock.Add(time.Minute)
		r.tenancyChange(t, meterPoint, "2026-05-20")
		r.clock.Add(time.Second)
		replaced("after the report", began(former, 1), began(former, 1))
		for ak, name := range names {
			in := began(former, 26)
			in.RecordMetadata.IdentityRecordRef = nil
			if name != "after the report" {
				must(r.ReplaceAccess(t.Context(), owner.AccountID, ak, in))(t)
			}
		}

		read := func() []string {
			t.Helper()
			token := r.token(t, portal, meterPoint, present, nil)
			var seen []string
			list := must(
				r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, token),
			)(
				t,
			).Records
			for _, record := range list {
				name := names[record.AK]
				if record.EarlierOccupant {
					name += " (earlier)"
				}
				seen = append(seen, name)
			}
			slices.Sort(seen)

			return seen
		}
		want := []string{
			"after the report", "earlier (earlier)", "earlier, anonymised (earlier)", "own", "own, anonymised",
		}
		if got := read(); !slices.Equal(got, want) {
			t.Errorf("active: %q, want %q", got, want)
		}

		for ak := range names {
			must(r.RevokeOwn(t.Context(), owner.AccountID, ak, nil))(t)
		}

		if got := read(); !slices.Equal(got, []string{"after the report", "own", "own, anonymised"}) {
			t.Errorf("ended: %q", got)
		}
	})
}

// The present occupant sees a sighting that was last seen on or after the change.
func TestSightingsBeforeTheChangeAreHidden(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner := r.account(t, "owner", registerclient.RoleDataUser)
		portal := r.account(t, "portal", registerclient.RolePortal)
		present := r.identity(t, owner, meterPoint, "2026-05-20")
		for reference, day := range map[string]registerclient.Date{"BEFORE": "2026-05-19", "SINCE": "2026-05-20"} {
			in := sightingOf(reference, today.AddDate(-1, 0, 0))
			in.LastSeen = day
			prepared := must(r.PrepareSighting(in))(t)
			r.change(t, func(tx *store.Tx) error {
				_, _, err := r.ReportSighting(t.Context(), tx, "dcc", prepared)

				return err
			})
		}

		read := func() (seen []string) {
			t.Helper()
			token := r.token(t, portal, meterPoint, present, nil)
			list := must(
				r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, token),
			)(
				t,
			).Records
			for _, record := range list {
				seen = append(seen, record.DiscoveredAccess.OrganisationReference)
			}
			slices.Sort(seen)

			return seen
		}
		if got := read(); !slices.Equal(got, []string{"BEFORE", "SINCE"}) {
			t.Errorf("no change: %q", got)
		}

		r.tenancyChange(t, meterPoint, "2026-05-20")
		if got := read(); !slices.Equal(got, []string{"SINCE"}) {
			t.Errorf("a change: %q", got)
		}
	})
}

// An imported record belongs to a household as any other does: of two lines for an earlier occupant's identity record
// that come after the report, the ended one is the earlier household's.
func TestHouseholdOfImportedRecords(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, former := r.owner(t, "owner")
		portal := r.account(t, "portal", registerclient.RolePortal)
		present := r.identity(t, owner, meterPoint, "2026-05-20")
		naming := func(state registerclient.AccessState) func(line *registerclient.ImportLine) {
			return func(line *registerclient.ImportLine) {
				line.IdentityRecord = nil
				line.AccessRecord.RecordMetadata.IdentityRecordRef = &former
				line.AccessRecord.AccessEvent.State = state
			}
		}
		r.tenancyChange(t, meterPoint, "2026-05-20")
		r.clock.Add(time.Minute)
		lines := lineOf(t, 0, naming(registerclient.StateActive)) + lineOf(t, 1, naming(registerclient.StateRevoked))
		imported := must(r.Import(t.Context(), owner, strings.NewReader(lines), nil))(t)
		if got := importCounts(imported); got != "2 2 0 0" {
			t.Fatalf("imported %s", got)
		}

		token := r.token(t, portal, meterPoint, present, nil)
		list := must(r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, token))(t).Records
		if len(list) != 1 || list[0].State != registerclient.StateActive || list[0].EarlierOccupant {
			t.Errorf("the occupant sees %+v", list)
		}
	})
}
