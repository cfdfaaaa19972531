package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// The reason for the end of a record is one of a list.
func TestRevokeReason(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		reason *string
		want   string
	}{
		{"none", nil, ""},
		{"known", new("contract-ended"), ""},
		{"unknown", new("whim"), "invalid VAL001 reason"},
		{"empty", new(""), "invalid VAL001 reason"},
	} {
		expectRefusal(t, test.name, rules.CheckRevokeReason(test.reason), test.want)
	}
}

// The owner ends its own record once.
func TestRevokeOwn(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		other, _ := r.owner(t, "other")
		ak := r.access(t, owner, ir, registerclient.BasisContract)
		expiring := registertest.AccessRecord(ir, registerclient.BasisContract)
		expiring.AccessEvent.Expiry = new(today.Add(time.Minute))
		expired := must(r.register(t, owner, expiring))(t)
		r.clock.Add(time.Minute)

		for _, test := range []struct {
			name    string
			account store.Account
			ak      string
			want    string
		}{
			{"another account's", other, ak, "not found NOT001"},
			{"another account's, expired", other, expired, "not found NOT001"},
			{"unknown", owner, "ak_0123456789abcdef01234567", "not found NOT001"},
			{"malformed", owner, "nonsense", "not found NOT001"},
			{"expired", owner, expired, "conflict CON001"},
			{"own", owner, ak, ""},
			{"revoked", owner, ak, "not found NOT001"},
		} {
			at, err := r.RevokeOwn(t.Context(), test.account.AccountID, test.ak, nil)
			expectRefusal(t, test.name, err, test.want)
			if err == nil && !at.Equal(r.Now()) {
				t.Errorf("%s: ended at %s, want %s", test.name, at, r.Now())
			}
		}
	})
}

// A customer withdraws an active consent. A second withdrawal returns the time of the first.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		portal := r.account(t, "portal", registerclient.RolePortal)
		consent := r.access(t, owner, ir, registerclient.BasisConsent)
		contract := r.access(t, owner, ir, registerclient.BasisContract)
		closed := r.access(t, owner, ir, registerclient.BasisConsent)
		must(r.RevokeOwn(t.Context(), owner.AccountID, closed, nil))(t)
		expiring := registertest.AccessRecord(ir, registerclient.BasisConsent)
		expiring.AccessEvent.Expiry = new(today.Add(time.Minute))
		expired := must(r.register(t, owner, expiring))(t)
		r.clock.Add(time.Minute)

		token := r.token(t, portal, meterPoint, ir, nil)
		var withdrawn time.Time
		for _, test := range []struct{ name, ak, want string }{
			{"without consent", contract, "unprocessable VAL001"},
			{"ended by the organisation", closed, "conflict CON001"},
			{"expired", expired, "conflict CON001"},
			{"consent", consent, ""},
			{"again", consent, ""},
		} {
			at, err := r.Withdraw(t.Context(), portal.AccountID, test.ak, rules.Withdrawal{
				Token:  token,
				Reason: new("customer-request"),
			})
			expectRefusal(t, test.name, err, test.want)
			if err == nil && withdrawn.IsZero() {
				withdrawn = r.Now()
			}
			if err == nil && !at.Equal(withdrawn) {
				t.Errorf("%s: ended at %s, want %s", test.name, at, withdrawn)
			}
			r.clock.Add(time.Minute)
		}

		if rows := r.count(t, "audit_events WHERE event_type = 'record.revoked'"); rows != 2 {
			t.Errorf("%d ends are audited, want 2", rows)
		}
	})
}
