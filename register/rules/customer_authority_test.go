package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A token has authority over the records of its meter point, and once consumed over the records that were read only
// (docs/decisions.md, Withdrawal).
func TestCustomerAuthority(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		portal := r.account(t, "portal", registerclient.RolePortal)
		other := r.account(t, "other_portal", registerclient.RolePortal)
		elsewhere := r.identity(t, owner, otherMeterPoint, "2022-06-30")
		ak := r.access(t, owner, ir, registerclient.BasisConsent)
		foreign := r.access(t, owner, elsewhere, registerclient.BasisConsent)
		seen := r.sighting(t, "SEC-1", today)

		fresh := r.token(t, portal, meterPoint, ir, nil)
		consumed := r.token(t, portal, meterPoint, ir, nil)
		must(r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, consumed))(t)
		later := r.access(t, owner, ir, registerclient.BasisConsent)
		unconfirmed := r.token(t, portal, meterPoint, ir, func(c *store.Reidentification) { c.ConfirmedAt = nil })
		declined := r.token(t, portal, meterPoint, ir, func(c *store.Reidentification) {
			c.DeclinedAt = new(store.Millis(today))
		})
		old := r.token(t, portal, meterPoint, ir, func(c *store.Reidentification) {
			c.IssuedAt = store.Millis(today.Add(-time.Hour))
		})
		former := r.identity(t, owner, otherMeterPoint, "2020-01-01")
		r.tenancyChange(t, otherMeterPoint, "2021-01-01")
		movedOut := r.token(t, portal, otherMeterPoint, former, nil)

		const refused = "forbidden AUTH004 reidentification-token"
		for _, test := range []struct {
			name      string
			account   store.Account
			ak, token string
			want      string
		}{
			{"no token", portal, ak, "", refused},
			{"unknown token", portal, ak, "mlr_0123456789abcdef01234567", refused},
			{"another account's", other, ak, fresh, refused},
			{"unconfirmed", portal, ak, unconfirmed, refused},
			{"declined", portal, ak, declined, refused},
			{"an hour old", portal, ak, old, refused},
			{"customer moved out", portal, foreign, movedOut, refused},
			{"malformed key", portal, "nonsense", fresh, refused},
			{"unknown record", portal, "ak_0123456789abcdef01234567", fresh, refused},
			{"another meter point's record", portal, foreign, fresh, refused},
			{"another meter point's record, consumed", portal, foreign, consumed, refused},
			{"registered after the reading", portal, later, consumed, refused},
			{"sighting, not read", portal, seen, fresh, refused},
			{"sighting, read", portal, seen, consumed, "not found NOT001"},
			{"not read yet", portal, ak, fresh, ""},
			{"read", portal, ak, consumed, ""},
		} {
			_, err := r.FindWithdrawalDelivery(t.Context(), test.account.AccountID, test.ak, test.token)
			expectRefusal(t, test.name, err, test.want)
		}

		_, err := r.Withdraw(t.Context(), portal.AccountID, seen, rules.Withdrawal{Token: consumed})
		expectRefusal(t, "withdrawing a sighting", err, "unprocessable VAL001")
	})
}

// A token has no authority over an earlier household's record that has ended, and keeps it over one that was active
// when the customer confirmed or read (docs/decisions.md, Which person).
func TestAuthorityOverEarlierRecords(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, former := r.owner(t, "owner")
		portal := r.account(t, "portal", registerclient.RolePortal)
		present := r.identity(t, owner, meterPoint, "2026-05-20")
		active := r.access(t, owner, former, registerclient.BasisConsent)
		ended := r.access(t, owner, former, registerclient.BasisConsent)
		read := r.token(t, portal, meterPoint, present, nil)
		must(r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, read))(t)
		must(r.RevokeOwn(t.Context(), owner.AccountID, ended, nil))(t)
		r.clock.Add(time.Second)
		reread := r.token(t, portal, meterPoint, present, nil)
		must(r.ReadWithToken(t.Context(), portal.AccountID, meterPoint, rules.RecordFilter{}, reread))(t)
		unread := r.token(t, portal, meterPoint, present, nil)
		r.tenancyChange(t, meterPoint, "2026-05-20")

		const refused = "forbidden AUTH004 reidentification-token"
		for _, test := range []struct{ name, ak, token, want string }{
			{"active, read", active, read, ""},
			{"active, not read", active, unread, ""},
			{"ended since the reading", ended, read, ""},
			{"ended before the reading, which preceded the report", ended, reread, refused},
			{"ended before the confirmation", ended, unread, refused},
		} {
			_, err := r.FindWithdrawalDelivery(t.Context(), portal.AccountID, test.ak, test.token)
			expectRefusal(t, test.name, err, test.want)
		}

		_, err := r.Withdraw(t.Context(), portal.AccountID, ended, rules.Withdrawal{Token: unread})
		expectRefusal(t, "withdrawing what has ended", err, refused)
		must(r.Withdraw(t.Context(), portal.AccountID, active, rules.Withdrawal{Token: unread}))(t)
		r.clock.Add(time.Second)
		_, err = r.FindWithdrawalDelivery(t.Context(), portal.AccountID, active, unread)
		expectRefusal(t, "what became of the withdrawal", err, "")
		next := r.token(t, portal, meterPoint, present, nil)
		_, err = r.FindWithdrawalDelivery(t.Context(), portal.AccountID, active, next)
		expectRefusal(t, "by the next token", err, refused)
	})
}

