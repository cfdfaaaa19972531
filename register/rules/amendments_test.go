package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A replacement adds an amendment if it tells the customer something else. Of many amendments the first is kept.
func TestAmendments(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		ak := r.access(t, owner, ir, registerclient.BasisConsent)
		replace := func(alter func(in *registerclient.AccessRecord)) []registerclient.Amendment {
			t.Helper()
			in := registertest.AccessRecord(ir, registerclient.BasisConsent)
			alter(&in)
			must(r.ReplaceAccess(t.Context(), owner.AccountID, ak, in))(t)
			page := must(r.ListOwn(t.Context(), owner.AccountID, rules.RecordFilter{}, store.Page{Limit: 1}))(t)

			return page.Records[0].Amendments
		}

		for name, alter := range map[string]func(in *registerclient.AccessRecord){
			"nothing":        func(*registerclient.AccessRecord) {},
			"notice version": func(in *registerclient.AccessRecord) { in.Notice.SharedNotice.NoticeVersion = "v4" },
			"order of types": func(in *registerclient.AccessRecord) { slices.Reverse(in.Processing.DataTypes) },
			"time zone": func(in *registerclient.AccessRecord) {
				in.AccessEvent.Expiry = new(in.AccessEvent.Expiry.In(time.FixedZone("", 3600)))
			},
		} {
			if got := replace(alter); len(got) != 0 {
				t.Errorf("%s: amendments %+v, want none", name, got)
			}
		}

		for i := range 60 {
			if i%10 == 0 {
				r.clock.Add(24 * time.Hour) // a record is replaced ten times a day at most
			}

			got := replace(func(in *registerclient.AccessRecord) { in.Processing.Purpose = fmt.Sprint("Purpose ", i) })
			if want := min(i+1, 50); len(got) != want {
				t.Fatalf("%d amendments after %d changes, want %d", len(got), i+1, want)
			}
			if got[0].Purpose != "Energy efficiency analysis" {
				t.Fatalf("the first amendment says %q", got[0].Purpose)
			}
			if i > 0 && got[len(got)-1].Purpose != fmt.Sprint("Purpose ", i-1) {
				t.Fatalf("the last amendment says %q after change %d", got[len(got)-1].Purpose, i)
			}
		}
	})
}
