package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A new access record uses an identity record of its own account that is not anonymised.
func TestRegisterAccess(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		_, foreign := r.owner(t, "other")
		anonymised := r.identity(t, owner, meterPoint, "2022-06-30")
		r.change(t, func(tx *store.Tx) error {
			_, err := tx.Anonymise(t.Context(), anonymised, r.Now())

			return err
		})

		const ref = " record-metadata.identity-record-ref"
		for _, test := range []struct{ name, ir, want string }{
			{"own", ir, ""},
			{"another account's", foreign, "forbidden AUTH003" + ref},
			{"unknown", "ir_0123456789abcdef01234567", "forbidden AUTH003" + ref},
			{"anonymised", anonymised, "conflict CON001" + ref},
			{"malformed", "nonsense", "invalid VAL001" + ref},
		} {
			_, err := r.register(t, owner, registertest.AccessRecord(test.ir, registerclient.BasisConsent))
			expectRefusal(t, test.name, err, test.want)
		}

		if got := r.count(t, "access_records"); got != 1 {
			t.Errorf("%d access records are stored, want 1", got)
		}
	})
}

// An active record is replaced by its owner only, at the same meter point.
func TestReplaceAccess(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		other, foreign := r.owner(t, "other")
		elsewhere := r.identity(t, owner, otherMeterPoint, "2022-06-30")
		sibling := r.identity(t, owner, meterPoint, "2023-06-30")
		ak := r.access(t, owner, ir, registerclient.BasisContract)
		revoked := r.access(t, owner, ir, registerclient.BasisContract)
		must(r.RevokeOwn(t.Context(), owner.AccountID, revoked, nil))(t)

		expiring := registertest.AccessRecord(ir, registerclient.BasisContract)
		expiring.AccessEvent.Expiry = new(today.Add(time.Minute))
		expired := must(r.register(t, owner, expiring))(t)
		r.clock.Add(time.Minute)

		const ref = " record-metadata.identity-record-ref"
		for _, test := range []struct {
			name    string
			account store.Account
			ak, ir  string
			want    string
		}{
			{"own", owner, ak, ir, ""},
			{"the reference stays", owner, ak, "", ""},
			{"another identity record of the meter point", owner, ak, sibling, ""},
			{"of another meter point", owner, ak, elsewhere, "invalid VAL001" + ref},
			{"of another account", owner, ak, foreign, "forbidden AUTH003" + ref},
			{"malformed reference", owner, ak, "nonsense", "invalid VAL001" + ref},
			{"another account's record", other, ak, "", "not found NOT001"},
			{"unknown record", owner, "ak_0123456789abcdef01234567", "", "not found NOT001"},
			{"malformed key", owner, "nonsense", "", "not found NOT001"},
			{"revoked", owner, revoked, ir, "conflict CON001"},
			{"expired", owner, expired, ir, "conflict CON001"},
		} {
			in := registertest.AccessRecord(test.ir, registerclient.BasisContract)
			if test.ir == "" {
				in.RecordMetadata.IdentityRecordRef = nil
			}

			token, err := r.ReplaceAccess(t.Context(), test.account.AccountID, test.ak, in)
			expectRefusal(t, test.name, err, test.want)
			if err == nil && token.Key != test.ak {
				t.Errorf("%s: the key is %s, want %s", test.name, token.Key, test.ak)
			}
		}
	})
}

// A replacement is active, and has no token.
func TestReplacementCheck(t *testing.T) {
	t.Parallel()
	r := openRecords(t, registertest.SQLite)
	for _, test := range []struct {
		name  string
		alter func(in *registerclient.AccessRecord)
		want  string
	}{
		{"revoked", func(in *registerclient.AccessRecord) {
			in.AccessEvent.State = registerclient.StateRevoked
		}, "invalid VAL001 access-event.state"},
		{"with a token", func(in *registerclient.AccessRecord) {
			in.ReidentificationToken = new("mlr_0123456789abcdef01234567")
		}, "invalid VAL001 reidentification-token"},
	} {
		in := registertest.AccessRecord("ir_0123456789abcdef01234567", registerclient.BasisConsent)
		test.alter(&in)
		_, err := r.ReplaceAccess(t.Context(), "owner", "ak_0123456789abcdef01234567", in)
		expectRefusal(t, test.name, err, test.want)
	}
}
