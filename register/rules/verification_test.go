package rules_test

import (
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
	"central.consent/dar/registerclient"
)

// A record verifies with its state now and without the key of its identity record; a sighting verifies as such.
func TestVerifyAccess(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		in := registertest.AccessRecord(ir, registerclient.BasisConsent)
		in.AccessEvent.Expiry = new(today.Add(time.Minute))
		ak := must(r.register(t, owner, in))(t)
		seen := r.sighting(t, "SEC-1", today)

		for _, test := range []struct {
			wait time.Duration
			want registerclient.AccessState
		}{
			{0, registerclient.StateActive},
			{time.Minute - time.Second, registerclient.StateActive},
			{time.Second, registerclient.StateExpired},
		} {
			r.clock.Add(test.wait)
			got := must(r.VerifyAccess(t.Context(), ak))(t)
			if got.Record.AccessEvent.State != test.want || got.DUID != owner.DUID {
				t.Errorf("verified as %s of %s, want %s", got.Record.AccessEvent.State, got.DUID, test.want)
			}
			if got.Record.RecordMetadata.IdentityRecordRef != nil || got.Sighting != nil {
				t.Errorf("verified as %+v", got)
			}
		}

		if got := must(r.VerifyAccess(t.Context(), seen))(t); got.Sighting == nil || got.Sighting.AK != seen {
			t.Errorf("a sighting verified as %+v", got)
		}
		for _, unknown := range []string{"ak_0123456789abcdef01234567", "nonsense", ""} {
			_, err := r.VerifyAccess(t.Context(), unknown)
			expectRefusal(t, unknown, err, "not found NOT001")
		}
	})
}

// A record verifies with the status of its Data User, and keeps its own state whatever the status is.
func TestVerifiedStatusOfTheDataUser(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := openRecords(t, d)
		owner, ir := r.owner(t, "owner")
		ak := must(r.register(t, owner, registertest.AccessRecord(ir, registerclient.BasisConsent)))(t)
		expect := func(want registerclient.DataUserStatus) {
			t.Helper()
			got := must(r.VerifyAccess(t.Context(), ak))(t)
			if got.DataUserStatus != want || got.Record.AccessEvent.State != registerclient.StateActive {
				t.Errorf("verified as %s of a Data User that is %s, want %s",
					got.Record.AccessEvent.State, got.DataUserStatus, want)
			}
		}
		setStatus := func(change rules.StatusChange) {
			t.Helper()
			r.change(t, func(tx *store.Tx) error {
				_, err := r.ChangeStatus(t.Context(), tx, change, owner.AccountID, "", "admin")

				return err
			})
		}

		expect(registerclient.DataUserActive)
		setStatus(rules.Suspend)
		expect(registerclient.DataUserSuspended)
		setStatus(rules.Reactivate)
		expect(registerclient.DataUserActive)
		setStatus(rules.Terminate)
		expect(registerclient.DataUserTerminated)
	})
}
