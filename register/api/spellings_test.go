package api_test

import (
	"strings"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// An MPRN with and without leading zeros is one meter point in every operation, and responses have the normal form
// (docs/decisions.md, MPxN).
func TestSpellingsOfAnMPRN(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		const normal = "12345678"
		const padded = "0012345678"
		r := registertest.New(t, registertest.On(d))
		owner := r.Client(t, registerclient.RoleDataUser)
		portal := r.Client(t, registerclient.RolePortal)
		dcc := r.Client(t, registerclient.RoleDCC)
		admin := r.Client(t, registerclient.RoleAdmin)
		check := func(operation, got string) {
			t.Helper()
			if got != normal {
				t.Errorf("%s: the meter point is %q, want %q", operation, got, normal)
			}
		}

		ir := must(owner.CreateIdentityRecord(t.Context(),
			registertest.IdentityRecord(padded, "customer@example.com")))(t).IR
		ak := registertest.CreateRecord(t, owner, ir, registerclient.BasisConsent)
		record := must(owner.ReadIdentityRecord(t.Context(), ir))(t).IdentityRecord
		check("read identity record", record.PIIPrincipal.MPxN)
		for _, spelling := range []string{normal, "01 234-5678", padded} {
			query := registerclient.LookupIdentityRecordsQuery{MPxN: spelling}
			if found := must(owner.LookupIdentityRecords(t.Context(), query))(t); len(found.IdentityRecords) != 1 {
				t.Errorf("%s: %d identity records", spelling, len(found.IdentityRecords))
			}

			exists := must(portal.IdentityRecordExists(t.Context(), spelling))(t)
			check("exists", exists.MPxN)
			if !exists.Exists {
				t.Errorf("%s: nobody is on record", spelling)
			}
		}

		seen := sighting("SEC-OU-00429")
		seen.MPxN = normal
		first := must(dcc.SubmitDiscoveredAccess(t.Context(), seen))(t)
		seen.MPxN = padded
		if again := must(dcc.SubmitDiscoveredAccess(t.Context(), seen))(t); again.AK != first.AK {
			t.Error("a sighting under another spelling has a key of its own")
		}

		// A token that was issued for one spelling opens the other, once.
		token := must(portal.Reidentify(t.Context(), registerclient.ReidentifyRequest{
			MPxN: padded, Method: registerclient.MethodMagicLink,
		}))(t).TokenRef()
		query := registerclient.ListAccessRecordsQuery{ReidentificationToken: token}
		listed := must(portal.ListAccessRecords(t.Context(), normal, query))(t)
		check("list access records", listed.MPxN)
		if len(listed.AccessRecords) != 2 {
			t.Errorf("listed %+v", listed.AccessRecords)
		}

		own := must(owner.ListAccessRecords(t.Context(), padded, registerclient.ListAccessRecordsQuery{}))(t)
		check("list own access records", own.MPxN)
		if len(own.AccessRecords) != 1 || own.AccessRecords[0].AK != ak {
			t.Errorf("the owner lists %+v", own.AccessRecords)
		}

		report := registerclient.ChangeOfTenancyRequest{
			MPxN: padded, EffectiveDate: "2026-05-01", SourceReference: "COT-1",
		}
		reported := must(dcc.ReportChangeOfTenancy(t.Context(), report))(t)
		check("report a change of tenancy", reported.MPxN)
		report.MPxN = normal
		must(dcc.ReportChangeOfTenancy(t.Context(), report))(t)
		for _, spelling := range []string{normal, padded} {
			listed := must(admin.ListChangesOfTenancy(t.Context(), spelling))(t)
			if n := len(listed.ChangesOfTenancy); n != 1 {
				t.Errorf("%s: %d reports", spelling, n)
			}
		}
	})
}

// The import takes an MPRN in every spelling.
func TestImportOfASpelling(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner := r.Client(t, registerclient.RoleDataUser)
	lines := linesOf(t, 2, func(i int, line *registerclient.ImportLine) {
		line.IdentityRecord.PIIPrincipal.MPxN = strings.Repeat("0", i) + "12345678"
	})
	if got := counts(*imports(t, owner, lines)); got[1] != 2 {
		t.Fatalf("counted %v", got)
	}

	own := must(owner.ListAccessRecords(t.Context(), "12345678", registerclient.ListAccessRecordsQuery{}))(t)
	if len(own.AccessRecords) != 2 {
		t.Errorf("listed %d access records, want 2", len(own.AccessRecords))
	}
}