// A second Data User registers by a token that the customer confirmed, which this consumes.
func TestRegisterWithToken(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		_, ir := r.owner(t, "owner")
		second := r.account(t, "second", registerclient.RoleDataUser)
		third := r.account(t, "third", registerclient.RoleDataUser)
		good := r.token(t, second, meterPoint, ir, nil)
		unconfirmed := r.token(t, second, meterPoint, ir, func(c *store.Reidentification) { c.ConfirmedAt = nil })
		old := r.token(t, second, meterPoint, ir, func(c *store.Reidentification) {
			c.IssuedAt = store.Millis(today.Add(-time.Hour))
		})

		const field = " reidentification-token"
		for _, test := range []struct {
			name    string
			account store.Account
			token   string
			want    string
		}{
			{"unknown", second, "mlr_0123456789abcdef01234567", "not found NOT001" + field},
			{"another account's", third, good, "not found NOT001" + field},
			{"unconfirmed", second, unconfirmed, "unprocessable VAL002" + field},
			{"an hour old", second, old, "unprocessable VAL002" + field},
			{"good", second, good, ""},
			{"consumed", second, good, "conflict CON001" + field},
		} {
			in := registertest.AccessRecord("", registerclient.BasisConsent)
			in.RecordMetadata.IdentityRecordRef = nil
			in.ReidentificationToken = &test.token
			_, err := r.register(t, test.account, in)
			expectRefusal(t, test.name, err, test.want)
		}

		page := must(r.ListOwn(t.Context(), second.AccountID, rules.RecordFilter{}, store.Page{Limit: 5}))(t)
		if len(page.Records) != 1 {
			t.Fatalf("listed %+v", page.Records)
		}
		if ref := page.Records[0].RecordMetadata.IdentityRecordRef; ref == nil || *ref == ir {
			t.Errorf("the record rests on %v, want a reference of its own account", ref)
		}
	})
}

// The reference of a record that was registered by token is nobody's contact, shows nothing that another account gave,
// and can only be anonymised, by its own account.
func TestReferenceOfARecordByToken(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		second := r.account(t, "second", registerclient.RoleDataUser)
		token := r.token(t, second, meterPoint, ir, nil)
		in := registertest.AccessRecord("", registerclient.BasisContract)
		in.RecordMetadata.IdentityRecordRef = nil
		in.ReidentificationToken = &token
		if _, err := r.register(t, second, in); err != nil {
			t.Fatal(err)
		}

		// It keeps the household's record from nothing.
		must(r.AnonymiseIdentityRecord(t.Context(), owner.AccountID, ir))(t)
		page := must(r.ListOwn(t.Context(), second.AccountID, rules.RecordFilter{}, store.Page{Limit: 5}))(t)
		reference := *page.Records[0].RecordMetadata.IdentityRecordRef
		read := must(r.ReadIdentityRecord(t.Context(), second.AccountID, reference))(t)
		if read.PIIPrincipal != nil || read.HasEmail || len(read.ContactStanding) != 0 || read.AnonymisedAt != nil {
			t.Errorf("the reference reads %+v", read)
		}

		_, err := r.ReadIdentityRecord(t.Context(), owner.AccountID, reference)
		expectRefusal(t, "read by another account", err, "not found NOT001")
		_, err = r.UpdateIdentityRecord(t.Context(), second.AccountID, reference,
			registerclient.UpdateIdentityRecordRequest{Email: new("planted@example.com")})
		expectRefusal(t, "an address", err, "conflict CON001")
		err = r.store.Transact(t.Context(), func(tx *store.Tx) error {
			_, err := r.ReidentifyOwn(t.Context(), tx, second, reference, registerclient.ReidentifyOwnRequest{
				Method: registerclient.MethodPasskeyRegister,
			})

			return err
		})
		expectRefusal(t, "a passkey", err, "conflict CON001")

		present := must(r.store.HasOccupant(t.Context(), meterPoint, "", r.Now()))(t)
		if present {
			t.Error("the reference makes a household")
		}

		_, err = r.AnonymiseIdentityRecord(t.Context(), second.AccountID, reference)
		expectRefusal(t, "anonymised with an active record", err, "conflict CON001")
		must(r.RevokeOwn(t.Context(), second.AccountID, page.Records[0].AK, nil))(t)
		must(r.AnonymiseIdentityRecord(t.Context(), second.AccountID, reference))(t)
	})
}
