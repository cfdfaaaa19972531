package rules_test

import (
	"testing"

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
			_, err := tx.Erase(t.Context(), anonymised, r.Now())

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
