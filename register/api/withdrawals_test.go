package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"central.consent/dar/register/registertest"
	"central.consent/dar/registerclient"
)

// The owner revokes its own record once, for a known reason.
func TestOwnerRevokes(t *testing.T) {
	t.Parallel()
	r := registertest.New(t)
	mine := bearer(t, r, "mine", registerclient.RoleDataUser)
	client := r.ClientWith(t, "mine", secretKey)
	own := identity(t, client, "")
	ak := create(t, client, own, registerclient.BasisLegalObligation)
	stranger := bearer(t, r, "stranger", registerclient.RoleDataUser)
	drop := func(authorization, query string) reply {
		return send(t, http.MethodDelete, r.URL+"/access-records/"+ak+query, authorization, "", nil)
	}
	expect(t, drop(stranger, ""), http.StatusNotFound, "NOT001")
	expect(t, drop(mine, "?reason=whim"), http.StatusBadRequest, "VAL001")
	for _, value := range []string{"true", "false", ""} {
		asked := drop(mine, "?erasure-requested="+value)
		expect(t, asked, http.StatusBadRequest, "VAL001")
		if !strings.Contains(fmt.Sprint(asked.body), "erasure-requested: is for portals only") {
			t.Errorf("a Data User that asks for erasure gets %v", asked.body)
		}
	}
	a := drop(mine, "?reason=statutory-authority-lapsed")
	if a.status != http.StatusOK || a.body["ak"] != ak || a.body["revoked-at"] != "2026-06-01T09:00:00Z" {
		t.Fatalf("%d %v", a.status, a.body)
	}

	expect(t, drop(mine, ""), http.StatusNotFound, "NOT001")
}

// A portal withdraws a record only with the authority of the customer (docs/decisions.md, Withdrawal).
func TestPortalWithdraws(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d), registertest.HoldConfirmations())
		owner, _, ir := household(t, r)
		consent := create(t, owner, ir, registerclient.BasisConsent)
		contract := create(t, owner, ir, registerclient.BasisContract)
		short := registertest.AccessRecord(ir, registerclient.BasisConsent)
		short.AccessEvent.Expiry = new(r.Clock.Now().Add(10 * time.Minute))
		expiring := must(owner.CreateAccessRecord(t.Context(), short))(t).AccessToken.Key
		closed := create(t, owner, ir, registerclient.BasisConsent)
		other := registertest.IdentityRecord("9900000000001", "c@example.com")
		elsewhere := must(owner.CreateIdentityRecord(t.Context(), other))(t).IR
		foreign := create(t, owner, elsewhere, registerclient.BasisConsent)
		dcc := r.Client(t, registerclient.RoleDCC)
		discovered := must(dcc.SubmitDiscoveredAccess(t.Context(), sighting("SEC-OU-00429")))(t).AK
		r.Clock.Add(time.Second)

		portal := bearer(t, r, "portal_ops", registerclient.RolePortal)
		client := r.ClientWith(t, "portal_ops", secretKey)
		stranger := bearer(t, r, "stranger", registerclient.RolePortal)
		drop := func(authorization, ak, token string) reply {
			address := r.URL + "/access-records/" + ak + "?reason=customer-request&reidentification-token=" + token

			return send(t, http.MethodDelete, address, authorization, "", nil)
		}
		expectForbidden := func(name string, a reply) {
			t.Helper()
			if a.status != http.StatusForbidden || a.code() != "AUTH004" {
				t.Errorf("%s: %d %v", name, a.status, a.body)
			}
		}
		token := magicLink(t, client)
		expectForbidden("no token", send(t, http.MethodDelete, r.URL+"/access-records/"+consent, portal, "", nil))
		expectForbidden("an unknown token", drop(portal, consent, "mlr_0123456789abcdef01234567"))
		expectForbidden("an unconfirmed token", drop(portal, consent, token))
		r.Confirm(t, token)
		expectForbidden("another account's token", drop(stranger, consent, token))
		expectForbidden("a record of another meter point", drop(portal, foreign, token))
		expectForbidden("an unknown record", drop(portal, "ak_0123456789abcdef01234567", token))
		list(t, client, token)
		later := create(t, owner, ir, registerclient.BasisConsent)
		expectForbidden("a record that came after the reading", drop(portal, later, token))
		expectForbidden("a record of another meter point, after the reading", drop(portal, foreign, token))
		expect(t, drop(portal, contract, token), http.StatusUnprocessableEntity, "VAL001")
		expect(t, drop(portal, discovered, token), http.StatusUnprocessableEntity, "VAL001")
		revoke(t, owner, closed)
		expect(t, drop(portal, closed, token), http.StatusConflict, "CON001")
		r.Clock.Add(10 * time.Minute)
		expect(t, drop(portal, expiring, token), http.StatusConflict, "CON001")

		for _, value := range []string{"", "yes", "1", "TRUE", "null"} {
			expect(t, drop(portal, consent, token+"&erasure-requested="+value), http.StatusBadRequest, "VAL001")
		}

		first := drop(portal, consent, token)
		if first.status != http.StatusOK {
			t.Fatalf("withdrawal: %d %v", first.status, first.body)
		}

		r.Clock.Add(time.Minute)
		second := drop(portal, consent, token)
		if second.status != http.StatusOK || second.body["revoked-at"] != first.body["revoked-at"] {
			t.Errorf("second withdrawal: %d %v, want as the first: %v", second.status, second.body, first.body)
		}
		if a := get(t, r.URL+"/access-records/"+consent, ""); stateOf(a) != "REVOKED" {
			t.Errorf("afterwards it verifies as %v", a.body)
		}

		r.Clock.Add(time.Hour)
		expectForbidden("a token over an hour old", drop(portal, consent, token))
	})
}

// Concurrent withdrawals and revocations end a record once.
func TestConcurrentWithdrawals(t *testing.T) {
	t.Parallel()
	registertest.EachDatabase(t, func(t *testing.T, d registertest.Database) {
		r := registertest.New(t, registertest.On(d))
		owner, portal, ir := household(t, r)
		ak := create(t, owner, ir, registerclient.BasisConsent)
		token := magicLink(t, portal)
		list(t, portal, token)
		var ends sync.WaitGroup
		var withdrawn, tooLate, revoked atomic.Int64
		for range 50 {
			ends.Go(func() {
				switch err := withdraw(t, portal, ak, token); {
				case err == nil:
					withdrawn.Add(1)
				case errors.Is(err, registerclient.ErrConflict):
					tooLate.Add(1)
				default:
					t.Error(err)
				}
			})
			ends.Go(func() {
				_, err := owner.RevokeAccessRecord(t.Context(), ak, registerclient.RevokeAccessRecordQuery{})
				switch {
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
			t.Errorf("%d withdrawn, %d too late, %d revoked", withdrawn.Load(), tooLate.Load(), revoked.Load())
		}
	})
}
