package api_test

import (
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// The total of a list is exact to 10,000. Beyond it, it is 10,000 and the response says that there are more.
func TestTotals(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, _, ir := household(t, r)
		ak := create(t, owner, ir, registerclient.BasisContract)
		admin := r.Client(t, registerclient.RoleAdmin)
		expectTotal := func(want int, wantAtLeast bool) {
			t.Helper()
			own := must(owner.ListOwnRecords(t.Context(), registerclient.ListOwnRecordsQuery{Limit: 1}))(t)
			all := must(admin.SearchRecords(t.Context(), registerclient.SearchRecordsQuery{Limit: 1}))(t)
			for name, got := range map[string]struct {
				total   int
				atLeast bool
			}{
				"own": {own.Total, own.TotalIsAtLeast},
				"all": {all.Total, all.TotalIsAtLeast},
			} {
				if got.total != want || got.atLeast != wantAtLeast {
					t.Errorf("%s: %d, at least %t; want %d, %t", name, got.total, got.atLeast, want, wantAtLeast)
				}
			}
		}
		expectTotal(1, false)

		const columns = `mpxn, account_id, ir, state, legal_basis, expiry, record, created_at, changed_at`
		copies := r.DB.Write.Rebind(`WITH RECURSIVE copies(i) AS (
			SELECT 1 UNION ALL SELECT i + 1 FROM copies WHERE i < 9999)
			INSERT INTO access_records (ak, ` + columns + `) SELECT 'ak_' || (100000000000 + i) || '000000000000', ` +
			columns + ` FROM access_records, copies WHERE ak = ?`)
		if _, err := r.DB.Write.Exec(copies, ak); err != nil {
			t.Fatal(err)
		}
		expectTotal(10000, false)

		other := must(owner.CreateIdentityRecord(t.Context(), registertest.IdentityRecord("9900000000001", "")))(t)
		create(t, owner, other.IR, registerclient.BasisContract)
		expectTotal(10000, true)
	})
}
