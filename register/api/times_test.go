package api_test

import (
	"net/http"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// Times that a Data User gives in fractions of a second, or of another zone, stand on the wire in whole seconds, UTC.
// The fixture checks each response; the clock of every register under test has a fraction.
func TestTimesAreWholeSeconds(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		zone := time.FixedZone("", 3600)
		fraction := time.Date(2026, time.March, 1, 10, 0, 0, 500_000_000, zone)
		in := registertest.AccessRecord(ir, registerclient.BasisConsent)
		in.AccessEvent.RegisteredAt = fraction
		in.AccessEvent.Expiry = new(fraction.AddDate(1, 0, 0))
		made := must(owner.CreateAccessRecord(t.Context(), in))(t)
		want := time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC)
		if !made.AccessToken.Expiry.Equal(want) {
			t.Errorf("the record ends at %s, want %s", made.AccessToken.Expiry, want)
		}

		in.AccessEvent.Expiry = new(fraction.AddDate(2, 0, 0))
		must(owner.ReplaceAccessRecord(t.Context(), made.AccessToken.Key, in))(t)
		must(owner.VerifyAccessRecord(t.Context(), made.AccessToken.Key))(t)
		must(owner.ListOwnRecords(t.Context(), registerclient.ListOwnRecordsQuery{}))(t)
		if got := list(t, portal, magicLink(t, portal)); len(got) != 1 || len(got[0].Amendments) != 1 {
			t.Errorf("listed %+v", got)
		}

		person := registertest.IdentityRecord("9900000000001", "")
		person.PrincipalVerification.VerifiedAt = fraction
		created := must(owner.CreateIdentityRecord(t.Context(), person))(t)
		must(owner.ReadIdentityRecord(t.Context(), created.IR))(t)
	})
}

// What an older program stored in fractions of a second is read in whole seconds too.
func TestStoredFractions(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	owner, portal, ir := household(t, r)
	ak := create(t, owner, ir, registerclient.BasisConsent)
	for _, change := range []string{
		`UPDATE access_records SET created_at = created_at + 7, expiry = expiry + 7,
			record = REPLACE(record, '2024-01-14T10:00:00Z', '2024-01-14T11:00:00.5+01:00')`,
		`UPDATE access_records SET record = REPLACE(record, '2028-01-14T00:00:00Z', '2028-01-14T00:00:00.007Z')`,
		`UPDATE identity_records SET created_at = created_at + 7`,
		`UPDATE accounts SET registered_at = registered_at + 7`,
	} {
		if _, err := r.DB.Write.Exec(change); err != nil {
			t.Fatal(err)
		}
	}

	authorization := bearer(t, r, "admin_1", registerclient.RoleAdmin)
	for _, path := range []string{"/admin/records", "/admin/accounts", "/admin/audit", "/access-records/" + ak} {
		expect(t, get(t, r.URL+path, authorization), http.StatusOK, "")
	}
	must(owner.ListOwnRecords(t.Context(), registerclient.ListOwnRecordsQuery{}))(t)
	must(owner.ReadIdentityRecord(t.Context(), ir))(t)
	got := list(t, portal, magicLink(t, portal))
	if want := time.Date(2024, time.January, 14, 10, 0, 0, 0, time.UTC); !got[0].RegisteredAt.Equal(want) {
		t.Errorf("registered at %s, want %s", got[0].RegisteredAt, want)
	}
}
