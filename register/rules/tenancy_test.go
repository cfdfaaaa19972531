package rules_test

import (
	"slices"
	"testing"

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
	_, err := r.PrepareTenancyChange("dcc", registerclient.ChangeOfTenancyRequest{MPxN: "12", EffectiveDate: "2026-02-30"})
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
			list := must(r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, token))(t)
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
