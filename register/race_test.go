package register_test

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// Of any number of callers that race for one token, on any number of replicas, exactly one gets the records.
func TestThousandCallersOfOneTokenOneReads(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		const callers = 1000
		r := registertest.New(t, registertest.On(d))
		replicas := []*registertest.Register{
			r,
			registertest.New(t, registertest.ReplicaOf(r)),
			registertest.New(t, registertest.ReplicaOf(r)),
		}
		owner, _, ir := household(t, r)
		create(t, owner, ir, registerclient.BasisConsent)
		authorization := bearer(t, r, "portal_ops", registerclient.RolePortal)
		token := start(t, r.ClientWith(t, "portal_ops", secretKey), registerclient.MethodMagicLink).TokenRef()

		var won, refused, other atomic.Int64
		var callersDone sync.WaitGroup
		begin := make(chan struct{})
		for i := range callers {
			callersDone.Go(func() {
				<-begin
				url := replicas[i%len(replicas)].URL + reading + "?reidentification-token=" + token
				a := get(t, url, authorization)
				for a.status == http.StatusServiceUnavailable { // on a slow machine; nothing was done
					a = get(t, url, authorization)
				}

				switch a.status {
				case http.StatusOK:
					won.Add(1)
				case http.StatusConflict:
					refused.Add(1)
				default:
					other.Add(1)
					t.Logf("%d %v", a.status, a.body)
				}
			})
		}

		close(begin)
		callersDone.Wait()
		if won.Load() != 1 || refused.Load() != callers-1 {
			t.Errorf("%d read, %d were refused, %d got something else", won.Load(), refused.Load(), other.Load())
		}
	})
}

func TestConcurrentWithdrawalsEndARecordOnce(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		token := start(t, portal, registerclient.MethodMagicLink).TokenRef()
		list(t, portal, token)
		var ends sync.WaitGroup
		var withdrawn, tooLate, revoked atomic.Int64
		for range 50 {
			ends.Go(func() {
				switch _, err := portal.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{ReidentificationToken: token}); {
				case err == nil:
					withdrawn.Add(1)
				case errors.Is(err, registerclient.ErrConflict):
					tooLate.Add(1)
				default:
					t.Error(err)
				}
			})
			ends.Go(func() {
				switch _, err := owner.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{}); {
				case err == nil:
					revoked.Add(1)
				case !errors.Is(err, registerclient.ErrNotFound):
					t.Error(err)
				}
			})
		}

		ends.Wait()
		byCustomer := withdrawn.Load() == 50 && revoked.Load() == 0
		byOwner := tooLate.Load() == 50 && revoked.Load() == 1
		if !byCustomer && !byOwner {
			t.Errorf(
				"%d withdrawals, %d came too late, %d revocations by the owner",
				withdrawn.Load(),
				tooLate.Load(),
				revoked.Load(),
			)
		}
	})
}
