package rules_test

import (
	"fmt"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A token opens one reading: for the account that started it, of its meter point, once the customer confirmed, within
// an hour. A refusal does not consume it.
func TestReadWithToken(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		r.access(t, owner, ir, registerclient.BasisConsent)
		portal := r.account(t, "portal", registerclient.RolePortal)
		other := r.account(t, "other_portal", registerclient.RolePortal)

		good := r.token(t, portal, meterPoint, ir, nil)
		unconfirmed := r.token(t, portal, meterPoint, ir, func(c *store.Reidentification) { c.ConfirmedAt = nil })
		declined := r.token(t, portal, meterPoint, ir, func(c *store.Reidentification) {
			c.DeclinedAt = new(store.Millis(today))
		})
		old := r.token(t, portal, meterPoint, ir, func(c *store.Reidentification) {
			c.IssuedAt = store.Millis(today.Add(-time.Hour))
		})
		young := r.token(t, portal, meterPoint, ir, func(c *store.Reidentification) {
			c.IssuedAt = store.Millis(today.Add(time.Second - time.Hour))
		})

		const refused = "forbidden AUTH004 reidentification-token"
		for _, test := range []struct {
			name    string
			account store.Account
			mpxn    string
			token   string
			want    string
		}{
			{"none", portal, meterPoint, "", refused},
			{"unknown", portal, meterPoint, "mlr_0123456789abcdef01234567", refused},
			{"another account's", other, meterPoint, good, refused},
			{"for another meter point", portal, otherMeterPoint, good, refused},
			{"unconfirmed", portal, meterPoint, unconfirmed, refused},
			{"declined", portal, meterPoint, declined, refused},
			{"an hour old", portal, meterPoint, old, refused},
			{"a second younger", portal, meterPoint, young, ""},
			{"good", portal, meterPoint, good, ""},
			{"consumed", portal, meterPoint, good, "conflict CON001 reidentification-token"},
		} {
			got, err := r.ReadWithToken(
				t.Context(), test.account.AccountID, test.mpxn, rules.RecordFilter{}, test.token,
			)
			expectRefusal(t, test.name, err, test.want)
			if err == nil && len(got.Records) != 1 {
				t.Errorf("%s: %d records, want 1", test.name, len(got.Records))
			}
		}
	})
}

// The list has active consents first, then other active access, discovered, expired and revoked access. Only the owner
// of both records sees the key of the identity record.
func TestReadingOrder(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		portal := r.account(t, "portal", registerclient.RolePortal)
		names := map[string]string{}

		expiring := registertest.AccessRecord(ir, registerclient.BasisConsent)
		expiring.AccessEvent.Expiry = new(today.Add(time.Minute))
		names[must(r.register(t, owner, expiring))(t)] = "expired"
		revoked := r.access(t, owner, ir, registerclient.BasisConsent)
		names[revoked] = "revoked"
		must(r.RevokeOwn(t.Context(), owner.AccountID, revoked, nil))(t)
		names[r.sighting(t, "SEC-1", today)] = "discovered"
		names[r.access(t, owner, ir, registerclient.BasisContract)] = "contract"
		names[r.access(t, owner, ir, registerclient.BasisConsent)] = "consent"
		r.clock.Add(time.Minute)

		read := func(state *string) string {
			t.Helper()
			filter := must(rules.ParseRecordFilter(state, nil))(t)
			token := r.token(t, portal, meterPoint, ir, nil)
			list := must(r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, filter, token))(t).Records
			order := ""
			for _, record := range list {
				order += names[record.AK] + " "
				if record.RecordMetadata != nil && record.RecordMetadata.IdentityRecordRef != nil {
					t.Error("a portal sees the key of an identity record")
				}
			}

			return order
		}
		for _, test := range []struct {
			state *string
			want  string
		}{
			{nil, "consent contract discovered expired revoked "},
			{new("ACTIVE"), "consent contract "},
			{new("DISCOVERED"), "discovered "},
			{new("EXPIRED"), "expired "},
			{new("REVOKED"), "revoked "},
		} {
			if got := read(test.state); got != test.want {
				t.Errorf("the list is %q, want %q", got, test.want)
			}
		}

		own := must(r.ListOwnAtMeterPoint(
			t.Context(), owner.AccountID, meterPoint, rules.RecordFilter{}, store.Page{Limit: 10},
		))(t)
		if len(own.Records) != 4 || *own.Records[0].RecordMetadata.IdentityRecordRef != ir {
			t.Errorf("the owner's list is %+v", own.Records)
		}
	})
}

// A Data User reads its own records, in pages, and nothing of a meter point without its records.
func TestListOwn(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		other, _ := r.owner(t, "other")
		for range 5 {
			r.access(t, owner, ir, registerclient.BasisContract)
			r.clock.Add(time.Second)
		}

		_, err := r.ListOwnAtMeterPoint(
			t.Context(), other.AccountID, meterPoint, rules.RecordFilter{}, store.Page{Limit: 2},
		)
		expectRefusal(t, "no record at the meter point", err, "forbidden AUTH004")

		lengths := ""
		page := store.Page{Limit: 2}
		seen := map[string]bool{}
		for {
			got := must(r.ListOwn(t.Context(), owner.AccountID, rules.RecordFilter{}, page))(t)
			lengths += fmt.Sprint(len(got.Records), "/", got.Total, " ")
			for _, record := range got.Records {
				seen[record.AK] = true
			}
			if got.Last == nil {
				break
			}
			page.After = got.Last
		}

		if lengths != "2/5 2/5 1/5 " || len(seen) != 5 {
			t.Errorf("the pages are %q with %d records", lengths, len(seen))
		}
	})
}
