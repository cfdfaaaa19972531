package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A record that an account registers within 90 days of a customer's stop at the meter point says when that was, also in
// the very second of the stop. What was registered before it, by another account, or after an end by the organisation
// itself does not.
func TestRestarts(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		other, theirs := r.owner(t, "other")
		portal := r.account(t, "portal", registerclient.RolePortal)
		names := map[string]string{}
		register := func(name string, account store.Account, ir string) string {
			t.Helper()
			ak := r.access(t, account, ir, registerclient.BasisConsent)
			names[ak] = name

			return ak
		}
		expectMarked := func(want map[string]time.Time) {
			t.Helper()
			token := r.token(t, portal, meterPoint, ir, nil)
			list := must(
				r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, token),
			)(
				t,
			).Records
			for _, record := range list {
				stop, marked := want[names[record.AK]]
				if marked != (record.StartedAgain != nil) || marked && !record.StartedAgain.Equal(stop) {
					t.Errorf("%s: started again after %v, want %v", names[record.AK], record.StartedAgain, stop)
				}
			}
		}

		stopped := register("stopped", owner, ir)
		register("before", owner, ir)
		ended := register("ended by the organisation", other, theirs)
		must(r.RevokeOwn(t.Context(), other.AccountID, ended, nil))(t)
		first := r.withdraw(t, portal, ir, stopped)
		second := register("at once", owner, ir)
		register("by another account", other, theirs)
		elsewhere := r.identity(t, owner, otherMeterPoint, "2022-06-30")
		register("elsewhere", owner, elsewhere)
		expectMarked(map[string]time.Time{"at once": first})

		r.clock.Add(24 * time.Hour)
		last := r.withdraw(t, portal, ir, second)
		r.clock.Add(90 * 24 * time.Hour)
		register("90 days later", owner, ir)
		r.clock.Add(time.Second)
		register("later", owner, ir)
		expectMarked(map[string]time.Time{"at once": first, "90 days later": last})

		if rows := r.count(t, "access_records WHERE stopped_before IS NOT NULL"); rows != 3 {
			t.Errorf("%d records have a stop before them, want 3", rows)
		}
	})
}

// The household that moved in does not learn that an earlier occupant stopped what it had of its own.
func TestRestartsOfAnotherHousehold(t *testing.T) {
	t.Parallel()
	r := openRecords(t, registertest.SQLite)
	owner, former := r.owner(t, "owner")
	portal := r.account(t, "portal", registerclient.RolePortal)
	r.withdraw(t, portal, former, r.access(t, owner, former, registerclient.BasisConsent))
	r.clock.Add(24 * time.Hour)
	present := r.identity(t, owner, meterPoint, "2026-06-02")
	r.tenancyChange(t, meterPoint, "2026-06-02")
	r.clock.Add(time.Minute)
	ak := r.access(t, owner, present, registerclient.BasisConsent)

	token := r.token(t, portal, meterPoint, present, nil)
	list := must(r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, token))(t).Records
	if len(list) != 1 || list[0].AK != ak || list[0].StartedAgain != nil {
		t.Errorf("the list is %+v, want %s, not started again", list, ak)
	}
}

// withdraw ends an access record by the authority of the customer of an identity record.
func (r *records) withdraw(t testing.TB, portal store.Account, ir, ak string) time.Time {
	t.Helper()
	token := r.token(t, portal, meterPoint, ir, nil)

	return must(r.Withdraw(t.Context(), portal.AccountID, ak, rules.Withdrawal{Token: token}))(t)
}
